// SPDX-License-Identifier: BSD-2-Clause
/// Undoes earlier steps if a later one fails.
#pragma once

#include <utility>

namespace flowlabel {

/// Calls a function at the end of the scope, unless keep() was called.
///
///     Undo remove([&] { remove_pins(place); });
///     TRY(pin(maps, place)); // an error returns from here, and the pins are removed
///     remove.keep();
template <class Function> class Undo {
public:
    explicit Undo(Function function) : function_(std::move(function)) {}
    Undo(const Undo&) = delete;
    Undo& operator=(const Undo&) = delete;
    ~Undo()
    {
        if (armed_)
            function_();
    }

    /// All steps succeeded: nothing is undone.
    void keep() { armed_ = false; }

private:
    Function function_;
    bool armed_ = true;
};

} // namespace flowlabel
