#include "addon/filter_object.h"

#include <string>
#include <utility>
#include <vector>

#include "addon/path_bytes.h"
#include "filter/select_batch.h"

namespace syncline {
namespace {

constexpr napi_type_tag kFilterTag = {0x73796e636c696e65, 0x46696c7465720001};

bool FlagOf(const Napi::Object& rule, const char* key) { return rule.Get(key).ToBoolean().Value(); }

FilterRule RuleFrom(const Napi::Value& value) {
  if (!value.IsObject()) {
    throw Napi::TypeError::New(value.Env(), "Filter: a rule must be an object");
  }
  const auto object = value.As<Napi::Object>();
  FilterRule rule;
  rule.include = FlagOf(object, "include");
  rule.pattern = BytesOf(object.Get("pattern"), "Filter: pattern");
  rule.anchored = FlagOf(object, "anchored");
  rule.directory_only = FlagOf(object, "directoryOnly");
  rule.negated = FlagOf(object, "negated");
  const Napi::Value prefix = object.Get("prefix");
  if (!prefix.IsUndefined()) {
    rule.prefix = BytesOf(prefix, "Filter: prefix");
  }
  return rule;
}

const char* TextOf(WildPattern::Problem problem) {
  switch (problem) {
    case WildPattern::Problem::kNone:
      return nullptr;
    case WildPattern::Problem::kUnclosedClass:
      return "a class that begins with [ is not closed";
    case WildPattern::Problem::kUnknownClass:
      return "a class such as [[:alpha:]] has an unknown name";
    case WildPattern::Problem::kTrailingBackslash:
      return "a backslash at the end escapes nothing";
  }
  return nullptr;
}

class FilterObject : public Napi::ObjectWrap<FilterObject> {
 public:
  static Napi::Function Define(Napi::Env env) {
    return DefineClass(
        env, "Filter",
        {InstanceMethod<&FilterObject::Excludes>("excludes"), InstanceMethod<&FilterObject::Select>("select"),
         StaticMethod<&FilterObject::PatternProblem>("patternProblem")});
  }

  explicit FilterObject(const Napi::CallbackInfo& info) : Napi::ObjectWrap<FilterObject>(info) {
    if (!info[0].IsArray()) {
      throw Napi::TypeError::New(info.Env(), "Filter: an array of rules is needed");
    }
    const auto array = info[0].As<Napi::Array>();
    std::vector<FilterRule> rules;
    rules.reserve(array.Length());
    for (uint32_t i = 0; i < array.Length(); ++i) {
      rules.push_back(RuleFrom(array.Get(i)));
    }
    rules_ = std::make_shared<const RuleList>(std::move(rules));
    info.This().As<Napi::Object>().TypeTag(&kFilterTag);
  }

  const std::shared_ptr<const RuleList>& rules() const { return rules_; }

 private:
  Napi::Value Excludes(const Napi::CallbackInfo& info) {
    const std::string path = BytesOf(info[0], "Filter: path");
    return Napi::Boolean::New(info.Env(), rules_->Excludes(path, info[1].ToBoolean().Value()));
  }

  Napi::Value Select(const Napi::CallbackInfo& info) {
    if (!info[0].IsBuffer()) {
      throw Napi::TypeError::New(info.Env(), "Filter: an event batch must be a Buffer");
    }
    const auto buffer = info[0].As<Napi::Buffer<uint8_t>>();
    const Selection selection = SelectBatch(*rules_, {buffer.Data(), buffer.Length()});
    switch (selection.kind) {
      case Selection::Kind::kUnchanged:
        return buffer;
      case Selection::Kind::kReduced:
        return Napi::Buffer<uint8_t>::Copy(info.Env(), selection.batch.data(), selection.batch.size());
      case Selection::Kind::kMalformed:
        break;
    }
    throw Napi::RangeError::New(info.Env(), "event batch: malformed");
  }

  static Napi::Value PatternProblem(const Napi::CallbackInfo& info) {
    const std::string pattern = BytesOf(info[0], "Filter: pattern");
    const char* text = HasWildcard(pattern) ? TextOf(WildPattern(pattern).problem()) : nullptr;
    return text == nullptr ? info.Env().Null() : Napi::String::New(info.Env(), text).As<Napi::Value>();
  }

  std::shared_ptr<const RuleList> rules_;
};

}  // namespace

void RegisterFilter(Napi::Env env, Napi::Object exports) { exports.Set("Filter", FilterObject::Define(env)); }

std::shared_ptr<const RuleList> RulesOf(const Napi::Value& value) {
  if (!value.IsObject() || !value.As<Napi::Object>().CheckTypeTag(&kFilterTag)) {
    return nullptr;
  }
  return FilterObject::Unwrap(value.As<Napi::Object>())->rules();
}

}  // namespace syncline
