#include "macos/fsevents_backend.h"

namespace syncline {

std::unique_ptr<Backend> MakeBackend() { return std::make_unique<FsEventsBackend>(); }

}  // namespace syncline
