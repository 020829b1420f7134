// SPDX-License-Identifier: BSD-2-Clause
/// Leftovers of a command that was killed: pins without an attachment, and perhaps a clsact qdisc.
#pragma once

#include "attach/inspect.hpp"

namespace flowlabel {

/// Does the info map at PLACE say that flowlabel made the clsact qdisc? There may be no attachment.
bool says_qdisc_is_ours(const Bpffs& bpffs, const PinPlace& place);

/// Removes the pins at PLACE, where nothing is attached, and the qdisc if it is ours and not in use.
void clear_leftovers(const Bpffs& bpffs, const PinPlace& place);

/// Removes the second program that a killed replacement left beside FOUND's: packets pass both and count twice. The
/// calling thread must be in the network namespace of the interface.
void drop_second_program(const Inspected& found);

} // namespace flowlabel
