#pragma once

#include <napi.h>

#include <string>

namespace syncline {

// The bytes behind a PathBytes string (one character a byte). Throws a TypeError that begins with `what`.
std::string BytesOf(const Napi::Value& value, const char* what);

// A PathBytes string of raw bytes.
Napi::Value PathBytesOf(Napi::Env env, const std::string& bytes);

}  // namespace syncline
