// Budgets: windows, slots, days, what the destination tells, and what processes share.
#include "host/limits/budget.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <vector>

#include "host/limits/shared_dir.h"
#include "host/limits/window.h"
#include "tests/http/fakes.h"

namespace penstock::limits {
namespace {

using penstock::testing::FakeClock;
using penstock::testing::ScratchDir;

constexpr int64_t kSecondUs = 1000000;

class LimitsTest : public ::testing::Test {
 protected:
  std::unique_ptr<Budget> Open(sdk::Limiter limiter) {
    Budget::Options options;
    options.directory = dir_.path() / "limits" / "digest";
    limiter.name = "default";
    options.limiter = limiter;
    options.clock = &clock_;
    options.seed = 7;
    auto budget = Budget::Open(options);
    EXPECT_TRUE(budget.ok());
    return *std::move(budget);
  }

  static sdk::Limiter Window(double requests, int64_t window_ms, uint32_t concurrent = 0) {
    sdk::Limiter limiter;
    limiter.requests = requests;
    limiter.window_ms = window_ms;
    limiter.max_concurrent = concurrent;
    return limiter;
  }

  // Takes permits until one is refused; gives each back as answered at once.
  int TakeAll(Budget& budget, const Told& told = {}) {
    int taken = 0;
    for (;; ++taken) {
      last_ = budget.TryAcquire(1);
      if (last_.verdict != Verdict::kGranted) return taken;
      if (taken > 5000) return taken;
      budget.Release(last_.permit, {clock_.MonotonicUs(), clock_.MonotonicUs() + 1, true}, told);
    }
  }

  std::string file() const { return dir_ / "limits/digest/default.limit"; }

  ScratchDir dir_;
  FakeClock clock_;
  Decision last_;
};

TEST_F(LimitsTest, GrantsTheWindowThenWaitsUntilItIsOver) {
  auto budget = Open(Window(5, 10000));
  EXPECT_EQ(TakeAll(*budget), 5);
  EXPECT_EQ(last_.verdict, Verdict::kWait);
  int64_t wait_us = last_.retry_at_us - clock_.MonotonicUs();
  EXPECT_GE(wait_us, 10 * kSecondUs);
  EXPECT_LE(wait_us, 10 * kSecondUs + kSecondUs / 5);
  clock_.SetMonotonic(last_.retry_at_us);
  EXPECT_EQ(TakeAll(*budget), 5);
}

TEST_F(LimitsTest, AnUnsentPermitCostsNothing) {
  auto budget = Open(Window(2, 10000));
  for (int i = 0; i < 10; ++i) {
    Decision decision = budget->TryAcquire(1);
    ASSERT_EQ(decision.verdict, Verdict::kGranted);
    budget->Release(decision.permit, {}, {});
  }
  EXPECT_EQ(TakeAll(*budget), 2);
}

TEST_F(LimitsTest, CostCountsForSeveral) {
  auto budget = Open(Window(10, 1000));
  Decision decision = budget->TryAcquire(7);
  ASSERT_EQ(decision.verdict, Verdict::kGranted);
  EXPECT_EQ(TakeAll(*budget), 3);
}

TEST_F(LimitsTest, TwoProjectsShareOneFile) {
  auto one = Open(Window(6, 10000));
  auto two = Open(Window(6, 10000));
  Decision decision = one->TryAcquire(4);
  ASSERT_EQ(decision.verdict, Verdict::kGranted);
  EXPECT_EQ(TakeAll(*two), 2);
}

TEST_F(LimitsTest, SlotsAreSharedAndGivenBack) {
  auto one = Open(Window(0, 1000, 2));
  auto two = Open(Window(0, 1000, 2));
  Decision first = one->TryAcquire(1);
  Decision second = one->TryAcquire(1);
  ASSERT_EQ(second.verdict, Verdict::kGranted);
  Decision third = two->TryAcquire(1);
  EXPECT_EQ(third.verdict, Verdict::kWait);
  EXPECT_TRUE(third.for_slot);
  one->Release(first.permit, {}, {});
  // The first one asked again, but the other waits already: it has the turn.
  EXPECT_EQ(one->TryAcquire(1).verdict, Verdict::kWait);
  EXPECT_EQ(two->TryAcquire(1).verdict, Verdict::kGranted);
}

TEST_F(LimitsTest, APauseHoldsEverybody) {
  auto one = Open(Window(100, 1000));
  auto two = Open(Window(100, 1000));
  one->Pause(7000, clock_.MonotonicUs());
  Decision decision = two->TryAcquire(1);
  EXPECT_EQ(decision.verdict, Verdict::kWait);
  EXPECT_GE(decision.retry_at_us - clock_.MonotonicUs(), 7 * kSecondUs);
  clock_.SetMonotonic(decision.retry_at_us);
  EXPECT_EQ(two->TryAcquire(1).verdict, Verdict::kGranted);
}

TEST_F(LimitsTest, APauseWithoutATimeGrowsOnlyWithRepetition) {
  auto budget = Open(Window(100, 1000));
  int64_t sent_us = clock_.MonotonicUs();
  for (int i = 0; i < 8; ++i) budget->Pause(0, sent_us);  // all under way together
  int64_t first_us = budget->TryAcquire(1).retry_at_us - clock_.MonotonicUs();
  EXPECT_LE(first_us, 2 * kSecondUs);
  clock_.Advance(first_us + 1);
  budget->Pause(0, clock_.MonotonicUs());
  int64_t second_us = budget->TryAcquire(1).retry_at_us - clock_.MonotonicUs();
  EXPECT_GE(second_us, 2 * kSecondUs);
}

TEST_F(LimitsTest, TakesOverTheMaximumTheDestinationTells) {
  auto budget = Open(Window(100, 10000));
  Told told;
  told.max = 12;
  EXPECT_EQ(TakeAll(*budget, told), 12);
}

TEST_F(LimitsTest, CountsWhatOthersUse) {
  auto budget = Open(Window(100, 10000));
  Decision decision = budget->TryAcquire(1);
  Told told;
  told.max = 100;
  told.remaining = 30;  // 70 are gone, and only one of them was ours
  budget->Release(decision.permit, {clock_.MonotonicUs(), clock_.MonotonicUs() + 1, true}, told);
  EXPECT_EQ(TakeAll(*budget), 30);
}

TEST_F(LimitsTest, GivesBackWhatOthersDidNotUse) {
  auto budget = Open(Window(100, 10000));
  Decision decision = budget->TryAcquire(1);
  Told told;
  told.remaining = 30;
  budget->Release(decision.permit, {clock_.MonotonicUs(), clock_.MonotonicUs() + 1, true}, told);
  decision = budget->TryAcquire(1);
  told.remaining = 98;  // the others' requests left the window
  budget->Release(decision.permit, {clock_.MonotonicUs(), clock_.MonotonicUs() + 1, true}, told);
  EXPECT_EQ(TakeAll(*budget), 98);
}

TEST_F(LimitsTest, LeavesAShareOfTheDayToOthers) {
  sdk::Limiter limiter = Window(0, 1000);
  limiter.daily = 100;
  auto budget = Open(limiter);
  EXPECT_EQ(TakeAll(*budget), 80);
  EXPECT_EQ(last_.verdict, Verdict::kSpent);
  EXPECT_EQ(last_.error.code, "PS-LIMITS-QUOTA");
  EXPECT_NE(last_.error.message.find("80 of 100"), std::string::npos) << last_.error.message;
  EXPECT_EQ(last_.resets_unix_us % (int64_t{86400} * kSecondUs), 0);
  EXPECT_GT(last_.resets_unix_us, clock_.UnixUs());
  clock_.SetUnixNow(last_.resets_unix_us);
  EXPECT_EQ(TakeAll(*budget), 80);
}

TEST_F(LimitsTest, StopsWhereTheDestinationsOwnCountSaysSo) {
  sdk::Limiter limiter = Window(0, 1000);
  limiter.daily = 1000;
  auto budget = Open(limiter);
  Decision decision = budget->TryAcquire(1);
  Told told;
  told.daily_max = 1000;
  told.daily_remaining = 205;  // others used most of it
  budget->Release(decision.permit, {clock_.MonotonicUs(), clock_.MonotonicUs() + 1, true}, told);
  EXPECT_LE(TakeAll(*budget), 6);
  EXPECT_EQ(last_.verdict, Verdict::kSpent);
}

TEST_F(LimitsTest, OneLooksAgainWhenTheDayIsSpent) {
  auto budget = Open(Window(0, 1000));
  Decision running = budget->TryAcquire(1);
  budget->Release(running.permit, {clock_.MonotonicUs(), clock_.MonotonicUs() + 1, false}, {});
  budget->SetSpent();
  auto next_process = Open(Window(0, 1000));
  Decision look = next_process->TryAcquire(1);
  ASSERT_EQ(look.verdict, Verdict::kGranted);
  EXPECT_EQ(next_process->TryAcquire(1).verdict, Verdict::kSpent);
  next_process->Release(look.permit, {clock_.MonotonicUs(), clock_.MonotonicUs() + 1, true}, {});
  EXPECT_EQ(next_process->TryAcquire(1).verdict, Verdict::kGranted);
}

TEST_F(LimitsTest, ADamagedFileStartsAnew) {
  auto budget = Open(Window(3, 60000));
  EXPECT_EQ(TakeAll(*budget), 3);
  std::ofstream(file(), std::ios::trunc) << "garbage";
  EXPECT_EQ(TakeAll(*budget), 3);
  ASSERT_EQ(truncate(file().c_str(), 40), 0);
  EXPECT_EQ(TakeAll(*budget), 3);
  {
    std::fstream flip(file(), std::ios::in | std::ios::out | std::ios::binary);
    flip.seekp(60);
    flip.put('\x7f');
  }
  EXPECT_EQ(TakeAll(*budget), 3);
}

TEST_F(LimitsTest, ARemovedFileIsMadeAgain) {
  auto budget = Open(Window(3, 60000, 2));
  Decision held = budget->TryAcquire(1);
  std::filesystem::remove(file());
  Decision other = budget->TryAcquire(1);
  EXPECT_EQ(other.verdict, Verdict::kGranted);
  EXPECT_TRUE(std::filesystem::exists(file()));
  auto second = Open(Window(3, 60000, 2));
  EXPECT_EQ(second->TryAcquire(1).verdict, Verdict::kWait);  // both slots are taken
  budget->Release(held.permit, {}, {});
}

TEST_F(LimitsTest, FilesAreOurs) {
  auto budget = Open(Window(3, 1000));
  struct stat info {};
  ASSERT_EQ(stat(file().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  ASSERT_EQ(stat((dir_ / "limits/digest").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0700u);
}

TEST_F(LimitsTest, AnUnusableDirectoryIsAnError) {
  std::ofstream(dir_ / "file") << "x";
  Budget::Options options;
  options.directory = dir_.path() / "file" / "below";
  options.limiter.name = "default";
  auto budget = Budget::Open(options);
  ASSERT_FALSE(budget.ok());
  EXPECT_EQ(budget.error().code, "PS-LIMITS-DIR");
}

TEST(SlidingLogTest, LargeLimitsStayWithinTheFile) {
  SlidingLog log;
  int64_t granted = 0;
  int64_t now_us = 0;
  for (int i = 0; i < 20000; ++i) {
    int64_t at_us = log.Earliest(1, 10000, 60 * kSecondUs, now_us);
    if (at_us == now_us) {
      log.Add(now_us, 1, static_cast<uint32_t>(i + 1), 70 * kSecondUs);
      ++granted;
    }
    now_us += 1000;  // 20 s in all
  }
  EXPECT_EQ(granted, 10000);
  EXPECT_LE(log.size, SlidingLog::kMarks);
}

TEST(SharedDirTest, DigestsTellAccountsApart) {
  std::string one = BudgetDigest("hubspot", "api.hubapi.com", "pat-1");
  EXPECT_EQ(one.size(), 32u);
  EXPECT_EQ(one, BudgetDigest("hubspot", "api.hubapi.com", "pat-1"));
  EXPECT_NE(one, BudgetDigest("hubspot", "api.hubapi.com", "pat-2"));
  EXPECT_NE(one, BudgetDigest("hubspot", "127.0.0.1:8080", "pat-1"));
  EXPECT_NE(BudgetDigest("ab", "c", ""), BudgetDigest("a", "bc", ""));
}

// ---- real processes ---------------------------------------------------------------------------

struct Child {
  pid_t pid = 0;
  FILE* out = nullptr;
};

Child StartHelper(const std::vector<std::string>& arguments) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  std::string program = std::string(PENSTOCK_TEST_BIN_DIR) + "/limits_helper";
  std::vector<const char*> argv = {program.c_str()};
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  argv.push_back(nullptr);
  pid_t pid = fork();
  if (pid == 0) {
    dup2(ends[1], 1);
    close(ends[0]);
    close(ends[1]);
    execv(program.c_str(), const_cast<char**>(argv.data()));
    _exit(127);
  }
  close(ends[1]);
  return {pid, fdopen(ends[0], "r")};
}

int Wait(const Child& child) {
  int status = -1;
  waitpid(child.pid, &status, 0);
  fclose(child.out);
  return status;
}

TEST(ProcessesTest, TogetherTheyKeepToTheLimitAndNobodyStarves) {
  ScratchDir dir;
  std::vector<Child> children;
  for (int i = 0; i < 3; ++i) children.push_back(StartHelper({"grants", dir / "x", "40"}));
  std::vector<long long> moments;
  for (const Child& child : children) {
    long long us = 0;
    while (fscanf(child.out, "%lld", &us) == 1) moments.push_back(us);
    EXPECT_EQ(Wait(child), 0);
  }
  ASSERT_EQ(moments.size(), 120u);
  std::sort(moments.begin(), moments.end());
  for (size_t i = 20; i < moments.size(); ++i) {
    EXPECT_GE(moments[i] - moments[i - 20], 200000) << "21 in one window, at " << i;
  }
}

TEST(ProcessesTest, SlotsDieWithTheirProcess) {
  ScratchDir dir;
  Child holder = StartHelper({"hold", dir / "x"});
  char line[16];
  ASSERT_NE(fgets(line, sizeof line, holder.out), nullptr);
  Budget::Options options;
  options.directory = dir / "x";
  options.limiter.name = "default";
  options.limiter.requests = 0;
  options.limiter.max_concurrent = 4;
  auto budget = Budget::Open(options);
  ASSERT_TRUE(budget.ok());
  EXPECT_EQ((*budget)->TryAcquire(1).verdict, Verdict::kWait);
  kill(holder.pid, SIGKILL);
  Wait(holder);
  Decision decision = (*budget)->TryAcquire(1);
  EXPECT_EQ(decision.verdict, Verdict::kGranted);
}

}  // namespace
}  // namespace penstock::limits
