// The journal, with a failure, a kill and a power loss at every operation.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <thread>

#include "core/file/file.h"
#include "core/state/journal.h"
#include "tests/state/history.h"
#include "tests/support/crash.h"

namespace penstock::test {
namespace {

/// What a run tells from beyond its end.
struct Told {
  bool created;
  uint64_t durable;  // outcomes that a call has said are durable
  uint64_t intents;  // requests whose intent is
};
Told* Shared() {
  static Told* const told = static_cast<Told*>(SharedMemory(sizeof(Told)));
  return told;
}

Outcome OutcomeOf(uint64_t n) {
  Outcome outcome;
  outcome.seq = n;
  outcome.key_hash = HashOf(n);
  outcome.key = "key-" + std::to_string(n);
  outcome.kind = OutcomeKind::kCreated;
  outcome.message = std::string(n % 7 * 300, 'x');
  return outcome;
}

/// Requests of a few records each, two threads, two flushes.
Status WriteJournal(const std::string& path) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto journal, Journal::Create(path, OpenOf(1, 1, {"a"})));
  Shared()->created = true;
  for (uint64_t request = 1; request <= 6; ++request) {
    std::vector<IntentRecord> intents;
    for (uint64_t i = 0; i < 5; ++i) intents.push_back(IntentOf(OutcomeOf(request * 5 + i)));
    const uint64_t before = journal->last_outcome();
    PENSTOCK_RETURN_IF_ERROR(journal->Intend(request, intents));
    Shared()->durable = before;
    Shared()->intents = request;
    for (uint64_t i = 0; i < 5; ++i) {
      PENSTOCK_RETURN_IF_ERROR(journal->Report(OutcomeOf(request * 5 + i)));
    }
    if (request % 3 == 0) {
      PENSTOCK_RETURN_IF_ERROR(journal->Flush());
      Shared()->durable = journal->last_outcome();
    }
  }
  PENSTOCK_RETURN_IF_ERROR(journal->Close({}));
  Shared()->durable = journal->last_outcome();
  return Status();
}

/// Nothing acknowledged is lost, and the run can be settled.
void CheckJournal(const std::string& path) {
  if (!file::Exists(path)) {
    ASSERT_FALSE(Shared()->created);
    return;
  }
  uint64_t last_request = 0, number = 0;
  JournalVisitor visitor;
  visitor.intent = [&](uint64_t request, const IntentRecord&) {
    last_request = request;
    return Status();
  };
  visitor.outcome = [&](const Outcome& outcome) {
    EXPECT_EQ(outcome.number, ++number);
    EXPECT_EQ(outcome.seq, number + 4);
    return Status();
  };
  const auto summary = ReadJournal(path, visitor);
  ASSERT_TRUE(summary.ok()) << summary.error().message;
  ASSERT_GE(summary->last_outcome, Shared()->durable);
  ASSERT_GE(last_request, Shared()->intents);
  if (summary->close) return;
  auto journal = Journal::Continue(path);
  ASSERT_TRUE(journal.ok()) << journal.error().message;
  ASSERT_EQ((*journal)->last_outcome(), summary->last_outcome);
  ASSERT_TRUE((*journal)->Report(OutcomeOf(summary->last_outcome + 5)).ok());
  ASSERT_TRUE((*journal)->Close({}).ok());
  number = 0;
  const auto after = ReadJournal(path, visitor);
  ASSERT_TRUE(after.ok()) << after.error().message;
  ASSERT_EQ(after->last_outcome, summary->last_outcome + 1);
}

class JournalCrash : public ::testing::TestWithParam<CrashOptions> {};

TEST_P(JournalCrash, LosesNothingAcknowledged) {
  const TemporaryDirectory directory;
  const std::string path = directory / "j";
  const uint64_t points = ForEachCrashPoint(
      GetParam(),
      [&] {
        directory.Clear();
        *Shared() = Told();
      },
      [&] { return WriteJournal(path); },
      [&](const RunResult& result) {
        if (GetParam().kind == Crash::kFail && result.reached) {
          EXPECT_FALSE(result.ok);
        }
        if (GetParam().kind != Crash::kFail) {
          EXPECT_TRUE(result.crashed || result.ok);
        }
        ASSERT_NO_FATAL_FAILURE(CheckJournal(path));
      });
  EXPECT_GT(points, 15u);
}

std::vector<CrashOptions> Crashes() {
  std::vector<CrashOptions> all = {{Crash::kKill, 0, 0, false, 1},
                                   {Crash::kFail, 0, EIO, false, 1},
                                   {Crash::kFail, 0, ENOSPC, true, 1}};
  for (uint64_t seed = 1; seed <= 6; ++seed) all.push_back({Crash::kPowerLoss, 0, 0, false, seed});
  return all;
}
INSTANTIATE_TEST_SUITE_P(Kinds, JournalCrash, ::testing::ValuesIn(Crashes()));

/// Fails the n-th sync.
class FailingSync : public file::Hooks {
 public:
  int Before(file::Op op, const std::string&, std::string_view, uint64_t) override {
    return op == file::Op::kSync && ++syncs_ == 3 ? EIO : 0;
  }
  void After(file::Op, const std::string&, const std::string&) override {}

 private:
  int syncs_ = 0;
};

TEST(Journal, TheFirstFailureSticks) {
  const TemporaryDirectory directory;
  FailingSync failing;
  file::SetHooks(&failing);
  {
    auto journal = Journal::Create(directory / "j", OpenOf(1, 1, {"a"}));
    ASSERT_TRUE(journal.ok());
    ASSERT_TRUE((*journal)->Intend(1, {IntentOf(OutcomeOf(1))}).ok());
    ASSERT_TRUE((*journal)->Report(OutcomeOf(1)).ok());
    EXPECT_EQ((*journal)->Flush().error().code, "PS-FILE-SYNC");
    EXPECT_EQ((*journal)->Report(OutcomeOf(2)).error().code, "PS-FILE-SYNC");
    EXPECT_EQ((*journal)->Intend(2, {}).error().code, "PS-FILE-SYNC");
    EXPECT_EQ((*journal)->Note({"t", {1}}, {}).error().code, "PS-FILE-SYNC");
    EXPECT_EQ((*journal)->Flush().error().code, "PS-FILE-SYNC");
    EXPECT_EQ((*journal)->Close({}).error().code, "PS-FILE-SYNC");
  }
  file::SetHooks(nullptr);
  EXPECT_FALSE(ReadJournal(directory / "j", {})->close.has_value());
}

}  // namespace
}  // namespace penstock::test
