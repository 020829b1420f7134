// SPDX-License-Identifier: BSD-2-Clause
#include "exercise.hpp"

namespace flowlabel {

void add_exercise(CLI::App& app, Context& context)
{
    CLI::App& exercise = *app.add_subcommand("exercise", "traffic to try flow labels with");

    exercise.require_subcommand(1);
    add_exercise_server(exercise, context);
    add_exercise_client(exercise, context);
}

} // namespace flowlabel
