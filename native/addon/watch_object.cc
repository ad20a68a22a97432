#include "addon/watch_object.h"

#include <memory>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "addon/doorbell.h"
#include "addon/filter_object.h"
#include "filter/nested_filters.h"
#include "watch/backend.h"

namespace syncline {
namespace {

// JavaScript's side of one watch. The backend's threads only ring a doorbell: a thread-safe function with
// room for one call, so that a busy JavaScript thread is called once and pulls everything with `take`.
class WatchObject : public Napi::ObjectWrap<WatchObject> {
 public:
  static Napi::Function Define(Napi::Env env) {
    return DefineClass(
        env, "Watch",
        {InstanceMethod<&WatchObject::Take>("take"), InstanceMethod<&WatchObject::Barrier>("barrier"),
         InstanceMethod<&WatchObject::Stats>("stats"), InstanceMethod<&WatchObject::History>("history"),
         InstanceMethod<&WatchObject::Close>("close")});
  }

  explicit WatchObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<WatchObject>(info) {
    const Napi::Env env = info.Env();
    if (info.Length() < 2 || !info[0].IsObject() || !info[1].IsFunction()) {
      throw Napi::TypeError::New(env, "Watch: expected options and a function");
    }
    const WatchOptions options = OptionsOf(env, info[0].As<Napi::Object>());
    doorbell_ = Doorbell::New(env, info[1].As<Napi::Function>(), "syncline watch", 1, 1);
    backend_ = MakeBackend();
    const WatchError failed = backend_->Start(options, [this] { doorbell_.NonBlockingCall(); });
    if (failed.error != 0) {
      doorbell_.Release();
      Napi::Error error = Napi::Error::New(env, "cannot watch " + options.root + ": " + failed.operation +
                                                    ": " + std::generic_category().message(failed.error));
      error.Set("errno", Napi::Number::New(env, failed.error));
      error.Set("syscall", Napi::String::New(env, failed.operation));
      throw error;
    }
    open_ = true;
    // A worker thread or the process may end without close(): no thread of the backend may outlive its
    // environment.
    Ref();
    napi_add_env_cleanup_hook(env, &WatchObject::AtExit, this);
  }

 private:
  // Null when nothing is left out.
  static std::shared_ptr<const RuleList> RulesIn(Napi::Env env, Napi::Object from) {
    const Napi::Value filter = from.Get("filter");
    if (filter.IsUndefined()) {
      return nullptr;
    }
    std::shared_ptr<const RuleList> rules = RulesOf(filter);
    if (rules == nullptr) {
      throw Napi::TypeError::New(env, "Watch: filter is not a Filter of this addon");
    }
    return rules;
  }

  static std::shared_ptr<const PathFilter> FilterOf(Napi::Env env, Napi::Object from) {
    std::shared_ptr<const RuleList> rules = RulesIn(env, from);
    const Napi::Value trees = from.Get("trees");
    if (rules == nullptr || trees.IsUndefined()) {
      return rules;
    }
    if (!trees.IsArray()) {
      throw Napi::TypeError::New(env, "Watch: trees is not an array");
    }
    std::vector<NestedFilters::Tree> all = {{"", std::move(rules)}};
    const auto array = trees.As<Napi::Array>();
    for (uint32_t i = 0; i < array.Length(); ++i) {
      const Napi::Value tree = array.Get(i);
      const Napi::Value directory =
          tree.IsObject() ? tree.As<Napi::Object>().Get("directory") : env.Undefined();
      if (!directory.IsBuffer()) {
        throw Napi::TypeError::New(env, "Watch: the directory of a tree is not a Buffer");
      }
      const auto bytes = directory.As<Napi::Buffer<char>>();
      all.push_back({{bytes.Data(), bytes.Length()}, RulesIn(env, tree.As<Napi::Object>())});
    }
    return std::make_shared<const NestedFilters>(std::move(all));
  }

  static WatchOptions OptionsOf(Napi::Env env, Napi::Object from) {
    WatchOptions options;
    const Napi::Value root = from.Get("root");
    if (!root.IsBuffer()) {
      throw Napi::TypeError::New(env, "Watch: root is not a Buffer");
    }
    const auto bytes = root.As<Napi::Buffer<char>>();
    options.root.assign(bytes.Data(), bytes.Length());
    if (options.root.empty() || options.root[0] != '/' || options.root.find('\0') != std::string::npos) {
      throw Napi::TypeError::New(env, "Watch: root is not an absolute path");
    }
    options.filter = FilterOf(env, from);
    if (const Napi::Value since = from.Get("since"); !since.IsUndefined()) {
      if (!since.IsString()) {
        throw Napi::TypeError::New(env, "Watch: since is not a string");
      }
      options.since = since.As<Napi::String>().Utf8Value();
    }
    const auto number = [&](const char* key, double fallback, double highest) {
      const Napi::Value value = from.Get(key);
      if (value.IsUndefined()) {
        return fallback;
      }
      const double given = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : -1;
      if (!(given >= 0 && given <= highest)) {
        throw Napi::RangeError::New(env, std::string("Watch: ") + key + " is out of range");
      }
      return given;
    };
    options.scan_threads = static_cast<uint32_t>(number("scanThreads", options.scan_threads, 64));
    options.max_pending_bytes = static_cast<size_t>(
        number("maxPendingBytes", static_cast<double>(options.max_pending_bytes), 1U << 30));
    options.move_deadline_ms =
        static_cast<uint32_t>(number("moveDeadlineMs", options.move_deadline_ms, 60000));
    return options;
  }

  Napi::Value Take(const Napi::CallbackInfo& info) {
    const std::vector<uint8_t> batch = backend_->Take();
    if (batch.empty()) {
      return info.Env().Null();
    }
    return Napi::Buffer<uint8_t>::Copy(info.Env(), batch.data(), batch.size());
  }

  void Barrier(const Napi::CallbackInfo& info) {
    if (!info[0].IsNumber()) {
      throw Napi::TypeError::New(info.Env(), "barrier: token is not a number");
    }
    backend_->Barrier(info[0].As<Napi::Number>().Uint32Value());
  }

  Napi::Value Stats(const Napi::CallbackInfo& info) {
    const WatchStats stats = backend_->Stats();
    Napi::Object object = Napi::Object::New(info.Env());
    object.Set("directories", stats.directories);
    object.Set("scannedDirectories", static_cast<double>(stats.scanned_directories));
    object.Set("scannedEntries", static_cast<double>(stats.scanned_entries));
    object.Set("scanning", stats.scanning);
    object.Set("events", static_cast<double>(stats.events));
    object.Set("overflows", static_cast<double>(stats.overflows));
    return object;
  }

  Napi::Value History(const Napi::CallbackInfo& info) {
    Napi::Object object = Napi::Object::New(info.Env());
    object.Set("resumed", backend_->Resumed());
    const std::string position = backend_->Position();
    object.Set("position", position.empty() ? info.Env().Null() : Napi::String::New(info.Env(), position));
    object.Set("why", backend_->WhyNoHistory());
    return object;
  }

  void Close(const Napi::CallbackInfo& info) {
    if (!open_) {
      return;
    }
    napi_remove_env_cleanup_hook(info.Env(), &WatchObject::AtExit, this);
    open_ = false;
    backend_->Stop();
    // A call that is queued already is dropped too.
    doorbell_.Abort();
    Unref();
  }

  // The environment is being torn down and has finalised the doorbell or is about to: only the threads are
  // ours to end.
  static void AtExit(void* object) {
    auto* watch = static_cast<WatchObject*>(object);
    watch->open_ = false;
    watch->backend_->Stop();
  }

  Doorbell doorbell_;
  std::unique_ptr<Backend> backend_;
  bool open_ = false;
};

}  // namespace

void RegisterWatch(Napi::Env env, Napi::Object exports) { exports.Set("Watch", WatchObject::Define(env)); }

}  // namespace syncline
