// SPDX-License-Identifier: BSD-2-Clause
/// The classes of label changes, and what each of them means to a person.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "base/word_table.hpp"
#include "flowlabel/abi.h"

namespace flowlabel {

/// How bad a change is, from the least. `undecided`: the packets that were seen do not say.
enum class Level { info, undecided, notice, warning, error };

template <>
inline constexpr WordTable<Level> word_table<Level> = {
    {Level::info, "info"},       {Level::undecided, "undecided"}, {Level::notice, "notice"},
    {Level::warning, "warning"}, {Level::error, "error"},
};

/// A class: enum fl_change, or one of those that only both directions together show.
using ChangeClass = std::size_t;

/// An ACK with another label answers data that was repeated with another label.
constexpr ChangeClass receiver_rehash = FL_CHANGE_COUNT;
constexpr std::size_t change_classes = FL_CHANGE_COUNT + 1; ///< how many there are

struct ClassText {
    const char* name;
    Level level;
    const char* one;     ///< what a connection does: "loses its label"
    const char* many;    ///< the same of several
    const char* meaning; ///< a sentence: the usual cause
    const char* advice;  ///< a sentence: when it is harmless, or what to do
};

const ClassText& text_of(ChangeClass change_class);

std::optional<ChangeClass> class_named(std::string_view name);

} // namespace flowlabel
