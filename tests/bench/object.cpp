// SPDX-License-Identifier: BSD-2-Clause
#include "object.hpp"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <fcntl.h>
#include <sys/mman.h>

#include <stdexcept>
#include <string_view>

#include "maps/program.hpp"

namespace flowlabel::bench {

constexpr std::size_t stream_length = 1u << 24;

/// Loads the programs of SETUP only, and leaves out the maps that only other programs use.
void Object::choose(const ObjectSetup& setup)
{
    bpf_program* each = nullptr;
    const struct {
        bpf_map* map;
        std::string_view user;
    } alternatives[] = {
        {skeleton_->maps.lru_percpu_hash, "alt_lru_percpu_hash"},
        {skeleton_->maps.lru_hash, "alt_lru_hash"},
        {skeleton_->maps.hash, "alt_hash"},
        {skeleton_->maps.hash_locked, "alt_hash_spin_lock"},
    };

    bpf_object__for_each_program(each, skeleton_->obj) bpf_program__set_autoload(
        each, setup.program == bpf_program__name(each) || setup.filler == bpf_program__name(each));
    for (const auto& [map, user] : alternatives) {
        bpf_map__set_max_entries(map, 1u << setup.table_shift);
        bpf_map__set_autocreate(map, setup.program == user);
    }
}

void Object::fill(const ObjectSetup& setup)
{
    const int stream = bpf_map__fd(skeleton_->maps.stream);
    constexpr std::size_t size = stream_length * sizeof(std::uint32_t);
    void* const mapped = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, stream, 0);

    if (mapped == MAP_FAILED)
        throw std::runtime_error("cannot map the stream of flows");
    fill_stream({static_cast<std::uint32_t*>(mapped), stream_length}, setup.flows, setup.draw);
    munmap(mapped, size);
}

Object::Object(const ObjectSetup& setup) : skeleton_(bench_bpf__open())
{
    const auto secrets = random_secrets();
    const unsigned cpus = possible_cpus().value();

    if (!skeleton_ || !secrets)
        throw std::runtime_error("cannot open the benchmark's BPF object");
    choose(setup);
    skeleton_->rodata->config = {.stamp = static_cast<std::uint8_t>(setup.stamp),
                                 .prf = static_cast<std::uint8_t>(setup.prf),
                                 .link_layer = FL_LINK_ETHERNET,
                                 .slots_shift = setup.table_shift,
                                 .ring_shift = default_ring_shift,
                                 .track = setup.program.contains("track")};
    add_machine(skeleton_->rodata->config);
    skeleton_->rodata->bench_l3 = setup.l3;
    skeleton_->rodata->bench_labelled = setup.labelled;
    skeleton_->rodata->bench_relabelled = setup.relabelled;
    skeleton_->rodata->bench_tcp_offset = setup.tcp_offset;
    skeleton_->rodata->bench_out_ifindex = setup.out_ifindex;
    skeleton_->rodata->bench_pace = setup.pace_ns;
    skeleton_->data_secrets->secrets[0] = *secrets;
    if (size_maps(*skeleton_->obj, skeleton_->rodata->config, cpus) != 0 || bench_bpf__load(skeleton_.get()) != 0)
        throw std::runtime_error("cannot load " + setup.program + " (are you root?)");
    program_ = bpf_program__fd(bpf_object__find_program_by_name(skeleton_->obj, setup.program.c_str()));
    filler_ = setup.filler.empty()
                  ? program_
                  : bpf_program__fd(bpf_object__find_program_by_name(skeleton_->obj, setup.filler.c_str()));
    fill(setup);
}

Rings Object::rings() const
{
    Maps maps;

    maps.ring = Fd(fcntl(bpf_map__fd(skeleton_->maps.ring), F_DUPFD_CLOEXEC, 0));
    maps.ring_positions = Fd(fcntl(bpf_map__fd(skeleton_->maps.ring_positions), F_DUPFD_CLOEXEC, 0));
    return Rings::open(maps, possible_cpus().value(), 1u << default_ring_shift, {}, Mapping::Access::write).value();
}

} // namespace flowlabel::bench
