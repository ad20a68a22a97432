#pragma once

// Darwin's <sys/xattr.h>, made by fake_copy.cc of the attributes that Linux lets a user set.

#include <sys/types.h>
#include_next <sys/xattr.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

#define ENOATTR ENODATA
#define XATTR_NOFOLLOW 0x0001

extern "C" {

ssize_t DarwinGetxattr(const char* path, const char* name, void* value, size_t size, uint32_t position,
                       int options);
ssize_t DarwinFgetxattr(int fd, const char* name, void* value, size_t size, uint32_t position, int options);
int DarwinSetxattr(const char* path, const char* name, const void* value, size_t size, uint32_t position,
                   int options);
int DarwinFsetxattr(int fd, const char* name, const void* value, size_t size, uint32_t position, int options);
int DarwinRemovexattr(const char* path, const char* name, int options);
int DarwinFremovexattr(int fd, const char* name, int options);
ssize_t DarwinListxattr(const char* path, char* names, size_t size, int options);
ssize_t DarwinFlistxattr(int fd, char* names, size_t size, int options);

}  // extern "C"

#define getxattr DarwinGetxattr
#define fgetxattr DarwinFgetxattr
#define setxattr DarwinSetxattr
#define fsetxattr DarwinFsetxattr
#define removexattr DarwinRemovexattr
#define fremovexattr DarwinFremovexattr
#define listxattr DarwinListxattr
#define flistxattr DarwinFlistxattr
