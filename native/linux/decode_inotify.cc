#include "linux/decode_inotify.h"

#include <sys/inotify.h>

#include <cstring>

namespace syncline {

bool InotifyDecoder::Next(InotifyEvent* event) {
  inotify_event header{};
  const auto left = static_cast<size_t>(end_ - at_);
  if (left < sizeof header) {
    return false;
  }
  std::memcpy(&header, at_, sizeof header);
  if (left - sizeof header < header.len) {
    return false;
  }
  const char* name = at_ + sizeof header;
  *event = {header.wd, header.mask, header.cookie, {name, strnlen(name, header.len)}};
  at_ = name + header.len;
  return true;
}

}  // namespace syncline
