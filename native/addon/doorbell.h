#pragma once

#include <napi.h>

namespace syncline {

// Runs on JavaScript's thread; `on_ready` is null once the environment is ending. What it throws is left
// pending for Node: no C++ exception may leave here.
inline void RingDoorbell(Napi::Env env, Napi::Function on_ready, std::nullptr_t* /*context*/,
                         void* /*data*/) {
  if (env != nullptr && on_ready != nullptr) {
    napi_value result = nullptr;
    napi_call_function(env, env.Undefined(), on_ready, 0, nullptr, &result);
  }
}

// By which other threads call a function of JavaScript's, which then pulls what there is. To be made with
// room for one call: while it is full, a call is on its way that will see what is new too.
using Doorbell = Napi::TypedThreadSafeFunction<std::nullptr_t, void, &RingDoorbell>;

}  // namespace syncline
