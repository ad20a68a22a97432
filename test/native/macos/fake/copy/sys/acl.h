#pragma once

// The part of Darwin's <sys/acl.h> and of its filesec calls (<sys/stat.h>, <sys/fcntl.h>) that native/macos
// uses. fake_copy.cc keeps the list of Linux for a list of Darwin's: what is in it does not matter here.

#include <sys/types.h>

extern "C" {

using acl_t = struct _acl*;
enum acl_type_t { ACL_TYPE_EXTENDED = 0x100 };

int acl_free(void* object);
acl_t acl_get_fd_np(int fd, acl_type_t type);
acl_t acl_get_link_np(const char* path, acl_type_t type);
int acl_set_fd_np(int fd, acl_t list, acl_type_t type);
ssize_t acl_size(acl_t list);
ssize_t acl_copy_ext(void* buffer, acl_t list, ssize_t size);
acl_t acl_copy_int(const void* buffer);

using filesec_t = struct _filesec*;
enum filesec_property_t { FILESEC_ACL = 5 };
#define _FILESEC_REMOVE_ACL (reinterpret_cast<void*>(1))

filesec_t filesec_init();
void filesec_free(filesec_t security);
int filesec_set_property(filesec_t security, filesec_property_t property, const void* value);
int fchmodx_np(int fd, filesec_t security);

}  // extern "C"
