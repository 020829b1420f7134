// SPDX-License-Identifier: BSD-2-Clause
/// Metrics over HTTP. One thread waits for all clients together, so that none of them, slow or silent, keeps another
/// from its answer, and all of them together cost the collector no more than a page a second.
#pragma once

#include <cstddef>
#include <string>
#include <thread>
#include <vector>

#include "collect/collection_state.hpp"
#include "flowlabel/fd.hpp"
#include "flowlabel/result.hpp"
#include "metrics/listener.hpp"
#include "metrics/render.hpp"

namespace flowlabel {

struct MetricsOptions {
    ListenAddress address;
    std::size_t top = 0; ///< flows of each attachment on the page
    std::string version;
};

/// Listens: whoever connects waits for the server.
struct MetricsPort {
    std::vector<Fd> listeners;
    Fd stopped; ///< an eventfd
    std::size_t top = 0;
    MetricsSource source;
};

Result<MetricsPort> open_metrics(const MetricsOptions& options);

class MetricsServer {
public:
    /// Answers as long as it lives. WATCH is called on a thread of the server's own.
    MetricsServer(MetricsPort port, WatchCollector watch);
    MetricsServer(const MetricsServer&) = delete;
    MetricsServer& operator=(const MetricsServer&) = delete;
    ~MetricsServer();

private:
    MetricsPort port_;
    std::jthread thread_; ///< last: it ends before what it uses
};

} // namespace flowlabel
