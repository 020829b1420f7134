// SPDX-License-Identifier: BSD-2-Clause
/// The pins of an attachment are created, listed, reported when missing, and removed. Nothing else is removed with
/// them.
#include "attach/pins.hpp"

#include <bpf/bpf.h>
#include <sys/stat.h>

#include <optional>
#include <tuple>

#include "maps/map_list.hpp"
#include "own_bpffs.hpp"

namespace flowlabel::test {
namespace {

class PinsTest : public OwnBpffs {
protected:
    void SetUp() override
    {
        ASSERT_NO_FATAL_FAILURE(OwnBpffs::SetUp());
        auto opened = Bpffs::open(root());

        ASSERT_TRUE(opened) << opened.error().what;
        bpffs_.emplace(std::move(*opened));
    }

    [[nodiscard]] const Bpffs& bpffs() const { return *bpffs_; }

    /// Small maps. These tests only compare their ids, and use the contents of `info`.
    static Maps some_maps()
    {
        Maps maps;

        for (const ListedMap& map : map_list) {
            const bool info = map.fd == &Maps::info;

            maps.*map.fd = Fd(bpf_map_create(BPF_MAP_TYPE_ARRAY, "some", 4, info ? sizeof(fl_info) : 8,
                                             info ? FL_ENTRIES : 1, nullptr));
        }
        return maps;
    }

    static std::uint32_t id_of(const Fd& map)
    {
        bpf_map_info info{};
        std::uint32_t length = sizeof(info);

        EXPECT_EQ(bpf_obj_get_info_by_fd(map.get(), &info, &length), 0);
        return info.id;
    }

private:
    std::optional<Bpffs> bpffs_;
};

constexpr PinPlace place{.netns_inode = 4026531840, .ifindex = 2, .hook = FL_HOOK_TC_INGRESS};

TEST_F(PinsTest, MapsThatWerePinnedAreOpenedAgain)
{
    const Maps maps = some_maps();
    const auto directory = place.make(bpffs());

    ASSERT_TRUE(directory) << directory.error().what;
    ASSERT_TRUE(pin_maps(maps, *directory));
    EXPECT_FALSE(lacks_pins(bpffs(), place));
    const auto opened = open_maps(*directory);

    ASSERT_TRUE(opened) << opened.error().what;
    for (const ListedMap& map : map_list)
        EXPECT_EQ(id_of((*opened).*map.fd), id_of(maps.*map.fd)) << map.name;
}

TEST_F(PinsTest, AMissingPinIsNamed)
{
    const auto directory = place.make(bpffs());

    ASSERT_TRUE(directory);
    ASSERT_TRUE(pin_maps(some_maps(), *directory));
    remove_pin(*directory, "counters");
    EXPECT_TRUE(lacks_pins(bpffs(), place));
    const auto opened = open_maps(*directory);

    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().what.find("counters"), std::string::npos) << opened.error().what;
}

TEST_F(PinsTest, PlacesAreListedInOrderAndOtherNamesAreNot)
{
    for (const auto& [netns, ifindex, hook] :
         {std::tuple(9u, 1u, FL_HOOK_XDP), std::tuple(7u, 12u, FL_HOOK_TC_EGRESS), std::tuple(7u, 3u, FL_HOOK_XDP)})
        ASSERT_TRUE((PinPlace{.netns_inode = netns, .ifindex = ifindex, .hook = hook}.make(bpffs())));
    const auto layout = bpffs().make_layout();

    ASSERT_TRUE(layout);
    for (const char* const name : {"7-", "-3", "7-3x", "other", "7-3/ingress"})
        ASSERT_EQ(mkdir((layout->path() / name).c_str(), 0700), 0) << name;
    const auto places = list_pin_places(bpffs());

    ASSERT_TRUE(places) << places.error().what;
    ASSERT_EQ(places->size(), 3u);
    EXPECT_EQ((*places)[0].ifindex, 3u);
    EXPECT_EQ((*places)[1].hook, FL_HOOK_TC_EGRESS);
    EXPECT_EQ((*places)[2].netns_inode, 9u);
}

TEST_F(PinsTest, RemovingTakesTheEmptyDirectoriesToo)
{
    const auto directory = place.make(bpffs());

    ASSERT_TRUE(directory);
    ASSERT_TRUE(pin_maps(some_maps(), *directory));
    remove_pins(bpffs(), place);
    const auto layout = bpffs().layout();

    ASSERT_TRUE(layout && *layout);
    EXPECT_EQ((*layout)->names()->size(), 0u);
    EXPECT_FALSE(*place.open(bpffs()));
}

TEST_F(PinsTest, AnotherHookOfTheInterfaceStays)
{
    PinPlace other = place;

    other.hook = FL_HOOK_XDP;
    ASSERT_TRUE(place.make(bpffs()) && other.make(bpffs()));
    remove_pins(bpffs(), place);
    EXPECT_TRUE(*other.open(bpffs()));
    EXPECT_FALSE(*place.open(bpffs()));
}

TEST_F(PinsTest, ASymbolicLinkIsNotFollowed)
{
    const auto layout = bpffs().make_layout();
    const auto elsewhere = root() / "elsewhere";

    ASSERT_TRUE(layout);
    ASSERT_EQ(mkdir(elsewhere.c_str(), 0700), 0);
    ASSERT_EQ(mkdir((elsewhere / "tc-ingress").c_str(), 0700), 0);
    ASSERT_EQ(symlink(elsewhere.c_str(), (layout->path() / "4026531840-2").c_str()), 0) << strerror(errno);
    const auto opened = place.open(bpffs());

    ASSERT_FALSE(opened);
    EXPECT_NE(opened.error().what.find("is not a directory"), std::string::npos) << opened.error().what;
    remove_pins(bpffs(), place);
    EXPECT_TRUE(std::filesystem::exists(elsewhere / "tc-ingress"));
}

TEST_F(PinsTest, TheInfoMapKeepsBothEntries)
{
    const Maps maps = some_maps();

    ASSERT_TRUE(write_info(maps, 0, {.program_id = 11, .ifindex = 2}));
    ASSERT_TRUE(write_info(maps, 1, {.program_id = 12, .ifindex = 2}));
    const auto entries = read_info(maps.info);

    ASSERT_TRUE(entries) << entries.error().what;
    EXPECT_EQ((*entries)[0].program_id, 11u);
    EXPECT_EQ((*entries)[1].program_id, 12u);
}

} // namespace
} // namespace flowlabel::test
