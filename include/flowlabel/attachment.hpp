// SPDX-License-Identifier: BSD-2-Clause
/// Attachments: flowlabel's programs on the hooks of interfaces, with their maps. This attaches, inspects and detaches.
///
///     std::optional<flowlabel::DetachReport> detached;
///     const auto report = flowlabel::attach(*bpffs, {.interface = "eth0"}, detached);
///
/// Names of interfaces are those of the network namespace of the calling thread. attach(), detach() and
/// find_attachments() may be called by several threads and processes at once: a lock on the bpffs orders them. They
/// need CAP_BPF, CAP_NET_ADMIN and CAP_PERFMON; an Error says which one is missing. examples/count_flows is a whole
/// program.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "flowlabel/abi.h"
#include "flowlabel/bpffs.hpp"
#include "flowlabel/counters.hpp"
#include "flowlabel/key.hpp"
#include "flowlabel/result.hpp"
#include "flowlabel/table.hpp"

namespace flowlabel {

/// The words of the command line: xdp, tc-ingress, tc-egress; off, dry-run, zero; siphash-2-4, siphash-1-3; native,
/// generic, tcx, clsact.
const char* name_of(fl_hook hook);
const char* name_of(fl_stamp_mode stamp);
const char* name_of(fl_prf prf);
const char* name_of(fl_mode mode);

enum class XdpMode { automatic, native, generic };

/// How a tc hook is taken. `automatic`: tcx where the kernel has it, else a filter on a clsact qdisc.
enum class TcLink { automatic, clsact };

constexpr std::uint32_t default_slots = 65536;
constexpr std::uint64_t largest_slots = 1u << 30;

struct AttachOptions {
    std::string interface;
    fl_hook hook = FL_HOOK_XDP;
    XdpMode mode = XdpMode::automatic;
    TcLink tc_link = TcLink::automatic;
    std::optional<std::uint64_t> slots = std::nullopt; ///< of each possible CPU; rounded up to a power of two
    std::optional<fl_stamp_mode> stamp = std::nullopt; ///< else a replaced attachment's, else off
    std::optional<fl_prf> prf = std::nullopt;          ///< else a replaced attachment's, else SipHash-2-4
    std::optional<Key> key = std::nullopt;             ///< else a replaced attachment's, else a random one
    bool replace = false;
};

struct AttachReport {
    fl_info info{};
    bool replaced = false;
    std::vector<std::string> kept; ///< what is the replaced attachment's: "flow table", "stamp mode", "function", "key"
    std::vector<std::string> warnings;
};

/// The memory of a flow table.
std::uint64_t table_bytes(std::uint64_t slots, std::uint64_t cpus);

/// The memory of the rings of finished flows, each with RECORDS.
std::uint64_t rings_bytes(std::uint64_t records, std::uint64_t cpus);

enum class Liveness {
    live,
    moved, ///< it goes on, and its interface went to another network namespace, or came back with another index
    interface_gone, ///< the interface disappeared
    link_detached,  ///< the link was taken off the interface, by somebody else or by a detach that did not end
    filter_gone,    ///< the clsact filter, or its qdisc, was removed, by somebody else or by a detach that did not end
    swapped,        ///< somebody else put another program into the link
    unknown,        ///< the network namespace where it was attached cannot be entered, or the kernel does not tell
};

/// A program that sees packets before an attachment's does: those that it takes for itself never reach ours.
struct ProgramInFront {
    std::uint32_t id = 0;
    std::string name;         ///< empty where the kernel does not tell
    bool stays_there = false; ///< on tcx, while ours is a clsact filter: no filter can go before it
};

/// Use of the rings of finished flows, of which each CPU has one.
struct RingUsage {
    std::uint64_t bytes = 0; ///< of all
    std::uint64_t used = 0;  ///< of all
    double fullest = 0;      ///< how much of the fullest one is used, 0 to 1: that is the one which loses records
};

/// One attachment, opened for reading. Several threads may call const members at once.
class Attachment {
public:
    Attachment(Attachment&&) noexcept;
    Attachment& operator=(Attachment&&) noexcept;
    ~Attachment();

    [[nodiscard]] const fl_info& info() const;
    [[nodiscard]] fl_hook hook() const { return static_cast<fl_hook>(info().hook); }
    [[nodiscard]] Liveness liveness() const;

    /// "program 12 'name'": the one that somebody put in the place of ours, where it was swapped.
    [[nodiscard]] std::string program_there() const;

    /// In the order in which packets meet them, as far as the kernel tells.
    [[nodiscard]] std::vector<ProgramInFront> in_front() const;

    /// How many packets the device itself has counted in the direction of the hook. Nothing: it cannot be asked.
    [[nodiscard]] std::optional<std::uint64_t> device_packets() const;

    /// Is its interface in this network namespace?
    [[nodiscard]] bool is_here() const;

    /// The present name where this network namespace has the interface, else the one it had at attach.
    [[nodiscard]] std::string interface() const;

    /// 16 hexadecimal digits, as bpftool shows it; empty where the kernel does not tell.
    [[nodiscard]] std::string program_tag() const;

    /// Does it stamp nothing of what an interface receives, since that comes in lists (bpf/gro_list.h)? Where this
    /// process may not ask the program, whether that was so since it was attached.
    [[nodiscard]] bool skips_gro_lists() const;

    [[nodiscard]] std::vector<Counters> cpu_counters() const;
    [[nodiscard]] TableView table() const;
    [[nodiscard]] Result<RingUsage> ring_usage() const;

    /// What collectors did with the records; all 0 when there was none.
    [[nodiscard]] fl_account account() const;

    /// The process that drains the ring, if there is one.
    [[nodiscard]] std::optional<std::uint32_t> collector() const;

    /// By a scan of the table.
    [[nodiscard]] Totals totals() const { return totals(account()); }

    /// With an ACCOUNT that somebody has changed.
    [[nodiscard]] Totals totals(const fl_account& account) const;

    /// Tick 0 of the table in ns since 1970 UTC, by the clocks as they are now.
    [[nodiscard]] std::uint64_t epoch_utc() const;

    /// Where its pins lie.
    [[nodiscard]] const std::filesystem::path& directory() const;

    struct State;
    explicit Attachment(std::unique_ptr<State> state);

private:
    std::unique_ptr<State> state_;
};

/// Which attachments a command is about. The name of an interface means that of this network namespace, and any that
/// is gone, since its namespace may be gone too.
struct Selection {
    std::optional<std::string> interface = std::nullopt;
    std::optional<fl_hook> hook = std::nullopt;
    bool all_netns = false; ///< the interfaces of the other network namespaces too
};

/// All that match, sorted by interface and hook. One that cannot be read, as some of its pins are gone, makes an error
/// unless there is a place for that.
/// \param[out] unreadable why each of those that match cannot be read
Result<std::vector<Attachment>> find_attachments(const Bpffs& bpffs, const Selection& selection,
                                                 std::vector<Error>* unreadable = nullptr);

struct DetachReport {
    std::string interface;
    fl_hook hook;
    Liveness was;                          ///< until now
    std::optional<Totals> totals;          ///< nothing: some of its pins were gone
    std::optional<KilledCollector> killed; ///< and no other collector came; in the totals it is lost
    std::vector<std::string> warnings;
};

/// Detaches all that match and removes their pins, and whatever commands that were killed left behind for the same
/// interface. What somebody else attached stays. Without the name of an interface everything in this network namespace
/// matches, and what is gone together with its own. The name of an interface that is gone, whose namespace may be gone
/// too, counts everywhere. One that was moved is known by its present name where it is now, and by the one it had at
/// attach where it was attached, unless an attachment there has that name now. One that fails does not keep the others:
/// the first error is returned when all were tried.
/// \param[out] reports what was detached, on failure too
Result<void> detach(const Bpffs& bpffs, const Selection& selection, std::vector<DetachReport>& reports);

/// Attaches and pins. On failure everything is as it was, but for what was detached. An attachment in the same place
/// whose interface was moved is left alone: it has to be detached first.
/// \param[out] detached an attachment in the same place that was not live any more, if there was one; on failure too
Result<AttachReport> attach(const Bpffs& bpffs, const AttachOptions& options, std::optional<DetachReport>& detached);

} // namespace flowlabel
