#pragma once

#include <cstdint>
#include <functional>

namespace syncline {

// Whether two regular files of `size` bytes hold the same. False where one of them cannot be read, is shorter
// by now, or `go_on`, asked before every part, says no.
bool HasSameContents(int a, int b, uint64_t size, const std::function<bool()>& go_on);

}  // namespace syncline
