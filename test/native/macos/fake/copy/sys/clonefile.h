#pragma once

// Darwin's <sys/clonefile.h>; see fake_copy.h.

#include <sys/darwin_stat.h>

#define CLONE_NOOWNERCOPY 0x0002

extern "C" int fclonefileat(int from, int at, const char* name, uint32_t flags);
