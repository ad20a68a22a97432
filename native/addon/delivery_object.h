#pragma once

#include <napi.h>

namespace syncline {

// Puts the class `Delivery` (NativeDelivery in src/addon/addon.ts) into `exports`.
void RegisterDelivery(Napi::Env env, Napi::Object exports);

}  // namespace syncline
