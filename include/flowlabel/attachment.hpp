// SPDX-License-Identifier: BSD-2-Clause
/// Attachments: flowlabel's programs on the hooks of interfaces, with their maps. Attaches, inspects and detaches them.
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
#include "flowlabel/connections.hpp"
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

/// How a program is attached to a tc hook. `automatic`: with tcx if the kernel has it, else as a filter on a clsact
/// qdisc.
enum class TcLink { automatic, clsact };

constexpr std::uint32_t default_slots = 65536;
constexpr std::uint64_t largest_slots = 1u << 30;

struct AttachOptions {
    std::string interface;
    fl_hook hook = FL_HOOK_XDP;
    XdpMode mode = XdpMode::automatic;
    TcLink tc_link = TcLink::automatic;
    std::optional<std::uint64_t> slots = std::nullopt; ///< of each possible CPU; rounded up to a power of two
    bool track = false; ///< count by connection; a replacement goes on with what the replaced attachment does
    std::optional<fl_stamp_mode> stamp = std::nullopt; ///< default: that of a replaced attachment, else off
    std::optional<fl_prf> prf = std::nullopt;          ///< default: that of a replaced attachment, else SipHash-2-4
    std::optional<Key> key = std::nullopt;             ///< default: that of a replaced attachment, else random
    bool replace = false;
};

struct AttachReport {
    fl_info info{};
    bool replaced = false;
    /// What was kept of the replaced attachment: "flow table", "tracking", "stamp mode", "function", "key".
    std::vector<std::string> kept;
    std::vector<std::string> warnings;
};

/// The memory of a flow table, which counts by connection if TRACK.
std::uint64_t table_bytes(std::uint64_t slots, std::uint64_t cpus, bool track);

/// The memory of the rings of finished flows, each with RECORDS, of connections if TRACK.
std::uint64_t rings_bytes(std::uint64_t records, std::uint64_t cpus, bool track);

enum class Liveness {
    live,
    moved,          ///< still attached; the interface is in another network namespace, or came back with another index
    interface_gone, ///< the interface was deleted
    link_detached,  ///< the link was detached from the interface, by another program or by a detach that was killed
    filter_gone,    ///< the clsact filter, or its qdisc, was removed, by another program or by a detach that was killed
    swapped,        ///< another user has replaced the program in the link
    unknown,        ///< not known: the network namespace where it was attached cannot be entered or queried
};

/// A program that runs before that of an attachment. Packets that it consumes never reach ours.
struct ProgramInFront {
    std::uint32_t id = 0;
    std::string name;         ///< empty if it cannot be read
    bool stays_there = false; ///< on tcx, while ours is a clsact filter: no filter can run before it
};

/// How full the rings of finished flows are. Each CPU has one.
struct RingUsage {
    std::uint64_t bytes = 0; ///< of all rings
    std::uint64_t used = 0;  ///< of all rings
    double fullest = 0;      ///< the used part of the fullest ring, 0 to 1: that ring is the first to lose records
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

    /// "program 12 'name'": the program that is attached now. It is another user's if the liveness is `swapped`.
    [[nodiscard]] std::string program_there() const;

    /// In the order in which they see packets; empty if they cannot be read.
    [[nodiscard]] std::vector<ProgramInFront> in_front() const;

    /// How many packets the device itself has counted in the direction of the hook. Empty: its counters cannot be read.
    [[nodiscard]] std::optional<std::uint64_t> device_packets() const;

    /// Is its interface in this network namespace?
    [[nodiscard]] bool is_here() const;

    /// The present name if the interface is in this network namespace, else the name at attach.
    [[nodiscard]] std::string interface() const;

    /// 16 hexadecimal digits, as bpftool shows it; empty if it cannot be read.
    [[nodiscard]] std::string program_tag() const;

    /// True if it does not stamp what an interface receives, since that interface makes GRO lists (bpf/gro_list.h). If
    /// this process may not read the map of the program: true if that has happened since it was attached.
    [[nodiscard]] bool skips_gro_lists() const;

    [[nodiscard]] std::vector<Counters> cpu_counters() const;
    [[nodiscard]] TableView table() const;

    /// Empty if it does not track connections (fl_info.track).
    [[nodiscard]] ConnectionView connections() const;

    [[nodiscard]] Result<RingUsage> ring_usage() const;

    /// What collectors did with the records; all 0 if there was no collector.
    [[nodiscard]] fl_account account() const;

    /// The process that drains the ring, if there is one.
    [[nodiscard]] std::optional<std::uint32_t> collector() const;

    /// Scans the table.
    [[nodiscard]] Totals totals() const { return totals(account()); }

    /// The same with ACCOUNT instead of account().
    [[nodiscard]] Totals totals(const fl_account& account) const;

    /// Time 0 of the table in ns since 1970 UTC, by the clocks as they are now.
    [[nodiscard]] std::uint64_t epoch_utc() const;

    /// The directory of its pins.
    [[nodiscard]] const std::filesystem::path& directory() const;

    struct State;
    explicit Attachment(std::unique_ptr<State> state);

private:
    std::unique_ptr<State> state_;
};

/// Which attachments a command selects. The name of an interface means the one in this network namespace, and every
/// deleted interface that had the name, since its namespace may be gone, too.
struct Selection {
    std::optional<std::string> interface = std::nullopt;
    std::optional<fl_hook> hook = std::nullopt;
    bool all_netns = false; ///< also the interfaces in other network namespaces
};

/// All attachments that match, sorted by interface and hook. If one cannot be read, for example because pins are
/// missing, that is an error, unless UNREADABLE is given.
/// \param[out] unreadable for each one that matches and cannot be read: why
Result<std::vector<Attachment>> find_attachments(const Bpffs& bpffs, const Selection& selection,
                                                 std::vector<Error>* unreadable = nullptr);

struct DetachReport {
    std::string interface;
    fl_hook hook;
    Liveness was;                          ///< until now
    std::optional<Totals> totals;          ///< empty: some of its pins were missing
    std::optional<KilledCollector> killed; ///< and not replaced; the totals count what it held as lost
    std::vector<std::string> warnings;
};

/// Detaches all attachments that match, and removes their pins and the leftovers of commands that were killed. Programs
/// of other users stay. Without an interface, everything in this network namespace matches, and what was attached in a
/// namespace that is gone. A deleted interface matches by its name in every namespace. A moved interface matches by its
/// present name in the namespace where it is; in the one where it was attached it matches by its name at attach, unless
/// an attachment there has that name now. An error with one does not keep the others attached: the first error is
/// returned after all were tried.
/// \param[out] reports what was detached; on failure, too
Result<void> detach(const Bpffs& bpffs, const Selection& selection, std::vector<DetachReport>& reports);

/// Attaches and pins. On failure everything is as before, except for DETACHED. If the pins belong to an attachment
/// whose interface was moved, that is an error: detach it first.
/// \param[out] detached the previous attachment at this hook, if it was no longer live; on failure, too
Result<AttachReport> attach(const Bpffs& bpffs, const AttachOptions& options, std::optional<DetachReport>& detached);

} // namespace flowlabel
