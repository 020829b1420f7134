// SPDX-License-Identifier: BSD-2-Clause
#include "engines.hpp"

#include <sched.h>

#include <bit>
#include <map>
#include <numeric>
#include <stdexcept>

namespace flowlabel::test {

namespace {

/// Octets a record takes in the kernel's ring: its header before it.
constexpr std::size_t ring_record_size = sizeof(fl_record) + 8;
constexpr std::size_t page_size = 4096;

fl_hook hook_of(Kind kind)
{
    switch (kind) {
    case Kind::tc_ingress:
        return FL_HOOK_TC_INGRESS;
    case Kind::tc_egress:
        return FL_HOOK_TC_EGRESS;
    default:
        return FL_HOOK_XDP;
    }
}

} // namespace

const char* name_of(Kind kind)
{
    switch (kind) {
    case Kind::native:
        return "native";
    case Kind::xdp:
        return "xdp";
    case Kind::tc_ingress:
        return "tc_ingress";
    case Kind::tc_egress:
        return "tc_egress";
    }
    return "";
}

void PrintTo(Kind kind, std::ostream* out)
{
    *out << name_of(kind);
}

LabelKey stamp_key()
{
    LabelKey key;

    std::iota(key.begin(), key.end(), std::uint8_t{0});
    return key;
}

EngineSetup setup_for(const Choice& choice)
{
    EngineSetup setup;

    setup.config.stamp = static_cast<__u8>(choice.stamp);
    setup.config.prf = static_cast<__u8>(choice.prf);
    setup.config.link_layer = static_cast<__u8>(choice.link_layer);
    setup.config.slots_shift = static_cast<__u8>(choice.slots_shift);
    for (std::size_t i = 0; i < FL_HASH_KEYS; i++)
        setup.secrets.hash[i] = 0x9E3779B97F4A7C15u * (i + 1);
    setup.secrets.stamp[0] = 0x0706050403020100;
    setup.secrets.stamp[1] = 0x0F0E0D0C0B0A0908;
    return setup;
}

std::unique_ptr<Engine> make_engine(Kind kind, const Choice& choice)
{
    if (kind == Kind::native)
        return std::make_unique<NativeEngine>(setup_for(choice), choice.ring_records);

    const auto ring_bytes = std::bit_ceil(std::max(choice.ring_records * ring_record_size, page_size));
    auto engine = KernelEngine::create(hook_of(kind), setup_for(choice), static_cast<std::uint32_t>(ring_bytes));
    if (!engine)
        throw std::runtime_error(engine.error().what + "; " + engine.error().hint);
    return std::make_unique<KernelEngine>(std::move(*engine));
}

Engine& shared_engine(Kind kind, fl_stamp_mode mode)
{
    static std::map<std::pair<Kind, fl_stamp_mode>, std::unique_ptr<Engine>> engines;
    std::unique_ptr<Engine>& engine = engines[{kind, mode}];

    if (!engine)
        engine = make_engine(kind, {.stamp = mode});
    if (const auto done = engine->reset(); !done)
        throw std::runtime_error(done.error().what);
    return *engine;
}

struct PinnedToCpu::Before {
    cpu_set_t cpus;
};

PinnedToCpu::PinnedToCpu(unsigned cpu) : before_(std::make_unique<Before>())
{
    cpu_set_t one;

    CPU_ZERO(&one);
    CPU_SET(cpu, &one);
    if (::sched_getaffinity(0, sizeof(before_->cpus), &before_->cpus) != 0 ||
        ::sched_setaffinity(0, sizeof(one), &one) != 0)
        throw std::runtime_error("cannot pin this thread to a CPU");
}

PinnedToCpu::~PinnedToCpu()
{
    ::sched_setaffinity(0, sizeof(before_->cpus), &before_->cpus);
}

} // namespace flowlabel::test
