// SPDX-License-Identifier: BSD-2-Clause
#include "watch/change_class.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include "base/words.hpp"

namespace flowlabel {

struct ClassOfChange {
    ChangeClass change_class;
    ClassText text;
};

constexpr auto path_failed = "One is harmless; many to one destination mean that a path there fails.";
constexpr auto find_the_hop = "Never harmless: find the hop that does it.";

static constexpr ClassOfChange class_list[] = {
    {FL_CHANGE_syn_then_zero,
     {name_of(FL_CHANGE_syn_then_zero), Level::error, "loses its label after the SYN", "lose their label after the SYN",
      "A NIC, a driver or a middlebox removes it.",
      "Never harmless: compare with what the host itself sends, and switch the offload off."}},
    {FL_CHANGE_zeroed,
     {name_of(FL_CHANGE_zeroed), Level::error, "loses its label", "lose their label",
      "A middlebox, or a host with two stacks, removes it.", find_the_hop}},
    {FL_CHANGE_labelled_late,
     {name_of(FL_CHANGE_labelled_late), Level::warning, "gets its first label after data",
      "get their first label after data", "A router begins to stamp, or a setting of the host has changed.",
      "Harmless if you know which, and if it happens once."}},
    {FL_CHANGE_alternating,
     {name_of(FL_CHANGE_alternating), Level::warning, "alternates between labels", "alternate between labels",
      "Each packet gets a label: RDMA, a tunnel over several paths, or a covert channel.",
      "Usual for storage and RDMA; elsewhere find out who sends it."}},
    {FL_CHANGE_changed,
     {name_of(FL_CHANGE_changed), Level::warning, "changes its label without a sign of loss",
      "change their label without a sign of loss", "The host uses PLB with DCTCP, or something rewrites labels.",
      "Harmless with PLB; else compare with what the host itself sends."}},
    {FL_CHANGE_frag_label,
     {name_of(FL_CHANGE_frag_label), Level::warning, "has different labels in the fragments of a packet",
      "have different labels in the fragments of a packet", "Something rewrites labels on the path.", find_the_hop}},
    {FL_CHANGE_syn_rehash,
     {name_of(FL_CHANGE_syn_rehash), Level::notice, "repeats its SYN with another label",
      "repeat their SYN with another label", "Linux tries another path, since nothing answered.", path_failed}},
    {FL_CHANGE_rto_rehash,
     {name_of(FL_CHANGE_rto_rehash), Level::notice, "takes another label after a timeout",
      "take another label after a timeout", "Linux tries another path, since data was not acknowledged.", path_failed}},
    {receiver_rehash,
     {"receiver-rehash", Level::notice, "answers repeated data with another label",
      "answer repeated data with another label",
      "Linux tries another path for its ACKs, since the same data came again with another label.", path_failed}},
    {FL_CHANGE_quic_repath,
     {name_of(FL_CHANGE_quic_repath), Level::notice, "takes another label and keeps it",
      "take another label and keep it", "QUIC tries another path, or a new socket has the same ports.", path_failed}},
    {FL_CHANGE_ack_change,
     {name_of(FL_CHANGE_ack_change), Level::undecided, "has another label in an ACK", "have another label in an ACK",
      "A receiver tries another path, or a change that no data shows yet.",
      "Undecided: watch the other direction, too."}},
    {FL_CHANGE_rst_only,
     {name_of(FL_CHANGE_rst_only), Level::info, "resets with another label", "reset with another label",
      "No socket sends this RST, or an old kernel does.", "Harmless."}},
    {FL_CHANGE_synack_zero,
     {name_of(FL_CHANGE_synack_zero), Level::info, "has no label in its SYN-ACK", "have no label in their SYN-ACK",
      "The SYN cache of NetBSD sends it.", "Harmless."}},
    {FL_CHANGE_synack_cookie,
     {name_of(FL_CHANGE_synack_cookie), Level::info, "has another label in its SYN-ACK",
      "have another label in their SYN-ACK", "The server sends SYN cookies.",
      "A few are harmless; many of one server mean a SYN flood."}},
    {FL_CHANGE_udp_new_socket,
     {name_of(FL_CHANGE_udp_new_socket), Level::info, "has another label after a pause",
      "have another label after a pause", "A new connected socket has the same ports.", "Harmless."}},
};

static_assert(std::size(class_list) == change_classes, "each class has an entry");

const ClassText& text_of(ChangeClass change_class)
{
    return std::ranges::find(class_list, change_class, &ClassOfChange::change_class)->text;
}

std::optional<ChangeClass> class_named(std::string_view name)
{
    const auto found =
        std::ranges::find(class_list, name, [](const auto& entry) -> std::string_view { return entry.text.name; });

    return found == std::end(class_list) ? std::nullopt : std::optional(found->change_class);
}

} // namespace flowlabel
