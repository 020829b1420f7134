// SPDX-License-Identifier: BSD-2-Clause
#include <algorithm>

#include "engine/engine.hpp"
#include "maps/program.hpp"

namespace flowlabel {

Result<EngineSetup> make_engine_setup(const EngineOptions& options)
{
    const auto secrets = random_secrets();
    const Result<Key> key = options.key ? *options.key : random_key();

    if (!secrets || !key)
        return std::unexpected(secrets ? key.error() : secrets.error());
    EngineSetup setup{.secrets = *secrets};

    setup.config.stamp = static_cast<__u8>(options.stamp);
    setup.config.prf = static_cast<__u8>(options.prf);
    setup.config.track = options.track;
    setup.config.slots_shift = static_cast<__u8>(options.slots_shift);
    setup.config.ring_shift = default_ring_shift;
    std::ranges::copy(siphash_words(*key), setup.secrets.stamp);
    return setup;
}

} // namespace flowlabel
