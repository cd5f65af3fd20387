// The changelog through its public surface: chain, tampering, torn tails, several writers.
#include "core/changelog/changelog.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

namespace penstock {
namespace {

namespace fs = std::filesystem;

class ChangelogTest : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ = fs::temp_directory_path() /
                 ("changelog-" + std::to_string(::getpid()) + "-" +
                  ::testing::UnitTest::GetInstance()->current_test_info()->name());
    fs::remove_all(directory_);
    path_ = (directory_ / "changelog.jsonl").string();
  }
  void TearDown() override { fs::remove_all(directory_); }

  ChangelogHead Append(const std::string& kind, const std::string& data = "{}") {
    ChangelogEntry entry;
    entry.at_us = 1'700'000'000'123'456;
    entry.kind = kind;
    entry.actor = "anna@host";
    entry.integration = "contacts";
    entry.data = data;
    auto head = AppendChangelog(path_, entry);
    EXPECT_TRUE(head.ok()) << (head.ok() ? "" : head.error().message);
    return head.ok() ? *head : ChangelogHead{};
  }
  std::vector<ChangelogLine> Lines() {
    std::vector<ChangelogLine> lines;
    const Status read = ReadChangelog(path_, [&](const ChangelogLine& line) {
      lines.push_back(line);
      return Status();
    });
    EXPECT_TRUE(read.ok());
    return lines;
  }
  std::string Content() {
    std::ostringstream text;
    text << std::ifstream(path_, std::ios::binary).rdbuf();
    return text.str();
  }
  void Write(const std::string& text) { std::ofstream(path_, std::ios::binary) << text; }
  // Line of the first complaint, 0 when there is none.
  int FirstBad(const std::optional<ChangelogHead>& expected = {}) {
    const auto proof = VerifyChangelog(path_, expected);
    return proof.ok() ? 0 : proof.error().line;
  }

  fs::path directory_;
  std::string path_;
};

TEST_F(ChangelogTest, StartsWithAGenesisAndChains) {
  Append("run.finished", R"({"counts":{"succeeded":3}})");
  const ChangelogHead head = Append("plan.held");
  const auto lines = Lines();
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0].kind, "changelog.started");
  EXPECT_EQ(lines[0].previous, std::string(64, '0'));
  EXPECT_EQ(lines[1].kind, "run.finished");
  EXPECT_EQ(lines[1].data, R"({"counts":{"succeeded":3}})");
  EXPECT_EQ(lines[1].time, "2023-11-14T22:13:20.123Z");
  EXPECT_EQ(lines[1].previous, lines[0].hash);
  EXPECT_EQ(lines[2].previous, lines[1].hash);
  EXPECT_EQ(head.seq, 3u);
  EXPECT_EQ(head.hash, lines[2].hash);
  const auto proof = VerifyChangelog(path_, head);
  ASSERT_TRUE(proof.ok());
  EXPECT_EQ(proof->lines, 3u);
  EXPECT_FALSE(proof->torn);
}

TEST_F(ChangelogTest, AMissingFileHasNoLines) {
  EXPECT_TRUE(Lines().empty());
  EXPECT_EQ(FirstBad(), 0);
  EXPECT_NE(FirstBad(ChangelogHead{2, "ab"}), 0);
}

TEST_F(ChangelogTest, EveryFlippedByteShows) {
  for (int i = 0; i < 3; ++i) Append("run.finished", R"({"n":)" + std::to_string(i) + "}");
  const ChangelogHead head = Append("last");
  const std::string good = Content();
  for (size_t i = 0; i < good.size(); i += 7) {
    std::string bad = good;
    bad[i] = static_cast<char>(bad[i] ^ 1);
    Write(bad);
    EXPECT_NE(FirstBad(head), 0) << "byte " << i;
  }
}

TEST_F(ChangelogTest, ADroppedLineIsNamed) {
  for (int i = 0; i < 4; ++i) Append("run.finished");
  std::string text = Content();
  size_t second = text.find('\n') + 1;
  second = text.find('\n', second) + 1;
  text.erase(second, text.find('\n', second) + 1 - second);
  Write(text);
  EXPECT_EQ(FirstBad(), 3);
}

TEST_F(ChangelogTest, ACutOffEndShowsAgainstTheHead) {
  Append("run.finished");
  const ChangelogHead head = Append("run.finished");
  std::string text = Content();
  text.erase(text.rfind('\n', text.size() - 2) + 1);
  Write(text);
  EXPECT_EQ(FirstBad(), 0) << "the chain alone cannot know";
  EXPECT_EQ(FirstBad(head), 3);
}

TEST_F(ChangelogTest, ATornTailIsSetAsideAndTold) {
  Append("run.finished");
  const std::string good = Content();
  Write(good + "{\"seq\":3,\"time\":\"20");
  const auto torn = VerifyChangelog(path_, std::nullopt);
  ASSERT_TRUE(torn.ok());
  EXPECT_TRUE(torn->torn);
  EXPECT_EQ(Lines().size(), 2u);
  Append("run.finished");
  const auto lines = Lines();
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[2].kind, "changelog.repaired");
  EXPECT_EQ(FirstBad(), 0);
  EXPECT_TRUE(fs::exists(path_ + ".torn-3"));
}

TEST_F(ChangelogTest, NothingIsChainedOntoADamagedLine) {
  Append("run.finished");
  std::string text = Content();
  text[text.size() - 10] = text[text.size() - 10] == 'a' ? 'b' : 'a';
  Write(text);
  ChangelogEntry entry;
  entry.kind = "x";
  const auto head = AppendChangelog(path_, entry);
  ASSERT_FALSE(head.ok());
  EXPECT_EQ(head.error().code, "PS-LOG-CORRUPT");
  EXPECT_EQ(Content(), text);
}

TEST_F(ChangelogTest, DataMustBeAnObject) {
  ChangelogEntry entry;
  entry.kind = "x";
  for (const char* data : {"", "[]", "{", "{}\n", "3"}) {
    entry.data = data;
    const auto head = AppendChangelog(path_, entry);
    ASSERT_FALSE(head.ok()) << data;
    EXPECT_EQ(head.error().code, "PS-LOG-DATA");
  }
}

TEST_F(ChangelogTest, ProcessesTakeTurns) {
  std::vector<pid_t> children;
  for (int i = 0; i < 4; ++i) {
    const pid_t child = ::fork();
    if (child == 0) {
      bool ok = true;
      for (int n = 0; n < 25; ++n) {
        ChangelogEntry entry;
        entry.kind = "child." + std::to_string(i);
        ok = ok && AppendChangelog(path_, entry).ok();
      }
      ::_exit(ok ? 0 : 1);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_EQ(status, 0);
  }
  EXPECT_EQ(FirstBad(), 0);
  EXPECT_EQ(Lines().size(), 101u);
}

TEST_F(ChangelogTest, LongLinesAreReadAndContinued) {
  Append("big", "{\"text\":\"" + std::string(200000, 'x') + "\"}");
  Append("small");
  EXPECT_EQ(FirstBad(), 0);
  EXPECT_EQ(Lines().size(), 3u);
}

}  // namespace
}  // namespace penstock
