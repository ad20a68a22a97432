#pragma once

#include <string>

#include "copy/open_pair.h"

namespace syncline {

enum class Removal {
  kGone,
  // Something in it is kept by the filter, so the directory stays.
  kKept,
  // The report says what could not be deleted.
  kFailed,
};

// Deletes what has the name on the target, with all below it (a dry run only tells it); no symlink is
// followed. `is_directory` is what it was seen to be. The filter is not asked about the name itself.
Removal RemoveTree(DeliveryContext& context, int at, const std::string& name, const std::string& path,
                   bool is_directory);

}  // namespace syncline
