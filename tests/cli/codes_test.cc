// Every error code of the tree can be explained, and nothing else is.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>
#include <string>

#include "host/cli/codes.h"
#include "penstock/documents.hpp"

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

// "CODE", "CODE_OF_MORE" and "connector.CODE" in string literals of a folder's files, without what
// stands before the dot.
std::set<std::string> WordsOf(const std::string& folder) {
  const std::regex literal("\"([a-z]+\\.)?([A-Z][A-Z0-9]*(_[A-Z0-9]+)*)\"");
  std::set<std::string> words;
  for (const auto& entry :
       fs::recursive_directory_iterator(fs::path(PENSTOCK_TEST_SOURCE_DIR) / folder)) {
    const std::string extension = entry.path().extension().string();
    const bool sandbox = entry.path().string().find("/sandbox/") != std::string::npos;
    if ((extension != ".cc" && extension != ".hpp") || sandbox) continue;
    std::ostringstream content;
    content << std::ifstream(entry.path()).rdbuf();
    static const std::regex comment("(^|\\n|\\s)//[^\\n]*");
    const std::string text = std::regex_replace(content.str(), comment, "\n");
    for (std::sregex_iterator at(text.begin(), text.end(), literal), end; at != end; ++at) {
      words.insert((*at)[2]);
    }
  }
  return words;
}

// All capitals, and no code: methods, headers, formats, words of SQL, names of services.
const std::set<std::string> kNoCodes = {
    "B",     "C",    "CSV",  "COMMA", "DAILY",    "DELETE", "FALSE", "GET",  "JSON", "LF", "NULL",
    "PATCH", "PNST", "POST", "PUT",   "SECONDLY", "SQL",    "T",     "TRUE", "UTC",  "Z"};

TEST(CodesTest, EveryReasonOfTheCoreIsExplained) {
  std::set<std::string> known;
  for (const CodeEntry& entry : ReasonCodes()) {
    EXPECT_TRUE(known.insert(std::string(entry.code)).second) << entry.code;
    EXPECT_TRUE(entry.meaning.ends_with('.')) << entry.code;
    EXPECT_TRUE(entry.remedy.ends_with('.')) << entry.code;
  }
  std::set<std::string> used = WordsOf("core");
  used.merge(WordsOf("sdk/documents"));
  used.merge(WordsOf("sdk/include"));
  EXPECT_GT(used.size(), 20u);
  for (const std::string& word : used) {
    if (kNoCodes.contains(word)) continue;
    EXPECT_TRUE(known.contains(word)) << word << " is not in host/cli/reason_codes.cc";
  }
}

TEST(CodesTest, EveryCodeOfAConnectorIsInItsManifest) {
  for (const char* id : {"salesforce", "hubspot", "http", "loopback"}) {
    const std::string folder = std::string("plugins/") + id;
    std::ostringstream manifest;
    manifest
        << std::ifstream(fs::path(PENSTOCK_TEST_SOURCE_DIR) / folder / "manifest.json").rdbuf();
    const auto read = sdk::ParseManifest(manifest.str());
    ASSERT_TRUE(read.ok()) << id << ": " << read.failure().message;
    std::set<std::string> known;
    for (const sdk::CodeMeaning& code : read->codes) {
      known.insert(code.code);
      EXPECT_TRUE(code.meaning.ends_with('.') && code.remedy.ends_with('.')) << code.code;
    }
    const std::set<std::string> used = WordsOf(folder);
    EXPECT_FALSE(used.empty()) << id;
    for (const std::string& word : used) {
      if (kNoCodes.contains(word)) continue;
      EXPECT_TRUE(known.contains(word)) << word << " is not among `codes` of " << folder;
    }
  }
}

}  // namespace
}  // namespace penstock::cli
