#pragma once

#include <string>
#include <string_view>

#include "macos/disk.h"

namespace syncline {

// The disk of the machine.
class DarwinDisk final : public Disk {
 public:
  // `root`: a directory of the volume whose rules for names hold.
  explicit DarwinDisk(const std::string& root);

  DiskEntry LookAt(const std::string& path) override;
  int Identify(const std::string& path, RootIdentity* identity) override;
  bool MayBeRespelled(std::string_view name) const override;

 private:
  bool case_sensitive_;
};

}  // namespace syncline
