#pragma once

#include "copy/delivery_report.h"
#include "copy/delivery_request.h"

namespace syncline {

// Makes one batch true on the target: moves in order, then the names, then the subtrees with all below them;
// directory times last. Everything goes through descriptors of directories, no symlink of either side is
// followed, and nothing outside the roots is touched whatever changes meanwhile. Returns when no thread of it
// works any more; what happened, the end included, is in `report`.
void DeliverTree(const DeliveryRequest& request, DeliveryReport* report);

}  // namespace syncline
