// SPDX-License-Identifier: BSD-2-Clause
#include "host/exercise/generator.hpp"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>

#include "base/fd.hpp"
#include "base/time.hpp"
#include "base/try.hpp"
#include "host/exercise/raw_packet.hpp"
#include "host/exercise/wait.hpp"

namespace flowlabel {

namespace {

constexpr std::uint16_t first_port = 1024;

/// The role of a packet in its flow.
enum class Step { syn, ack, data, end };

class Generator {
public:
    explicit Generator(const GeneratorOptions& options) : options_(options), labels_(options.labels) {}

    Result<GeneratorReport> run(int stop);

private:
    struct Flow {
        std::uint32_t label = 0;
        std::uint32_t sequence = 0; ///< of TCP
    };

    Result<void> open();
    void make_flows();
    Result<void> send_all(Step step);
    Result<void> send_round(Step step, int stop);
    [[nodiscard]] std::vector<std::uint8_t> packet(unsigned index, Step step, std::uint32_t label);
    std::uint32_t label_of(const Flow& flow, Step step);

    const GeneratorOptions& options_;
    LabelSource labels_;
    Fd socket_;
    std::vector<Flow> flows_;
    std::vector<std::uint8_t> payload_;
    GeneratorReport report_;
    std::uint64_t packet_ = 0; ///< of each flow
    bool stopped_ = false;
};

/// Binds SOCKET to an interface.
Result<void> bind_to(int socket, const std::string& interface)
{
    if (setsockopt(socket, SOL_SOCKET, SO_BINDTODEVICE, interface.c_str(), static_cast<socklen_t>(interface.size())) !=
        0)
        return fail_errno(errno, "cannot send on interface " + interface, "run it as root, or with CAP_NET_RAW");
    return {};
}

/// The source address that the kernel selects.
Result<Address> source_for(const Endpoint& destination, const std::string& interface)
{
    const Fd probe(socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));

    TRY(bind_to(probe.get(), interface));
    TRY(connect_labelled(probe.get(), destination, 0));
    const auto local = TRY(local_endpoint(probe.get()));

    return local.address;
}

Result<void> Generator::open()
{
    // IPPROTO_RAW: we write the IPv6 header; the kernel routes the packet and adds the link layer.
    socket_ = Fd(socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW));
    if (!socket_)
        return fail_errno(errno, "cannot send raw packets", "run it as root, or with CAP_NET_RAW");
    TRY(bind_to(socket_.get(), options_.interface));
    report_.source = TRY(source_for(options_.destination, options_.interface));
    return {};
}

void Generator::make_flows()
{
    for (unsigned i = 0; i < options_.flows; i++)
        flows_.push_back({.label = options_.labels.pattern == LabelPattern::random
                                       ? labels_.any()
                                       : labels_.of_flow(i, options_.flows, 0),
                          .sequence = labels_.any()});
    payload_.assign(options_.size, 0);
}

std::uint32_t Generator::label_of(const Flow& flow, Step step)
{
    switch (options_.labels.pattern) {
    case LabelPattern::per_packet:
    case LabelPattern::message:
        return labels_.of_packet(packet_);
    case LabelPattern::syn_then_zero:
        return step == Step::syn ? flow.label : 0;
    case LabelPattern::rst_other:
        return step == Step::end ? label_after(flow.label, 1) : flow.label;
    default:
        return flow.label;
    }
}

std::vector<std::uint8_t> Generator::packet(unsigned index, Step step, std::uint32_t label)
{
    Flow& flow = flows_[index];
    const PacketPath path{.source = report_.source,
                          .destination = options_.destination.address,
                          .source_port = static_cast<std::uint16_t>(first_port + index),
                          .destination_port = options_.destination.port};

    if (options_.transport == Transport::udp)
        return udp_packet(path, label, payload_);
    TcpSegment segment{.sequence = flow.sequence, .acknowledgement = step == Step::syn ? 0u : 1u};

    switch (step) {
    case Step::syn:
        segment.flags = tcp_syn;
        flow.sequence++;
        return tcp_packet(path, label, segment, {});
    case Step::ack:
        segment.flags = tcp_ack;
        return tcp_packet(path, label, segment, {});
    case Step::data:
        segment.flags = tcp_psh | tcp_ack;
        flow.sequence += static_cast<std::uint32_t>(payload_.size());
        return tcp_packet(path, label, segment, payload_);
    case Step::end:
        segment.flags = (options_.labels.pattern == LabelPattern::rst_other ? tcp_rst : tcp_fin) | tcp_ack;
        return tcp_packet(path, label, segment, {});
    }
    return {};
}

Result<void> Generator::send_all(Step step)
{
    for (unsigned i = 0; i < options_.flows; i++) {
        const std::uint32_t label = label_of(flows_[i], step);
        const std::vector<std::uint8_t> bytes = packet(i, step, label);

        // The port of a raw socket's destination is a protocol number; 0: as in the header.
        if (const auto sent =
                send_datagram(socket_.get(),
                              {.address = options_.destination.address, .scope = options_.destination.scope}, bytes, 0);
            !sent)
            return sent;
        report_.packets++;
        report_.labels[label]++;
    }
    packet_++;
    return {};
}

/// Sends one packet of each flow, and waits until it is time for the next ones.
Result<void> Generator::send_round(Step step, int stop)
{
    const auto start = Clock::now();
    const auto sent = send_all(step);

    if (sent)
        stopped_ = wait_for({}, start + options_.interval, stop) == WakeReason::stopped;
    return sent;
}

Result<GeneratorReport> Generator::run(int stop)
{
    const bool tcp = options_.transport == Transport::tcp;
    Result<void> done = open();

    report_.transport = options_.transport;
    report_.interface = options_.interface;
    report_.destination = options_.destination;
    report_.flows = options_.flows;
    report_.started = now_utc();
    make_flows();
    for (const Step step : {Step::syn, Step::ack})
        if (done && tcp && !stopped_)
            done = send_round(step, stop);
    for (std::uint64_t i = 0; done && !stopped_ && (options_.count == 0 || i < options_.count); i++)
        done = send_round(Step::data, stop);
    if (done && tcp)
        done = send_all(Step::end);
    if (!done)
        return std::unexpected(done.error());
    report_.ended = now_utc();
    return std::move(report_);
}

} // namespace

Result<GeneratorReport> run_generator(const GeneratorOptions& options, int stop)
{
    return Generator(options).run(stop);
}

} // namespace flowlabel
