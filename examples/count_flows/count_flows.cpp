// SPDX-License-Identifier: BSD-2-Clause
// Attaches to an interface, counts its flows until Enter is pressed, prints them, and detaches.
//     count_flows IFACE [BPFFS]
#include <cstdio>
#include <flowlabel/flowlabel.hpp>
#include <optional>
#include <utility>
#include <vector>

static int failed(const flowlabel::Error& error)
{
    std::fprintf(stderr, "count_flows: error: %s\n", error.what.c_str());
    if (!error.hint.empty())
        std::fprintf(stderr, "count_flows: hint: %s\n", error.hint.c_str());
    return 1;
}

static void print(const flowlabel::Attachment& attachment)
{
    const bool live = attachment.liveness() == flowlabel::Liveness::live;
    const auto counters = flowlabel::sum_counters(attachment.cpu_counters());
    const std::uint64_t epoch = attachment.epoch_utc();
    flowlabel::Flows flows;

    std::printf("%s %s: %s, stamp %s, %lu of %lu packets are IPv6\n", attachment.interface().c_str(),
                flowlabel::name_of(attachment.hook()), live ? "live" : "not live",
                flowlabel::name_of(static_cast<fl_stamp_mode>(attachment.info().stamp)), counters.ipv6, counters.seen);
    attachment.table().each_flow(
        [&](const flowlabel::TableFlow& flow) { flows.push_back(flowlabel::make_flow(flow, epoch)); });
    for (const auto& flow : flowlabel::select_flows(std::move(flows), {.limit = 20}))
        std::printf("%s %s 0x%05x %lu packets %lu bytes\n", flow.src.text().c_str(), flow.dst.text().c_str(),
                    flow.label, flow.packets, flow.octets);
}

int main(int argc, char** argv)
{
    if (argc < 2)
        return failed({.what = "no interface", .hint = "usage: count_flows IFACE [BPFFS]"});
    flowlabel::set_libbpf_log(nullptr);
    const auto bpffs = flowlabel::Bpffs::open_or_mount(argc > 2 ? argv[2] : "/sys/fs/bpf");

    if (!bpffs)
        return failed(bpffs.error());
    std::optional<flowlabel::DetachReport> detached;
    const auto attached = flowlabel::attach(*bpffs, {.interface = argv[1]}, detached);

    if (!attached)
        return failed(attached.error());
    std::puts("counting; press Enter to stop");
    std::fflush(stdout);
    std::getchar();

    const flowlabel::Selection selection{.interface = argv[1], .hook = FL_HOOK_XDP};
    const auto found = flowlabel::find_attachments(*bpffs, selection);

    if (found)
        for (const auto& attachment : *found)
            print(attachment);
    std::vector<flowlabel::DetachReport> reports;
    const auto done = flowlabel::detach(*bpffs, selection, reports);

    if (!found)
        return failed(found.error());
    return done ? 0 : failed(done.error());
}
