// SPDX-License-Identifier: BSD-2-Clause
/// Inspects the attachments that this process collects, every two seconds: whether the programs are still attached,
/// whether other programs run before them, and whether they see packets at all.
#pragma once

#include <filesystem>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "attach/blindness.hpp"
#include "flowlabel/attachment.hpp"

namespace flowlabel {

class AttachmentWatch {
public:
    /// Inspects on a thread of its own, since the kernel may answer slowly and draining must not wait.
    explicit AttachmentWatch(Bpffs bpffs);
    AttachmentWatch(const AttachmentWatch&) = delete;
    AttachmentWatch& operator=(const AttachmentWatch&) = delete;
    ~AttachmentWatch() = default;

    struct Change {
        std::string text;
        bool good; ///< a problem is over
    };

    /// The changes since the last call.
    std::vector<Change> take_changes();

private:
    static constexpr unsigned blind_intervals = 5;

    struct Watched {
        Blindness blindness{blind_intervals};
        std::string findings; ///< as they were reported
    };

    void watch(const std::stop_token& stop);
    void inspect_all();
    void inspect(const Attachment& attachment, Watched& watched);

    Bpffs bpffs_;
    std::map<std::filesystem::path, Watched> watched_; ///< by directory
    std::mutex mutex_;                                 ///< protects changes_
    std::vector<Change> changes_;
    std::jthread thread_; ///< last: it ends before the members that it uses
};

} // namespace flowlabel
