#include <doctest/doctest.h>

#include <cstdlib>
#include <random>

#include "filter/select_batch.h"
#include "macos/event_translator.h"
#include "mirror_model.h"
#include "record_text.h"
#include "simulated_fsevents.h"
#include "watch/relative_path.h"

// Random operations on a simulated volume, told by a simulated FSEvents that takes every freedom it is
// reported to take, must end in an equal mirror. SYNCLINE_SEED repeats one run, SYNCLINE_RUNS makes more.
namespace syncline::testing {
namespace {

// Changes the disk and says so.
class RandomOperations {
 public:
  RandomOperations(SimulatedDisk* disk, SimulatedFsEvents* events, std::mt19937* random, bool distinct_stamps)
      : disk_(disk), events_(events), random_(random), distinct_stamps_(distinct_stamps) {
    for (int i = 0; i < 6; i++) {
      outside_.push_back(RandomTree(2));
    }
  }

  void Step() {
    const std::string a = disk_->Spelled(RandomPath());
    const std::string b = RandomPath();
    switch (Below(16)) {
      case 0:
      case 1:
      case 2:
        MakeDirectory(a);
        break;
      case 3:
      case 4:
      case 5:
        Write(a);
        break;
      case 6:
        ChangeMode(a);
        break;
      case 7:
      case 8:
        Remove(a);
        break;
      case 9:
      case 10:
      case 11:
        Rename(a, b);
        break;
      case 12:
        Swap(a, disk_->Spelled(b));
        break;
      case 13:
        MoveOut(a);
        break;
      case 14:
        MoveIn(a);
        break;
      default:
        Link(a, b);
        break;
    }
  }
  std::string log;

 private:
  uint32_t Below(uint32_t limit) { return static_cast<uint32_t>((*random_)() % limit); }

  std::string RandomPath() {
    static const char* const kNames[] = {"a", "b", "c", "x", "A", "B", "\xc3\xa9", "e\xcc\x81"};
    std::string path;
    for (uint32_t depth = 1 + Below(3); depth > 0; depth--) {
      const uint32_t name = Below(12);
      path = JoinPath(path, kNames[name < 8 ? name : name % 4]);
    }
    return path;
  }
  InodePtr RandomTree(int depth) {
    InodePtr inode = disk_->NewInode(Below(2) == 0);
    if (inode->is_directory) {
      for (const char* name : {"a", "b"}) {
        if (depth > 0 && Below(2) == 0) {
          inode->children[name] = RandomTree(depth - 1);
        }
      }
    } else {
      Fill(inode);
    }
    return inode;
  }
  void Fill(const InodePtr& file) {
    file->content = std::to_string(++serial_);
    file->stamp = distinct_stamps_ ? serial_ : Below(2);
  }
  static uint32_t TypeOf(const InodePtr& inode) { return inode->is_directory ? kItemIsDir : kItemIsFile; }
  void Tell(const std::string& path, const InodePtr& inode, uint32_t flags) {
    log += "  " + path + " " + std::to_string(inode->number) + " " + std::to_string(flags) + "\n";
    events_->Happened(path, inode->number, flags | TypeOf(inode));
  }
  // The directory a path is in, null if there is none.
  InodePtr Parent(const std::string& path) const {
    const InodePtr parent = disk_->At(ParentPath(path));
    return parent != nullptr && parent->is_directory ? parent : nullptr;
  }
  void Place(const std::string& path, const InodePtr& inode) {
    Parent(path)->children[std::string(BaseName(path))] = inode;
  }
  void Take(const std::string& path) { Parent(path)->children.erase(std::string(BaseName(path))); }

  void MakeDirectory(const std::string& path) {
    if (Parent(path) != nullptr && disk_->At(path) == nullptr) {
      const InodePtr made = disk_->NewInode(true);
      Place(path, made);
      Tell(path, made, kItemCreated);
    }
  }
  void Write(const std::string& path) {
    InodePtr file = disk_->At(path);
    if (Parent(path) == nullptr || (file != nullptr && file->is_directory)) {
      return;
    }
    const bool is_new = file == nullptr;
    if (is_new) {
      file = disk_->NewInode(false);
      Place(path, file);
    } else if (links_.contains(file->number)) {
      return;  // Under one of its names only, as on Linux: not what is tested here.
    }
    Fill(file);
    Tell(path, file, is_new ? kItemModified | kItemCreated : kItemModified);
  }
  void ChangeMode(const std::string& path) {
    const InodePtr there = disk_->At(path);
    if (there != nullptr && !links_.contains(there->number)) {
      there->mode = static_cast<int>(Below(8));
      Tell(path, there, Below(2) == 0 ? kItemInodeMetaMod : kItemChangeOwner);
    }
  }
  void Remove(const std::string& path) {
    const InodePtr there = disk_->At(path);
    if (there == nullptr) {
      return;
    }
    while (!there->children.empty()) {
      Remove(JoinPath(path, there->children.begin()->first));
    }
    Take(path);
    Tell(path, there, kItemRemoved);
  }
  void Rename(const std::string& from, const std::string& given) {
    const InodePtr moved = disk_->At(from);
    const InodePtr there = disk_->At(given);
    const std::string to =
        JoinPath(disk_->Spelled(ParentPath(given)),
                 there != nullptr && there != moved ? BaseName(disk_->Spelled(given)) : BaseName(given));
    if (moved == nullptr || Parent(to) == nullptr || from == to || IsWithin(to, from) || from.empty() ||
        (there == moved && links_.contains(moved->number))) {
      return;
    }
    if (there != nullptr && there != moved &&
        (there->is_directory != moved->is_directory || !there->children.empty())) {
      return;
    }
    Take(from);
    Place(to, moved);
    Tell(from, moved, kItemRenamed);
    Tell(to, moved, kItemRenamed);
    if (there != nullptr && there != moved && Below(2) == 0) {
      Tell(to, there, kItemRenamed);
    }
  }
  void Swap(const std::string& a, const std::string& b) {
    const InodePtr at_a = disk_->At(a);
    const InodePtr at_b = disk_->At(b);
    if (at_a == nullptr || at_b == nullptr || IsWithin(a, b) || IsWithin(b, a)) {
      return;
    }
    Place(a, at_b);
    Place(b, at_a);
    Tell(a, at_a, kItemRenamed);
    Tell(b, at_a, kItemRenamed);
    Tell(b, at_b, kItemRenamed);
    Tell(a, at_b, kItemRenamed);
  }
  void MoveOut(const std::string& path) {
    const InodePtr there = disk_->At(path);
    if (there != nullptr) {
      Take(path);
      outside_.push_back(there);
      Tell(path, there, kItemRenamed);
    }
  }
  void MoveIn(const std::string& path) {
    if (Parent(path) != nullptr && disk_->At(path) == nullptr && !outside_.empty()) {
      std::swap(outside_[Below(static_cast<uint32_t>(outside_.size()))], outside_.back());
      const InodePtr moved = outside_.back();
      outside_.pop_back();
      Place(path, moved);
      Tell(path, moved, kItemRenamed);
    }
  }
  void Link(const std::string& from, const std::string& given) {
    const std::string to = disk_->Spelled(given);
    const InodePtr file = disk_->At(from);
    if (file != nullptr && !file->is_directory && Parent(to) != nullptr && disk_->At(to) == nullptr) {
      links_[file->number] = true;
      Place(to, file);
      Tell(to, file, kItemCreated | kItemIsHardlink);
    }
  }

  SimulatedDisk* const disk_;
  SimulatedFsEvents* const events_;
  std::mt19937* const random_;
  // No two contents of a file look the same by size and time.
  const bool distinct_stamps_;
  std::vector<InodePtr> outside_;
  std::map<uint64_t, bool> links_;
  uint64_t serial_ = 0;
};

// A line for each path that is not the same in both.
std::string Differences(const std::map<std::string, std::string>& got,
                        const std::map<std::string, std::string>& wanted) {
  std::map<std::string, std::string> paths = got;
  paths.insert(wanted.begin(), wanted.end());
  const auto what = [](const std::map<std::string, std::string>& contents, const std::string& path) {
    const auto there = contents.find(path);
    return there == contents.end() ? std::string("nothing") : there->second;
  };
  std::string text;
  for (const auto& [path, ignored] : paths) {
    if (what(got, path) != what(wanted, path)) {
      text += path + ": " + what(got, path) + " instead of " + what(wanted, path) + "\n";
    }
  }
  return text;
}

void CheckRun(uint32_t seed) {
  INFO("SYNCLINE_SEED=", seed);
  std::mt19937 random(seed);
  const auto below = [&random](uint32_t limit) { return static_cast<uint32_t>(random() % limit); };
  const bool case_sensitive = below(2) == 0;
  const auto rules = std::make_shared<RuleList>(std::vector<FilterRule>{{.pattern = "x"}});
  SimulatedDisk disk("/r", case_sensitive);
  SimulatedFsEvents events("/r", &random);
  events.drops = below(2) == 0;
  // What a drop has hidden goes by size and time alone.
  RandomOperations operations(&disk, &events, &random, events.drops);
  for (int i = 0; i < 60; i++) {
    operations.Step();
  }
  events.Restart();
  operations.log.clear();
  MirrorModel mirror(&disk, rules.get());
  REQUIRE(Differences(mirror.Contents(), mirror.Wanted()).empty());

  const size_t max_bytes = below(4) == 0 ? 2000 : size_t{1} << 20;
  EventTranslator::Options options{"/r", "/r", disk.identity, rules, 100, events.LastId(), false};
  auto records = std::make_unique<PendingRecords>(max_bytes);
  auto translator = std::make_unique<EventTranslator>(options, &disk, records.get(), &events);
  int64_t now_ms = 100000;
  std::string told;
  const auto deliver = [&] {
    const uint64_t told_id = translator->ToldId();
    std::vector<uint8_t> batch = records->Take();
    if (batch.empty()) {
      return;
    }
    Selection selection = SelectBatch(*rules, batch);
    const std::vector<Record> read =
        ReadRecords(selection.kind == Selection::Kind::kReduced ? selection.batch : batch);
    for (const std::string& line : RecordLines(read)) {
      told += "  = " + line + "\n";
    }
    told += "  --\n";
    mirror.Deliver(read, told_id, events.LastId());
  };
  const auto pump = [&](bool all) {
    const std::vector<FsEvent> callback = events.NextCallback(all);
    for (const FsEvent& event : callback) {
      told += "  event " + event.path + " " + std::to_string(event.inode) + " " +
              std::to_string(event.flags) + " " + std::to_string(event.id) + "\n";
    }
    translator->Apply(callback, now_ms);
    translator->Housekeep(now_ms);
  };
  for (int i = 0; i < 200; i++) {
    operations.Step();
    now_ms += below(4) == 0 ? below(60) : 0;
    if (below(4) == 0) {
      pump(false);
    }
    if (below(6) == 0) {
      deliver();
    }
    if (below(100) == 0) {
      // The process ends and starts again: nothing but the mirror and the id is left.
      deliver();
      options.since = translator->ToldId();
      options.replays = true;
      told += "  since " + std::to_string(options.since) + "\n";
      records = std::make_unique<PendingRecords>(max_bytes);
      translator = std::make_unique<EventTranslator>(options, &disk, records.get(), &events);
      events.Replay(options.since);
    }
  }
  while (!events.Empty()) {
    pump(true);
    now_ms += 200;
  }
  now_ms += 200;
  translator->Housekeep(now_ms);
  translator->TellDueRescans(now_ms);
  CHECK(translator->ToldId() >= options.since);
  deliver();
  const std::string differences = Differences(mirror.Contents(), mirror.Wanted());
  REQUIRE_MESSAGE(differences.empty(), differences, "happened:\n", operations.log, "told:\n", told);
}

}  // namespace

TEST_CASE("random operations told with every freedom of FSEvents end in an equal mirror") {
  const char* seed = std::getenv("SYNCLINE_SEED");  // NOLINT(concurrency-mt-unsafe): nothing sets variables
  const char* runs = std::getenv("SYNCLINE_RUNS");  // NOLINT(concurrency-mt-unsafe)
  if (seed != nullptr) {
    CheckRun(static_cast<uint32_t>(std::strtoul(seed, nullptr, 10)));
    return;
  }
  for (int i = 0; i < (runs != nullptr ? std::atoi(runs) : 300); i++) {
    CheckRun(std::random_device()());
  }
}

}  // namespace syncline::testing
