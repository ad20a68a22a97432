#pragma once

#include <sys/acl.h>
#include <sys/xattr.h>

#include <string>

// Extended attributes and access control lists of a path, for tests; test/native/linux has those of Linux.
namespace syncline::test {

inline bool SetXattr(const std::string& path, const char* name, const std::string& value) {
  return setxattr(path.c_str(), name, value.data(), value.size(), 0, XATTR_NOFOLLOW) == 0;
}

// '' for none.
inline std::string GetXattr(const std::string& path, const char* name) {
  char value[256];
  const ssize_t size = getxattr(path.c_str(), name, value, sizeof value, 0, XATTR_NOFOLLOW);
  return size < 0 ? std::string() : std::string(value, static_cast<size_t>(size));
}

inline bool RemoveXattr(const std::string& path, const char* name) {
  return removexattr(path.c_str(), name, XATTR_NOFOLLOW) == 0;
}

inline bool SetSomeAcl(const std::string& path) {
  // Everyone, by the number that each Mac has for it.
  const acl_t list =
      acl_from_text("!#acl 1\ngroup:ABCDEFAB-CDEF-ABCD-EFAB-CDEF0000000C:everyone:12:deny:delete\n");
  const bool done = list != nullptr && acl_set_file(path.c_str(), ACL_TYPE_EXTENDED, list) == 0;
  acl_free(list);
  return done;
}

// '' for none.
inline std::string GetAcl(const std::string& path) {
  const acl_t list = acl_get_file(path.c_str(), ACL_TYPE_EXTENDED);
  if (list == nullptr) {
    return {};
  }
  char* const text = acl_to_text(list, nullptr);
  std::string copy = text == nullptr ? "" : text;
  acl_free(text);
  acl_free(list);
  return copy;
}

}  // namespace syncline::test
