// SPDX-License-Identifier: BSD-2-Clause
#include "attach/findings.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/interface.hpp"
#include "base/units.hpp"

namespace flowlabel {

constexpr double ring_is_filling = 0.5;

/// Intervals of an Observation in which a hook must see nothing to count as blind.
constexpr unsigned blind_intervals = 2;

static Finding moved(const Attachment& attachment)
{
    const bool known_here = attachment.is_here() || attachment.info().netns_inode == current_netns().value_or(0);

    return {.kind = "moved",
            .text = fmt::format("the interface was moved to another network namespace after it was attached, and "
                                "flowlabel still counts there; 'flowlabel detach {}'{} detaches it",
                                attachment.interface(),
                                known_here ? "" : " where it was attached, or with --all-netns anywhere,")};
}

/// Another interface may have the index now. It then most likely has another name.
static Finding link_detached(const Attachment& attachment)
{
    const std::string name = attachment.interface();
    const std::string then = attachment.info().ifname;
    const std::string how =
        name == then
            ? "its link was detached from the interface"
            : fmt::format("its link was detached from the interface, or {} was deleted and {} has its index now", then,
                          name);

    return {.kind = "link-detached",
            .text = fmt::format("nothing is counted: {}, by 'bpftool link detach' or the like, or by a 'flowlabel "
                                "detach' that was killed; 'flowlabel detach {}' prints the totals and removes what is "
                                "left",
                                how, name)};
}

/// For another network namespace it cannot be found out why a link is detached.
static Finding interface_gone(const Attachment& attachment)
{
    const bool elsewhere = attachment.info().netns_inode != current_netns().value_or(0);

    return {.kind = "interface-gone",
            .text = fmt::format("{}; 'flowlabel detach {}' removes what is left",
                                elsewhere ? "the interface is gone, or its link was detached" : "the interface is gone",
                                attachment.interface())};
}

static Finding unknown(const Attachment& attachment)
{
    if (attachment.info().mode == FL_MODE_CLSACT)
        return {.kind = "unknown",
                .text = "its network namespace cannot be entered: it is not known whether the filter is still there"};
    return {.kind = "unknown",
            .text =
                fmt::format("its network namespace cannot be entered or queried: it is not known whether the interface "
                            "is still in it; flowlabel still counts, and 'flowlabel detach {} --all-netns' detaches it",
                            attachment.interface())};
}

static std::optional<Finding> liveness_finding(const Attachment& attachment)
{
    const std::string name = attachment.interface();

    switch (attachment.liveness()) {
    case Liveness::live:
        return std::nullopt;
    case Liveness::moved:
        return moved(attachment);
    case Liveness::interface_gone:
        return interface_gone(attachment);
    case Liveness::link_detached:
        return link_detached(attachment);
    case Liveness::filter_gone:
        return Finding{.kind = "filter-gone",
                       .text =
                           fmt::format("nothing is counted: its filter was removed from the interface, by 'tc filter "
                                       "del' or the like, or by a 'flowlabel detach' that was killed; 'flowlabel "
                                       "detach {}' prints the totals and removes what is left",
                                       name)};
    case Liveness::swapped:
        return Finding{.kind = "program-swapped",
                       .text = fmt::format("{} has replaced flowlabel's program, so nothing is counted; 'flowlabel "
                                           "attach {} --hook {} --replace' restores it",
                                           attachment.program_there(), name, name_of(attachment.hook()))};
    case Liveness::unknown:
        return unknown(attachment);
    }
    return std::nullopt;
}

static std::optional<Finding> front_finding(const Attachment& attachment)
{
    const auto programs = attachment.in_front();
    std::string names;

    if (programs.empty())
        return std::nullopt;
    for (const ProgramInFront& program : programs)
        names += fmt::format("{}{}{}", names.empty() ? "" : ", ", program.id,
                             program.name.empty() ? "" : fmt::format(" '{}'", program.name));
    const bool stay = std::ranges::any_of(programs, &ProgramInFront::stays_there);
    const std::string command =
        stay ? fmt::format("'flowlabel detach {0} --hook {1}', then 'flowlabel attach {0} --hook {1}', attaches "
                           "flowlabel first on tcx",
                           attachment.interface(), name_of(attachment.hook()))
             : fmt::format("'flowlabel attach {} --hook {} --replace' attaches flowlabel first again",
                           attachment.interface(), name_of(attachment.hook()));

    return Finding{.kind = "program-in-front",
                   .text = fmt::format("{} {} {} before flowlabel's: packets that {} never reach flowlabel; {}",
                                       programs.size() == 1 ? "program" : "programs", names,
                                       programs.size() == 1 ? "runs" : "run",
                                       programs.size() == 1 ? "it consumes" : "one of them consumes", command)};
}

/// Only on ingress is it known which interface makes the lists. The text has no number, since a collector prints it
/// whenever it changes.
static std::optional<Finding> gro_list_finding(const Attachment& attachment)
{
    const bool ingress = attachment.hook() == FL_HOOK_TC_INGRESS;

    if (!attachment.skips_gro_lists())
        return std::nullopt;
    return Finding{.kind = "gro-lists",
                   .text = fmt::format(
                       "{} receives lists of packets (rx-gro-list), of which tc could label the first "
                       "only, so nothing that it receives is stamped; 'ethtool -K {} rx-gro-list off' "
                       "and then 'flowlabel attach {} --hook {} --replace' stamps again, or use --hook xdp",
                       ingress ? attachment.interface() : "an interface of this host",
                       ingress ? attachment.interface() : "IFACE", attachment.interface(), name_of(attachment.hook()))};
}

std::vector<Finding> findings_of(const Attachment& attachment)
{
    std::vector<Finding> findings;

    for (auto& finding : {liveness_finding(attachment), front_finding(attachment), gro_list_finding(attachment)})
        if (finding)
            findings.push_back(*finding);
    return findings;
}

std::string sees_nothing_text(const Attachment& attachment)
{
    const bool egress = attachment.hook() == FL_HOOK_TC_EGRESS;

    return fmt::format("the interface {} packets, and flowlabel sees none of them: another program, a filter or an "
                       "offload consumes them before {}",
                       egress ? "sends" : "receives", name_of(attachment.hook()));
}

static std::uint64_t seen_by(const Attachment& attachment)
{
    return sum_counters(attachment.cpu_counters()).seen;
}

Observation::Observation(const Attachment& attachment)
    : attachment_(&attachment), blindness_(blind_intervals), lost_before_(attachment.totals().lost)
{
    observe();
}

void Observation::observe()
{
    const auto ring = attachment_->ring_usage();

    blind_ = blindness_.observe(seen_by(*attachment_), attachment_->device_packets());
    lost_ = attachment_->totals().lost;
    ring_fills_ = ring && ring->fullest > ring_is_filling && !attachment_->collector();
}

std::vector<Finding> Observation::findings() const
{
    std::vector<Finding> findings;

    if (lost_.packets > lost_before_.packets)
        findings.push_back({.kind = "records-lost",
                            .text = fmt::format("records with {} packets {} bytes were lost during the check",
                                                grouped(lost_.packets - lost_before_.packets),
                                                grouped(lost_.octets - lost_before_.octets))});
    if (ring_fills_)
        findings.push_back({.kind = "ring-fills",
                            .text = "the ring of finished flows is more than half full, and nothing drains it; "
                                    "run 'flowlabel collect'"});
    if (blind_ && attachment_->liveness() == Liveness::live)
        findings.push_back({.kind = "sees-nothing", .text = sees_nothing_text(*attachment_)});
    return findings;
}

} // namespace flowlabel
