// SPDX-License-Identifier: BSD-2-Clause
/// The whole C++ API of libflowlabel. docs/library.md introduces it.
///
/// The API may change with every 0.x release. The layout of pins and maps (abi.h) has a version of its own,
/// FL_LAYOUT_VERSION: a library refuses attachments of another one.
#pragma once

#include "flowlabel/abi.h"           // IWYU pragma: export
#include "flowlabel/address.hpp"     // IWYU pragma: export
#include "flowlabel/attachment.hpp"  // IWYU pragma: export
#include "flowlabel/bpffs.hpp"       // IWYU pragma: export
#include "flowlabel/connections.hpp" // IWYU pragma: export
#include "flowlabel/counters.hpp"    // IWYU pragma: export
#include "flowlabel/flow.hpp"        // IWYU pragma: export
#include "flowlabel/host.hpp"        // IWYU pragma: export
#include "flowlabel/key.hpp"         // IWYU pragma: export
#include "flowlabel/log.hpp"         // IWYU pragma: export
#include "flowlabel/result.hpp"      // IWYU pragma: export
#include "flowlabel/table.hpp"       // IWYU pragma: export
