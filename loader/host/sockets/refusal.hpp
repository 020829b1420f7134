// SPDX-License-Identifier: BSD-2-Clause
/// Why the kernel said no to something about labels, and what to do.
#pragma once

#include "flowlabel/host.hpp"

namespace flowlabel {

/// NUMBER is the errno (positive) of each. TIMES: it is those that EPERM refuses.
std::unexpected<Error> refused_lease(int number, const LeaseRequest& request, bool times);
std::unexpected<Error> refused_put(int number, std::uint32_t label);
std::unexpected<Error> refused_renewal(int number, std::uint32_t label, std::uint16_t expires, std::uint16_t linger);
std::unexpected<Error> refused_reflection(int number);

/// Of connect() and sendmsg() to TO with LABEL.
std::unexpected<Error> refused_sending(int number, const Endpoint& to, std::uint32_t label);

} // namespace flowlabel
