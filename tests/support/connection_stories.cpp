// SPDX-License-Identifier: BSD-2-Clause
#include "connection.hpp"

namespace flowlabel::test {

namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t a = 0xA0001;
constexpr std::uint32_t b = 0xB0002;
constexpr std::uint32_t c = 0xC0003;
constexpr std::uint32_t d = 0xD0004;
constexpr std::uint32_t e = 0xE0005;
constexpr std::uint32_t f = 0xF0006;
constexpr std::uint32_t new_isn = 10'000; ///< later than that of the connection before

/// Resets.
std::vector<Story> reset_stories()
{
    return {
        {"rst_only", {syn(a), data(a, 0), rst(b)}, {{FL_CHANGE_rst_only, 1}}, 2, a},
        {"rst_only_each_time", {syn(a), rst(b), rst(b), rst(c)}, {{FL_CHANGE_rst_only, 3}}, 2, a},
        {"rst_only_leaves_the_label", {data(a, 0), rst(b), data(a, 100)}, {{FL_CHANGE_rst_only, 1}}, 2, a},
        {"rst_only_without_a_label", {syn(a), rst(0)}, {{FL_CHANGE_rst_only, 1}}, 2, a},
        {"rst_of_a_closed_port", {rst(b), rst(b)}, {}, 1, b},
        {"rst_with_the_same_label", {syn(a), data(a, 0), rst(a, 100)}, {}, 1, a},
    };
}

std::vector<Story> syn_ack_stories()
{
    return {
        {"synack_cookie", {syn_ack(a), data(b, 0), data(b, 100)}, {{FL_CHANGE_synack_cookie, 1}}, 2, b},
        {"synack_cookie_at_an_ack", {syn_ack(a), ack(b)}, {{FL_CHANGE_synack_cookie, 1}}, 2, b},
        {"synack_cookie_only_first", {syn_ack(a), data(a, 0), data(b, 100)}, {{FL_CHANGE_changed, 1}}, 2, b},
        {"synack_cookie_only_sent_once", {syn_ack(a), syn_ack(a), data(b, 0)}, {{FL_CHANGE_changed, 1}}, 2, b},
        {"synack_cookie_only_of_a_server", {syn(a), data(b, 0)}, {{FL_CHANGE_changed, 1}}, 2, b},
        {"synack_zero", {syn_ack(0), data(a, 0), data(a, 100)}, {{FL_CHANGE_synack_zero, 1}}, 2, a},
        {"synack_zero_only_first", {syn_ack(0), data(0, 0), data(a, 100)}, {{FL_CHANGE_labelled_late, 1}}, 2, a},
    };
}

std::vector<Story> zero_stories()
{
    return {
        {"syn_then_zero", {syn(a), ack(0), data(0, 0)}, {{FL_CHANGE_syn_then_zero, 1}}, 2, 0},
        {"synack_then_zero", {syn_ack(a), data(0, 0), data(0, 100)}, {{FL_CHANGE_syn_then_zero, 1}}, 2, 0},
        {"syn_then_one_zero", {syn(a), data(0, 0)}, {{FL_CHANGE_zeroed, 1}}, 2, 0},
        {"syn_then_zero_then_labelled",
         {syn(a), data(0, 0), data(0, 100), data(a, 200)},
         {{FL_CHANGE_zeroed, 1}, {FL_CHANGE_labelled_late, 1}},
         2,
         a},
        {"syn_rehash_then_zero",
         {syn(a), syn(b), data(0, 0), data(0, 100)},
         {{FL_CHANGE_syn_rehash, 1}, {FL_CHANGE_syn_then_zero, 1}},
         3,
         0},
        {"zeroed", {syn(a), data(a, 0), data(0, 100), data(0, 200)}, {{FL_CHANGE_zeroed, 1}}, 2, 0},
        {"zeroed_in_mid_flow", {data(a, 0), data(0, 100), data(0, 200)}, {{FL_CHANGE_zeroed, 1}}, 2, 0},
        {"zeroed_at_a_retransmission", {syn(a), data(a, 0), data(0, 0)}, {{FL_CHANGE_zeroed, 1}}, 2, 0},
        {"zeroed_udp", {udp(a), udp(0), udp(0)}, {{FL_CHANGE_zeroed, 1}}, 2, 0},
        {"zeroed_again",
         {data(a, 0), data(0, 100), data(a, 200), data(0, 300)},
         {{FL_CHANGE_zeroed, 2}, {FL_CHANGE_labelled_late, 1}},
         2,
         0},
        {"labelled_late", {data(0, 0), data(a, 100)}, {{FL_CHANGE_labelled_late, 1}}, 2, a},
        {"labelled_late_after_the_syn", {syn(0), data(a, 0)}, {{FL_CHANGE_labelled_late, 1}}, 2, a},
        {"labelled_late_udp", {udp(0), udp(a), udp(a)}, {{FL_CHANGE_labelled_late, 1}}, 2, a},
    };
}

std::vector<Story> rehash_stories()
{
    return {
        {"syn_rehash", {syn(a), syn(b), syn(c), data(c, 0)}, {{FL_CHANGE_syn_rehash, 2}}, 3, c},
        {"syn_rehash_synack", {syn_ack(a), syn_ack(b), data(b, 0)}, {{FL_CHANGE_syn_rehash, 1}}, 2, b},
        {"syn_rehash_undone", {syn(a), syn(b), data(a, 0)}, {}, 2, a},
        {"syn_rehash_stands", {syn(a), syn(b), syn(a), data(b, 0)}, {{FL_CHANGE_syn_rehash, 1}}, 2, b},
        {"rto_rehash", {syn(a), data(a, 0), data(b, 0), data(b, 100)}, {{FL_CHANGE_rto_rehash, 1}}, 2, b},
        {"rto_rehash_each_time",
         {data(a, 0), data(b, 0), data(c, 0), data(d, 0), data(e, 0), data(f, 0)},
         {{FL_CHANGE_rto_rehash, 5}},
         6,
         f},
        {"rto_rehash_of_a_part", {data(a, 0), data(b, 50, 200), data(b, 250)}, {{FL_CHANGE_rto_rehash, 1}}, 2, b},
        {"rto_rehash_of_a_fin", {data(a, 0), fin(a, 100), fin(b, 100)}, {{FL_CHANGE_rto_rehash, 1}}, 2, b},
        {"rto_rehash_undone", {data(a, 0), data(a, 100), data(b, 0), data(a, 200)}, {}, 2, a},
        {"rto_rehash_stands",
         {data(a, 0), data(a, 100), data(b, 0), data(a, 200), data(b, 300)},
         {{FL_CHANGE_rto_rehash, 1}},
         2,
         b},
        {"rto_rehash_stands_at_a_retransmission", // a packet from before the timeout comes late
         {data(a, 0), data(a, 100), data(b, 0), data(a, 200), data(b, 100), data(b, 200), data(b, 300)},
         {{FL_CHANGE_rto_rehash, 1}},
         2,
         b},
        {"rto_rehash_undone_twice",
         {data(a, 0), data(b, 0), data(a, 100), data(b, 100), data(a, 200), data(a, 300)},
         {},
         2,
         a},
        {"rto_rehash_then_alternating",
         {data(a, 0), data(b, 0), data(a, 100), data(b, 200), data(a, 300), data(b, 400), data(a, 500)},
         {{FL_CHANGE_rto_rehash, 1}, {FL_CHANGE_alternating, 3}},
         2,
         a},
        {"ack_change", {data(a, 0), ack(b, 100), data(b, 100)}, {{FL_CHANGE_ack_change, 1}}, 2, b},
        {"ack_change_keep_alive", {data(a, 0), ack(b, 99), data(a, 99, 1)}, {{FL_CHANGE_ack_change, 2}}, 2, a},
    };
}

std::vector<Story> udp_stories()
{
    return {
        {"quic_repath", {udp(a, 443), udp(b, 443), udp(b, 443)}, {{FL_CHANGE_quic_repath, 1}}, 2, b},
        {"quic_repath_4433", {udp(a, 4433), udp(b, 4433), udp(b, 4433)}, {{FL_CHANGE_quic_repath, 1}}, 2, b},
        {"quic_repath_long_header", {udp(a), quic_long(b), udp(b)}, {{FL_CHANGE_quic_repath, 1}}, 2, b},
        {"quic_repath_not_confirmed", {udp(a, 443), udp(b, 443)}, {{FL_CHANGE_changed, 1}}, 2, b},
        {"quic_repath_confirmed_later",
         {udp(a, 443), udp(b, 443), udp(c, 443), udp(c, 443)},
         {{FL_CHANGE_changed, 1}, {FL_CHANGE_quic_repath, 1}},
         3,
         c},
        {"quic_repath_returns",
         join({repeat(2, udp(a, 443)), repeat(2, udp(b, 443)), repeat(2, udp(a, 443))}),
         {{FL_CHANGE_changed, 1}, {FL_CHANGE_quic_repath, 1}},
         2,
         a},
        {"quic_repath_often",
         join({repeat(2, udp(a, 443)), repeat(2, udp(b, 443)), repeat(2, udp(c, 443)), repeat(2, udp(d, 443)),
               repeat(2, udp(e, 443)), repeat(2, udp(f, 443))}),
         {{FL_CHANGE_quic_repath, 5}},
         6,
         f},
        {"quic_repath_and_idle", // the return is of another flow
         join({repeat(2, udp(a, 443)), repeat(2, udp(b, 443)), {after(61s, udp(a, 443))}}),
         {{FL_CHANGE_quic_repath, 1}},
         2,
         a},
        {"quic_alternating",
         {udp(a, 443), udp(b, 443), udp(a, 443), udp(b, 443), udp(a, 443)},
         {{FL_CHANGE_alternating, 4}},
         2,
         a},
        {"udp_new_socket", {udp(a), after(1s, udp(b))}, {{FL_CHANGE_udp_new_socket, 1}}, 2, b},
        {"udp_new_socket_quic", {udp(a, 443), after(59s, udp(b, 443))}, {{FL_CHANGE_udp_new_socket, 1}}, 2, b},
        {"udp_new_socket_after_a_gap", {udp(a), after(990ms, udp(b))}, {{FL_CHANGE_changed, 1}}, 2, b},
        {"udp_idle", {udp(a), after(61s, udp(b)), after(61s, udp(0)), after(61s, udp(b))}, {}, 4, b},
    };
}

std::vector<Story> alternating_stories()
{
    return {
        {"changed", {syn(a), data(a, 0), data(b, 100), data(b, 200)}, {{FL_CHANGE_changed, 1}}, 2, b},
        {"changed_udp", {udp(a), udp(b), udp(b)}, {{FL_CHANGE_changed, 1}}, 2, b},
        {"changed_sctp",
         {{.label = a, .upper = Sctp{}}, {.label = b, .upper = Sctp{}}},
         {{FL_CHANGE_changed, 1}},
         2,
         b},
        {"alternating", {data(a, 0), data(b, 100), data(a, 200), data(b, 300)}, {{FL_CHANGE_alternating, 3}}, 2, b},
        {"one_return", {data(a, 0), data(b, 100), data(a, 200)}, {{FL_CHANGE_changed, 2}}, 2, a},
        {"two_returns_far_apart",
         join({{udp(a)}, repeat(101, udp(b)), repeat(101, udp(a)), {udp(b)}}),
         {{FL_CHANGE_changed, 3}},
         2,
         b},
        {"alternating_first_label", // neither return is to the label before
         join({{udp(a)}, repeat(30, udp(b)), repeat(30, udp(c)), repeat(10, udp(a)), repeat(10, udp(b)), {udp(a)}}),
         {{FL_CHANGE_alternating, 5}},
         4,
         a},
        {"alternating_five_labels", {udp(a), udp(b), udp(c), udp(d), udp(e)}, {{FL_CHANGE_alternating, 4}}, 5, e},
        {"four_labels", {udp(a), udp(b), udp(c), udp(d)}, {{FL_CHANGE_changed, 3}}, 4, d},
        {"five_labels_far_apart",
         join({{udp(a)}, repeat(22, udp(b)), repeat(22, udp(c)), repeat(22, udp(d)), {udp(e)}}),
         {{FL_CHANGE_changed, 4}},
         5,
         e},
        {"five_labels_and_a_retransmission",
         {data(a, 0), data(b, 100), data(c, 200), data(d, 200), data(e, 300), data(f, 400)},
         {{FL_CHANGE_changed, 4}, {FL_CHANGE_rto_rehash, 1}},
         6,
         f},
        {"alternating_no_more",
         join({{udp(a), udp(b), udp(a)}, repeat(102, udp(b)), {udp(c)}}),
         {{FL_CHANGE_alternating, 3}, {FL_CHANGE_changed, 1}},
         3,
         c},
    };
}

std::vector<Story> fragment_stories()
{
    return {
        {"frag_label", {fragment(a, 1), fragment(b, 1)}, {{FL_CHANGE_frag_label, 1}}, 2, b},
        {"frag_label_each_time",
         {fragment(a, 1), fragment(0, 1), fragment(0, 1), fragment(a, 1)},
         {{FL_CHANGE_frag_label, 2}},
         2,
         a},
        {"fragments_of_other_datagrams", {fragment(a, 1), fragment(b, 2), fragment(a, 3)}, {}, 2, a},
        {"no_ports", {icmp(a), icmp(b), icmp(0), icmp(a)}, {}, 3, a},
    };
}

/// What is no change.
std::vector<Story> quiet_stories()
{
    return {
        {"steady", {syn(a), ack(a), data(a, 0), data(a, 100), fin(a, 200), ack(a, 201)}, {}, 1, a},
        {"reordering", {syn(a), data(a, 100), data(a, 0), data(a, 300), data(a, 200)}, {}, 1, a},
        {"keep_alives", {syn(a), data(a, 0), ack(a, 99), data(a, 99, 1), data(a, 100)}, {}, 1, a},
        {"tail_loss_probe", {syn(a), data(a, 0), data(a, 100), data(a, 100), data(a, 0)}, {}, 1, a},
        {"syn_again", {syn(a), syn(a), data(a, 0)}, {}, 1, a},
        {"missing_packets", {syn(a), data(a, 3000), data(a, 9000), fin(a, 20'000)}, {}, 1, a},
        {"no_label", {syn(0), data(0, 0), data(0, 100), fin(0, 200)}, {}, 1, 0},
        {"ports_again", {syn(a), data(a, 0), fin(a, 100), syn(b, new_isn), data(b, new_isn)}, {}, 2, b, 1},
        {"ports_again_same_label", {syn(a), data(a, 0), syn(a, new_isn), data(a, new_isn)}, {}, 1, a, 1},
        {"ports_again_synack", {syn_ack(a), data(a, 0), syn_ack(b, new_isn), data(b, new_isn)}, {}, 2, b, 1},
        {"ports_again_in_mid_flow", {data(a, 0), syn(b, new_isn), data(b, new_isn)}, {}, 2, b, 1},
        {"ports_again_and_a_new_history",
         {syn(a), data(a, 0), syn(b, new_isn), data(0, new_isn), data(0, new_isn + 100)},
         {{FL_CHANGE_syn_then_zero, 1}},
         3,
         0,
         1},
        {"ports_again_after_changes",
         {syn(a), data(0, 0), data(0, 100), syn(b, new_isn), data(b, new_isn), data(c, new_isn)},
         {{FL_CHANGE_syn_then_zero, 1}, {FL_CHANGE_rto_rehash, 1}},
         4,
         c,
         1},
        {"stamped_at_times", {syn(0), by_mpls(data(0, 0)), data(0, 100), by_mpls(data(0, 200))}, {}, 1, 0},
        {"stamped_at_times_after_data",
         {syn_ack(0), data(0, 0), by_mpls(syn_ack(0)), data(a, 100)},
         {{FL_CHANGE_labelled_late, 1}},
         2,
         a},
    };
}

} // namespace

const std::vector<Story>& all_stories()
{
    static const std::vector<Story> stories = [] {
        std::vector<Story> all;

        for (const auto& some : {reset_stories(), syn_ack_stories(), zero_stories(), rehash_stories(), udp_stories(),
                                 alternating_stories(), fragment_stories(), quiet_stories()})
            all.insert(all.end(), some.begin(), some.end());
        return all;
    }();

    return stories;
}

} // namespace flowlabel::test
