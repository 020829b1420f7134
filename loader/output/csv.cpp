// SPDX-License-Identifier: BSD-2-Clause
#include <fmt/format.h>

#include "flowlabel/time.hpp"
#include "output/export.hpp"

namespace flowlabel {

void write_flows_csv(const FlowsDocument& document, const Sink& sink)
{
    sink("src,dst,label,packets,bytes,first_seen,last_seen,stamped\n");
    for (const Flow& flow : document.flows)
        sink(fmt::format("{},{},{},{},{},{},{},{}\n", flow.src.text(), flow.dst.text(), flow.label, flow.packets,
                         flow.octets, rfc3339(flow.first_seen), rfc3339(flow.last_seen), flow.stamped));
}

} // namespace flowlabel
