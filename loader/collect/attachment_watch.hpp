// SPDX-License-Identifier: BSD-2-Clause
/// Looks now and then at what this process collects: whether the programs are still where they were attached, whether
/// others stand in front of them, and whether they see packets at all.
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
    /// Looks on a thread of its own: the kernel may be slow to answer, and records wait for nobody.
    explicit AttachmentWatch(Bpffs bpffs);
    AttachmentWatch(const AttachmentWatch&) = delete;
    AttachmentWatch& operator=(const AttachmentWatch&) = delete;
    ~AttachmentWatch() = default;

    struct News {
        std::string text;
        bool good; ///< it is over
    };

    /// What changed since the last call.
    std::vector<News> news();

private:
    static constexpr unsigned blind_intervals = 5;

    struct Watched {
        Blindness blindness{blind_intervals};
        std::string findings; ///< as they were told
    };

    void watch(const std::stop_token& stop);
    void look();
    void look(const Attachment& attachment, Watched& watched);

    Bpffs bpffs_;
    std::map<std::filesystem::path, Watched> watched_; ///< by directory
    std::mutex mutex_;                                 ///< of news_
    std::vector<News> news_;
    std::jthread thread_; ///< last: it ends before what it uses
};

} // namespace flowlabel
