// SPDX-License-Identifier: BSD-2-Clause
#include "flow/record.hpp"

namespace flowlabel {

fl_end_reason ipfix_number(EndReason reason)
{
    switch (reason) {
    case EndReason::active:
        return FL_END_ACTIVE;
    case EndReason::evicted:
        return FL_END_EVICTED;
    case EndReason::forced:
    case EndReason::collection_end:
        return FL_END_FORCED;
    case EndReason::idle:
        break;
    }
    return FL_END_IDLE;
}

} // namespace flowlabel
