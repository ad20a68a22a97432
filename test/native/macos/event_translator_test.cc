#include "macos/event_translator.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "event_script.h"

namespace syncline::testing {
namespace {

std::vector<std::filesystem::path> Scripts() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(SYNCLINE_EVENT_SCRIPTS)) {
    if (entry.path().extension() == ".txt") {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

TEST_CASE("every script of events becomes the records it names") {
  const std::vector<std::filesystem::path> scripts = Scripts();
  REQUIRE(scripts.size() > 40);
  for (const std::filesystem::path& file : scripts) {
    std::stringstream text;
    text << std::ifstream(file).rdbuf();
    const EventScript script(text.str());
    CHECK_MESSAGE(script.Difference().empty(), file.filename().string(), "\n", script.Difference());
    CHECK_MESSAGE(text.str().find("\n= ") != std::string::npos, file.filename().string(), " expects nothing");
    const bool has_source = text.str().find("# reported: ") != std::string::npos ||
                            text.str().find("# recorded: ") != std::string::npos ||
                            text.str().find("# header: ") != std::string::npos;
    CHECK_MESSAGE(has_source, file.filename().string(), " does not say where its events come from");
  }
}

}  // namespace syncline::testing
