// SPDX-License-Identifier: BSD-2-Clause
#include "base/privilege.hpp"

#include <cap-ng.h>
#include <sys/resource.h>

#include <cerrno>
#include <iterator>

#include "base/try.hpp"

namespace flowlabel {

std::string hint_for_access(int err)
{
    switch (err) {
    case EACCES:
    case EPERM:
        return "run it as root, or as the user who attached";
    case ENOMEM:
    case ENOSPC:
        return "the machine may be out of memory";
    case EMFILE:
        return file_limit_hint;
    default:
        return "run again with -v to see libbpf's messages";
    }
}

Result<void> check_capabilities()
{
    constexpr struct {
        unsigned capability;
        const char* name;
        bool part_of_sys_admin; // CAP_SYS_ADMIN included these until Linux 5.8, and still does
    } needed[] = {
        {CAP_BPF, "CAP_BPF", true},
        {CAP_NET_ADMIN, "CAP_NET_ADMIN", false},
        {CAP_PERFMON, "CAP_PERFMON", true},
    };
    const auto has = [](unsigned capability) { return capng_have_capability(CAPNG_EFFECTIVE, capability) != 0; };
    std::string missing;

    if (capng_get_caps_process() != 0)
        return fail("cannot read the capabilities of this process", "mount /proc");
    for (const auto& [capability, name, part_of_sys_admin] : needed)
        if (!has(capability) && !(part_of_sys_admin && has(CAP_SYS_ADMIN)))
            missing += (missing.empty() ? "" : ", ") + std::string(name);
    if (!missing.empty())
        return fail("attaching needs privileges that this process lacks: " + missing, privilege_hint);
    return {};
}

Result<void> drop_capabilities_for_collecting()
{
    bool had[3] = {};
    constexpr unsigned kept[] = {CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON};

    capng_get_caps_process();
    for (std::size_t i = 0; i < std::size(kept); i++)
        had[i] = capng_have_capability(CAPNG_PERMITTED, kept[i]) != 0;
    capng_clear(CAPNG_SELECT_CAPS);
    for (std::size_t i = 0; i < std::size(kept); i++)
        if (had[i])
            for (const capng_type_t set : {CAPNG_EFFECTIVE, CAPNG_PERMITTED})
                capng_update(CAPNG_ADD, set, kept[i]);
    if (capng_apply(CAPNG_SELECT_CAPS) != 0)
        return fail_errno(errno, "cannot drop the capabilities that collecting does not need");
    return {};
}

void raise_file_limit()
{
    rlimit limit{};

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit); // a process that needs more fails later with EMFILE
    }
}

} // namespace flowlabel
