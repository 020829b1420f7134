// SPDX-License-Identifier: BSD-2-Clause
/// A network namespace for each test, with only a loopback interface.
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <string>

#include "base/fd.hpp"
#include "flowlabel/host.hpp"

namespace flowlabel::test {

class OwnNamespace : public testing::Test {
protected:
    void SetUp() override;

    /// Sets net.ipv6.NAME of the namespace.
    static void sysctl(const std::string& name, int value);

    static Fd udp_socket();
    static Fd tcp_socket();
};

constexpr uid_t nobody = 65534;

/// Runs BODY in a child process with the rights of USER, and returns its result.
template <class Body> bool in_child(Body body, uid_t user = 0)
{
    const pid_t child = fork();
    int status = 0;

    if (child == 0)
        _exit(setuid(user) == 0 && body() ? 0 : 1);
    EXPECT_EQ(waitpid(child, &status, 0), child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// Is LEFT a possible rest of SECONDS that began after BEFORE? The kernel prints whole seconds.
testing::AssertionResult is_left(long left, long seconds, std::chrono::steady_clock::time_point before);

/// Is RESULT an error with both lines, and do they contain all WORDS?
template <class Value>
testing::AssertionResult says(const Result<Value>& result, std::initializer_list<const char*> words)
{
    if (result)
        return testing::AssertionFailure() << "there was no error";
    const std::string text = result.error().what + "\n" + result.error().hint;

    if (result.error().what.empty() || result.error().hint.empty())
        return testing::AssertionFailure() << "the message or the hint is missing: " << text;
    for (const char* word : words)
        if (text.find(word) == std::string::npos)
            return testing::AssertionFailure() << "no '" << word << "' in " << text;
    return testing::AssertionSuccess();
}

} // namespace flowlabel::test
