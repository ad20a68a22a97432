#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "macos/disk.h"

namespace syncline {

// Maps paths as FSEvents reports them to paths relative to the root, spelled as the disk spells them. Not
// thread-safe.
class SourcePaths {
 public:
  // `root` is as the user gave it, `canonical_root` without symlinks, as FSEvents reports it (/var is
  // /private/var); both absolute. `disk` outlives this.
  SourcePaths(std::string root, std::string canonical_root, Disk* disk);

  enum class Place { kInside, kRootOrAbove, kElsewhere };
  // Where an absolute path is; of one inside the root, `relative` becomes the path below it.
  Place Locate(std::string_view path, std::string* relative) const;
  // The path with the directories above its last name as the disk spells them; names that are not there stay
  // as they are. What was found is remembered until Forget.
  std::string Respell(std::string_view relative);
  // Directories may have other names from now on.
  void Forget() { spelled_.clear(); }

  std::string Absolute(std::string_view relative) const;
  const std::string& Root() const { return root_; }

 private:
  std::string RespellDirectory(std::string_view relative);

  const std::string root_;
  const std::string canonical_root_;
  Disk* const disk_;
  std::unordered_map<std::string, std::string> spelled_;
};

}  // namespace syncline
