// SPDX-License-Identifier: BSD-2-Clause
#include "host/exercise/accepted_connection.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <span>

#include "host/exercise/message.hpp"

namespace flowlabel {

bool AcceptedConnection::receive(Peers& peers)
{
    std::uint8_t chunk[1 << 16];
    const ssize_t received = recv(socket(), chunk, sizeof(chunk), 0);

    if (received < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    if (received <= 0)
        return false;
    input_.insert(input_.end(), chunk, chunk + received);
    take_messages(peers, remote_label(socket()).value_or(0));
    return send();
}

void AcceptedConnection::take_messages(Peers& peers, std::uint32_t label)
{
    std::span<std::uint8_t> rest(input_);

    while (!rest.empty()) {
        auto message = read_message(rest);

        if (!message && rest.size() < message_header_size && may_be_message(rest))
            break;
        if (!message) { // another protocol: counted, not answered
            peers.note(peer_, label, rest.size());
            rest = {};
            break;
        }
        if (rest.size() < message->size)
            break;
        const auto whole = rest.first(message->size);

        peers.note(peer_, label, whole.size());
        message->answer = true;
        message->seen = label;
        write_message(whole, *message);
        output_.insert(output_.end(), whole.begin(), whole.end());
        rest = rest.subspan(whole.size());
    }
    input_.erase(input_.begin(), input_.end() - static_cast<std::ptrdiff_t>(rest.size()));
}

bool AcceptedConnection::send()
{
    while (!output_.empty()) {
        const ssize_t sent = ::send(socket(), output_.data(), output_.size(), MSG_NOSIGNAL);

        if (sent < 0)
            return errno == EAGAIN || errno == EINTR;
        output_.erase(output_.begin(), output_.begin() + sent);
    }
    return true;
}

} // namespace flowlabel
