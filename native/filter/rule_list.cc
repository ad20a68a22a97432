#include "filter/rule_list.h"

#include <algorithm>
#include <utility>

namespace syncline {
namespace {

// With fewer rules of plain names than this, comparing them one by one is faster than a look into a table.
constexpr size_t kMinTableRules = 8;

bool EndsWithPart(std::string_view path, std::string_view tail) {
  return path.ends_with(tail) && (path.size() == tail.size() || path[path.size() - tail.size() - 1] == '/');
}

// The last `count` parts of `path`, or nothing when it has fewer.
std::optional<std::string_view> LastParts(std::string_view path, size_t count) {
  size_t end = path.size();
  for (; count > 0; --count) {
    const size_t slash = end == 0 ? std::string_view::npos : path.rfind('/', end - 1);
    if (slash == std::string_view::npos) {
      return count == 1 ? std::optional(path) : std::nullopt;
    }
    end = slash;
  }
  return path.substr(end + 1);
}

}  // namespace

RuleList::Rule RuleList::Compile(FilterRule rule) {
  Rule compiled{Strategy::kName, rule.include, rule.directory_only, rule.negated, false, 0, {}, {}, {}};
  const std::string& pattern = rule.pattern;
  const size_t first_wild = pattern.find_first_of("*?[");
  const size_t double_star = first_wild == std::string::npos ? first_wild : pattern.find("**", first_wild);
  const bool crosses = double_star != std::string::npos;
  const bool starts_with_double = crosses && double_star == 0 && !rule.anchored;
  const auto slashes = static_cast<size_t>(std::count(pattern.begin(), pattern.end(), '/'));
  const bool whole_path = rule.anchored || slashes > 0 || crosses;
  if (whole_path && !rule.prefix.empty()) {
    compiled.before = rule.prefix + '/';
  } else if (starts_with_double) {
    compiled.before.push_back('/');
  }
  compiled.slash_behind_directory = crosses && pattern.ends_with("***");

  if (first_wild == std::string::npos) {
    compiled.strategy = !whole_path ? Strategy::kName : rule.anchored ? Strategy::kPath : Strategy::kPathTail;
    compiled.text = std::move(rule.pattern);
    return compiled;
  }
  if (!whole_path) {
    const bool only_one_wild = pattern.find_first_of("*?[\\", first_wild + 1) == std::string::npos &&
                               pattern.find('\\') == std::string::npos && pattern[first_wild] == '*';
    if (only_one_wild && pattern.size() == 1) {
      compiled.strategy = Strategy::kAnyName;
      return compiled;
    }
    if (only_one_wild && first_wild == 0) {
      compiled.strategy = Strategy::kNameSuffix;
      compiled.text = pattern.substr(1);
      return compiled;
    }
    if (only_one_wild && first_wild + 1 == pattern.size()) {
      compiled.strategy = Strategy::kNamePrefix;
      compiled.text = pattern.substr(0, first_wild);
      return compiled;
    }
    compiled.strategy = Strategy::kNameWild;
  } else if (rule.anchored || starts_with_double) {
    compiled.strategy = Strategy::kPathWild;
  } else if (crosses) {
    // It may begin at any part of the path.
    compiled.strategy = Strategy::kPathWild;
    compiled.before.insert(compiled.before.begin(), '/');
    compiled.wild.emplace(std::string("**/").append(pattern));
    return compiled;
  } else {
    compiled.strategy = Strategy::kPathWildParts;
    compiled.parts = slashes + 1;
  }
  compiled.wild.emplace(pattern);
  return compiled;
}

RuleList::RuleList(std::vector<FilterRule> rules) {
  rules_.reserve(rules.size());
  for (FilterRule& rule : rules) {
    rules_.push_back(Compile(std::move(rule)));
  }
  const auto is_plain_name = [](const Rule& rule) {
    return rule.strategy == Strategy::kName && !rule.negated;
  };
  const bool table =
      static_cast<size_t>(std::count_if(rules_.begin(), rules_.end(), is_plain_name)) >= kMinTableRules;
  for (size_t i = 0; i < rules_.size(); ++i) {
    const Rule& rule = rules_[i];
    looks_at_parents_ = looks_at_parents_ || rule.strategy >= Strategy::kPath;
    if (table && is_plain_name(rule)) {
      NamedRules& named = named_[rule.text];
      size_t& first = rule.directory_only ? named.directory : named.any;
      first = std::min(first, i);
    } else {
      scanned_.push_back(i);
    }
  }
}

bool RuleList::MatchesPath(const Rule& rule, std::string_view path, bool is_directory) {
  const bool slash_behind = is_directory && rule.slash_behind_directory;
  thread_local std::string joined;  // keeps its memory: this runs for every name
  if (!rule.before.empty() || slash_behind) {
    joined.assign(rule.before).append(path);
    if (slash_behind) {
      joined.push_back('/');
    }
    path = joined;
  }
  switch (rule.strategy) {
    case Strategy::kPath:
      return path == rule.text;
    case Strategy::kPathTail:
      return EndsWithPart(path, rule.text);
    case Strategy::kPathWildParts: {
      const std::optional<std::string_view> parts = LastParts(path, rule.parts);
      return parts && rule.wild->Matches(*parts);
    }
    default:
      return rule.wild->Matches(path);
  }
}

bool RuleList::Matches(const Rule& rule, std::string_view path, std::string_view name, bool is_directory) {
  if (rule.directory_only && !is_directory) {
    return rule.negated;
  }
  bool matches = true;
  switch (rule.strategy) {
    case Strategy::kAnyName:
      break;
    case Strategy::kName:
      matches = name == rule.text;
      break;
    case Strategy::kNamePrefix:
      matches = name.starts_with(rule.text);
      break;
    case Strategy::kNameSuffix:
      matches = name.ends_with(rule.text);
      break;
    case Strategy::kNameWild:
      matches = rule.wild->Matches(name);
      break;
    default:
      matches = MatchesPath(rule, path, is_directory);
  }
  return matches != rule.negated;
}

size_t RuleList::FirstNamed(std::string_view name, bool is_directory) const {
  const auto found = named_.find(name);
  if (found == named_.end()) {
    return SIZE_MAX;
  }
  return is_directory ? std::min(found->second.any, found->second.directory) : found->second.any;
}

bool RuleList::ExcludesEntry(std::string_view path, bool is_directory) const {
  const size_t slash = path.rfind('/');
  const std::string_view name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  const size_t named = named_.empty() ? SIZE_MAX : FirstNamed(name, is_directory);
  for (const size_t i : scanned_) {
    if (i > named) {
      break;
    }
    if (Matches(rules_[i], path, name, is_directory)) {
      return !rules_[i].include;
    }
  }
  return named != SIZE_MAX && !rules_[named].include;
}

bool RuleList::Excludes(std::string_view path, bool is_directory) const {
  if (path.empty()) {
    return false;
  }
  for (size_t slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/', slash + 1)) {
    if (ExcludesEntry(path.substr(0, slash), true)) {
      return true;
    }
  }
  return ExcludesEntry(path, is_directory);
}

}  // namespace syncline
