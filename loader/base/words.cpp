// SPDX-License-Identifier: BSD-2-Clause
// The functions that programs outside this tree can call.
#include "base/words.hpp"

namespace flowlabel {

const char* name_of(fl_hook hook)
{
    return name_of<fl_hook>(hook);
}

const char* name_of(fl_stamp_mode stamp)
{
    return name_of<fl_stamp_mode>(stamp);
}

const char* name_of(fl_prf prf)
{
    return name_of<fl_prf>(prf);
}

const char* name_of(fl_mode mode)
{
    return name_of<fl_mode>(mode);
}

const char* name_of(LabelShare share)
{
    return name_of<LabelShare>(share);
}

} // namespace flowlabel
