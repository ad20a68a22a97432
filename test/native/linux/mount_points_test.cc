#include "linux/mount_points.h"

#include <doctest/doctest.h>

namespace syncline {

TEST_CASE("mount points are read with their escapes undone, sorted by number") {
  const std::vector<MountPoint> mounts = ParseMountInfo(
      "36 35 98:0 / /mnt2 rw,noatime shared:1 - ext3 /dev/root rw\n"
      "22 1 0:21 / / rw - proc proc rw\n"
      "40 35 0:40 /sub /a\\040b\\134c\\012d rw master:1 - tmpfs tmpfs rw\n"
      "41 35 0:41 / /odd\\04 rw - tmpfs tmpfs rw\n"
      "broken line\n");
  CHECK(mounts == std::vector<MountPoint>{{22, "/"}, {36, "/mnt2"}, {40, "/a b\\c\nd"}, {41, "/odd\\04"}});
  CHECK(ParseMountInfo("").empty());
}

}  // namespace syncline
