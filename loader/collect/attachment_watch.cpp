// SPDX-License-Identifier: BSD-2-Clause
#include "collect/attachment_watch.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <condition_variable>
#include <utility>

#include "attach/findings.hpp"

namespace flowlabel {

constexpr auto inspect_interval = std::chrono::seconds(2);

AttachmentWatch::AttachmentWatch(Bpffs bpffs)
    : bpffs_(std::move(bpffs)), thread_([this](const std::stop_token& stop) { watch(stop); })
{
}

std::vector<AttachmentWatch::Change> AttachmentWatch::take_changes()
{
    const std::scoped_lock guard(mutex_);

    return std::exchange(changes_, {});
}

void AttachmentWatch::watch(const std::stop_token& stop)
{
    std::mutex unused;
    std::condition_variable_any wakeup;
    std::unique_lock lock(unused);

    while (!stop.stop_requested()) {
        inspect_all();
        wakeup.wait_for(lock, stop, inspect_interval, [] { return false; });
    }
}

void AttachmentWatch::inspect_all()
{
    std::vector<Error> unreadable; // the collector reports them
    const auto attachments = find_attachments(bpffs_, {}, &unreadable);
    std::map<std::filesystem::path, Watched> watched;

    if (!attachments)
        return;
    for (const Attachment& attachment : *attachments) {
        if (attachment.collector() != static_cast<std::uint32_t>(getpid()))
            continue;
        Watched& one = watched[attachment.directory()];

        if (const auto before = watched_.find(attachment.directory()); before != watched_.end())
            one = before->second;
        inspect(attachment, one);
    }
    watched_ = std::move(watched);
}

void AttachmentWatch::inspect(const Attachment& attachment, Watched& watched)
{
    const bool blind =
        watched.blindness.observe(sum_counters(attachment.cpu_counters()).seen, attachment.device_packets());
    std::string text;

    for (const Finding& finding : findings_of(attachment))
        if (std::string_view(finding.kind) != "unknown") // a collector has dropped the capability to find out
            text += (text.empty() ? "" : "; ") + finding.text;
    if (text.empty() && blind)
        text = sees_nothing_text(attachment);
    if (text == watched.findings)
        return;
    watched.findings = text;
    const std::scoped_lock guard(mutex_);

    changes_.push_back({.text = fmt::format("{} {}: {}", attachment.interface(), name_of(attachment.hook()),
                                            text.empty() ? "is in order again" : text),
                        .good = text.empty()});
}

} // namespace flowlabel
