// SPDX-License-Identifier: BSD-2-Clause
#include "maps/skb_layout.hpp"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <linux/bpf.h>

#include <bit>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "base/fd.hpp"

namespace flowlabel {

struct FreeBtf {
    void operator()(btf* types) const { btf__free(types); }
};

/// In bytes.
struct Field {
    std::uint32_t offset = 0;
    std::uint64_t size = 0;
};

static std::optional<Field> field_of(const btf& types, const btf_type& type, std::string_view name)
{
    const btf_member* const members = btf_members(&type);

    for (std::uint32_t i = 0; i < btf_vlen(&type); i++)
        if (name == btf__name_by_offset(&types, members[i].name_off))
            return Field{.offset = btf_member_bit_offset(&type, i) / 8,
                         .size = static_cast<std::uint64_t>(btf__resolve_size(&types, members[i].type))};
    return std::nullopt;
}

static std::optional<Field> field_of(const btf& types, const char* structure, std::string_view name)
{
    const int id = btf__find_by_name_kind(&types, structure, BTF_KIND_STRUCT);

    return id > 0 ? field_of(types, *btf__type_by_id(&types, static_cast<std::uint32_t>(id)), name) : std::nullopt;
}

/// The value of the enumerator NAME, of any enum.
static std::optional<std::uint32_t> enumerator(const btf& types, std::string_view name)
{
    for (std::uint32_t id = 1; id < btf__type_cnt(&types); id++) {
        const btf_type& type = *btf__type_by_id(&types, id);

        if (!btf_is_enum(&type))
            continue;
        for (std::uint32_t i = 0; i < btf_vlen(&type); i++)
            if (name == btf__name_by_offset(&types, btf_enum(&type)[i].name_off))
                return static_cast<std::uint32_t>(btf_enum(&type)[i].val);
    }
    return std::nullopt;
}

/// May a tc program of this process call bpf_probe_read_kernel()?
static bool may_read_kernel_memory()
{
    const bpf_insn program[] = {
        {.code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_1, .src_reg = BPF_REG_10, .off = 0, .imm = 0},
        {.code = BPF_ALU64 | BPF_ADD | BPF_K, .dst_reg = BPF_REG_1, .src_reg = 0, .off = 0, .imm = -8},
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_2, .src_reg = 0, .off = 0, .imm = 8},
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_3, .src_reg = 0, .off = 0, .imm = 0},
        {.code = BPF_JMP | BPF_CALL, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = BPF_FUNC_probe_read_kernel},
        {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .src_reg = 0, .off = 0, .imm = 0},
        {.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
    };

    return static_cast<bool>(
        Fd(bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, "flowlabel_probe", "GPL", program, std::size(program), nullptr)));
}

bool add_skb_layout(fl_config& config)
{
    const std::unique_ptr<btf, FreeBtf> types(btf__load_vmlinux_btf());

    if (!types || !may_read_kernel_memory())
        return false;
    const auto head = field_of(*types, "sk_buff", "head");
    const auto end = field_of(*types, "sk_buff", "end");
    const auto gso_type = field_of(*types, "skb_shared_info", "gso_type");
    const auto list_bit = enumerator(*types, "SKB_GSO_FRAGLIST");
    const auto udp_tunnel = enumerator(*types, "SKB_GSO_UDP_TUNNEL");
    const auto udp_tunnel_with_sum = enumerator(*types, "SKB_GSO_UDP_TUNNEL_CSUM");

    // On machines of 32 bits `end` is a pointer.
    if (!head || head->size != sizeof(std::uint64_t) || !end || end->size != sizeof(std::uint32_t) || !gso_type ||
        gso_type->size != sizeof(std::uint32_t) || !list_bit || !std::has_single_bit(*list_bit))
        return false;
    if (!std::in_range<std::uint16_t>(head->offset) || !std::in_range<std::uint16_t>(end->offset) ||
        !std::in_range<std::uint8_t>(gso_type->offset))
        return false;
    config.skb_head = static_cast<std::uint16_t>(head->offset);
    config.skb_end = static_cast<std::uint16_t>(end->offset);
    config.gso_type = static_cast<std::uint8_t>(gso_type->offset);
    config.gso_list_bit = static_cast<std::uint8_t>(std::countr_zero(*list_bit));
    config.gso_udp_tunnel = udp_tunnel.value_or(0) | udp_tunnel_with_sum.value_or(0);
    return true;
}

} // namespace flowlabel
