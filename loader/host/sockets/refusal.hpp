// SPDX-License-Identifier: BSD-2-Clause
/// Explains why the kernel refused a label operation, and what to do.
#pragma once

#include "flowlabel/host.hpp"

namespace flowlabel {

/// ERR is the errno of the operation. TIMES: EPERM is due to the requested times.
std::unexpected<Error> lease_error(int err, const LeaseRequest& request, bool times);
std::unexpected<Error> put_error(int err, std::uint32_t label);
std::unexpected<Error> renewal_error(int err, std::uint32_t label, std::uint16_t expires, std::uint16_t linger);
std::unexpected<Error> reflection_error(int err);

/// For connect() and sendmsg() to TO with LABEL.
std::unexpected<Error> send_error(int err, const Endpoint& to, std::uint32_t label);

} // namespace flowlabel
