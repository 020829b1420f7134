// SPDX-License-Identifier: BSD-2-Clause
#include "shell.hpp"

#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <stdexcept>

namespace flowlabel::bench {

/// Runs SCRIPT and waits for it; USAGE becomes what it and its children used.
static void run(const std::string& script, rusage& usage)
{
    std::string shell = "/bin/sh";
    std::string option = "-ec";
    std::string text = script;
    char* const arguments[] = {shell.data(), option.data(), text.data(), nullptr};
    int status = 0;
    pid_t child = 0;

    if (posix_spawn(&child, shell.c_str(), nullptr, nullptr, arguments, environ) != 0 ||
        wait4(child, &status, 0, &usage) != child || status != 0)
        throw std::runtime_error("this failed: " + script);
}

void command(const std::string& script)
{
    rusage usage{};

    run(script, usage);
}

Usage measure_command(const std::string& script)
{
    rusage usage{};
    const auto start = std::chrono::steady_clock::now();

    run("exec " + script + " >/dev/null", usage);
    return {.ms = std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count(),
            .mib = static_cast<double>(usage.ru_maxrss) / 1024};
}

} // namespace flowlabel::bench
