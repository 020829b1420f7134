// SPDX-License-Identifier: BSD-2-Clause
#include "cli/exercise.hpp"
#include "cli/help.hpp"

namespace flowlabel {

void add_exercise(CLI::App& app, Context& context)
{
    CLI::App& exercise = *app.add_subcommand("exercise", "send test traffic and check which labels arrive");

    exercise.require_subcommand(1);
    add_exercise_server(exercise, context);
    add_exercise_client(exercise, context);
    add_examples(exercise, {{"flowlabel exercise server", "on one host"},
                            {"flowlabel exercise client 2001:db8::9 --udp",
                             "on another one: show which labels arrive there and come back"}});
}

} // namespace flowlabel
