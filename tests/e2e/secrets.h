// That nothing secret is to be read in what a command printed, or in any file of a project.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/e2e/project.h"

namespace penstock::e2e {

/// `secrets`: whole ones, or how they begin.
inline void ExpectTellsNothing(const Output& output, const std::vector<std::string>& secrets) {
  for (const std::string& secret : secrets) {
    EXPECT_THAT(output.out, ::testing::Not(::testing::HasSubstr(secret)));
    EXPECT_THAT(output.err, ::testing::Not(::testing::HasSubstr(secret)));
  }
}

/// Of the files whose path contains `part`.
inline void ExpectNoFileTells(const Project& project, const std::vector<std::string>& secrets,
                              const std::string& part = "/") {
  const std::vector<std::string> files = project.Files(part);
  EXPECT_GT(files.size(), 4u);
  for (const std::string& file : files) {
    const std::string text = ReadText(file);
    for (const std::string& secret : secrets) {
      EXPECT_EQ(text.find(secret), std::string::npos) << secret << " in " << file;
    }
  }
}

}  // namespace penstock::e2e
