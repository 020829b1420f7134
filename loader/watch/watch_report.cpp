// SPDX-License-Identifier: BSD-2-Clause
#include "watch/watch_report.hpp"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

namespace flowlabel {

namespace {

/// Within this time after data was repeated with another label, the ACK of its receiver may have another label, too: a
/// round trip.
constexpr std::uint64_t round_trip = 500'000'000; // ns

/// The times of two attachments are jiffies, which may be as long as this.
constexpr std::uint64_t jiffy = 10'000'000; // ns

using ClassChanges = std::array<std::uint64_t, change_classes>;

auto key_of(const Connection& c)
{
    return std::tie(c.src, c.dst, c.protocol, c.has_ports, c.sport, c.dport);
}

/// The key of the other direction.
auto reverse_key_of(const Connection& c)
{
    return std::tie(c.dst, c.src, c.protocol, c.has_ports, c.dport, c.sport);
}

bool before(const Connection* a, const Connection* b)
{
    return key_of(*a) < key_of(*b);
}

/// Each connection of PLACES once.
std::vector<const Connection*> join_places(std::span<const Connections> places)
{
    std::vector<const Connection*> all;

    for (const Connections& place : places)
        for (const Connection& connection : place)
            all.push_back(&connection);
    if (places.size() < 2)
        return all;
    std::ranges::sort(all, [](const Connection* a, const Connection* b) {
        return key_of(*a) != key_of(*b) ? key_of(*a) < key_of(*b) : a->packets > b->packets;
    });
    const auto [begin, end] =
        std::ranges::unique(all, [](const Connection* a, const Connection* b) { return key_of(*a) == key_of(*b); });

    all.erase(begin, end);
    return all;
}

Prefix source_of(const Connection& connection, unsigned length)
{
    Prefix prefix{.address = connection.src, .length = length};

    for (std::size_t i = 0; i < prefix.address.octets.size(); i++) {
        const unsigned bits = length > 8 * i ? std::min(length - 8 * static_cast<unsigned>(i), 8u) : 0;

        prefix.address.octets[i] &= static_cast<std::uint8_t>(0xFF00u >> bits);
    }
    return prefix;
}

/// The order of findings.
bool is_worse(const LabelFinding& a, const LabelFinding& b)
{
    const auto rank = [](const LabelFinding& one) { return std::tuple(one.level(), one.changes, one.packets); };

    if (rank(a) != rank(b))
        return rank(b) < rank(a);
    if (a.change_class != b.change_class)
        return a.change_class < b.change_class;
    if (a.connection && b.connection)
        return key_of(*a.connection) < key_of(*b.connection);
    return a.source && b.source && a.source->address < b.source->address;
}

/// How many connections ROW is: one whose ports were used again counts again.
std::uint64_t count_of(const Connection& row)
{
    return row.has_ports ? 1 + row.reused : 0;
}

/// Makes a report of connections that are joined.
class Reporter {
public:
    Reporter(const std::vector<const Connection*>& all, const WatchGrouping& grouping, Level level)
        : grouping_(grouping), level_(level)
    {
        for (const Connection* connection : all)
            if (connection->last_change)
                changed_.push_back(connection);
        std::ranges::sort(changed_, before);
        for (const Connection* connection : all) {
            report_.connections += count_of(*connection);
            report_.packets += connection->has_ports ? connection->packets : 0;
            if (grouping_.by == WatchGrouping::By::source)
                sources_[source_of(*connection, grouping_.prefix_length).address] += count_of(*connection);
        }
    }

    WatchReport report()
    {
        for (const Connection* connection : changed_)
            add(*connection, changes_of(*connection));
        for (auto& [key, finding] : groups_)
            report_.findings.push_back(finding);
        std::ranges::sort(report_.findings, is_worse);
        return std::move(report_);
    }

private:
    using Group = std::pair<Address, ChangeClass>;

    /// How often CONNECTION answers data that was repeated with another label. The histories have no time for each
    /// change, so all of them must be near those of the other direction.
    [[nodiscard]] std::uint64_t answers_of(const Connection& connection) const
    {
        const auto reverse = std::ranges::lower_bound(changed_, reverse_key_of(connection), {},
                                                      [](const Connection* other) { return key_of(*other); });

        if (reverse == changed_.end() || key_of(**reverse) != reverse_key_of(connection))
            return 0;
        const Connection& other = **reverse;
        const bool near = connection.first_change + jiffy >= other.first_change &&
                          connection.last_change <= other.last_change + round_trip + jiffy;

        return near ? std::min(connection.changes[FL_CHANGE_ack_change],
                               other.changes[FL_CHANGE_rto_rehash] + other.changes[FL_CHANGE_syn_rehash])
                    : 0;
    }

    [[nodiscard]] ClassChanges changes_of(const Connection& connection) const
    {
        ClassChanges changes{};

        std::ranges::copy(connection.changes, changes.begin());
        if (changes[FL_CHANGE_ack_change]) {
            changes[receiver_rehash] = answers_of(connection);
            changes[FL_CHANGE_ack_change] -= changes[receiver_rehash];
        }
        return changes;
    }

    void add(const Connection& connection, const ClassChanges& changes)
    {
        for (ChangeClass change_class = 0; change_class < change_classes; change_class++) {
            if (!changes[change_class])
                continue;
            report_.classes[change_class].connections++;
            report_.classes[change_class].changes += changes[change_class];
            if (text_of(change_class).level >= level_)
                add_finding(connection, change_class, changes[change_class]);
        }
    }

    void add_finding(const Connection& connection, ChangeClass change_class, std::uint64_t changes)
    {
        if (grouping_.by == WatchGrouping::By::connection) {
            LabelFinding finding{.change_class = change_class, .connection = connection, .of = report_.connections};

            add_to(finding, connection, changes);
            report_.findings.push_back(finding);
            return;
        }
        const Prefix source = source_of(connection, grouping_.prefix_length);
        const bool by_source = grouping_.by == WatchGrouping::By::source;
        LabelFinding& finding = groups_[{by_source ? source.address : Address{}, change_class}];

        if (by_source)
            finding.source = source;
        finding.change_class = change_class;
        finding.of = by_source ? sources_[source.address] : report_.connections;
        add_to(finding, connection, changes);
    }

    static void add_to(LabelFinding& finding, const Connection& connection, std::uint64_t changes)
    {
        finding.connections++;
        finding.changes += changes;
        finding.packets += connection.packets;
        finding.last_change = std::max(finding.last_change, connection.last_change);
        finding.first_change =
            finding.first_change ? std::min(finding.first_change, connection.first_change) : connection.first_change;
    }

    WatchGrouping grouping_;
    Level level_;
    std::vector<const Connection*> changed_; ///< sorted by key
    std::map<Address, std::uint64_t> sources_;
    std::map<Group, LabelFinding> groups_;
    WatchReport report_;
};

} // namespace

WatchReport make_watch_report(std::span<const Connections> places, const WatchGrouping& grouping, Level level)
{
    return Reporter(join_places(places), grouping, level).report();
}

} // namespace flowlabel
