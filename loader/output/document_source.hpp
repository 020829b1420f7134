// SPDX-License-Identifier: BSD-2-Clause
/// Where the flows and counters of a document were counted.
#pragma once

#include <string>

#include "flowlabel/abi.h"
#include "flowlabel/attachment.hpp"
#include "output/json_text.hpp"

namespace flowlabel {

struct Source {
    Json json;        ///< the document's "source"
    std::string text; ///< for people, printable()
    fl_stamp_mode stamp = FL_STAMP_OFF;
};

/// Of an attachment: its observation point, as in records.
Source live_source(const Attachment& attachment);

/// Of the capture FILE, which ENGINE counted.
Source capture_source(const std::string& file, const char* engine, fl_stamp_mode stamp);

} // namespace flowlabel
