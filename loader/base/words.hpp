// SPDX-License-Identifier: BSD-2-Clause
/// The words of the enumerations in include/flowlabel/.
#pragma once

#include "base/word_table.hpp"
#include "flowlabel/abi.h"
#include "flowlabel/attachment.hpp"
#include "flowlabel/flow.hpp"
#include "flowlabel/host.hpp"

namespace flowlabel {

template <>
inline constexpr WordTable<fl_hook> word_table<fl_hook> = {
    {FL_HOOK_XDP, "xdp"},
    {FL_HOOK_TC_INGRESS, "tc-ingress"},
    {FL_HOOK_TC_EGRESS, "tc-egress"},
};

template <>
inline constexpr WordTable<fl_stamp_mode> word_table<fl_stamp_mode> = {
    {FL_STAMP_OFF, "off"},
    {FL_STAMP_DRY_RUN, "dry-run"},
    {FL_STAMP_ZERO, "zero"},
};

template <>
inline constexpr WordTable<fl_prf> word_table<fl_prf> = {
    {FL_PRF_SIPHASH_2_4, "siphash-2-4"},
    {FL_PRF_SIPHASH_1_3, "siphash-1-3"},
};

template <>
inline constexpr WordTable<fl_mode> word_table<fl_mode> = {
    {FL_MODE_NATIVE, "native"},
    {FL_MODE_GENERIC, "generic"},
    {FL_MODE_TCX, "tcx"},
    {FL_MODE_CLSACT, "clsact"},
};

template <>
inline constexpr WordTable<XdpMode> word_table<XdpMode> = {
    {XdpMode::automatic, "auto"},
    {XdpMode::native, "native"},
    {XdpMode::generic, "generic"},
};

template <>
inline constexpr WordTable<TcLink> word_table<TcLink> = {
    {TcLink::automatic, "auto"},
    {TcLink::clsact, "clsact"},
};

template <>
inline constexpr WordTable<SortBy> word_table<SortBy> = {
    {SortBy::packets, "packets"},
    {SortBy::octets, "bytes"},
    {SortBy::last_seen, "last-seen"},
    {SortBy::octets, "octets"},
};

template <>
inline constexpr WordTable<fl_change> word_table<fl_change> = {
    {FL_CHANGE_syn_then_zero, "syn-then-zero"},
    {FL_CHANGE_zeroed, "zeroed"},
    {FL_CHANGE_labelled_late, "labelled-late"},
    {FL_CHANGE_alternating, "alternating"},
    {FL_CHANGE_changed, "changed"},
    {FL_CHANGE_frag_label, "frag-label"},
    {FL_CHANGE_syn_rehash, "syn-rehash"},
    {FL_CHANGE_rto_rehash, "rto-rehash"},
    {FL_CHANGE_quic_repath, "quic-repath"},
    {FL_CHANGE_rst_only, "rst-only"},
    {FL_CHANGE_synack_zero, "synack-zero"},
    {FL_CHANGE_synack_cookie, "synack-cookie"},
    {FL_CHANGE_udp_new_socket, "udp-new-socket"},
    {FL_CHANGE_ack_change, "ack-change"},
};

template <>
inline constexpr WordTable<LabelShare> word_table<LabelShare> = {
    {LabelShare::any, "any"},
    {LabelShare::exclusive, "excl"},
    {LabelShare::process, "process"},
    {LabelShare::user, "user"},
};

} // namespace flowlabel
