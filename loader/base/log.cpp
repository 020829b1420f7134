// SPDX-License-Identifier: BSD-2-Clause
#include "flowlabel/log.hpp"

#include <bpf/libbpf.h>

#include <cstdarg>
#include <cstdio>
#include <utility>
#include <vector>

namespace flowlabel {

static std::function<void(std::string_view)>& sink_of_libbpf()
{
    static std::function<void(std::string_view)> sink;

    return sink;
}

__attribute__((format(printf, 2, 0))) static int forward(libbpf_print_level, const char* format, va_list arguments)
{
    va_list again;

    va_copy(again, arguments);
    const int length = vsnprintf(nullptr, 0, format, arguments);
    std::vector<char> text(static_cast<std::size_t>(length < 0 ? 0 : length) + 1);

    vsnprintf(text.data(), text.size(), format, again);
    va_end(again);
    sink_of_libbpf()({text.data(), text.size() - 1});
    return length;
}

void set_libbpf_log(std::function<void(std::string_view)> sink)
{
    sink_of_libbpf() = std::move(sink);
    libbpf_set_print(sink_of_libbpf() ? forward : nullptr);
}

} // namespace flowlabel
