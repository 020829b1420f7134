// SPDX-License-Identifier: BSD-2-Clause
/// The two subcommands of `flowlabel exercise`.
#pragma once

#include "cli/context.hpp"

namespace flowlabel {

void add_exercise_server(CLI::App& exercise, Context& context);
void add_exercise_client(CLI::App& exercise, Context& context);

} // namespace flowlabel
