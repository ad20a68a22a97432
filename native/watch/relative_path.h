#pragma once

#include <string>
#include <string_view>

namespace syncline {

// Paths relative to a root: raw bytes, no slash at either end, '' for the root.

// The directory part, '' for a name in the root, and the last part.
std::string_view ParentPath(std::string_view path);
std::string_view BaseName(std::string_view path);
// `name` in `directory`; either may be ''.
std::string JoinPath(std::string_view directory, std::string_view name);
// True when `path` is `directory` or below it.
bool IsWithin(std::string_view path, std::string_view directory);

}  // namespace syncline
