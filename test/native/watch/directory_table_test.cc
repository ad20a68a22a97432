#include "watch/directory_table.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <random>

#include "watch/name_arena.h"

namespace syncline {
namespace {

std::string PathOf(const DirectoryTable& table, uint32_t id) {
  std::string path = "stale";
  return table.PathOf(id, &path) ? path : "detached";
}

}  // namespace

TEST_CASE("a directory is found by its parent and name, and knows its path") {
  DirectoryTable table;
  const uint32_t a = table.Add(DirectoryTable::kRoot, "a");
  const uint32_t b = table.Add(a, "b");
  CHECK(table.Find(DirectoryTable::kRoot, "a") == a);
  CHECK(table.Find(a, "b") == b);
  CHECK(table.Find(DirectoryTable::kRoot, "b") == DirectoryTable::kNone);
  CHECK(PathOf(table, DirectoryTable::kRoot).empty());
  CHECK(PathOf(table, b) == "a/b");
  CHECK(table.IsWithin(b, a));
  CHECK_FALSE(table.IsWithin(a, b));
  CHECK(table.Size() == 3);
}

TEST_CASE("names are any bytes, up to 255 of them, one prefix of the other") {
  DirectoryTable table;
  std::vector<std::string> names = {"\xff\xfe", "\n", " ", "\\", "\x80"};
  for (size_t length = 1; length <= 255; length++) {
    names.emplace_back(length, 'n');
  }
  for (const std::string& name : names) {
    table.Add(DirectoryTable::kRoot, name);
  }
  for (const std::string& name : names) {
    CHECK(PathOf(table, table.Find(DirectoryTable::kRoot, name)) == name);
  }
}

TEST_CASE("a rename moves one node, and what is below has the new path") {
  DirectoryTable table;
  const uint32_t a = table.Add(DirectoryTable::kRoot, "a");
  const uint32_t b = table.Add(DirectoryTable::kRoot, "b");
  const uint32_t deep = table.Add(table.Add(a, "x"), "y");
  table.Detach(a);
  CHECK(PathOf(table, deep) == "detached");
  CHECK(table.Find(DirectoryTable::kRoot, "a") == DirectoryTable::kNone);
  table.Attach(a, b, "c");
  CHECK(PathOf(table, deep) == "b/c/x/y");
  CHECK(table.Find(b, "c") == a);
}

TEST_CASE("a name may be given that is a view of the name it replaces") {
  DirectoryTable table;
  const uint32_t id = table.Add(DirectoryTable::kRoot, "name-and-more");
  table.Detach(id);
  table.Attach(id, DirectoryTable::kRoot, table.NameOf(id).substr(0, 4));
  CHECK(PathOf(table, id) == "name");
}

TEST_CASE("a freed number comes back with another generation, and gives back its watches and counts") {
  DirectoryTable table;
  const uint32_t top = table.Add(DirectoryTable::kRoot, "top");
  const uint32_t below = table.Add(top, "below");
  table.SetWatch(top, 7);
  table.SetWatch(below, 9);
  table.Set(below, kUnwatched);
  table.Set(table.Add(top, "skip"), kExcluded);
  const NodeRef old = table.RefOf(below);
  table.Detach(top);
  std::vector<int32_t> watches;
  const DirectoryTable::Freed freed = table.FreeSubtree(top, &watches);
  std::sort(watches.begin(), watches.end());
  CHECK(watches == std::vector<int32_t>{7, 9});
  CHECK(freed.unwatched == 1);
  CHECK(freed.excluded == 1);
  CHECK(table.Size() == 1);
  CHECK_FALSE(table.Alive(old));
  for (int i = 0; i < 3; i++) {
    const uint32_t id = table.Add(DirectoryTable::kRoot, std::to_string(i));
    CHECK(table.WatchOf(id) == DirectoryTable::kNoWatch);
    CHECK_FALSE(table.Has(id, kUnwatched | kExcluded));
    CHECK(table.RefOf(id).Key() != old.Key());
  }
  CHECK_FALSE(table.Alive(old));
}

TEST_CASE("removing a chain 200,000 deep and a directory 200,000 wide is quick and needs no stack") {
  DirectoryTable table;
  const auto start = std::chrono::steady_clock::now();
  const uint32_t top = table.Add(DirectoryTable::kRoot, "top");
  uint32_t at = top;
  for (int i = 0; i < 200000; i++) {
    at = table.Add(at, "d");
    table.Add(top, std::to_string(i));
  }
  table.Detach(top);
  std::vector<int32_t> watches;
  table.FreeSubtree(top, &watches);
  CHECK(table.Size() == 1);
  CHECK(watches.empty());
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(20));
}

TEST_CASE("the table agrees with a map of paths through random additions, moves and removals") {
  const uint32_t seed = std::random_device()();
  INFO("seed ", seed);
  std::mt19937 random(seed);
  DirectoryTable table;
  std::map<std::string, uint32_t> paths = {{"", DirectoryTable::kRoot}};
  const auto pick = [&] { return std::next(paths.begin(), static_cast<ptrdiff_t>(random() % paths.size())); };
  const auto join = [](const std::string& parent, const std::string& name) {
    return parent.empty() ? name : parent + "/" + name;
  };
  // Takes the subtree at `path` out of the map.
  const auto cut = [&](const std::string& path) {
    std::vector<std::pair<std::string, uint32_t>> taken;
    std::erase_if(paths, [&](const auto& entry) {
      const bool below = entry.first == path || entry.first.starts_with(path + "/");
      if (below) {
        taken.emplace_back(entry.first.substr(path.size()), entry.second);
      }
      return below;
    });
    return taken;
  };
  for (int step = 0; step < 20000; step++) {
    const std::string parent = pick()->first;
    const std::string path =
        join(parent, std::string(1 + random() % 3, static_cast<char>('a' + random() % 5)));
    const std::string name = path.substr(path.rfind('/') + 1);
    const std::string other = pick()->first;
    const uint32_t action = random() % 10;
    if (action < 6 && !paths.contains(path)) {
      paths[path] = table.Add(paths[parent], name);
    } else if (action < 8 && !other.empty() && !paths.contains(path) &&
               !table.IsWithin(paths[parent], paths[other])) {
      const uint32_t id = paths[other];
      table.Detach(id);
      for (const auto& [rest, node] : cut(other)) {
        paths[path + rest] = node;
      }
      table.Attach(id, paths[parent], name);
    } else if (action == 9 && !other.empty() && random() % 4 == 0) {
      const uint32_t id = paths[other];
      cut(other);
      table.Detach(id);
      std::vector<int32_t> watches;
      table.FreeSubtree(id, &watches);
    }
    REQUIRE(table.Size() == paths.size());
  }
  for (const auto& [path, id] : paths) {
    REQUIRE(PathOf(table, id) == path);
    if (id != DirectoryTable::kRoot) {
      REQUIRE(table.Find(table.ParentOf(id), table.NameOf(id)) == id);
    }
  }
}

TEST_CASE("watch numbers lead to their directories, and count while they are not retired") {
  WatchMap watches;
  CHECK(watches.Find(-1) == WatchMap::kUnknown);
  CHECK(watches.Find(1) == WatchMap::kUnknown);
  watches.Set(1, 10);
  watches.Set(5000, 20);
  CHECK(watches.Find(1) == 10);
  CHECK(watches.Find(5000) == 20);
  CHECK(watches.LiveCount() == 2);
  watches.Set(1, WatchMap::kRetired);
  CHECK(watches.LiveCount() == 1);
  CHECK(watches.Find(1) == WatchMap::kRetired);
  watches.Set(1, WatchMap::kUnknown);
  watches.Set(5000, WatchMap::kUnknown);
  watches.Set(5000, WatchMap::kUnknown);
  CHECK(watches.Find(5000) == WatchMap::kUnknown);
  CHECK(watches.LiveCount() == 0);
}

TEST_CASE("the room of a freed name serves the next of its size, and no name touches another") {
  NameArena names;
  std::map<uint32_t, std::string> kept;
  for (size_t i = 0; i < 20000; i++) {
    const std::string name(1 + i % 255, static_cast<char>('a' + i % 26));
    const uint32_t reference = names.Add(name);
    REQUIRE_FALSE(kept.contains(reference));
    kept[reference] = name;
  }
  const size_t bytes = names.ByteSize();
  for (int round = 0; round < 5; round++) {
    std::vector<std::string> freed;
    for (auto at = kept.begin(); at != kept.end();) {
      if (at->first % 3 == 0) {
        freed.push_back(at->second);
        names.Free(at->first);
        at = kept.erase(at);
      } else {
        ++at;
      }
    }
    for (const std::string& name : freed) {
      kept[names.Add(name)] = name;
    }
  }
  CHECK(names.ByteSize() == bytes);
  for (const auto& [reference, name] : kept) {
    REQUIRE(names.Get(reference) == name);
  }
}

}  // namespace syncline
