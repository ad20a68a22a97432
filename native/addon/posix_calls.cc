#include "addon/posix_calls.h"

#include <unistd.h>

#include <cerrno>
#include <string>
#include <system_error>

#include "addon/path_bytes.h"
#include "posix/file_lock.h"
#include "posix/send_datagram.h"

namespace syncline {
namespace {

Napi::Value LockFile(const Napi::CallbackInfo& info) {
  if (!info[0].IsNumber()) {
    throw Napi::TypeError::New(info.Env(), "lockFile: a file descriptor is needed");
  }
  const LockResult result = TryLockFile(info[0].As<Napi::Number>().Int32Value());
  if (result == LockResult::kFailed) {
    const int error = errno;
    Napi::Error thrown = Napi::Error::New(info.Env(), "lockFile: " + std::generic_category().message(error));
    thrown.Set("errno", Napi::Number::New(info.Env(), error));
    throw thrown;
  }
  return Napi::Boolean::New(info.Env(), result == LockResult::kTaken);
}

Napi::Value SendDatagramTo(const Napi::CallbackInfo& info) {
  const std::string path = BytesOf(info[0], "sendDatagram: path");
  const std::string bytes = BytesOf(info[1], "sendDatagram: bytes");
  return Napi::Number::New(info.Env(), SendDatagram(path, bytes));
}

// Without the end of the environment, which joins all threads of workers.
Napi::Value ExitAtOnce(const Napi::CallbackInfo& info) {
  if (!info[0].IsNumber()) {
    throw Napi::TypeError::New(info.Env(), "exitAtOnce: a status is needed");
  }
  _exit(info[0].As<Napi::Number>().Int32Value());
}

}  // namespace

void RegisterPosixCalls(Napi::Env env, Napi::Object exports) {
  exports.Set("lockFile", Napi::Function::New(env, LockFile, "lockFile"));
  exports.Set("sendDatagram", Napi::Function::New(env, SendDatagramTo, "sendDatagram"));
  exports.Set("exitAtOnce", Napi::Function::New(env, ExitAtOnce, "exitAtOnce"));
}

}  // namespace syncline
