// SPDX-License-Identifier: BSD-2-Clause
#include "maps/program.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>

#include <cerrno>
#include <ctime>
#include <iterator>
#include <memory>
#include <string>

#include "base/privilege.hpp"
#include "base/time.hpp"
#include "base/try.hpp"
#include "base/units.hpp"
#include "flowlabel.skel.h"
#include "flowlabel_rt.skel.h"
#include "maps/preemption.hpp"
#include "maps/skb_layout.hpp"

namespace flowlabel {

/// SKELETON is flowlabel_bpf, or flowlabel_rt_bpf if programs can preempt each other. Both have the same maps and
/// programs.
template <class Skeleton> struct DestroySkeleton {
    void operator()(Skeleton* skeleton) const { Skeleton::destroy(skeleton); }
};

Result<unsigned> possible_cpus()
{
    const int cpus = libbpf_num_possible_cpus();

    if (cpus < 0)
        return fail_errno(-cpus, "cannot find the number of possible CPUs",
                          "mount /sys: /sys/devices/system/cpu/possible has it");
    return static_cast<unsigned>(cpus);
}

Result<Secrets> read_secrets(const Maps& maps)
{
    Secrets secrets{};
    const std::uint32_t key = 0;

    if (bpf_map_lookup_elem(maps.secrets.get(), &key, secrets.data()) != 0)
        return fail_errno(errno, "cannot read the secrets map");
    return secrets;
}

Result<fl_secrets> random_secrets()
{
    fl_secrets secrets{};

    if (getrandom(secrets.hash, sizeof(secrets.hash), 0) != sizeof(secrets.hash))
        return fail_errno(errno, "cannot get random bytes for the flow table's hash");
    secrets.hash[FL_HASH_WORDS] |= 1;
    return secrets;
}

/// The length of a jiffy in ns: the resolution of the coarse clocks (LOW_RES_NSEC, include/linux/hrtimer_defs.h).
static std::uint64_t jiffy_ns()
{
    timespec resolution{};

    clock_getres(CLOCK_MONOTONIC_COARSE, &resolution);
    return static_cast<std::uint64_t>(resolution.tv_sec) * ns_per_second +
           static_cast<std::uint64_t>(resolution.tv_nsec);
}

/// Total store order: bpf/env_bpf.h says why it matters.
#if defined(__x86_64__) || defined(__i386__) || defined(__s390x__)
constexpr bool stores_stay_in_order = true;
#else
constexpr bool stores_stay_in_order = false;
#endif

void add_machine(fl_config& config)
{
    config.jiffy_ns = jiffy_ns();
    config.fences |= !stores_stay_in_order;
}

/// The program of bpf/flowlabel.bpf.c for SETUP.
static bpf_program* program_of(const bpf_object& object, const ProgramSetup& setup)
{
    std::string name = "flowlabel_xdp";

    if (setup.hook != FL_HOOK_XDP)
        name = setup.hook == FL_HOOK_TC_INGRESS ? "flowlabel_tc_ingress" : "flowlabel_tc_egress";
    return bpf_object__find_program_by_name(&object, (setup.config.track ? name + "_track" : name).c_str());
}

std::unexpected<Error> load_error(int err)
{
    switch (err) {
    case EPERM:
        return fail("the kernel does not let this user load BPF programs", privilege_hint);
    case ENOSYS:
        return fail("this kernel has no BPF", "it needs CONFIG_BPF_SYSCALL; Linux 6.1 is the oldest that is tested");
    default:
        return fail_errno(err, "the kernel refused the BPF program",
                          "run again with -v to see the verifier's log; Linux 6.1 is the oldest that is tested");
    }
}

std::unexpected<Error> load_error(int err, bool preemptible)
{
    // libbpf returns these if the BTF of the kernel lacks a kfunc, or if there is no BTF.
    if (preemptible && (err == EINVAL || err == ESRCH))
        return fail(
            "on this PREEMPT_RT kernel BPF programs can preempt each other, and it refused those that prevent it",
            "they need bpf_preempt_disable() (Linux 6.10) and CONFIG_DEBUG_INFO_BTF; run again with -v "
            "to see the verifier's log");
    return load_error(err);
}

static std::unexpected<Error> load_error(int err, const ProgramSetup& setup, unsigned cpus)
{
    if (err != ENOMEM && err != E2BIG)
        return load_error(err, setup.preemptible);
    const std::uint64_t bytes = (bytes_of_slot(setup.config.track) << setup.config.slots_shift) * cpus;

    return fail(fmt::format("the kernel has no memory for a flow table of {}", memory_text(bytes)),
                "choose fewer slots with --flows");
}

/// Sets the configuration of the program. False: it cannot distinguish GRO lists from other merged packets.
template <class Skeleton> static bool configure(Skeleton& skeleton, const ProgramSetup& setup)
{
    fl_config& config = skeleton.rodata->config;

    config = setup.config;
    add_machine(config);
    for (const auto& [ifindex, maker] : setup.gro_lists)
        skeleton.data_gro_list->fl_gro_lists[ifindex % std::size(skeleton.data_gro_list->fl_gro_lists)] = 1;
    return setup.hook == FL_HOOK_XDP || add_skb_layout(config) || config.stamp == FL_STAMP_OFF;
}

static Fd duplicate(int fd)
{
    return Fd(fcntl(fd, F_DUPFD_CLOEXEC, 0));
}

template <class Skeleton> static Result<Program> load_as(const ProgramSetup& setup, unsigned cpus, const Maps* reuse)
{
    const std::unique_ptr<Skeleton, DestroySkeleton<Skeleton>> skeleton(Skeleton::open());

    if (!skeleton)
        return load_error(errno, setup, cpus);
    bpf_program* const program = program_of(*skeleton->obj, setup);

    bpf_program* other = nullptr;

    bpf_object__for_each_program(other, skeleton->obj) bpf_program__set_autoload(other, other == program);
    const bool tells_gro_lists = configure(*skeleton, setup);

    if (const int err = reuse ? reuse_maps(*skeleton->obj, *reuse) : size_maps(*skeleton->obj, setup.config, cpus))
        return load_error(err, setup, cpus);
    for (std::size_t i = 0; i < setup.secrets.size(); i++)
        skeleton->data_secrets->secrets[i] = setup.secrets[i];
    if (const int result = Skeleton::load(skeleton.get()))
        return load_error(-result, setup, cpus);

    Program loaded{
        .fd = duplicate(bpf_program__fd(program)), .maps = maps_of(*skeleton->obj), .tells_gro_lists = tells_gro_lists};
    bpf_prog_info info{};
    std::uint32_t length = sizeof(info);

    if (reuse) {
        const std::uint32_t key = 0;

        if (bpf_map_update_elem(loaded.maps.secrets.get(), &key, setup.secrets.data(), BPF_ANY) != 0)
            return load_error(errno, setup, cpus);
    }
    if (bpf_obj_get_info_by_fd(loaded.fd.get(), &info, &length) != 0)
        return load_error(errno, setup, cpus);
    loaded.id = info.id;
    return loaded;
}

Result<Program> load_program(ProgramSetup setup, const Maps* reuse)
{
    const auto cpus = TRY(possible_cpus());

    setup.preemptible |= programs_preempt_each_other();
    return setup.preemptible ? load_as<flowlabel_rt_bpf>(setup, cpus, reuse)
                             : load_as<flowlabel_bpf>(setup, cpus, reuse);
}

} // namespace flowlabel
