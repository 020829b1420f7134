// SPDX-License-Identifier: BSD-2-Clause
#include "output/check.hpp"

#include <fmt/format.h>

namespace flowlabel {

Json check_json(const StatusDocument& document, std::chrono::milliseconds time,
                const std::vector<CheckFinding>& findings)
{
    Json json = status_json(document);
    Json list = Json::array();

    for (const CheckFinding& one : findings)
        list.push_back({{"source", one.source ? one.source->json : Json(nullptr)},
                        {"kind", one.finding.kind},
                        {"text", one.finding.text}});
    json["looked_for_ms"] = time.count();
    json["findings"] = list;
    return json;
}

void write_check_text(std::size_t count, const std::vector<CheckFinding>& findings, const TextWriter& write)
{
    if (findings.empty())
        write(count == 1 ? "1 attachment is in order\n" : fmt::format("{} attachments are in order\n", count));
    for (const CheckFinding& one : findings)
        write(fmt::format("{}{}\n", one.source ? one.source->text + ": " : "", one.finding.text));
}

} // namespace flowlabel
