// SPDX-License-Identifier: BSD-2-Clause
#include "maps/map_list.hpp"

#include <fcntl.h>

#include <cerrno>

namespace flowlabel {

/// Calls PREPARE for each map of OBJECT that the list has. PREPARE returns 0 or the negative of an errno.
template <class Prepare> static int prepare_maps(const bpf_object& object, Prepare prepare)
{
    for (const ListedMap& listed : map_list) {
        bpf_map* const map = bpf_object__find_map_by_name(&object, listed.name);

        if (!map)
            return ENOENT;
        if (const int result = prepare(*map, listed))
            return -result;
    }
    return 0;
}

int size_maps(const bpf_object& object, const fl_config& config, unsigned cpus)
{
    return prepare_maps(object, [&](bpf_map& map, const ListedMap& listed) {
        return bpf_map__set_max_entries(&map, listed.entries(config, cpus));
    });
}

int reuse_maps(const bpf_object& object, const Maps& maps)
{
    return prepare_maps(object, [&](bpf_map& map, const ListedMap& listed) {
        return bpf_map__reuse_fd(&map, (maps.*listed.fd).get());
    });
}

Maps maps_of(const bpf_object& object)
{
    Maps maps;

    for (const ListedMap& listed : map_list)
        maps.*listed.fd = Fd(fcntl(bpf_object__find_map_fd_by_name(&object, listed.name), F_DUPFD_CLOEXEC, 0));
    return maps;
}

} // namespace flowlabel
