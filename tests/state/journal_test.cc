// The journal: what goes in comes out, torn tails, damage.
#include "core/state/journal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <set>
#include <thread>

#include "core/file/file.h"
#include "tests/state/history.h"

namespace penstock::test {
namespace {

using ::testing::HasSubstr;

struct Read {
  std::vector<std::pair<uint64_t, IntentRecord>> intents;
  std::vector<Outcome> outcomes;
  std::vector<JournalNote> notes;
  Result<JournalSummary> summary = JournalSummary();
};

Read ReadAllOf(const std::string& path) {
  Read read;
  JournalVisitor visitor;
  visitor.intent = [&](uint64_t request, const IntentRecord& intent) {
    read.intents.emplace_back(request, intent);
    return Status();
  };
  visitor.outcome = [&](const Outcome& outcome) {
    read.outcomes.push_back(outcome);
    return Status();
  };
  visitor.note = [&](const JournalNote& note) {
    read.notes.push_back(note);
    return Status();
  };
  read.summary = ReadJournal(path, visitor);
  return read;
}

bool SameIntent(const IntentRecord& a, const IntentRecord& b) {
  return a.seq == b.seq && a.op == b.op && a.key_hash == b.key_hash && a.key == b.key &&
         a.fingerprint == b.fingerprint && a.has_absent == b.has_absent && a.fields == b.fields &&
         a.destination_id == b.destination_id;
}

TEST(Journal, GivesBackWhatWentIn) {
  const TemporaryDirectory directory;
  const std::string path = directory / "j";
  const JournalOpen open = OpenOf(12, 41, {"city", "phone"});
  std::mt19937_64 random(5);
  std::vector<Outcome> outcomes;
  std::vector<IntentRecord> intents;
  {
    auto journal = Journal::Create(path, open);
    ASSERT_TRUE(journal.ok());
    for (uint64_t i = 0; i < 2000; ++i) {
      Outcome outcome = RandomOutcome(&random, 500, 2);
      outcome.seq = i + 1;
      outcome.number = 41 + i;
      if (i % 100 == 0) intents.push_back(IntentOf(outcome));
      ASSERT_TRUE((*journal)->Report(outcome).ok());
      outcomes.push_back(std::move(outcome));
    }
    ASSERT_TRUE((*journal)->Intend(7, intents).ok());
    ASSERT_TRUE((*journal)->Note({"job-1", {1, 2, 1u << 30}}, {}).ok());
    JournalClose close;
    close.status = "succeeded";
    close.ended_us = 99;
    close.counts_json = "{\"a\": 1}";
    ASSERT_TRUE((*journal)->Close(close).ok());
    EXPECT_EQ((*journal)->Report(outcomes[0]).error().code, "PS-STATE-WRITE");
    EXPECT_EQ((*journal)->last_outcome(), 2040u);
  }
  EXPECT_EQ(Journal::Create(path, open).error().code, "PS-STATE-WRITE");
  EXPECT_EQ(Journal::Continue(path).error().code, "PS-STATE-WRITE");
  const Read read = ReadAllOf(path);
  ASSERT_TRUE(read.summary.ok()) << read.summary.error().message;
  EXPECT_EQ(read.outcomes, outcomes);
  ASSERT_EQ(read.intents.size(), intents.size());
  for (size_t i = 0; i < intents.size(); ++i) {
    EXPECT_EQ(read.intents[i].first, 7u);
    EXPECT_TRUE(SameIntent(read.intents[i].second, intents[i]));
  }
  ASSERT_EQ(read.notes.size(), 1u);
  EXPECT_EQ(read.notes[0].token, "job-1");
  EXPECT_EQ(read.notes[0].seqs, (std::vector<uint64_t>{1, 2, 1u << 30}));
  const JournalSummary& summary = *read.summary;
  EXPECT_EQ(summary.open.run, "contacts-12");
  EXPECT_EQ(summary.open.fields, open.fields);
  EXPECT_EQ(summary.open.mode, open.mode);
  EXPECT_EQ(summary.open.started_us, open.started_us);
  ASSERT_TRUE(summary.close.has_value());
  EXPECT_EQ(summary.close->status, "succeeded");
  EXPECT_EQ(summary.close->counts_json, "{\"a\": 1}");
  EXPECT_EQ(summary.last_outcome, 2040u);
  EXPECT_EQ(summary.outcomes, 2000u);
  EXPECT_FALSE(summary.torn);

  const auto peek = PeekJournal(path);
  ASSERT_TRUE(peek.ok() && peek->close);
  EXPECT_EQ(peek->last_outcome, 2040u);
  EXPECT_EQ(peek->outcomes, 2000u);
  EXPECT_EQ(peek->open.lineage, kLineage);
}

TEST(Journal, ContinuesWhereAnInterruptedRunEnded) {
  const TemporaryDirectory directory;
  const std::string path = directory / "j";
  std::mt19937_64 random(6);
  for (int part = 0; part < 4; ++part) {
    auto journal = part == 0 ? Journal::Create(path, OpenOf(1, 1, {"a"})) : Journal::Continue(path);
    ASSERT_TRUE(journal.ok());
    EXPECT_EQ((*journal)->open_frame().run, "contacts-1");
    EXPECT_EQ((*journal)->last_outcome(), static_cast<uint64_t>(part) * 10);
    for (int i = 0; i < 10; ++i) {
      ASSERT_TRUE((*journal)->Report(RandomOutcome(&random, 9, 1)).ok());
    }
    if (part == 3) {
      ASSERT_TRUE((*journal)->Close({}).ok());
    }
  }
  const Read read = ReadAllOf(path);
  ASSERT_TRUE(read.summary.ok());
  EXPECT_EQ(read.outcomes.size(), 40u);
  EXPECT_TRUE(read.summary->close.has_value());
}

/// A journal whose every outcome has been flushed on its own; `ends[i]` is the file's size after
/// outcome i + 1.
std::string Flushed(const std::string& path, int outcomes, std::vector<uint64_t>* ends) {
  std::mt19937_64 random(7);
  auto journal = Journal::Create(path, OpenOf(1, 1, {"a"}));
  EXPECT_TRUE(journal.ok());
  ends->push_back(std::filesystem::file_size(path));
  for (int i = 0; i < outcomes; ++i) {
    Outcome outcome = RandomOutcome(&random, 9, 1);
    outcome.message.resize(std::min<size_t>(outcome.message.size(), 40));
    EXPECT_TRUE((*journal)->Report(outcome).ok());
    EXPECT_TRUE((*journal)->Flush().ok());
    ends->push_back(std::filesystem::file_size(path));
  }
  journal->reset();
  return *file::ReadAll(path);
}

TEST(Journal, TornTailAtEveryByteLosesNothingBeforeIt) {
  const TemporaryDirectory directory;
  std::vector<uint64_t> ends;
  const std::string content = Flushed(directory / "j", 8, &ends);
  ASSERT_EQ(content.size(), ends.back());
  const std::string path = directory / "torn";
  for (size_t size = ends[0]; size <= content.size(); ++size) {
    PutFile(path, content.substr(0, size));
    const size_t whole =
        static_cast<size_t>(std::upper_bound(ends.begin(), ends.end(), size) - ends.begin()) - 1;
    const auto summary = ReadJournal(path, {});
    ASSERT_TRUE(summary.ok()) << size << ": " << summary.error().message;
    ASSERT_EQ(summary->last_outcome, whole) << size;
    ASSERT_EQ(summary->valid_bytes, ends[whole]);
    ASSERT_EQ(summary->torn, size != ends[whole]);
  }
  // Going on after a torn tail leaves no trace of it.
  PutFile(path, content.substr(0, content.size() - 3));
  auto journal = Journal::Continue(path);
  ASSERT_TRUE(journal.ok());
  ASSERT_EQ((*journal)->last_outcome(), 7u);
  ASSERT_TRUE((*journal)->Close({}).ok());
  EXPECT_FALSE(ReadJournal(path, {})->torn);
}

TEST(Journal, AFlippedBitIsNamedOrInTheTail) {
  const TemporaryDirectory directory;
  std::vector<uint64_t> ends;
  const std::string content = Flushed(directory / "j", 60, &ends);
  const std::string path = directory / "flipped";
  for (size_t at = 0; at < content.size(); at += 97) {
    std::string flipped = content;
    flipped[at] = static_cast<char>(flipped[at] ^ (1 << (at % 8)));
    PutFile(path, flipped);
    const auto summary = ReadJournal(path, {});
    if (at >= ends[ends.size() - 2]) {
      // The last group: nothing says that it ever was durable.
      ASSERT_TRUE(summary.ok());
      EXPECT_TRUE(summary->torn);
      EXPECT_EQ(summary->last_outcome, 59u);
      continue;
    }
    ASSERT_FALSE(summary.ok()) << "byte " << at;
    EXPECT_EQ(summary.error().code, "PS-STATE-CORRUPT");
    EXPECT_EQ(summary.error().file, path);
    EXPECT_THAT(summary.error().message, HasSubstr("at byte"));
  }
}

TEST(Journal, AClosedJournalForgivesNothingButItsCloseFrame) {
  const TemporaryDirectory directory;
  std::vector<uint64_t> ends;
  const std::string path = directory / "j";
  Flushed(path, 30, &ends);
  ASSERT_TRUE((*Journal::Continue(path))->Close({}).ok());
  const std::string content = *file::ReadAll(path);
  for (size_t at = 0; at < ends.back(); at += 97) {
    std::string flipped = content;
    flipped[at] = static_cast<char>(flipped[at] ^ 1);
    PutFile(path, flipped);
    const auto summary = ReadJournal(path, {});
    ASSERT_FALSE(summary.ok()) << "byte " << at;
    EXPECT_EQ(summary.error().code, "PS-STATE-CORRUPT");
  }
  PutFile(path, content + "x");
  EXPECT_FALSE(ReadJournal(path, {}).ok());
  EXPECT_FALSE(PeekJournal(path)->close.has_value());
}

TEST(Journal, OtherFilesAreRefusedByName) {
  const TemporaryDirectory directory;
  const std::string path = directory / "j";
  PutFile(path, "");
  EXPECT_EQ(ReadJournal(path, {}).error().code, "PS-STATE-CORRUPT");
  PutFile(path, std::string(1000, 'x'));
  EXPECT_EQ(ReadJournal(path, {}).error().code, "PS-STATE-CORRUPT");
  EXPECT_EQ(PeekJournal(path).error().code, "PS-STATE-CORRUPT");
  EXPECT_EQ(Journal::Continue(path).error().code, "PS-STATE-CORRUPT");
  EXPECT_EQ(ReadJournal(directory / "none", {}).error().code, "PS-FILE-READ");
}

TEST(Journal, ManyThreadsShareIt) {
  const TemporaryDirectory directory;
  const std::string path = directory / "j";
  auto journal = Journal::Create(path, OpenOf(1, 1, {"a"}));
  ASSERT_TRUE(journal.ok());
  constexpr int kThreads = 4, kRequests = 25, kRecords = 20;
  std::atomic<int> failures = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937_64 random(static_cast<uint64_t>(t));
      for (int r = 0; r < kRequests; ++r) {
        std::vector<Outcome> outcomes;
        std::vector<IntentRecord> intents;
        for (int i = 0; i < kRecords; ++i) {
          Outcome& outcome = outcomes.emplace_back(RandomOutcome(&random, 1000, 1));
          outcome.seq = static_cast<uint64_t>((t * kRequests + r) * kRecords + i + 1);
          intents.push_back(IntentOf(outcome));
        }
        if (!(*journal)->Intend(static_cast<uint64_t>(r), intents).ok()) ++failures;
        for (Outcome& o : outcomes) failures += (*journal)->Report(std::move(o)).ok() ? 0 : 1;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failures, 0);
  ASSERT_TRUE((*journal)->Close({}).ok());
  const Read read = ReadAllOf(path);
  ASSERT_TRUE(read.summary.ok()) << read.summary.error().message;
  std::set<uint64_t> seqs;
  for (const Outcome& outcome : read.outcomes) seqs.insert(outcome.seq);
  EXPECT_EQ(seqs.size(), size_t{kThreads * kRequests * kRecords});
  EXPECT_EQ(read.intents.size(), seqs.size());
}

}  // namespace
}  // namespace penstock::test
