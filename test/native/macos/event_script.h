#pragma once

#include <functional>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "macos/event_translator.h"
#include "record_text.h"
#include "simulated_disk.h"
#include "watch/relative_path.h"

namespace syncline::testing {

// Runs a script of fixtures/*.txt: what the disk holds, what FSEvents tells, and the records that must come
// of it. One word or value after the other, a line each:
//
//   # a comment; "reported:" or "recorded:" in it names where the events come from
//   root /var/x /private/var/x       the user's path and the canonical one, before everything else
//   volume case-insensitive          likewise; as `replay ID`, `exclude NAME` and `resume yes`
//   disk file 12 a/b                 from now on this inode is there; `directory 13 c`; `none a/b`
//   root-is gone                     from now on: gone, replaced or same
//   batch                            the events up to the next line of another kind come in one callback
//   event ID INODE FLAG|FLAG PATH    absolute; %XX is a byte; the inode may be -
//   wait MS                          the clock goes on
//   barrier                          all that waits for its time but halves of renames is told
//   told                             how far all is told, for the next line of `= told ID`
//   = RECORD                         what has come of all above: RecordLines, `resume from ID`, `restart`
class EventScript final : public EventSource {
 public:
  explicit EventScript(const std::string& text) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      if (!line.empty()) {
        Run(line);
      }
    }
    Deliver();
    Compare();
  }

  // What was expected and what came instead, empty if nothing differs.
  const std::string& Difference() const { return difference_; }

  bool ResumeFrom(uint64_t id) override {
    got_.push_back("resume from " + std::to_string(id));
    return resumes_;
  }
  void Restart() override { got_.emplace_back("restart"); }

 private:
  void Run(const std::string& line) {
    std::istringstream words(line);
    std::string word;
    words >> word;
    if (word != "event") {
      Deliver();
    }
    if (word != "=") {
      Compare();
    }
    std::string text;
    if (word == "#") {
      return;
    }
    if (word == "root") {
      words >> options_.root >> options_.canonical_root;
    } else if (word == "volume") {
      words >> text;
      case_sensitive_ = text != "case-insensitive";
    } else if (word == "replay") {
      options_.replays = true;
      words >> options_.since;
    } else if (word == "exclude") {
      words >> text;
      options_.filter = std::make_shared<ExcludedName>(text);
    } else if (word == "resume") {
      words >> text;
      resumes_ = text == "yes";
    } else if (word == "disk") {
      Start();
      ChangeDisk(words);
    } else if (word == "root-is") {
      Start();
      words >> text;
      disk_->identify_error = text == "gone" ? ENOENT : 0;
      disk_->identity.inode = text == "replaced" ? 99 : 1;
    } else if (word == "batch") {
      Start();
    } else if (word == "event") {
      Start();
      ReadEvent(words);
    } else if (word == "wait") {
      Start();
      int64_t ms = 0;
      words >> ms;
      now_ms_ += ms;
      translator_->Housekeep(now_ms_);
    } else if (word == "barrier") {
      Start();
      translator_->TellDueRescans(now_ms_);
    } else if (word == "told") {
      Start();
      got_.push_back("told " + std::to_string(translator_->ToldId()));
    } else if (word == "=") {
      Start();
      std::getline(words >> std::ws, text);
      expected_.push_back(Unescaped(text));
    } else {
      difference_ += "not a line of a script: " + line + "\n";
    }
  }

  class ExcludedName final : public PathFilter {
   public:
    explicit ExcludedName(std::string name) : name_(std::move(name)) {}
    bool ExcludesEntry(std::string_view path, bool /*is_directory*/) const override {
      return BaseName(path) == name_;
    }

   private:
    const std::string name_;
  };

  static std::string Unescaped(const std::string& text) {
    std::string bytes;
    for (size_t i = 0; i < text.size(); i++) {
      if (text[i] == '%') {
        bytes += static_cast<char>(std::stoi(text.substr(i + 1, 2), nullptr, 16));
        i += 2;
      } else {
        bytes += text[i];
      }
    }
    return bytes;
  }

  void Start() {
    if (translator_ != nullptr) {
      return;
    }
    disk_ = std::make_unique<SimulatedDisk>(options_.canonical_root, case_sensitive_);
    options_.identity = disk_->identity;
    translator_ = std::make_unique<EventTranslator>(options_, disk_.get(), &records_, this);
    translator_->Housekeep(now_ms_);
  }

  void ChangeDisk(std::istringstream& words) {
    std::string kind;
    std::string path;
    uint64_t inode = 0;
    words >> kind;
    if (kind != "none") {
      words >> inode;
    }
    std::getline(words >> std::ws, path);
    path = Unescaped(path);
    const InodePtr directory = disk_->At(ParentPath(path));
    const std::string name(BaseName(path));
    if (directory == nullptr) {
      difference_ += "no directory for " + path + "\n";
      return;
    }
    directory->children.erase(name);
    if (kind != "none") {
      const InodePtr added = disk_->NewInode(kind == "directory");
      added->number = inode;
      directory->children[name] = added;
    }
  }

  void ReadEvent(std::istringstream& words) {
    static const std::pair<const char*, uint32_t> kNames[] = {{"MustScanSubDirs", kMustScanSubDirs},
                                                              {"UserDropped", kUserDropped},
                                                              {"KernelDropped", kKernelDropped},
                                                              {"EventIdsWrapped", kEventIdsWrapped},
                                                              {"HistoryDone", kHistoryDone},
                                                              {"RootChanged", kRootChanged},
                                                              {"Mount", kMount},
                                                              {"Unmount", kUnmount},
                                                              {"Created", kItemCreated},
                                                              {"Removed", kItemRemoved},
                                                              {"InodeMetaMod", kItemInodeMetaMod},
                                                              {"Renamed", kItemRenamed},
                                                              {"Modified", kItemModified},
                                                              {"FinderInfoMod", kItemFinderInfoMod},
                                                              {"ChangeOwner", kItemChangeOwner},
                                                              {"XattrMod", kItemXattrMod},
                                                              {"IsFile", kItemIsFile},
                                                              {"IsDir", kItemIsDir},
                                                              {"IsSymlink", kItemIsSymlink},
                                                              {"OwnEvent", kOwnEvent},
                                                              {"IsHardlink", kItemIsHardlink},
                                                              {"IsLastHardlink", kItemIsLastHardlink},
                                                              {"Cloned", kItemCloned},
                                                              {"none", 0}};
    FsEvent event;
    std::string inode;
    std::string flags;
    words >> event.id >> inode >> flags;
    event.inode = inode == "-" ? 0 : std::stoull(inode);
    std::getline(words >> std::ws, event.path);
    event.path = Unescaped(event.path);
    std::istringstream names(flags);
    for (std::string name; std::getline(names, name, '|');) {
      const auto* known = std::find_if(std::begin(kNames), std::end(kNames),
                                       [&](const auto& candidate) { return name == candidate.first; });
      if (known == std::end(kNames)) {
        difference_ += "no such flag: " + name + "\n";
      } else {
        event.flags |= known->second;
      }
    }
    batch_.push_back(std::move(event));
  }

  void Deliver() {
    if (!batch_.empty()) {
      translator_->Apply(batch_, now_ms_);
      batch_.clear();
      translator_->Housekeep(now_ms_);
    }
  }

  // At the end of a run of `=` lines: what has come since the last one. Without any, it goes on gathering.
  void Compare() {
    if (expected_.empty()) {
      return;
    }
    std::vector<std::string> got = got_;
    for (std::string& line : RecordLines(ReadRecords(records_.Take()))) {
      got.push_back(std::move(line));
    }
    if (expected_.size() == 1 && expected_[0] == "nothing") {
      expected_.clear();
    }
    if (got != expected_) {
      difference_ += "expected:\n";
      for (const std::string& line : expected_) {
        difference_ += "  = " + line + "\n";
      }
      difference_ += "got:\n";
      for (const std::string& line : got) {
        difference_ += "  = " + line + "\n";
      }
    }
    got_.clear();
    expected_.clear();
  }

  EventTranslator::Options options_ = {"/r", "/r", {}, nullptr, 100, 0, false};
  bool case_sensitive_ = true;
  bool resumes_ = false;
  int64_t now_ms_ = 100000;
  std::unique_ptr<SimulatedDisk> disk_;
  PendingRecords records_{size_t{1} << 20};
  std::unique_ptr<EventTranslator> translator_;
  std::vector<FsEvent> batch_;
  std::vector<std::string> got_;
  std::vector<std::string> expected_;
  std::string difference_;
};

}  // namespace syncline::testing
