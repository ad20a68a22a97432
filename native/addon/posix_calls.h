#pragma once

#include <napi.h>

namespace syncline {

// Puts `lockFile` and `sendDatagram` (NativeAddon in src/addon/addon.ts) into `exports`.
void RegisterPosixCalls(Napi::Env env, Napi::Object exports);

}  // namespace syncline
