#pragma once

// The part of Darwin's <sys/attr.h>, <sys/stat.h> and <unistd.h> that native/macos uses and Linux does not
// have; made by fake_attributes.cc from the disk of the machine.

#include <sys/stat.h>
#include <unistd.h>

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

// The fields of Darwin's struct stat that are used, under whose name they are used.
struct DarwinStat {
  uint64_t st_dev;
  uint64_t st_ino;
  uint32_t st_mode;
  uint64_t st_nlink;
  timespec st_birthtimespec;
};
int DarwinStat(const char* path, struct DarwinStat* status);
int DarwinLstat(const char* path, struct DarwinStat* status);
#define stat DarwinStat
#define lstat DarwinLstat

int getattrlist(const char* path, void* attributes, void* buffer, size_t size, unsigned options);
long FakePathConf(const char* path, int name);
#define pathconf FakePathConf

}  // extern "C"
