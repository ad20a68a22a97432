#pragma once

// The part of Darwin's <sys/attr.h> and <unistd.h> that native/macos uses and Linux does not
// have; made by fake_attributes.cc from the disk of the machine.

#include <sys/darwin_stat.h>

#include <cstddef>
#include <cstdint>

#define _PC_CASE_SENSITIVE 11

extern "C" {

struct attrlist {
  unsigned short bitmapcount;
  uint16_t reserved;
  uint32_t commonattr;
  uint32_t volattr;
  uint32_t dirattr;
  uint32_t fileattr;
  uint32_t forkattr;
};
struct attrreference_t {
  int32_t attr_dataoffset;
  uint32_t attr_length;
};
enum : unsigned { ATTR_BIT_MAP_COUNT = 5, ATTR_CMN_NAME = 1, FSOPT_NOFOLLOW = 1 };

int getattrlist(const char* path, void* attributes, void* buffer, size_t size, unsigned options);
long FakePathConf(const char* path, int name);
#define pathconf FakePathConf

}  // extern "C"
