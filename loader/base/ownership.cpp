// SPDX-License-Identifier: BSD-2-Clause
#include "base/ownership.hpp"

#include <unistd.h>

namespace flowlabel {

bool is_ours(const struct stat& status)
{
    return status.st_uid == 0 || status.st_uid == geteuid();
}

} // namespace flowlabel
