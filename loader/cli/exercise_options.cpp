// SPDX-License-Identifier: BSD-2-Clause
#include "cli/exercise_options.hpp"

#include <fmt/format.h>

#include "base/try.hpp"
#include "cli/options.hpp"
#include "host/exercise/device.hpp"
#include "host/exercise/message.hpp"
#include "host/exercise/server.hpp"

namespace flowlabel {

namespace {

constexpr std::uint64_t max_flows = 1'000'000;
constexpr const char* default_text = "flowlabel";

constexpr TimeRange up_to_a_day{.min = std::chrono::nanoseconds(0), .max = std::chrono::days(1)};
constexpr TimeRange lease_times{.min = std::chrono::nanoseconds(0), .max = std::chrono::seconds(UINT16_MAX)};

/// The kernel keeps the times of leases in seconds.
Result<std::chrono::nanoseconds> parse_lease_time(const std::string& given)
{
    const auto time = parse_duration(given, lease_times);

    if (time && *time % std::chrono::seconds(1) != std::chrono::nanoseconds(0))
        return fail(fmt::format("'{}' is not a whole number of seconds", given), "for example 1, 30s or 2m");
    return time;
}

LabelWord parse_label_word(const std::string& given)
{
    if (given == "auto")
        return {.kind = LabelWord::Kind::automatic};
    if (given == "none")
        return {.kind = LabelWord::Kind::none};
    if (given == "random")
        return {.kind = LabelWord::Kind::random};
    const auto label = parse_label(given);

    if (!label)
        throw WrongValue("--label", {label.error().what, label.error().hint + ", auto, random or none"});
    if (*label == 0)
        return {.kind = LabelWord::Kind::none};
    return {.kind = LabelWord::Kind::value, .value = *label};
}

void add_lease_options(CLI::App& app, ClientCommand& command)
{
    add_choice(app, "--lease", command.lease,
               "create: lease the label, new or not; join: only one that is leased already; new: only one that is not "
               "leased; default: create");
    add_choice(app, "--share", command.share, "which other sockets may lease the label; default: any");
    add_time(app, "--expires", command.expires, parse_lease_time,
             "minimum time that the label stays leased, in whole seconds");
    add_time(app, "--linger", command.linger, parse_lease_time,
             "time that the label stays leased after its last use, in whole seconds");
    add_duration(app, "--renew", command.renew, "renew the lease at this interval; default: never", up_to_a_day);
}

std::unexpected<Error> wrong(const std::string& what, const std::string& hint)
{
    return fail(what, hint, Failure::usage);
}

bool is_leased(LabelPattern pattern)
{
    return pattern == LabelPattern::random || pattern == LabelPattern::constant ||
           pattern == LabelPattern::sequential || pattern == LabelPattern::encoded;
}

} // namespace

void ClientCommand::add_to(CLI::App& app)
{
    app.add_option("HOST", host, "the server: an IPv6 address (with %INTERFACE if it is link-local) or a name")
        ->required()
        ->type_name("");
    CLI::Option* const tcp_flag = app.add_flag("--tcp", tcp, "use TCP; this is the default");

    app.add_flag("--udp", udp, "use UDP")->excludes(tcp_flag);
    add_number(app, "--port", port, 1, "the server's port; default: 24999", UINT16_MAX);
    app.add_option_function<std::string>(
           "--label", [this](const std::string& given) { label = parse_label_word(given); },
           "the label of each flow: this value, the kernel's automatic label, a random leased one, or none; "
           "default: auto")
        ->type_name("LABEL|auto|random|none");
    add_choice(app, "--generate", generate, "a label pattern that an observer should recognise");
    app.add_option("--text", text, "the text that --generate message encodes in the labels")->type_name("TEXT");
    add_number(app, "--count", count, 0, "messages of each flow; 0: until stopped; default: 10");
    add_duration(app, "--interval", interval, "time between the messages of a flow, such as 50ms or 2s; default: 100ms",
                 up_to_a_day);
    add_duration(app, "--timeout", timeout, "time to wait for an answer; default: 1s", up_to_a_day);
    add_number(app, "--size", size, message_header_size, "bytes of a message, at least 24; default: 64", max_message);
    add_number(app, "--flows", flows, 1, "number of concurrent flows; default: 1", max_flows);
    add_number(app, "--change-every", change_every, 1,
               "change the label after N messages of a flow; TCP reconnects for that; default: never");
    add_lease_options(app, *this);
    app.add_option("--raw", raw, "send raw packets on this interface, without sockets and without waiting for answers")
        ->type_name("IFACE");
    app.add_flag("--yes-on-a-real-nic", real_nic, "allow --raw on an interface that is not veth, tun, tap or loopback");
    app.add_flag("--json", json, "one JSON document at the end");
}

Result<LabelOptions> ClientCommand::labels() const
{
    const LabelWord word = label.value_or(LabelWord{});

    if (text && generate != LabelPattern::message)
        return wrong("--text makes no sense without --generate message", "add it");
    if (text && text->empty())
        return wrong("--text is empty", "give a text of at least one character");
    if (!generate)
        return LabelOptions{.pattern = word.kind == LabelWord::Kind::automatic ? LabelPattern::automatic
                                       : word.kind == LabelWord::Kind::none    ? LabelPattern::none
                                       : word.kind == LabelWord::Kind::random  ? LabelPattern::random
                                                                               : LabelPattern::constant,
                            .first = word.value};
    if (label && word.kind != LabelWord::Kind::value)
        return wrong("--generate chooses the labels itself",
                     "to choose the first one, give --label a number from 1 on");
    if (label && differs_by_packet(*generate))
        return wrong("this pattern has no first label", "leave out --label");
    LabelOptions options{.pattern = *generate, .first = word.value, .text = text.value_or(default_text)};

    if (!label) // below 0x80000: net.ipv6.flowlabel_state_ranges never forbids leases there
        options.first = 1 + LabelSource(options).any() % 0x7FFFF;
    return options;
}

LeaseOptions ClientCommand::lease_options() const
{
    const LeaseKind kind = lease.value_or(LeaseKind::create);

    return {.share = share.value_or(LabelShare::any),
            .create = kind != LeaseKind::join,
            .only_new = kind == LeaseKind::only_new,
            .expires = static_cast<std::uint16_t>(expires.value_or(std::chrono::seconds(0)).count()),
            .linger = static_cast<std::uint16_t>(linger.value_or(std::chrono::seconds(0)).count()),
            .renew = renew.value_or(std::chrono::nanoseconds(0))};
}

Result<void> ClientCommand::check(const ClientOptions& options) const
{
    const LabelPattern pattern = options.labels.pattern;

    if (real_nic)
        return wrong("--yes-on-a-real-nic makes no sense without --raw", "add --raw IFACE");
    if (pattern == LabelPattern::syn_then_zero || pattern == LabelPattern::rst_other)
        return wrong("sockets cannot send this pattern", "add --raw IFACE, which sends raw packets");
    if (options.transport == Transport::tcp && differs_by_packet(pattern))
        return wrong("all packets of a TCP connection have the same label",
                     "choose --udp, or --raw IFACE, which sends raw packets");
    if (!is_leased(pattern) && has_lease_options())
        return wrong("--lease, --share, --expires, --linger and --renew need a lease, and no label is leased",
                     "add --label with a number or random");
    if (!is_leased(pattern) && change_every)
        return wrong("--change-every needs a label to change, and none is set", "add --label with a number or random");
    return {};
}

Result<ClientOptions> ClientCommand::options() const
{
    ClientOptions options;
    const auto chosen = TRY(labels());

    options.transport = udp ? Transport::udp : Transport::tcp;
    options.labels = chosen;
    options.lease = lease_options();
    options.count = count.value_or(options.count);
    options.interval = interval.value_or(options.interval);
    options.timeout = timeout.value_or(options.timeout);
    options.size = size.value_or(options.size);
    options.flows = static_cast<unsigned>(flows.value_or(options.flows));
    options.change_every = change_every.value_or(0);
    TRY(check(options));
    options.server = TRY(resolve(host, static_cast<std::uint16_t>(port.value_or(exercise_port))));
    return options;
}

Result<void> ClientCommand::check_generator(const GeneratorOptions& options) const
{
    const LabelPattern pattern = options.labels.pattern;

    if (has_lease_options() || change_every || timeout)
        return wrong("raw packets have no leases, label changes or answers",
                     "leave out --lease, --share, --expires, --linger, --renew, --change-every and --timeout");
    if (pattern == LabelPattern::automatic)
        return wrong("the kernel does not label raw packets",
                     "add --label with a number, random or none, or --generate");
    if (options.transport == Transport::udp &&
        (pattern == LabelPattern::syn_then_zero || pattern == LabelPattern::rst_other))
        return wrong("UDP has neither SYN nor RST", "leave out --udp");
    if (options.flows > max_raw_flows)
        return wrong(fmt::format("--raw has ports for at most {} flows", max_raw_flows), "choose fewer --flows");
    const auto test_device = TRY(is_test_device(options.interface));

    if (!test_device && !real_nic)
        return wrong(fmt::format("{} is neither veth, tun, tap nor loopback: raw packets may reach a network",
                                 options.interface),
                     "add --yes-on-a-real-nic to send them anyway");
    return {};
}

Result<GeneratorOptions> ClientCommand::generator_options() const
{
    GeneratorOptions options{.interface = *raw};
    const auto chosen = TRY(labels());

    options.transport = udp ? Transport::udp : Transport::tcp;
    options.labels = chosen;
    options.count = count.value_or(options.count);
    options.interval = interval.value_or(options.interval);
    options.size = size.value_or(options.size);
    options.flows = static_cast<unsigned>(flows.value_or(options.flows));
    TRY(check_generator(options));
    options.destination = TRY(resolve(host, static_cast<std::uint16_t>(port.value_or(exercise_port))));
    return options;
}

} // namespace flowlabel
