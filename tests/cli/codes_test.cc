// Every error code of the tree can be explained, and nothing else is.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "host/cli/codes.h"

namespace penstock::cli {
namespace {

namespace fs = std::filesystem;

// "PS-AREA-NAME" in string literals of one file.
void Collect(const fs::path& path, std::set<std::string>* codes) {
  std::ostringstream content;
  content << std::ifstream(path).rdbuf();
  const std::string text = content.str();
  for (size_t at = text.find("\"PS-"); at != std::string::npos; at = text.find("\"PS-", at + 1)) {
    const size_t end = text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-", at + 1);
    if (end == std::string::npos || text[end] != '"' || text[end - 1] == '-') continue;
    codes->insert(text.substr(at + 1, end - at - 1));
  }
}

std::set<std::string> CodesOfTheTree() {
  std::set<std::string> codes;
  for (const char* top : {"core", "host", "sdk", "plugins"}) {
    for (const auto& entry :
         fs::recursive_directory_iterator(fs::path(PENSTOCK_TEST_SOURCE_DIR) / top,
                                          fs::directory_options::follow_directory_symlink)) {
      const std::string extension = entry.path().extension().string();
      if (extension != ".cc" && extension != ".hpp") continue;
      if (entry.path().filename() != "codes.cc") Collect(entry.path(), &codes);
    }
  }
  return codes;
}

TEST(CodesTest, EveryCodeOfTheTreeIsExplained) {
  const std::set<std::string> used = CodesOfTheTree();
  ASSERT_GT(used.size(), 80u);
  for (const std::string& code : used) {
    EXPECT_NE(FindCode(code), nullptr) << code << " is not in host/cli/codes.cc";
  }
}

TEST(CodesTest, TheTableIsSortedCompleteAndUnique) {
  std::string before;
  for (const CodeEntry& entry : Codes()) {
    EXPECT_LT(before, entry.code);
    EXPECT_TRUE(entry.meaning.ends_with('.') || entry.meaning.ends_with(")")) << entry.code;
    EXPECT_FALSE(entry.remedy.empty()) << entry.code;
    before = entry.code;
  }
  EXPECT_EQ(FindCode("PS-NO-SUCH"), nullptr);
}

}  // namespace
}  // namespace penstock::cli
