#pragma once

#include <functional>

// What stands in for the calls that copy files on a Mac, as their manual pages have them.
namespace syncline::fake {

// Clones made so far, or tried while they were refused.
int Clones();
// As on a file system that cannot: ENOTSUP.
void RefuseClones(bool refuse);
// Called when a clone is there, before the call returns: what somebody else may do meanwhile. Empty: nothing.
void AfterClone(std::function<void(int at, const char* name)> act);

}  // namespace syncline::fake
