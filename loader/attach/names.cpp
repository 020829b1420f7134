// SPDX-License-Identifier: BSD-2-Clause
#include "flowlabel/attachment.hpp"

namespace flowlabel {

const char* name_of(fl_hook hook)
{
    switch (hook) {
    case FL_HOOK_TC_INGRESS:
        return "tc-ingress";
    case FL_HOOK_TC_EGRESS:
        return "tc-egress";
    case FL_HOOK_XDP:
        break;
    }
    return "xdp";
}

const char* name_of(fl_stamp_mode stamp)
{
    switch (stamp) {
    case FL_STAMP_DRY_RUN:
        return "dry-run";
    case FL_STAMP_ZERO:
        return "zero";
    case FL_STAMP_OFF:
        break;
    }
    return "off";
}

const char* name_of(fl_prf prf)
{
    return prf == FL_PRF_SIPHASH_1_3 ? "siphash-1-3" : "siphash-2-4";
}

const char* name_of(fl_mode mode)
{
    switch (mode) {
    case FL_MODE_GENERIC:
        return "generic";
    case FL_MODE_TCX:
        return "tcx";
    case FL_MODE_CLSACT:
        return "clsact";
    case FL_MODE_NATIVE:
        break;
    }
    return "native";
}

} // namespace flowlabel
