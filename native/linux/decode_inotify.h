#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace syncline {

// One event of the inotify queue. `name` is a view into the buffer; empty for an event of the directory
// itself.
struct InotifyEvent {
  int32_t watch = -1;
  uint32_t mask = 0;
  uint32_t cookie = 0;
  std::string_view name;
};

// Walks the bytes of one read(2).
class InotifyDecoder {
 public:
  InotifyDecoder(const void* bytes, size_t size) : at_(static_cast<const char*>(bytes)), end_(at_ + size) {}
  // False at the end. A truncated event (which the kernel never makes) ends the walk.
  bool Next(InotifyEvent* event);

 private:
  const char* at_;
  const char* const end_;
};

}  // namespace syncline
