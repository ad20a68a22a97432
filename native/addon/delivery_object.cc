#include "addon/delivery_object.h"

#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "addon/doorbell.h"
#include "addon/filter_object.h"
#include "addon/path_bytes.h"
#include "copy/tree_delivery.h"

namespace syncline {
namespace {

// One call makes so many objects at most, so that JavaScript's thread is never held for long.
constexpr size_t kMaxRecords = 2000;

bool Flag(const Napi::Object& from, const char* key) { return from.Get(key).ToBoolean().Value(); }

uint64_t WholeNumber(const Napi::Object& from, const char* key) {
  const Napi::Value value = from.Get(key);
  if (!value.IsBigInt()) {
    throw Napi::TypeError::New(from.Env(), std::string("Delivery: ") + key + " must be a bigint");
  }
  bool lossless = false;
  return value.As<Napi::BigInt>().Uint64Value(&lossless);
}

Napi::Object ObjectAt(const Napi::Object& from, const char* key) {
  const Napi::Value value = from.Get(key);
  if (!value.IsObject()) {
    throw Napi::TypeError::New(from.Env(), std::string("Delivery: ") + key + " must be an object");
  }
  return value.As<Napi::Object>();
}

TreeRoot RootOf(const Napi::Object& from) {
  TreeRoot root{BytesOf(from.Get("path"), "Delivery: path"), WholeNumber(from, "device"),
                WholeNumber(from, "inode")};
  if (!root.path.starts_with('/') || root.path.find('\0') != std::string::npos) {
    throw Napi::TypeError::New(from.Env(), "Delivery: a root is not an absolute path");
  }
  return root;
}

CopyAttributes AttributesOf(const Napi::Object& from) {
  return {Flag(from, "links"), Flag(from, "perms"),   Flag(from, "times"),    Flag(from, "group"),
          Flag(from, "owner"), Flag(from, "devices"), Flag(from, "specials"), Flag(from, "hardLinks"),
          Flag(from, "acls"),  Flag(from, "xattrs")};
}

template <typename Item, typename Read>
std::vector<Item> ListOf(const Napi::Object& from, const char* key, Read read) {
  const Napi::Value value = from.Get(key);
  if (!value.IsArray()) {
    throw Napi::TypeError::New(from.Env(), std::string("Delivery: ") + key + " must be an array");
  }
  const auto array = value.As<Napi::Array>();
  std::vector<Item> items;
  items.reserve(array.Length());
  for (uint32_t i = 0; i < array.Length(); ++i) {
    const Napi::HandleScope scope(from.Env());
    items.push_back(read(array.Get(i)));
  }
  return items;
}

std::string RelativePath(const Napi::Value& value) { return BytesOf(value, "Delivery: path"); }

// What `undefined` stands for too: a filter without rules.
std::shared_ptr<const RuleList> FilterAt(const Napi::Object& from, const char* key) {
  const Napi::Value value = from.Get(key);
  auto rules =
      value.IsUndefined() ? std::make_shared<const RuleList>(std::vector<FilterRule>()) : RulesOf(value);
  if (rules == nullptr) {
    throw Napi::TypeError::New(from.Env(),
                               std::string("Delivery: ") + key + " is not a Filter of this addon");
  }
  return rules;
}

DeliveryRequest RequestOf(const Napi::Object& from) {
  DeliveryRequest request;
  request.source = RootOf(ObjectAt(from, "source"));
  request.dry_run = Flag(from, "dryRun");
  if (!request.dry_run || !from.Get("target").IsUndefined()) {
    request.target = RootOf(ObjectAt(from, "target"));
  }
  request.attributes = AttributesOf(ObjectAt(from, "attributes"));
  request.deletes = Flag(from, "deletes");
  if (const Napi::Value limit = from.Get("maxDeletes"); limit.IsNumber()) {
    request.max_deletes = limit.ToNumber().Int64Value();
  }
  request.threads = from.Get("threads").ToNumber().Uint32Value();
  const auto hidden = FilterAt(from, "hidden");
  const auto kept = FilterAt(from, "kept");
  request.moves_directories = !hidden->LooksAtParents() && !kept->LooksAtParents();
  request.hidden = hidden;
  request.kept = kept;
  request.kept_in_deleted = FilterAt(from, "keptInDeleted");
  request.moves = ListOf<TreeMove>(from, "moves", [](const Napi::Value& value) {
    const auto move = value.As<Napi::Object>();
    return TreeMove{RelativePath(move.Get("from")), RelativePath(move.Get("to")), Flag(move, "isDirectory")};
  });
  request.entries = ListOf<TreeEntry>(from, "entries", [](const Napi::Value& value) {
    const auto entry = value.As<Napi::Object>();
    return TreeEntry{RelativePath(entry.Get("path")), Flag(entry, "newContent")};
  });
  request.subtrees = ListOf<std::string>(from, "subtrees", RelativePath);
  request.content_subtrees = ListOf<std::string>(from, "contentSubtrees", RelativePath);
  return request;
}

// The records as columns: an object for each costs JavaScript's thread more than the engine's work on it.
void SetRecords(Napi::Env env, Napi::Object result, const std::vector<DeliveryRecord>& records) {
  Napi::Uint8Array kinds = Napi::Uint8Array::New(env, records.size());
  Napi::Float64Array bytes = Napi::Float64Array::New(env, records.size());
  Napi::Uint32Array path_ends = Napi::Uint32Array::New(env, records.size());
  Napi::Array messages = Napi::Array::New(env);
  std::string paths;
  for (size_t i = 0; i < records.size(); ++i) {
    const DeliveryRecord& record = records[i];
    kinds[i] = static_cast<uint8_t>(record.kind);
    bytes[i] = static_cast<double>(record.bytes);
    paths += record.path;
    path_ends[i] = static_cast<uint32_t>(paths.size());
    if (!record.message.empty()) {
      messages.Set(static_cast<uint32_t>(i), record.message);
    }
  }
  result.Set("kinds", kinds);
  result.Set("bytesOf", bytes);
  result.Set("pathEnds", path_ends);
  result.Set("paths", PathBytesOf(env, paths));
  result.Set("messages", messages);
}

const char* TextOf(DeliveryFailure::Scope scope) {
  switch (scope) {
    case DeliveryFailure::Scope::kNone:
      return "";
    case DeliveryFailure::Scope::kBatch:
      return "batch";
    case DeliveryFailure::Scope::kTarget:
      return "target";
    case DeliveryFailure::Scope::kSource:
      return "source";
  }
  return "";
}

// JavaScript's side of one delivery, which runs on threads of its own from the constructor on. They only ring
// a doorbell, a thread-safe function with room for one call; JavaScript pulls what there is with `take`.
class DeliveryObject : public Napi::ObjectWrap<DeliveryObject> {
 public:
  static Napi::Function Define(Napi::Env env) {
    return DefineClass(
        env, "Delivery",
        {InstanceMethod<&DeliveryObject::Take>("take"), InstanceMethod<&DeliveryObject::Abort>("abort"),
         InstanceMethod<&DeliveryObject::Close>("close")});
  }

  explicit DeliveryObject(const Napi::CallbackInfo& info)
      : Napi::ObjectWrap<DeliveryObject>(info), report_([this] { doorbell_.NonBlockingCall(); }) {
    const Napi::Env env = info.Env();
    if (info.Length() < 2 || !info[0].IsObject() || !info[1].IsFunction()) {
      throw Napi::TypeError::New(env, "Delivery: expected options and a function");
    }
    DeliveryRequest request = RequestOf(info[0].As<Napi::Object>());
    doorbell_ = Doorbell::New(env, info[1].As<Napi::Function>(), "syncline delivery", 1, 1);
    thread_ = std::thread([this, request = std::move(request)] {
      DeliverTree(request, &report_);
      report_.End();
    });
    open_ = true;
    // A worker thread or the process may end without close(): no thread may outlive its environment.
    Ref();
    napi_add_env_cleanup_hook(env, &DeliveryObject::AtExit, this);
  }

 private:
  Napi::Value Take(const Napi::CallbackInfo& info) {
    const Napi::Env env = info.Env();
    const DeliveryReport::Progress counts = report_.Counts();
    Napi::Object result = Napi::Object::New(env);
    SetRecords(env, result, report_.Take(kMaxRecords));
    result.Set("bytes", static_cast<double>(counts.bytes));
    result.Set("entriesDone", static_cast<double>(counts.done));
    result.Set("entriesSeen", static_cast<double>(counts.seen));
    result.Set("ended", report_.Ended());
    if (const DeliveryFailure failure = report_.Failure(); failure.scope != DeliveryFailure::Scope::kNone) {
      Napi::Object object = Napi::Object::New(env);
      object.Set("scope", TextOf(failure.scope));
      object.Set("message", failure.message);
      result.Set("failure", object);
    }
    return result;
  }

  void Abort(const Napi::CallbackInfo& /*info*/) { report_.Abort(); }

  void Close(const Napi::CallbackInfo& info) {
    if (!open_) {
      return;
    }
    napi_remove_env_cleanup_hook(info.Env(), &DeliveryObject::AtExit, this);
    open_ = false;
    End();
    // A call that is queued already is dropped too.
    doorbell_.Abort();
    Unref();
  }

  void End() {
    report_.Abort();
    thread_.join();
  }

  // The environment is being torn down and has finalised the doorbell or is about to: only the threads are
  // ours to end.
  static void AtExit(void* object) {
    auto* delivery = static_cast<DeliveryObject*>(object);
    delivery->open_ = false;
    delivery->End();
  }

  Doorbell doorbell_;
  DeliveryReport report_;
  std::thread thread_;
  bool open_ = false;
};

}  // namespace

void RegisterDelivery(Napi::Env env, Napi::Object exports) {
  exports.Set("Delivery", DeliveryObject::Define(env));
}

}  // namespace syncline
