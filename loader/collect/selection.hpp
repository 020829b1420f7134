// SPDX-License-Identifier: BSD-2-Clause
/// Which attachments a collector collects, and which exist.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "attach/inspect.hpp"
#include "flowlabel/bpffs.hpp"
#include "flowlabel/result.hpp"

namespace flowlabel {

struct CollectorSelection {
    std::vector<std::string> interfaces; ///< of this network namespace; empty: every attachment of the bpffs
    bool all_netns = false;              ///< the interfaces of other network namespaces, too
    std::optional<fl_hook> hook;

    [[nodiscard]] bool selects(const Inspected& found) const;

    /// For a place that cannot be inspected: could an attachment there be selected?
    [[nodiscard]] bool may_select(const PinPlace& place) const;
};

/// A directory of pins: its place and its inode. The inode distinguishes it from an earlier directory at the same
/// place.
using PinKey = std::tuple<std::uint64_t, std::uint32_t, int, std::uint64_t>;

/// What is in the bpffs.
struct PresentPins {
    /// A place whose directory cannot be opened.
    struct Unopened {
        PinPlace place;
        Error error;
    };

    std::map<PinKey, PinPlace> places;
    std::map<PinKey, Unopened> unopened; ///< inode 0: it is not known

    /// True if the directory of KEY is there, or may be among those that cannot be opened.
    [[nodiscard]] bool has(const PinKey& key) const;
};

/// Lists all directories of pins. One that cannot be opened does not hide the others.
Result<PresentPins> list_present(const Bpffs& bpffs);

/// True for an error that comes from a limit of this process or its machine, not from what it opens.
bool lacks_resources(const Error& error);

} // namespace flowlabel
