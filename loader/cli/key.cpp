// SPDX-License-Identifier: BSD-2-Clause
#include <memory>

#include "cli/context.hpp"
#include "cli/help.hpp"
#include "flowlabel/key.hpp"

namespace flowlabel {

void add_key(CLI::App& app, Context& context)
{
    auto path = std::make_shared<std::string>();
    CLI::App& key = *app.add_subcommand("key", "make key files, so that several routers give a flow the same label");
    CLI::App& create = *key.add_subcommand("new", "write a new random key to FILE, mode 0600");

    add_examples(key, {{"flowlabel key new /etc/flowlabel.key", "copy this file to the other routers"}});
    key.require_subcommand(1);
    create.add_option("FILE", *path, "a file that does not exist yet")->required()->type_name("");
    add_examples(create, {{"flowlabel key new /etc/flowlabel.key", "copy this file to the other routers"}});
    on_run(create, context, path, create_key_file);
}

} // namespace flowlabel
