#pragma once

#include <sys/xattr.h>

#include <string>

// Extended attributes and access control lists of a path, for tests; test/native/macos has those of a Mac.
namespace syncline::test {

inline bool SetXattr(const std::string& path, const char* name, const std::string& value) {
  return lsetxattr(path.c_str(), name, value.data(), value.size(), 0) == 0;
}

// '' for none.
inline std::string GetXattr(const std::string& path, const char* name) {
  char value[256];
  const ssize_t size = lgetxattr(path.c_str(), name, value, sizeof value);
  return size < 0 ? std::string() : std::string(value, static_cast<size_t>(size));
}

inline bool RemoveXattr(const std::string& path, const char* name) {
  return lremovexattr(path.c_str(), name) == 0;
}

inline constexpr const char* kAccessList = "system.posix_acl_access";

inline bool SetSomeAcl(const std::string& path) {
  // Version 2; owner rw-, user 12345 r--, group r--, mask r--, others ---.
  const std::string acl(
      "\2\0\0\0\1\0\6\0\377\377\377\377\2\0\4\0\71\60\0\0\4\0\4\0\377\377\377\377\20\0\4\0\377\377\377\377"
      "\40\0\0\0\377\377\377\377",
      44);
  return SetXattr(path, kAccessList, acl);
}

// '' for none.
inline std::string GetAcl(const std::string& path) { return GetXattr(path, kAccessList); }

}  // namespace syncline::test
