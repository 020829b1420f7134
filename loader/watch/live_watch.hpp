// SPDX-License-Identifier: BSD-2-Clause
/// Follows the connections of attachments while they change.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "flowlabel/attachment.hpp"
#include "flowlabel/connections.hpp"
#include "output/document_source.hpp"

namespace flowlabel {

class LiveWatch {
public:
    /// Reads the connections of ATTACHMENTS; those that do not track are left out. One that was there in an earlier
    /// call and is missing now was detached: it is read a last time, and what it had seen stays.
    void scan(std::vector<Attachment> attachments);

    /// Reads the attachments of the call before, when it is not known which are there now.
    void scan_again();

    /// How many attachments are followed and not detached.
    [[nodiscard]] std::size_t following() const;

    /// The connections that each attachment has in its table, and those that have left it after their label changed.
    [[nodiscard]] std::span<const Connections> places() const { return places_; }

    /// The attachments, as places() has them.
    [[nodiscard]] std::span<const Source> sources() const { return sources_; }

    /// Connections with changes that left a table and that are not in places(), since too many did.
    [[nodiscard]] std::uint64_t forgotten() const { return forgotten_; }

private:
    struct Followed {
        Attachment attachment;
        bool ended = false;
        std::vector<TableConnection> changed; ///< with changes, at the latest scan, sorted by key
        std::vector<TableConnection> gone;    ///< with changes, and not in the table any more
    };

    void read(std::size_t place);
    void note_gone(Followed& followed, std::vector<TableConnection> changed);

    std::vector<Followed> followed_;
    std::vector<Connections> places_;
    std::vector<Source> sources_;
    std::uint64_t forgotten_ = 0;
};

} // namespace flowlabel
