#include <fcntl.h>
#include <sys/attr.h>
#include <sys/sysmacros.h>

#include <cerrno>
#include <cstring>

namespace {

constexpr uint32_t kNoDump = 1;

int Look(int at, const char* path, int flags, struct DarwinStat* status) {
  struct statx seen = {};
  if (statx(at, path, flags, STATX_BASIC_STATS | STATX_BTIME, &seen) != 0) {
    return -1;
  }
  *status = {makedev(seen.stx_dev_major, seen.stx_dev_minor),
             seen.stx_ino,
             seen.stx_mode,
             seen.stx_nlink,
             seen.stx_uid,
             static_cast<int64_t>(seen.stx_size),
             S_ISREG(seen.stx_mode) && (seen.stx_mode & S_ISVTX) != 0 ? kNoDump : 0,
             {seen.stx_btime.tv_sec, seen.stx_btime.tv_nsec}};
  return 0;
}

}  // namespace

extern "C" {

int DarwinStat(const char* path, struct DarwinStat* status) { return Look(AT_FDCWD, path, 0, status); }
int DarwinLstat(const char* path, struct DarwinStat* status) {
  return Look(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, status);
}
int DarwinFstat(int fd, struct DarwinStat* status) { return Look(fd, "", AT_EMPTY_PATH, status); }

int getattrlist(const char* path, void* attributes, void* buffer, size_t size, unsigned options) {
  const auto* wanted = static_cast<const attrlist*>(attributes);
  struct stat status = {};
  if (wanted->bitmapcount != ATTR_BIT_MAP_COUNT || wanted->commonattr != ATTR_CMN_NAME ||
      options != FSOPT_NOFOLLOW) {
    errno = EINVAL;
    return -1;
  }
  if (lstat(path, &status) != 0) {
    return -1;
  }
  // A Linux disk spells a name as it was asked for.
  const char* slash = std::strrchr(path, '/');
  const char* name = slash == nullptr ? path : slash + 1;
  const auto length = static_cast<uint32_t>(std::strlen(name) + 1);
  const attrreference_t reference = {sizeof(attrreference_t), length};
  const uint32_t total = static_cast<uint32_t>(sizeof total + sizeof reference) + length;
  if (total > size) {
    errno = ERANGE;
    return -1;
  }
  auto* out = static_cast<char*>(buffer);
  std::memcpy(out, &total, sizeof total);
  std::memcpy(out + sizeof total, &reference, sizeof reference);
  std::memcpy(out + sizeof total + sizeof reference, name, length);
  return 0;
}

long FakePathConf(const char* /*path*/, int name) { return name == _PC_CASE_SENSITIVE ? 0 : -1; }

}  // extern "C"
