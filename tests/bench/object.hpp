// SPDX-License-Identifier: BSD-2-Clause
/// The benchmark's BPF object with one program loaded, and maps of its own.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "flowlabel/abi.h"
#include "maps/rings.hpp"
#include "packet_shape.hpp"
#include "stream.hpp"

// after abi.h, whose types it uses
#include "bench.skel.h"

namespace flowlabel::bench {

struct ObjectSetup {
    std::string program;
    std::string filler; ///< the program that fills the maps; empty: PROGRAM
    std::uint64_t flows = 1;
    Draw draw = Draw::uniform;
    std::uint32_t l3 = 14;
    bool labelled = false;
    bool relabelled = false;
    std::uint32_t tcp_offset = 0; ///< of the sequence number, from the IPv6 header; 0: not TCP
    fl_stamp_mode stamp = FL_STAMP_OFF;
    fl_prf prf = FL_PRF_SIPHASH_2_4;
    std::uint8_t table_shift = default_table_shift;
    std::uint32_t out_ifindex = 0;
    std::uint64_t pace_ns = 0; ///< from one frame to the next; 0: as fast as possible
};

class Object {
public:
    explicit Object(const ObjectSetup& setup);

    [[nodiscard]] int program() const { return program_; }
    [[nodiscard]] int filler() const { return filler_; }
    [[nodiscard]] bench_bpf& skeleton() { return *skeleton_; }

    /// The rings, for the records of flows that left the table.
    [[nodiscard]] Rings rings() const;

private:
    void choose(const ObjectSetup& setup);
    void fill(const ObjectSetup& setup);

    struct Destroy {
        void operator()(bench_bpf* skeleton) const { bench_bpf__destroy(skeleton); }
    };
    std::unique_ptr<bench_bpf, Destroy> skeleton_;
    int program_ = -1;
    int filler_ = -1;
};

} // namespace flowlabel::bench
