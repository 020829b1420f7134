// SPDX-License-Identifier: BSD-2-Clause
#include "path.hpp"

#include <bpf/bpf.h>
#include <fmt/format.h>
#include <linux/if_link.h>
#include <net/if.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include "attach/link.hpp"
#include "generator.hpp"
#include "lab.hpp"
#include "object.hpp"
#include "shell.hpp"

namespace flowlabel::bench {

/// What receives the frames.
struct Subject {
    const char* row;
    const char* baseline; ///< the row whose cost is subtracted
    const char* program;  ///< empty: nftables
    fl_stamp_mode stamp = FL_STAMP_OFF;
    const char* rules = "";
    const char* filler = ""; ///< the program that fills the table; empty: PROGRAM
};

constexpr const char* nft_drop =
    "nft 'add table netdev bench; add chain netdev bench rx { type filter hook ingress device "
    "bench-rx priority 0; policy drop; }'";
constexpr const char* nft_count =
    "nft 'add table netdev bench; "
    "add set netdev bench flows { typeof ip6 saddr . ip6 daddr . ip6 flowlabel; flags dynamic; size 1048576; counter; "
    "}; "
    "add chain netdev bench rx { type filter hook ingress device bench-rx priority 0; policy drop; }; "
    "add rule netdev bench rx update @flows { ip6 saddr . ip6 daddr . ip6 flowlabel }'";

constexpr Subject subjects[] = {
    {"xdp-drop", "xdp-drop", "path_xdp_drop"},
    {"xdp-touch", "xdp-drop", "path_xdp_touch"},
    {.row = "xdp-count", .baseline = "xdp-drop", .program = "path_xdp_count", .filler = "path_xdp"},
    {"xdp-observe", "xdp-drop", "path_xdp"},
    {"xdp-observe+stamp", "xdp-drop", "path_xdp", FL_STAMP_ZERO},
    {"xdp-track", "xdp-drop", "path_xdp_track"},
    {"tc-drop", "tc-drop", "path_tc_drop"},
    {"tc-observe", "tc-drop", "path_tc"},
    {"tc-observe+stamp", "tc-drop", "path_tc", FL_STAMP_ZERO},
    {"nft-drop", "nft-drop", "", FL_STAMP_OFF, nft_drop},
    {"nft-count", "nft-drop", "", FL_STAMP_OFF, nft_count},
};

/// A subject that is attached for as long as the object lives.
class Place {
public:
    Place(const Subject& subject, std::uint64_t flows);
    ~Place()
    {
        if (!object_)
            command("nft delete table netdev bench");
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

    /// Ends the warm-up: replaces the program that fills the table.
    void begin()
    {
        if (object_ && bpf_link_update(link_.get(), object_->program(), nullptr) != 0)
            throw std::runtime_error(fmt::format("cannot change the program (errno {})", errno));
    }

    /// The number of frames that have come through the link. Empty for nftables, which does not report it.
    [[nodiscard]] std::optional<std::uint64_t> arrived() const
    {
        return object_ ? std::optional<std::uint64_t>(object_->skeleton().bss->arrived) : std::nullopt;
    }

private:
    std::unique_ptr<Object> object_;
    Fd link_;
};

Place::Place(const Subject& subject, std::uint64_t flows)
{
    const std::string program = subject.program;
    const unsigned ifindex = if_nametoindex(Lab::receiver);

    if (program.empty()) {
        command(subject.rules);
        return;
    }
    object_ = std::make_unique<Object>(
        ObjectSetup{.program = program, .filler = subject.filler, .flows = flows, .stamp = subject.stamp});
    LinkAttempt link = program.contains("tc") ? link_tcx(object_->filler(), ifindex, FL_HOOK_TC_INGRESS)
                                              : link_xdp(object_->filler(), ifindex, true);

    if (!link.fd)
        throw std::runtime_error(fmt::format("cannot attach {} (errno {})", program, link.err));
    link_ = std::move(link.fd);
}

/// The cost of a packet at PLACE. A frame that the link drops costs almost nothing, so too many dropped frames are an
/// error.
static double measure(Generator& generator, const Place& place, std::uint32_t packets)
{
    const std::optional<std::uint64_t> before = place.arrived();
    const double cost = generator.send(packets);

    if (before && *place.arrived() - *before < packets - packets / 1000)
        throw std::runtime_error(
            fmt::format("only {} of {} frames came through the link: is this CPU busy with something else?",
                        *place.arrived() - *before, packets));
    return cost;
}

/// Measures all subjects with one number of flows. The net cost of a subject is the difference to its baseline.
static void compare(std::uint64_t flows, const PathOptions& options, Results& results)
{
    Generator generator(flows, if_nametoindex(Lab::sender));
    std::array<std::vector<double>, std::size(subjects)> cost;
    std::array<std::vector<double>, std::size(subjects)> net;
    const auto warm_up =
        static_cast<std::uint32_t>(std::clamp<std::uint64_t>(3 * flows, 100'000, options.longest_warm_up));

    for (std::size_t i = 0; i < std::size(subjects); i++) {
        Place place(subjects[i], flows);

        generator.send(warm_up);
        place.begin();
        for (unsigned round = 0; round < options.rounds; round++)
            cost[i].push_back(measure(generator, place, options.packets));
    }
    for (std::size_t i = 0; i < std::size(subjects); i++) {
        const auto* const baseline = std::ranges::find_if(
            subjects, [&](const Subject& subject) { return std::string_view(subject.row) == subjects[i].baseline; });
        Row row{.suite = "path", .name = subjects[i].row, .flows = flows, .variant = "total", .unit = "ns/packet"};

        for (unsigned round = 0; round < options.rounds; round++)
            net[i].push_back(cost[i][round] - cost[static_cast<std::size_t>(baseline - subjects)][round]);
        results.add(make_row(row, cost[i]));
        row.variant = "net";
        if (baseline != &subjects[i])
            results.add(make_row(row, net[i]));
    }
}

void run_path(const PathOptions& options, Results& results)
{
    const Lab lab;

    for (const std::uint64_t flows : options.flows)
        compare(flows, options, results);
}

} // namespace flowlabel::bench
