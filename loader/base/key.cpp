// SPDX-License-Identifier: BSD-2-Clause
#include "flowlabel/key.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/random.h>

#include <cerrno>
#include <cstring>

#include "base/fd.hpp"
#include "base/private_file.hpp"
#include "base/try.hpp"

namespace flowlabel {

constexpr std::size_t digits_size = 2 * sizeof(Key);

Result<Key> random_key()
{
    Key key;

    if (getrandom(key.data(), key.size(), 0) != static_cast<ssize_t>(key.size()))
        return fail_errno(errno, "cannot get random bytes for the key");
    return key;
}

static int hex_value(char digit)
{
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    if (digit >= 'a' && digit <= 'f')
        return digit - 'a' + 10;
    if (digit >= 'A' && digit <= 'F')
        return digit - 'A' + 10;
    return -1;
}

static Result<Key> parse_key(const std::string& path, std::string_view text)
{
    const std::string hint = "the file holds 32 hexadecimal digits and a newline; 'flowlabel key new FILE' makes one";
    Key key;

    if (text.ends_with('\n'))
        text.remove_suffix(1);
    if (text.size() != digits_size)
        return fail(fmt::format("key file {}: {} characters instead of {} hexadecimal digits", path,
                                text.size() > digits_size ? "more" : std::to_string(text.size()), digits_size),
                    hint);
    for (std::size_t i = 0; i < key.size(); i++) {
        const int high = hex_value(text[2 * i]);
        const int low = hex_value(text[2 * i + 1]);

        if (high < 0 || low < 0)
            return fail(
                fmt::format("key file {}: character {} is not a hexadecimal digit", path, 2 * i + (high < 0 ? 1 : 2)),
                hint);
        key[i] = static_cast<std::uint8_t>(high << 4 | low);
    }
    return key;
}

Result<Key> read_key_file(const std::string& path)
{
    constexpr std::size_t max_size = digits_size + 3; // large enough to notice that the file is too long
    const auto text = TRY(read_private_file("key file", path, max_size, "'flowlabel key new FILE' makes one"));

    return parse_key(path, text);
}

Result<void> create_key_file(const std::string& path)
{
    const auto key = TRY(random_key());
    const Fd file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));

    if (!file)
        return errno == EEXIST ? fail("key file " + path + " exists already",
                                      "a new key changes every label; to replace the key, remove the file first")
                               : fail_errno(errno, "cannot create key file " + path,
                                            "choose an existing directory that you may write to");
    std::string text;

    for (const std::uint8_t octet : key)
        text += fmt::format("{:02x}", octet);
    text += '\n';
    if (write(file.get(), text.data(), text.size()) != static_cast<ssize_t>(text.size()) || fsync(file.get()) != 0) {
        const int err = errno;

        unlink(path.c_str());
        return fail_errno(err, "cannot write key file " + path, "the file was removed; choose another place");
    }
    return {};
}

std::array<std::uint64_t, 2> siphash_words(const Key& key)
{
    std::array<std::uint64_t, 2> words{};

    for (std::size_t i = 0; i < key.size(); i++)
        words[i / 8] |= std::uint64_t{key[i]} << (i % 8 * 8);
    return words;
}

} // namespace flowlabel
