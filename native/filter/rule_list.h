#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "filter/wildmatch.h"
#include "watch/path_filter.h"

namespace syncline {

// One rule as src/filter read it. `pattern` is raw bytes without the `/` of an anchor and of a directory
// rule.
struct FilterRule {
  bool include = false;
  std::string pattern = {};
  bool anchored = false;
  bool directory_only = false;
  // The rule acts on what the pattern does not match.
  bool negated = false;
  // The absolute path of the tree without its first slash: a pattern with a slash is then matched against
  // `prefix/path`. Empty: against the path below the tree.
  std::string prefix = {};
};

// Rules in order, the first one that matches decides, what none matches is kept: the sender's side of rsync's
// filter. Immutable, so every thread may ask at the same time. Paths are raw bytes relative to the root.
class RuleList final : public PathFilter {
 public:
  explicit RuleList(std::vector<FilterRule> rules);

  bool ExcludesEntry(std::string_view path, bool is_directory) const override;
  // True when `path` or a directory above it is excluded. The root (an empty path) never is.
  bool Excludes(std::string_view path, bool is_directory) const;
  // True when a rule looks at more than the last part of a path: a move of a directory can then change what
  // is excluded below it.
  bool LooksAtParents() const { return looks_at_parents_; }

 private:
  enum class Strategy : unsigned char {
    kAnyName,
    kName,
    kNamePrefix,
    kNameSuffix,
    kNameWild,
    kPath,
    kPathTail,
    kPathWild,
    kPathWildParts,
  };
  struct Rule {
    Strategy strategy;
    bool include;
    bool directory_only;
    bool negated;
    // `***` at the end: a directory is matched with a slash behind it.
    bool slash_behind_directory;
    // Number of trailing parts a pattern with slashes is matched against (kPathWildParts).
    size_t parts;
    // The literal text, or what is literal of it.
    std::string text;
    // Put before the path: the prefix and a slash, and the slash that lets `**/` match at the top.
    std::string before;
    std::optional<WildPattern> wild;
  };

  static Rule Compile(FilterRule rule);
  static bool MatchesPath(const Rule& rule, std::string_view path, bool is_directory);
  static bool Matches(const Rule& rule, std::string_view path, std::string_view name, bool is_directory);
  // The first rule with exactly this name, for lists with many of them.
  size_t FirstNamed(std::string_view name, bool is_directory) const;

  struct NameHash {
    using is_transparent = void;
    size_t operator()(std::string_view name) const { return std::hash<std::string_view>{}(name); }
  };
  struct NamedRules {
    size_t any = SIZE_MAX;
    size_t directory = SIZE_MAX;
  };

  std::vector<Rule> rules_;
  std::vector<size_t> scanned_;  // the rules that are tried one by one, in order
  std::unordered_map<std::string, NamedRules, NameHash, std::equal_to<>> named_;
  bool looks_at_parents_ = false;
};

}  // namespace syncline
