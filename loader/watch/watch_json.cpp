// SPDX-License-Identifier: BSD-2-Clause
#include "base/time.hpp"
#include "output/json_text.hpp"
#include "watch/watch_output.hpp"

namespace flowlabel {

/// Who has the changes of FINDING.
static Json subject_json(const LabelFinding& finding)
{
    if (const auto& connection = finding.connection) {
        Json json = {
            {"src", connection->src.text()}, {"dst", connection->dst.text()}, {"protocol", connection->protocol}};

        if (connection->has_ports)
            json.update({{"sport", connection->sport}, {"dport", connection->dport}});
        json.update({{"from", connection->from}, {"to", connection->to}});
        return json;
    }
    Json json = Json::object();

    if (finding.source)
        json["src"] = finding.source->text();
    json.update({{"connections", finding.connections}, {"of", finding.of}});
    return json;
}

std::string finding_json(const LabelFinding& finding)
{
    Json json = {{"class", text_of(finding.change_class).name}, {"level", name_of(finding.level())}};

    json.update(subject_json(finding));
    json.update({{"changes", finding.changes},
                 {"packets", finding.packets},
                 {"first", rfc3339(finding.first_change)},
                 {"last", rfc3339(finding.last_change)}});
    return json_text(json);
}

/// One source is an object, as in every document; several are a list.
static Json sources_json(std::span<const Source> sources)
{
    if (sources.size() == 1)
        return sources.front().json;
    Json list = Json::array();

    for (const Source& source : sources)
        list.push_back(source.json);
    return list;
}

static Json classes_json(const WatchReport& report)
{
    Json classes = Json::object();

    for (ChangeClass change_class = 0; change_class < change_classes; change_class++) {
        const ClassText& text = text_of(change_class);
        const ClassCount& count = report.classes[change_class];

        classes[text.name] = {
            {"level", name_of(text.level)}, {"connections", count.connections}, {"changes", count.changes}};
    }
    return classes;
}

void write_watch_json(const WatchDocument& document, const TextWriter& write)
{
    const WatchReport& report = document.report;
    std::string text = json_text({{"schema", "flowlabel.watch/1"},
                                  {"source", sources_json(document.sources)},
                                  {"captured_at", rfc3339(document.captured_at)},
                                  {"connections", report.connections},
                                  {"packets", report.packets},
                                  {"classes", classes_json(report)}});

    text.pop_back(); // the closing brace comes after the findings
    write(text + ",\n\"findings\":[");
    const char* separator = "\n";
    for (const LabelFinding& finding : report.findings) {
        write(separator + finding_json(finding));
        separator = ",\n";
    }
    write("\n]}\n");
}

} // namespace flowlabel
