// SPDX-License-Identifier: BSD-2-Clause
/// One flow of the client: a socket, the label that it sends, and the answers that it receives.
#pragma once

#include <optional>
#include <vector>

#include "base/fd.hpp"
#include "host/exercise/client.hpp"
#include "host/exercise/message.hpp"
#include "host/exercise/wait.hpp"

namespace flowlabel {

/// An answer of the server.
struct Answer {
    ExerciseMessage message;
    std::uint32_t label = 0; ///< of the packet with the answer
};

class ClientFlow {
public:
    /// Connects a socket that sends LABEL, and leases the label if the pattern uses leases.
    static Result<ClientFlow> open(const ClientOptions& options, std::uint32_t label, int stop);

    ClientFlow(ClientFlow&&) = default;
    ClientFlow& operator=(ClientFlow&&) = delete;
    ~ClientFlow() { close(); }

    /// Changes to LABEL, or keeps the old label if LABEL is refused. A TCP connection cannot change its label, so the
    /// flow reconnects; if that fails, it is closed.
    Result<void> change(std::uint32_t label, int stop);

    /// Sends MESSAGE, with PACKET_LABEL instead of the flow's label if it is set.
    Result<void> send(const ExerciseMessage& message, std::optional<std::uint32_t> packet_label, int stop);

    /// The next answer, if a complete one has arrived. An error comes from the path or the peer.
    Result<std::optional<Answer>> receive();

    [[nodiscard]] Result<void> renew_lease() const;

    [[nodiscard]] int socket() const { return socket_.get(); }
    [[nodiscard]] bool closed() const { return closed_; }

    /// The requested label; empty if the kernel chooses.
    [[nodiscard]] std::optional<std::uint32_t> label() const { return label_; }

private:
    explicit ClientFlow(const ClientOptions& options) : options_(&options) {}

    void close();
    Result<void> set_up(std::uint32_t label, int stop);
    Result<void> take_lease(std::uint32_t label);
    Result<void> connect(int stop);
    Result<void> send_stream(std::span<const std::uint8_t> bytes, int stop);
    Result<void> fill_stream_buffer();

    const ClientOptions* options_;
    Fd socket_;
    std::optional<Lease> lease_;
    std::optional<std::uint32_t> label_;
    std::vector<std::uint8_t> buffer_; // of a TCP stream: an incomplete answer
    bool closed_ = false;
};

} // namespace flowlabel
