// SPDX-License-Identifier: BSD-2-Clause
/// Who may change a file or a directory that flowlabel relies on.
#pragma once

#include <sys/stat.h>

namespace flowlabel {

/// True if it belongs to root or to the user of this process.
bool is_ours(const struct stat& status);

/// True if the group or others may write it.
constexpr bool is_writable_by_others(const struct stat& status)
{
    return (status.st_mode & 022) != 0;
}

} // namespace flowlabel
