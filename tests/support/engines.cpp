// SPDX-License-Identifier: BSD-2-Clause
#include "engines.hpp"

#include <sched.h>

#include <map>
#include <numeric>
#include <stdexcept>

namespace flowlabel::test {

namespace {

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
    setup.config.track = choice.track;
    setup.config.slots_shift = static_cast<__u8>(choice.slots_shift);
    setup.config.ring_shift = static_cast<__u8>(choice.ring_shift);
    setup.config.fences = choice.fences;
    setup.preemptible = choice.preemptible;
    for (std::size_t i = 0; i < FL_HASH_KEYS; i++)
        setup.secrets.hash[i] = 0x9E3779B97F4A7C15u * (i + 1);
    setup.secrets.stamp[0] = 0x0706050403020100;
    setup.secrets.stamp[1] = 0x0F0E0D0C0B0A0908;
    return setup;
}

std::vector<Ended> ended_flows(Engine& engine)
{
    std::vector<Ended> ended;

    engine.drain(
        [&](const RingRecord& record) { ended.push_back({record.flow(), record.reason(), record.connection()}); });
    return ended;
}

std::unique_ptr<Engine> make_engine(Kind kind, const Choice& choice)
{
    if (kind == Kind::native)
        return std::make_unique<NativeEngine>(setup_for(choice), std::size_t{1} << choice.ring_shift);

    auto engine = KernelEngine::create(hook_of(kind), setup_for(choice));
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
    engine->reset();
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
