// SPDX-License-Identifier: BSD-2-Clause
#include "maps/sweep.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <pthread.h>
#include <sched.h>

#include <array>
#include <bit>
#include <cerrno>
#include <string>
#include <utility>

#include "base/privilege.hpp"
#include "base/try.hpp"
#include "maps/preemption.hpp"
#include "sweep.skel.h"
#include "sweep_rt.skel.h"

namespace flowlabel {

/// A call must be short, since softirqs are off: inspecting 4,096 slots takes some 35 µs, ending a flow some 0.1 µs.
constexpr std::uint32_t sets_of_a_call = 4096 / FL_WAYS;
constexpr std::uint32_t ends_of_a_call = 128;

struct Sweeper::State {
    std::unique_ptr<void, void (*)(void*)> skeleton; ///< sweep_bpf or sweep_rt_bpf
    std::array<int, FL_TABLE_COUNT> programs;        ///< the skeleton's, by enum fl_table; -1: the table is unused
    const fl_sweep_result* result = nullptr;         ///< the skeleton's
    unsigned cpus = 0;
    std::uint32_t sets = 0; ///< of one CPU
};

Sweeper::Sweeper(std::unique_ptr<State> state) : state_(std::move(state)) {}
Sweeper::Sweeper(Sweeper&&) noexcept = default;
Sweeper& Sweeper::operator=(Sweeper&&) noexcept = default;
Sweeper::~Sweeper() = default;

static std::unexpected<Error> sweep_error(int err)
{
    const auto failed = [err](const char* hint) {
        return fail_errno(err, "the kernel refused the program that ends flows by their times", hint);
    };

    switch (err) {
    case EPERM:
        return failed(privilege_hint);
    case EMFILE:
        return failed(file_limit_hint);
    default:
        return failed("run again with -v to see the verifier's log");
    }
}

/// The program of bpf/sweep.bpf.c that sweeps TABLE.
static bpf_program* program_of(const bpf_object& object, const ListedMap& table)
{
    return bpf_object__find_program_by_name(&object, (std::string("flowlabel_sweep_") + table.name).c_str());
}

template <class Skeleton>
Result<std::unique_ptr<Sweeper::State>> Sweeper::load_as(const Maps& maps, const fl_info& info)
{
    auto* const opened = Skeleton::open();

    if (!opened)
        return sweep_error(errno);
    auto state = std::make_unique<State>(
        State{.skeleton = {opened, [](void* skeleton) { Skeleton::destroy(static_cast<Skeleton*>(skeleton)); }},
              .cpus = info.cpus,
              .sets = info.slots / FL_WAYS});
    Skeleton& skeleton = *opened;

    skeleton.rodata->config.slots_shift = static_cast<std::uint8_t>(std::countr_zero(info.slots));
    skeleton.rodata->config.ring_shift = static_cast<std::uint8_t>(std::countr_zero(info.ring_records));
    skeleton.rodata->config.epoch_jiffies = info.epoch_jiffies;
    add_machine(skeleton.rodata->config);
    if (const int err = reuse_maps(*skeleton.obj, maps))
        return sweep_error(err);
    for (unsigned i = 0; i < table_list.size(); i++)
        bpf_program__set_autoload(program_of(*skeleton.obj, table_list[i]), filled_tables(table_config(info))[i]);
    if (const int result = Skeleton::load(&skeleton))
        return sweep_error(-result);
    for (std::size_t i = 0; i < table_list.size(); i++)
        state->programs[i] = bpf_program__fd(program_of(*skeleton.obj, table_list[i]));
    state->result = &skeleton.bss->sweep_result;
    return state;
}

Result<Sweeper> Sweeper::load(const Maps& maps, const fl_info& info, bool preemptible)
{
    auto state = TRY(preemptible || programs_preempt_each_other() ? load_as<sweep_rt_bpf>(maps, info)
                                                                  : load_as<sweep_bpf>(maps, info));

    return Sweeper(std::move(state));
}

Result<fl_sweep_result> Sweeper::step(const fl_sweep_request& request, fl_table table)
{
    fl_sweep_request frame = request;
    LIBBPF_OPTS(bpf_test_run_opts, options);

    options.data_in = &frame;
    options.data_size_in = sizeof(frame);
    options.repeat = 1;
    options.flags = BPF_F_TEST_XDP_LIVE_FRAMES;
    options.batch_size = 1;
    if (const int result = bpf_prog_test_run_opts(state_->programs[table], &options))
        return sweep_error(-result);
    return *state_->result;
}

/// Moves this thread to CPU. False: it cannot run there.
static bool move_to(unsigned cpu)
{
    cpu_set_t* const set = CPU_ALLOC(cpu + 1);
    const std::size_t size = CPU_ALLOC_SIZE(cpu + 1);

    CPU_ZERO_S(size, set);
    CPU_SET_S(cpu, size, set);
    const int result = pthread_setaffinity_np(pthread_self(), size, set);

    CPU_FREE(set);
    return result == 0;
}

/// Inspects every flow of TABLE on REQUEST.cpu, where this thread is. Returns false if it ran elsewhere.
Result<bool> Sweeper::sweep_part(fl_sweep_request request, fl_table table, SweepPass& pass,
                                 const std::function<bool(bool ring_full)>& wait)
{
    while (request.first < state_->sets) {
        const auto result = TRY(step(request, table));

        if (result.cpu != request.cpu)
            return false;
        request.first = result.next;
        pass.ended += result.ended;
        if (!wait(result.ring_full != 0)) {
            pass.stopped = true;
            break;
        }
    }
    return true;
}

Result<SweepPass> Sweeper::pass(const SweepLimits& limits, const std::function<bool(bool ring_full)>& wait)
{
    SweepPass pass;

    for (unsigned cpu = 0; cpu < state_->cpus; cpu++) {
        const fl_sweep_request request{.idle = limits.idle,
                                       .active = limits.active,
                                       .first = 0,
                                       .sets = sets_of_a_call,
                                       .ends = ends_of_a_call,
                                       .cpu = static_cast<std::uint16_t>(cpu),
                                       .forced = limits.everything};
        bool reached = move_to(cpu);

        for (unsigned table = 0; reached && table < FL_TABLE_COUNT; table++) {
            if (state_->programs[table] < 0)
                continue;
            reached = TRY(sweep_part(request, static_cast<fl_table>(table), pass, wait));
            if (pass.stopped)
                return pass;
        }
        if (!reached)
            pass.unreached.push_back(cpu);
    }
    return pass;
}

} // namespace flowlabel
