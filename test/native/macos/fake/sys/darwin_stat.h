#pragma once

// The fields of Darwin's struct stat that native/macos uses, under whose name they are used; made by
// fake_attributes.cc from the disk of the machine.

#include <sys/stat.h>
#include <unistd.h>

#include <cstdint>

extern "C" {

struct DarwinStat {
  uint64_t st_dev;
  uint64_t st_ino;
  uint32_t st_mode;
  uint64_t st_nlink;
  uint32_t st_uid;
  int64_t st_size;
  uint32_t st_flags;  // UF_NODUMP of a file with the sticky bit, which stands for any flag
  timespec st_birthtimespec;
};
int DarwinStat(const char* path, struct DarwinStat* status);
int DarwinLstat(const char* path, struct DarwinStat* status);
int DarwinFstat(int fd, struct DarwinStat* status);
#define stat DarwinStat
#define lstat DarwinLstat
#define fstat DarwinFstat

}  // extern "C"
