// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <iterator>
#include <optional>

#include "attach/bpffs_lock.hpp"
#include "attach/detach.hpp"
#include "attach/hook.hpp"
#include "attach/leftovers.hpp"
#include "attach/plan.hpp"
#include "attach/replace.hpp"
#include "attach/stamp_warnings.hpp"
#include "base/interface.hpp"
#include "base/memory.hpp"
#include "base/privilege.hpp"
#include "base/try.hpp"
#include "base/undo.hpp"
#include "base/units.hpp"
#include "maps/epoch.hpp"

namespace flowlabel {

/// WANTED, rounded up. An error if a table of that size is not possible.
static Result<std::uint32_t> checked_slots(std::uint64_t wanted, unsigned cpus, bool track)
{
    constexpr std::uint64_t beyond_doubt = 1ull << 40;
    const std::uint64_t slots = std::bit_ceil(std::clamp(wanted, smallest_slots, beyond_doubt));
    const std::uint64_t bytes = table_bytes(slots, cpus, track);
    const std::uint64_t rings = rings_bytes(1u << default_ring_shift, cpus, track);
    const std::uint64_t available = available_memory();

    if (slots > largest_slots || slots / FL_WAYS * cpus > UINT32_MAX || bytes + rings > available)
        return fail(
            fmt::format("a table of {} slots for each of {} CPUs takes {}{}, and the rings {}; {} are available",
                        binary_text(slots), cpus, slots < wanted ? "more than " : "", memory_text(bytes),
                        memory_text(rings), memory_text(available)),
            "choose fewer slots with --flows");
    return static_cast<std::uint32_t>(slots);
}

static Result<std::array<std::uint64_t, 2>> stamp_key(const AttachOptions& options)
{
    const auto key = TRY(options.key ? Result<Key>(*options.key) : random_key());

    return siphash_words(key);
}

static Result<AttachReport> attach_new(const Plan& plan)
{
    const auto slots = TRY(checked_slots(plan.options.slots.value_or(default_slots), plan.cpus, plan.options.track));
    const Epoch epoch = TRY(read_epoch());
    ProgramSetup setup = TRY(setup_for(plan, slots));

    setup.config.epoch_jiffies = epoch.jiffies;
    setup.secrets[0] = TRY(random_secrets());
    std::ranges::copy(TRY(stamp_key(plan.options)), setup.secrets[0].stamp);
    const Program program = TRY(load_program(setup));
    Undo undo([&] { remove_pins(plan.bpffs, plan.place); });
    const Directory directory = TRY(plan.place.make(plan.bpffs));
    AttachReport report{.info = describe(plan, setup, program.id)};

    TRY(pin_maps(program.maps, directory));
    report.info.epoch = epoch.monotonic;
    report.info = TRY(attach_to_hook(plan, program, directory, report.info, report.warnings));
    undo.keep();
    std::ranges::move(stamp_warnings(report.info, plan.interface.name, setup.gro_lists, program.tells_gro_lists),
                      std::back_inserter(report.warnings));
    return report;
}

/// FOUND has the pins of this interface, but counts and stamps the traffic of another one.
static std::unexpected<Error> moved_error(const Plan& plan, const Inspected& found)
{
    const std::string name = interface_of(found);
    const std::string hook = name_of(plan.options.hook);

    return fail(fmt::format("the pins of {} {} are in use by {}, which had the same index when it was attached; it {} "
                            "in another network namespace now, and flowlabel still counts there",
                            plan.interface.name, hook, name, found.liveness == Liveness::moved ? "is" : "may be"),
                fmt::format("'flowlabel detach {} --hook {}' detaches it and prints its totals; then attach again",
                            name, hook));
}

static std::unexpected<Error> attached_error(const Plan& plan, const Inspected& found)
{
    const std::string what =
        fmt::format("flowlabel is attached to {} {} already", name_of(plan.options.hook), plan.options.interface);

    if (found.liveness == Liveness::swapped)
        return fail(fmt::format("{}, but {} has replaced its program", what, describe_program(found.program_there)),
                    "--replace restores it and keeps the flow table");
    return fail(what, "--replace replaces the program and keeps the flow table");
}

Result<AttachReport> attach(const Bpffs& bpffs, const AttachOptions& options, std::optional<DetachReport>& detached)
{
    const auto interface = TRY(find_interface(options.interface));

    TRY(check_capabilities());
    const auto netns = TRY(current_netns());
    const auto cpus = TRY(possible_cpus());
    const auto lock = TRY(bpffs.make_and_lock());

    TRY(bpffs.check_layout());
    const Plan plan{bpffs, options, interface, {netns, interface.ifindex, options.hook}, cpus};
    auto found = TRY(inspect(bpffs, plan.place));

    if (found && (found->liveness == Liveness::live || found->liveness == Liveness::swapped))
        return options.replace ? replace(plan, *found) : attached_error(plan, *found);
    if (found && (found->liveness == Liveness::moved || found->liveness == Liveness::unknown))
        return moved_error(plan, *found);
    if (found)
        detached = TRY(detach_one(bpffs, std::move(*found)));
    clear_leftovers(bpffs, plan.place);
    return attach_new(plan);
}

} // namespace flowlabel
