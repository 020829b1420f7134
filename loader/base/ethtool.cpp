// SPDX-License-Identifier: BSD-2-Clause
#include "base/ethtool.hpp"

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cstring>
#include <vector>

#include "base/fd.hpp"

namespace flowlabel {

/// The kernel writes its answer into COMMAND.
static bool ask_ethtool(const std::string& interface, void* command)
{
    const Fd socket_fd(socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq request{};

    interface.copy(request.ifr_name, IFNAMSIZ - 1);
    request.ifr_data = static_cast<char*>(command);
    return ioctl(socket_fd.get(), SIOCETHTOOL, &request) == 0;
}

std::string driver_of(const std::string& interface)
{
    ethtool_drvinfo info{.cmd = ETHTOOL_GDRVINFO};

    return ask_ethtool(interface, &info) ? info.driver : "";
}

/// HEADER, and room for SIZE bytes after it.
template <class Header> static std::vector<std::uint32_t> with_room(const Header& header, std::size_t size)
{
    std::vector<std::uint32_t> words((sizeof(header) + size + 3) / 4);

    std::memcpy(words.data(), &header, sizeof(header));
    return words;
}

/// How many features the kernel has.
static std::uint32_t count_features(const std::string& interface)
{
    const ethtool_sset_info header{
        .cmd = ETHTOOL_GSSET_INFO, .reserved = 0, .sset_mask = 1ull << ETH_SS_FEATURES, .data = {}};
    auto words = with_room(header, sizeof(std::uint32_t));

    return ask_ethtool(interface, words.data()) ? words.back() : 0;
}

std::optional<std::uint32_t> feature_number(const std::string& interface, std::string_view name)
{
    const std::uint32_t count = count_features(interface);
    const ethtool_gstrings header{.cmd = ETHTOOL_GSTRINGS, .string_set = ETH_SS_FEATURES, .len = count, .data = {}};
    auto words = with_room(header, std::size_t{count} * ETH_GSTRING_LEN);
    const auto* const names = reinterpret_cast<const char*>(words.data()) + sizeof(header);

    if (!ask_ethtool(interface, words.data()))
        return std::nullopt;
    for (std::uint32_t number = 0; number < count; number++) {
        const char* const text = names + std::size_t{number} * ETH_GSTRING_LEN;

        if (name == std::string_view(text, strnlen(text, ETH_GSTRING_LEN)))
            return number;
    }
    return std::nullopt;
}

bool feature_is_on(const std::string& interface, std::uint32_t number)
{
    const std::uint32_t blocks = number / 32 + 1;
    const ethtool_gfeatures header{.cmd = ETHTOOL_GFEATURES, .size = blocks, .features = {}};
    auto words = with_room(header, blocks * sizeof(ethtool_get_features_block));
    ethtool_get_features_block last{};

    if (!ask_ethtool(interface, words.data()))
        return false;
    std::memcpy(&last, words.data() + words.size() - sizeof(last) / sizeof(words[0]), sizeof(last));
    return (last.active >> number % 32 & 1) != 0;
}

} // namespace flowlabel
