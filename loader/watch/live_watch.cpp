// SPDX-License-Identifier: BSD-2-Clause
#include "watch/live_watch.hpp"

#include <algorithm>
#include <utility>

#include "maps/part_collector.hpp"

namespace flowlabel {

/// Bounds the memory of each attachment.
constexpr std::size_t max_gone = 1 << 17;

/// True if both are the same attachment, which may have got another program since.
static bool same_attachment(const Attachment& a, const Attachment& b)
{
    return a.directory() == b.directory() && a.info().epoch == b.info().epoch;
}

std::size_t LiveWatch::following() const
{
    return static_cast<std::size_t>(std::ranges::count(followed_, false, &Followed::ended));
}

void LiveWatch::scan(std::vector<Attachment> attachments)
{
    std::vector<bool> present(followed_.size());

    for (Attachment& attachment : attachments) {
        if (!attachment.info().track)
            continue;
        const auto known = std::ranges::find_if(
            followed_, [&](const Followed& other) { return same_attachment(other.attachment, attachment); });

        if (known != followed_.end()) {
            present[static_cast<std::size_t>(known - followed_.begin())] = true;
            known->attachment = std::move(attachment);
            continue;
        }
        sources_.push_back(live_source(attachment));
        followed_.push_back({.attachment = std::move(attachment), .changed = {}, .gone = {}});
        places_.emplace_back();
        present.push_back(true);
    }
    scan_again();
    for (std::size_t place = 0; place < followed_.size(); place++)
        followed_[place].ended |= !present[place];
}

void LiveWatch::scan_again()
{
    for (std::size_t place = 0; place < followed_.size(); place++)
        if (!followed_[place].ended)
            read(place);
}

/// CHANGED: the connections with changes that are in the table now.
void LiveWatch::note_gone(Followed& followed, std::vector<TableConnection> changed)
{
    const auto key = [](const TableConnection& connection) { return part_key(connection); };

    std::ranges::sort(changed, {}, key);
    for (const TableConnection& old : followed.changed) {
        const auto now = std::ranges::lower_bound(changed, key(old), {}, key);

        if (now != changed.end() && key(*now) == key(old) && now->packets >= old.packets)
            continue; // still there
        if (followed.gone.size() < max_gone)
            followed.gone.push_back(old);
        else
            forgotten_++;
    }
    followed.changed = std::move(changed);
}

void LiveWatch::read(std::size_t place)
{
    Followed& followed = followed_[place];
    const std::uint64_t epoch = followed.attachment.epoch_utc();
    std::vector<TableConnection> live;
    std::vector<TableConnection> changed;

    followed.attachment.connections().each([&](const TableConnection& connection) {
        live.push_back(connection);
        if (connection.last_change)
            changed.push_back(connection);
    });
    note_gone(followed, std::move(changed));
    if (!followed.gone.empty()) {
        ConnectionCollector all;

        for (const auto* part : {&live, &followed.gone})
            for (const TableConnection& connection : *part)
                all.add(connection);
        live = all.take();
    }
    places_[place].clear();
    places_[place].reserve(live.size());
    for (const TableConnection& connection : live)
        places_[place].push_back(make_connection(connection, epoch));
}

} // namespace flowlabel
