// Runs that are killed at any moment, and what has to be true afterwards.
#pragma once

#include <signal.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <random>
#include <set>
#include <string>
#include <thread>

#include "core/state/journal.h"
#include "tests/e2e/e2e.h"

namespace penstock::e2e {

/// Ids of the records that a journal acknowledges.
struct Acknowledged {
  std::set<std::string> ids;
  size_t sent = 0;  // records, acknowledged or not
  bool closed = false;
};

struct Kills {
  int times;
  int64_t calls;      // that a sync makes, about
  int in_middle = 5;  // more than so many must hit a run that has something acknowledged
  bool once = false;  // no record is ever written twice, acknowledged or not
};

/// A mirror of `customers` that is killed.
class CrashFixture : public E2eTest {
 protected:
  static constexpr int kRows = 3000;
  static constexpr int kLeave = 60;  // rows that leave, and new ones that come, between two kills

  using E2eTest::E2eTest;

  /// The account is what the table says.
  virtual void ExpectHoldsModel() { ExpectHoldsCustomers(account_, project_); }
  /// A sync that may first settle what an earlier one left, as a run of its own. Its last run.
  Json SyncRest() {
    const Output output = project_.Sync();
    EXPECT_EQ(output.exit, 0) << output.Text();
    const Json runs = output.json["runs"];
    EXPECT_GE(runs.size(), 1u) << output.Text();
    for (size_t i = 0; i < runs.size(); ++i) ExpectAddsUp(runs[i]);
    EXPECT_EQ(runs[runs.size() - 1]["status"].Text(), "succeeded") << output.Text();
    return runs[runs.size() - 1];
  }

  /// Every phone changes, some rows leave, others come.
  void ChangeModel(int round) {
    const std::string low = std::to_string(round * kLeave);
    project_.Sql("DELETE FROM customers WHERE n < " + low + ";UPDATE customers SET phone = '+" +
                 std::to_string(round) + "' || n");
    if (round > 0) project_.FillCustomers(kLeave, kRows + (round - 1) * kLeave);
  }

  std::string NewestJournal() const {
    const std::vector<std::string> journals = project_.Files("/journal-");
    return journals.empty() ? "" : journals.back();
  }

  static Acknowledged ReadAcknowledged(const std::string& path) {
    Acknowledged acknowledged;
    JournalVisitor visitor;
    visitor.intent = [&](uint64_t /*request*/, const IntentRecord& /*record*/) -> Status {
      ++acknowledged.sent;
      return {};
    };
    visitor.outcome = [&](const Outcome& outcome) -> Status {
      if (outcome.mark == Mark::kNone && Succeeded(outcome.kind)) {
        EXPECT_FALSE(outcome.destination_id.empty()) << outcome.key;
        acknowledged.ids.insert(outcome.destination_id);
      }
      return {};
    };
    const auto summary = ReadJournal(path, visitor);
    EXPECT_TRUE(summary.ok()) << summary.error().message;
    acknowledged.closed = summary.ok() && summary->close.has_value();
    return acknowledged;
  }

  /// Kills at a random moment: after that many calls and some milliseconds, or just after some
  /// time. True if the program was still running.
  bool KillSomewhere(Child* child, std::mt19937* random, int64_t calls,
                     std::chrono::steady_clock::duration whole) {
    const int64_t before = account_.WriteCalls();
    const auto begun = std::chrono::steady_clock::now();
    if ((*random)() % 4 == 0) {
      const auto wait = whole * static_cast<int>((*random)() % 100) / 100;
      std::this_thread::sleep_until(begun + wait);
    } else {
      const int64_t goal = static_cast<int64_t>((*random)() % static_cast<uint64_t>(calls));
      while (child->Running() && account_.WriteCalls() - before < goal) {
      }
      std::this_thread::sleep_for(std::chrono::microseconds((*random)() % 30'000));
    }
    const bool running = child->Running();
    child->Signal(SIGKILL);
    child->Wait();
    return running;
  }

  /// Oracle: the account equals the model, no acknowledged record is written again, counts add up.
  void KillManyTimes(const Kills& kills) {
    const char* given = std::getenv("PENSTOCK_SEED");
    const unsigned seed =
        given != nullptr ? static_cast<unsigned>(std::atoi(given)) : std::random_device()();
    std::cout << "seed " << seed << " (set PENSTOCK_SEED to repeat it)\n";
    std::mt19937 random(seed);
    const auto begun = std::chrono::steady_clock::now();
    SyncDone();
    const std::chrono::steady_clock::duration whole = std::chrono::steady_clock::now() - begun;
    int in_middle = 0, in_flight = 0;
    size_t acknowledged_total = 0;
    for (int round = 1; round <= kills.times && !HasFailure(); ++round) {
      SCOPED_TRACE("round " + std::to_string(round) + ", seed " + std::to_string(seed));
      ChangeModel(round);
      const auto first = account_.Writes();
      const std::string journal_before = NewestJournal();
      const auto child = project_.Start({"sync", "contacts", "--json"});
      const bool killed = KillSomewhere(child.get(), &random, kills.calls, whole);
      const std::string journal = NewestJournal();
      Acknowledged acknowledged;
      if (journal != journal_before) acknowledged = ReadAcknowledged(journal);
      acknowledged_total += acknowledged.ids.size();
      if (killed && !acknowledged.ids.empty() && !acknowledged.closed) ++in_middle;
      if (killed && acknowledged.sent > 0 && !acknowledged.closed) ++in_flight;

      const auto before = account_.Writes();
      SyncRest();
      auto after = account_.Writes();
      int again = 0;
      for (const std::string& id : acknowledged.ids) {
        if (after[id] != before.at(id) && ++again <= 3) ADD_FAILURE() << id << " was written again";
      }
      for (const auto& [id, writes] : after) {
        const auto old = first.find(id);
        const bool twice = writes > 1 + (old == first.end() ? 0 : old->second);
        if (kills.once && twice && ++again <= 3) ADD_FAILURE() << id << " was written twice";
      }
      EXPECT_EQ(again, 0) << "of " << acknowledged.ids.size() << " acknowledged records";
      ExpectHoldsModel();
    }
    std::cout << in_flight << " runs were killed in mid-push, " << in_middle << " of them with "
              << acknowledged_total << " acknowledged records\n";
    EXPECT_GT(in_middle, kills.in_middle);
    account_.ResetStats();
    SyncDone();
    EXPECT_EQ(account_.Calls(), 0);
    const Output log = project_.Cli({"changelog", "verify", "--json"});
    EXPECT_EQ(log.exit, 0) << log.Text();
  }
};

}  // namespace penstock::e2e
