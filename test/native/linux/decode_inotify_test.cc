#include "linux/decode_inotify.h"

#include <doctest/doctest.h>
#include <sys/inotify.h>

#include <string>

namespace syncline {
namespace {

// As the kernel lays it out: the name padded with NULs to a multiple of the header's alignment.
void Append(std::string* bytes, int32_t watch, uint32_t mask, uint32_t cookie, const std::string& name) {
  const size_t padded = name.empty() ? 0 : (name.size() / sizeof(inotify_event) + 1) * sizeof(inotify_event);
  const inotify_event header = {watch, mask, cookie, static_cast<uint32_t>(padded)};
  bytes->append(reinterpret_cast<const char*>(&header), sizeof header);
  bytes->append(name).append(padded - name.size(), '\0');
}

}  // namespace

TEST_CASE("events are walked in order, with names of any bytes and any length, or none") {
  const std::string longest(255, '\xff');
  std::string bytes;
  Append(&bytes, 1, IN_CREATE, 0, "a\nb");
  Append(&bytes, 2, IN_DELETE_SELF, 0, "");
  Append(&bytes, 3, IN_MOVED_FROM | IN_ISDIR, 77, longest);
  Append(&bytes, -1, IN_Q_OVERFLOW, 0, "");
  InotifyDecoder decoder(bytes.data(), bytes.size());
  InotifyEvent event;
  REQUIRE(decoder.Next(&event));
  CHECK(event.watch == 1);
  CHECK(event.name == "a\nb");
  REQUIRE(decoder.Next(&event));
  CHECK(event.mask == IN_DELETE_SELF);
  CHECK(event.name.empty());
  REQUIRE(decoder.Next(&event));
  CHECK(event.cookie == 77);
  CHECK(event.name == longest);
  REQUIRE(decoder.Next(&event));
  CHECK(event.watch == -1);
  CHECK_FALSE(decoder.Next(&event));
}

TEST_CASE("a truncated event ends the walk and is not given") {
  std::string bytes;
  Append(&bytes, 1, IN_CREATE, 0, "first");
  const size_t whole = bytes.size();
  Append(&bytes, 2, IN_CREATE, 0, "second");
  for (size_t size = whole; size < bytes.size(); size++) {
    const std::string cut(bytes, 0, size);
    InotifyDecoder decoder(cut.data(), cut.size());
    InotifyEvent event;
    CHECK(decoder.Next(&event));
    CHECK_FALSE(decoder.Next(&event));
  }
}

}  // namespace syncline
