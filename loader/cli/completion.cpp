// SPDX-License-Identifier: BSD-2-Clause
#include "cli/completion.hpp"

#include <memory>

#include "cli/context.hpp"
#include "cli/help.hpp"
#include "cli/options.hpp"
#include "cli/output.hpp"

namespace flowlabel {

struct CompletionCommand {
    Shell shell = Shell::bash;
    const CLI::App* app = nullptr;
};

static std::string script_for(Shell shell, const std::vector<CompletedCommand>& commands)
{
    switch (shell) {
    case Shell::bash:
        return bash_completion(commands);
    case Shell::zsh:
        return zsh_completion(commands);
    case Shell::fish:
        break;
    }
    return fish_completion(commands);
}

static Result<void> run_completion(const CompletionCommand& command)
{
    return to_stdout(
        [&](const TextWriter& write) { write(script_for(command.shell, completed_commands(*command.app))); });
}

void add_completion(CLI::App& app, Context& context)
{
    auto command = std::make_shared<CompletionCommand>();
    CLI::App& completion = *app.add_subcommand("completion", "print the completion script of a shell");

    command->app = &app;
    add_choice(completion, "SHELL", command->shell, "bash, zsh or fish")->required();
    add_examples(completion, {{"flowlabel completion bash", "for bash; an installed flowlabel has it already"}});
    on_run(completion, context, command, run_completion);
}

} // namespace flowlabel
