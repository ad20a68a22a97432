#pragma once

#include <string>
#include <string_view>

namespace syncline {

// A name for an entry that is not complete yet, unlike any other of this machine: `.syncline-tmp-` and 16 hex
// digits.
std::string MakeTemporaryName();

// True for names as MakeTemporaryName makes them: they are never mirrored, and what a crash left is removed.
bool IsTemporaryName(std::string_view name);

}  // namespace syncline
