#include <napi.h>

#include "addon/delivery_object.h"
#include "addon/filter_object.h"
#include "addon/posix_calls.h"
#include "addon/watch_object.h"

// Module entry: registers the classes and functions of this folder, the only one that includes napi.h.
static Napi::Object Init(Napi::Env env, Napi::Object exports) {
  syncline::RegisterDelivery(env, exports);
  syncline::RegisterFilter(env, exports);
  syncline::RegisterPosixCalls(env, exports);
  syncline::RegisterWatch(env, exports);
  return exports;
}

NODE_API_MODULE(syncline, Init)
