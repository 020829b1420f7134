// SPDX-License-Identifier: BSD-2-Clause
/// A bpffs and a veth pair in namespaces of the benchmark's own.
#pragma once

#include <filesystem>
#include <string>

namespace flowlabel::bench {

class Lab {
public:
    static constexpr const char* sender = "bench-tx";
    static constexpr const char* receiver = "bench-rx"; ///< the other end

    /// Puts the process into a network namespace and a mount namespace of its own.
    Lab();
    Lab(const Lab&) = delete;
    Lab& operator=(const Lab&) = delete;
    ~Lab();

    [[nodiscard]] const std::filesystem::path& bpffs() const { return bpffs_; }

    /// The command line that runs the `flowlabel` of the same build with ARGUMENTS.
    [[nodiscard]] std::string flowlabel(const std::string& arguments) const;

private:
    std::filesystem::path bpffs_;
};

} // namespace flowlabel::bench
