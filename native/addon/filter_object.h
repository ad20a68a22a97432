#pragma once

#include <napi.h>

#include <memory>

#include "filter/rule_list.h"

namespace syncline {

// Puts the class `Filter` (NativeFilter in src/addon/addon.ts) into `exports`.
void RegisterFilter(Napi::Env env, Napi::Object exports);

// The rules behind a `Filter` of this addon; nothing when `value` is anything else. May be kept on other
// threads, the object itself need not live on.
std::shared_ptr<const RuleList> RulesOf(const Napi::Value& value);

}  // namespace syncline
