// SPDX-License-Identifier: BSD-2-Clause
/// Metrics over HTTP. One thread polls all clients, so a slow or silent client delays no other. However many clients
/// ask, the collector makes at most one page a second.
///
/// libmicrohttpd 0.9.75 could replace most of the 250 lines that handle connections here and in responder.cpp, but with
/// weaker guarantees. Its timeout ends a connection that is idle, so a client that sends a byte now and then stays. At
/// its limit of connections it accepts no other client. Here each connection ends after ten seconds, and the oldest
/// makes room for a new one. Its daemon takes one listening socket, while a name may have several addresses; and it
/// depends on GnuTLS, which a plain HTTP server does not use.
#pragma once

#include <cstddef>
#include <string>
#include <thread>
#include <vector>

#include "base/fd.hpp"
#include "collect/collection_state.hpp"
#include "flowlabel/result.hpp"
#include "metrics/listener.hpp"
#include "metrics/render.hpp"

namespace flowlabel {

struct MetricsOptions {
    ListenAddress address;
    std::size_t top = 0; ///< flows of each attachment on the page
    std::string version;
};

/// The listening sockets. Connections queue in the kernel until a MetricsServer accepts them.
struct MetricsPort {
    std::vector<Fd> listeners;
    Fd stopped; ///< an eventfd
    std::size_t top = 0;
    MetricsSource source;
};

Result<MetricsPort> open_metrics(const MetricsOptions& options);

class MetricsServer {
public:
    /// Serves until it is destroyed. WATCH is called on the server's own thread.
    MetricsServer(MetricsPort port, ReadCollector watch);
    MetricsServer(const MetricsServer&) = delete;
    MetricsServer& operator=(const MetricsServer&) = delete;
    ~MetricsServer();

private:
    MetricsPort port_;
    std::jthread thread_; ///< declared last: it is joined before the members that it uses are destroyed
};

} // namespace flowlabel
