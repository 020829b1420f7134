// SPDX-License-Identifier: BSD-2-Clause
#include "cli/completion.hpp"

#include <memory>

#include "cli/context.hpp"
#include "cli/help.hpp"
#include "cli/options.hpp"
#include "cli/output.hpp"

namespace flowlabel {

using CompletionWriter = std::string (*)(const std::vector<CompletedCommand>&);

void add_completion(CLI::App& app, Context& context)
{
    auto writer = std::make_shared<CompletionWriter>();
    CLI::App& completion = *app.add_subcommand("completion", "the completion script of a shell");

    add_choice<CompletionWriter>(completion, "SHELL", *writer,
                                 {{"bash", bash_completion}, {"zsh", zsh_completion}, {"fish", fish_completion}},
                                 "bash, zsh or fish")
        ->required();
    add_examples(completion, {{"flowlabel completion bash", "an install has it already; this is for other places"}});
    completion.callback([&app, &context, writer] {
        context.run = [&app, writer] {
            return to_stdout([&](const Sink& sink) { sink((*writer)(completed_commands(app))); });
        };
    });
}

} // namespace flowlabel
