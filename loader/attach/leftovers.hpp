// SPDX-License-Identifier: BSD-2-Clause
/// What a command that was killed left at a place: pins without an attachment, and perhaps a clsact qdisc.
#pragma once

#include "attach/state.hpp"

namespace flowlabel {

/// Do the pins at PLACE, whether or not they are an attachment's, say that flowlabel made the clsact qdisc?
bool says_qdisc_is_ours(const Bpffs& bpffs, const PinPlace& place);

/// Removes the pins at PLACE, where nothing is attached, and the qdisc if it is ours and nothing uses it.
void clear_leftovers(const Bpffs& bpffs, const PinPlace& place);

/// Detaches FOUND, live or not, and removes its pins and leftovers.
Result<DetachReport> detach_one(const Bpffs& bpffs, Found found);

/// Takes off the program that a replacement which did not end left beside the one of FOUND: packets meet both and count
/// twice. Wants to be in the network namespace of the interface.
void drop_second_program(const Found& found);

} // namespace flowlabel
