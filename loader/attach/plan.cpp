// SPDX-License-Identifier: BSD-2-Clause
#include "attach/plan.hpp"

#include <fmt/format.h>

#include <bit>

#include "base/gro_lists.hpp"
#include "base/time.hpp"

namespace flowlabel {

/// The interfaces that receive lists and whose packets the program would stamp. On egress packets may come from any of
/// them.
static GroListReceivers list_receivers(const Plan& plan)
{
    GroListReceivers receivers = plan.options.hook == FL_HOOK_XDP ? GroListReceivers{} : gro_list_receivers();

    if (plan.options.hook == FL_HOOK_TC_INGRESS)
        std::erase_if(receivers, [&](const auto& receiver) { return receiver.first != plan.interface.ifindex; });
    return receivers;
}

Result<ProgramSetup> setup_for(const Plan& plan, std::uint32_t slots, const fl_info* old)
{
    const AttachOptions& options = plan.options;
    ProgramSetup setup{.hook = options.hook};

    setup.config.stamp =
        static_cast<std::uint8_t>(options.stamp.value_or(old ? static_cast<fl_stamp_mode>(old->stamp) : FL_STAMP_OFF));
    setup.config.prf =
        static_cast<std::uint8_t>(options.prf.value_or(old ? static_cast<fl_prf>(old->prf) : FL_PRF_SIPHASH_2_4));
    if (setup.config.stamp == FL_STAMP_OFF && (options.key || options.prf))
        return fail(fmt::format("{} makes no sense without stamping", options.key ? "--key-file" : "--prf"),
                    "add --stamp zero or --stamp dry-run", Failure::usage);
    setup.config.link_layer = static_cast<std::uint8_t>(plan.interface.link_layer);
    setup.config.slots_shift = static_cast<std::uint8_t>(std::countr_zero(slots));
    setup.config.ring_shift = default_ring_shift;
    setup.config.track = options.track || (old && old->track);
    if (setup.config.stamp != FL_STAMP_OFF)
        setup.gro_lists = list_receivers(plan);
    return setup;
}

fl_info describe(const Plan& plan, const ProgramSetup& setup, std::uint32_t program_id)
{
    fl_info info{};

    info.layout_version = FL_LAYOUT_VERSION;
    info.program_id = program_id;
    info.netns_inode = plan.place.netns_inode;
    info.attached_at = now_utc();
    info.epoch_jiffies = setup.config.epoch_jiffies;
    info.ifindex = plan.interface.ifindex;
    info.slots = 1u << setup.config.slots_shift;
    info.cpus = plan.cpus;
    info.ring_records = 1u << setup.config.ring_shift;
    info.hook = static_cast<std::uint8_t>(plan.options.hook);
    info.stamp = setup.config.stamp;
    info.prf = setup.config.prf;
    info.link_layer = setup.config.link_layer;
    info.track = setup.config.track;
    plan.interface.name.copy(info.ifname, sizeof(info.ifname) - 1);
    return info;
}

} // namespace flowlabel
