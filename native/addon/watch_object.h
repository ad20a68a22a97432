#pragma once

#include <napi.h>

namespace syncline {

// Adds the class Watch to `exports`. See NativeWatch in src/addon/addon.ts.
void RegisterWatch(Napi::Env env, Napi::Object exports);

}  // namespace syncline
