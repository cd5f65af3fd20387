// Every file of cases/ complains of exactly what its first lines say.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "host/project/project.h"

namespace penstock::project {
namespace {

namespace fs = std::filesystem;

fs::path CasesDirectory() {
  return fs::path(PENSTOCK_TEST_SOURCE_DIR) / "tests" / "project" / "cases";
}

std::vector<std::string> CaseNames() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(CasesDirectory())) {
    names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

struct Expected {
  std::string code;
  int line = 0, column = 0;
  std::string part;
};

struct Case {
  std::string environment = "default";
  std::vector<Expected> expected;
};

Case ReadCase(const fs::path& path) {
  Case c;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line) && line.starts_with("# ");) {
    if (line.starts_with("# expect: ")) {
      std::istringstream words(line.substr(10));
      Expected e;
      char colon = ' ';
      words >> e.code >> e.line >> colon >> e.column;
      words.get();
      std::getline(words, e.part);
      c.expected.push_back(std::move(e));
    } else if (line.starts_with("# env: ")) {
      c.environment = line.substr(7);
    }
  }
  return c;
}

class ProjectCase : public ::testing::TestWithParam<std::string> {};

TEST_P(ProjectCase, ComplainsAsExpected) {
  const fs::path path = CasesDirectory() / (GetParam() + ".yaml");
  const Case c = ReadCase(path);
  LoadOptions options;
  options.file = path.string();
  options.environment = c.environment;
  const auto loaded = LoadProject(options);
  std::vector<Error> errors;
  if (loaded.ok()) {
    errors = loaded->errors;
  } else {
    errors.push_back(loaded.error());
  }
  std::string all;
  for (const Error& e : errors) {
    all += e.code + " " + std::to_string(e.line) + ":" + std::to_string(e.column) + " " +
           e.message + " | " + e.hint + "\n";
    EXPECT_EQ(e.exit, ExitCode::kUsage) << e.code;
    EXPECT_EQ(e.message.find("hunter2"), std::string::npos);
    EXPECT_EQ(e.file, path.string());
  }
  ASSERT_EQ(errors.size(), c.expected.size()) << all;
  for (size_t i = 0; i < errors.size(); ++i) {
    EXPECT_EQ(errors[i].code, c.expected[i].code) << all;
    EXPECT_EQ(errors[i].line, c.expected[i].line) << all;
    EXPECT_EQ(errors[i].column, c.expected[i].column) << all;
    const std::string text = errors[i].message + " " + errors[i].hint;
    EXPECT_NE(text.find(c.expected[i].part), std::string::npos) << all;
  }
}

INSTANTIATE_TEST_SUITE_P(Cases, ProjectCase, ::testing::ValuesIn(CaseNames()),
                         [](const auto& param) { return param.param; });

}  // namespace
}  // namespace penstock::project
