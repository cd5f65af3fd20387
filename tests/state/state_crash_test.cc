// Compaction, with a failure, a kill and a power loss at every operation.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>

#include "core/file/file.h"
#include "tests/state/history.h"
#include "tests/support/crash.h"

namespace penstock::test {
namespace {

class CompactionCrash : public ::testing::TestWithParam<CrashOptions> {};

TEST_P(CompactionCrash, LeavesAWholeState) {
  const TemporaryDirectory prepared, directory;
  History history(prepared.path(), 11, 300);
  history.Run(400);
  history.Compact();
  history.Run(300);
  history.Compact();
  history.Run(300);
  PutFile(prepared / "state-000000000003.pst.tmp", "of a killed compaction");
  CompactOptions options;
  options.identity = IdentityOf("contacts");
  options.lineage = kLineage;
  const StateAnchor before = history.anchor();
  auto* const committed = static_cast<uint64_t*>(SharedMemory(sizeof(uint64_t)));
  ForEachCrashPoint(
      GetParam(),
      [&] {
        directory.Clear();
        std::filesystem::copy(prepared.path(), directory.path());
        *committed = 0;
      },
      [&]() -> Status {
        PENSTOCK_ASSIGN_OR_RETURN(
            const auto view, StateView::Open(directory.path(), before, directory.path(), 1u << 20));
        PENSTOCK_ASSIGN_OR_RETURN(const StateAnchor anchor,
                                  Compact(directory.path(), view.get(), options));
        *committed = anchor.generation;
        return Status();
      },
      [&](const RunResult& result) {
        EXPECT_TRUE(result.crashed || result.ok || GetParam().kind == Crash::kFail);
        StateAnchor anchor = before;
        anchor.generation = std::max(anchor.generation, *committed);
        auto view = StateView::Open(directory.path(), anchor, directory.path(), 1u << 20);
        ASSERT_TRUE(view.ok()) << view.error().message;
        ASSERT_NO_FATAL_FAILURE(ExpectSame(view->get(), history.model()));
        const auto again = Compact(directory.path(), view->get(), options);
        ASSERT_TRUE(again.ok()) << again.error().message;
        view = StateView::Open(directory.path(), *again, directory.path(), 1u << 20);
        ASSERT_TRUE(view.ok()) << view.error().message;
        ASSERT_NO_FATAL_FAILURE(ExpectSame(view->get(), history.model()));
        const auto names = file::List(directory.path());
        ASSERT_TRUE(names.ok());
        for (const std::string& name : *names) {
          EXPECT_FALSE(name.ends_with(".tmp")) << name;
        }
      });
}

std::vector<CrashOptions> Crashes() {
  std::vector<CrashOptions> all = {{Crash::kKill, 0, 0, false, 1},
                                   {Crash::kFail, 0, EIO, false, 1},
                                   {Crash::kFail, 0, ENOSPC, true, 1}};
  for (uint64_t seed = 1; seed <= 6; ++seed) all.push_back({Crash::kPowerLoss, 0, 0, false, seed});
  return all;
}
INSTANTIATE_TEST_SUITE_P(Kinds, CompactionCrash, ::testing::ValuesIn(Crashes()));

/// The whole life of a state: runs, settling what a crash left, compactions, a store that is a
/// small file; with a crash at every operation, and then once more to the end.
class LifeCrash : public ::testing::TestWithParam<CrashOptions> {};

constexpr uint64_t kRuns = 3, kOutcomes = 8;

Outcome OutcomeOf(uint64_t number) {
  Outcome outcome;
  outcome.seq = number;
  outcome.key_hash = HashOf(number % 10);
  outcome.key = "key-" + std::to_string(number % 10);
  outcome.kind = number % 5 == 0 ? OutcomeKind::kDeleted : OutcomeKind::kUpdated;
  outcome.fingerprint = HashOf(number);
  return outcome;
}

/// Goes on from whatever is there until the state ends with outcome kRuns * kOutcomes. The store
/// remembers the generation; `acknowledged` the last outcome that was durable.
Status Live(const std::string& directory, uint64_t* acknowledged) {
  const std::string store = directory + "/store";
  StateAnchor anchor{kLineage, 0, 0};
  while (true) {
    if (file::Exists(store)) {
      PENSTOCK_ASSIGN_OR_RETURN(const std::string text, file::ReadAll(store));
      anchor.generation = std::stoull(text);
    }
    PENSTOCK_ASSIGN_OR_RETURN(auto view, StateView::Open(directory, anchor, directory, 1u << 20));
    uint32_t run = view->last_run() + 1;
    if (view->last_outcome() < *acknowledged) return MakeError("TEST-LOST", "an outcome is lost");
    const bool settle = !view->open_journals().empty();
    if (settle) --run;
    if (!settle && view->last_outcome() >= kRuns * kOutcomes) return Status();
    const std::string path = JournalPath(directory, run);
    PENSTOCK_ASSIGN_OR_RETURN(
        auto journal, settle ? Journal::Continue(path)
                             : Journal::Create(path, OpenOf(run, view->last_outcome() + 1, {})));
    const uint64_t end = journal->open_frame().first_outcome - 1 + kOutcomes;
    while (journal->last_outcome() < end) {
      const Outcome outcome = OutcomeOf(journal->last_outcome() + 1);
      PENSTOCK_RETURN_IF_ERROR(journal->Intend(1, {IntentOf(outcome)}));
      PENSTOCK_RETURN_IF_ERROR(journal->Report(outcome));
      if (journal->last_outcome() % 4 == 0) {
        PENSTOCK_RETURN_IF_ERROR(journal->Flush());
        *acknowledged = journal->last_outcome();
      }
    }
    PENSTOCK_RETURN_IF_ERROR(journal->Close({}));
    *acknowledged = journal->last_outcome();
    PENSTOCK_ASSIGN_OR_RETURN(view, StateView::Open(directory, anchor, directory, 1u << 20));
    CompactOptions options;
    options.identity = IdentityOf("contacts");
    options.lineage = kLineage;
    PENSTOCK_ASSIGN_OR_RETURN(anchor, Compact(directory, view.get(), options));
    PENSTOCK_RETURN_IF_ERROR(file::WriteAll(store, std::to_string(anchor.generation)));
  }
}

TEST_P(LifeCrash, EndsAsIfNothingHadHappened) {
  const TemporaryDirectory directory;
  Model model;
  for (uint64_t number = 1; number <= kRuns * kOutcomes; ++number) {
    model.Apply(OutcomeOf(number), OpenOf(1, 1, {}));
  }
  auto* const acknowledged = static_cast<uint64_t*>(SharedMemory(sizeof(uint64_t)));
  const uint64_t points = ForEachCrashPoint(
      GetParam(),
      [&] {
        directory.Clear();
        *acknowledged = 0;
      },
      [&] { return Live(directory.path(), acknowledged); },
      [&](const RunResult&) {
        const Status status = Live(directory.path(), acknowledged);
        ASSERT_TRUE(status.ok()) << status.error().code << " " << status.error().message;
        auto view = StateView::Open(directory.path(), {}, directory.path(), 1u << 20);
        ASSERT_TRUE(view.ok());
        EXPECT_EQ((*view)->last_outcome(), kRuns * kOutcomes);
        std::map<Hash128, Hash128> fingerprints;
        ASSERT_TRUE((*view)
                        ->ForEach([&](const Entry& entry) {
                          fingerprints[entry.key_hash] = entry.fingerprint;
                          return Status();
                        })
                        .ok());
        ASSERT_EQ(fingerprints.size(), model.entries().size());
        for (const auto& [hash, known] : model.entries()) {
          EXPECT_EQ(fingerprints[hash], known.entry.fingerprint);
        }
      },
      7);
  EXPECT_GT(points, 60u);
}

INSTANTIATE_TEST_SUITE_P(Kinds, LifeCrash,
                         ::testing::Values(CrashOptions{Crash::kKill, 0, 0, false, 1},
                                           CrashOptions{Crash::kFail, 0, EIO, false, 1},
                                           CrashOptions{Crash::kPowerLoss, 0, 0, false, 1},
                                           CrashOptions{Crash::kPowerLoss, 0, 0, false, 2}));

}  // namespace
}  // namespace penstock::test
