#include "addon/path_bytes.h"

namespace syncline {

std::string BytesOf(const Napi::Value& value, const char* what) {
  if (!value.IsString()) {
    throw Napi::TypeError::New(value.Env(), std::string(what) + " must be a string");
  }
  size_t length = 0;
  napi_status status = napi_get_value_string_latin1(value.Env(), value, nullptr, 0, &length);
  std::string bytes(length, '\0');
  if (status == napi_ok) {
    status = napi_get_value_string_latin1(value.Env(), value, bytes.data(), length + 1, &length);
  }
  if (status != napi_ok) {
    throw Napi::Error::New(value.Env());
  }
  return bytes;
}

Napi::Value PathBytesOf(Napi::Env env, const std::string& bytes) {
  napi_value value = nullptr;
  if (napi_create_string_latin1(env, bytes.data(), bytes.size(), &value) != napi_ok) {
    throw Napi::Error::New(env);
  }
  return {env, value};
}

}  // namespace syncline
