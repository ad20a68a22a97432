#pragma once

namespace syncline {

enum class LockResult { kTaken, kHeldByAnother, kFailed };

// Locks the whole file for writing as lockf(3) does with F_TLOCK, without waiting. The lock belongs to this
// process: it ends with the process, or when the process closes any descriptor of the file. After kFailed
// errno says why.
LockResult TryLockFile(int fd);

}  // namespace syncline
