// SPDX-License-Identifier: BSD-2-Clause
/// The results of a benchmark run, as a table and as a document.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace flowlabel::bench {

struct Row {
    std::string suite; ///< prog, alt, path, loader, offline, collector
    std::string name;
    std::uint64_t flows = 0;
    std::string variant;
    double value = 0;  ///< the median
    std::string unit;  ///< ns/packet, Mpps, ms, MiB, ns/record, Mrecords/s, records
    double spread = 0; ///< half of the distance between the quartiles
};

/// A row of SAMPLES: their median and spread.
Row make_row(Row row, std::vector<double> samples);

class Results {
public:
    /// Keeps ROW and prints it.
    void add(const Row& row);

    /// The results in DOCUMENT, which json() made. Throws if it is something else.
    static Results read(const nlohmann::json& document);

    [[nodiscard]] nlohmann::ordered_json json() const;
    [[nodiscard]] const std::vector<Row>& rows() const { return rows_; }

private:
    std::vector<Row> rows_;
};

} // namespace flowlabel::bench
