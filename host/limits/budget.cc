#include "host/limits/budget.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <mutex>
#include <random>
#include <string>
#include <utility>

#include "host/limits/slots.h"
#include "host/limits/state_file.h"

namespace penstock::limits {
namespace {

constexpr int64_t kDayUs = int64_t{86400} * 1000000;
constexpr int64_t kLookUs = int64_t{60} * 1000000;
constexpr int64_t kLongestPauseUs = int64_t{3600} * 1000000;
constexpr uint32_t kMarginStepPpm = 5000;
constexpr uint32_t kMarginMostPpm = 50000;

// Requests and length of the window that hold now: what the destination told, else what is
// declared.
struct Limits {
  int64_t max = 0;  // 0: not limited
  int64_t window_us = 0;
};

Limits CurrentLimits(const BudgetState& state, const sdk::Limiter& limiter) {
  Limits limits;
  limits.max = state.told_max > 0 ? state.told_max : std::llround(limiter.requests);
  limits.window_us = state.told_window_us > 0 ? state.told_window_us : limiter.window_ms * 1000;
  return limits;
}

// What we keep clear of the window's edge: clocks tick apart, and what 429s have taught.
int64_t MarginUs(const BudgetState& state, int64_t window_us) {
  int64_t fixed = std::max(window_us / 200, std::min<int64_t>(10000, window_us / 100));
  return fixed + window_us / 1000000 * state.margin_ppm +
         window_us % 1000000 * state.margin_ppm / 1000000;
}

int64_t KeepUs(int64_t window_us) { return window_us + window_us / 8; }

// A file name of a limiter's name.
std::string FileName(const std::string& name) {
  std::string safe;
  for (char c : name) {
    bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                 c == '-' || c == '_';
    static constexpr char kHex[] = "0123456789abcdef";
    if (plain) {
      safe += c;
    } else {
      safe += {'%', kHex[(c >> 4) & 15], kHex[c & 15]};
    }
  }
  return safe + ".limit";
}

std::string Grouped(int64_t number) {
  std::string digits = std::to_string(number);
  for (auto i = static_cast<int>(digits.size()) - 3; i > 0; i -= 3) {
    digits.insert(static_cast<size_t>(i), ",");
  }
  return digits;
}

class FileBudget final : public Budget {
 public:
  FileBudget(Options options, StateFile file)
      : options_(std::move(options)),
        clock_(*options_.clock),
        file_(std::move(file)),
        slots_(options_.limiter.max_concurrent),
        random_(options_.seed) {}

  Decision TryAcquire(uint32_t cost) override {
    std::lock_guard<std::mutex> lock(mutex_);
    Decision decision;
    int64_t slot = slots_.TryTake(file_.descriptor());
    if (slot < 0) {
      decision.for_slot = true;
      decision.retry_at_us = clock_.MonotonicUs() + Between(3000, 12000);
      return decision;
    }
    decision.permit.slot = slot;
    decision.permit.cost = std::max<uint32_t>(cost, 1);
    Status status = Change([&](BudgetState& state, int64_t now_us) {
      if (!DecideDay(state, decision)) return;
      DecideWindow(state, now_us, decision);
    });
    if (!status.ok()) {
      decision.verdict = Verdict::kFailed;
      decision.error = status.error();
    }
    if (decision.verdict != Verdict::kGranted) slots_.Give(file_.descriptor(), slot);
    return decision;
  }

  void Release(const Permit& permit, const Use& use, const Told& told) override {
    std::lock_guard<std::mutex> lock(mutex_);
    slots_.Give(file_.descriptor(), permit.slot);
    // A disk that refuses now refuses the next TryAcquire, which reports it.
    (void)Change([&](BudgetState& state, int64_t) {
      if (use.sent_us == 0) {
        state.log.Remove(permit.id);
        GiveDayBack(state, permit);
        return;
      }
      Settle(state, permit, use);
      if (use.answered_us != 0) Learn(state, use, told);
    });
  }

  void Pause(int64_t retry_after_ms, int64_t sent_us) override {
    std::lock_guard<std::mutex> lock(mutex_);
    (void)Change([&](BudgetState& state, int64_t now_us) {
      if (state.paused_at_us == 0 || sent_us > state.paused_at_us) {
        state.paused_at_us = now_us;
        state.pauses_in_row = std::min<uint32_t>(state.pauses_in_row + 1, 6);
        state.good_in_row = 0;
        state.margin_ppm = std::min(state.margin_ppm + kMarginStepPpm, kMarginMostPpm);
      }
      int64_t pause_us = retry_after_ms * 1000;
      if (pause_us <= 0) pause_us = (int64_t{500000} << state.pauses_in_row) + Between(0, 500000);
      int64_t until_us = now_us + std::min(pause_us, kLongestPauseUs);
      state.paused_until_us = std::max(state.paused_until_us, until_us);
    });
  }

  void SetSpent() override {
    std::lock_guard<std::mutex> lock(mutex_);
    (void)Change([&](BudgetState& state, int64_t) {
      state.day_spent = 1;
      state.day_look_unix_us = clock_.UnixUs() + kLookUs;
    });
  }

 private:
  int64_t Between(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random_);
  }

  template <typename F>
  Status Change(F change) {
    int64_t now_us = clock_.MonotonicUs();
    int64_t unix_us = clock_.UnixUs();
    int before = file_.descriptor();
    Status status = file_.Change(now_us, unix_us, [&](BudgetState& state) {
      int64_t day = unix_us / kDayUs;
      if (state.day != day) StartDay(state, day);
      // Nobody pauses longer than this: a longer one is damage.
      state.paused_until_us = std::min(state.paused_until_us, now_us + kLongestPauseUs);
      change(state, now_us);
    });
    if (file_.descriptor() != before) slots_.Move(file_.descriptor());
    return status;
  }

  static void StartDay(BudgetState& state, int64_t day) {
    state.day = day;
    state.day_used = 0;
    state.day_told_remaining = -1;
    state.day_used_since_told = 0;
    state.day_spent = 0;
  }

  bool DecideDay(BudgetState& state, Decision& decision) {
    bool first = !std::exchange(looked_, true);
    Permit& permit = decision.permit;
    permit.day = state.day;
    int64_t unix_us = clock_.UnixUs();
    int64_t max = state.day_told_max > 0 ? state.day_told_max : options_.limiter.daily;
    auto allowed =
        static_cast<int64_t>(std::floor(static_cast<double>(max) * options_.daily_share));
    bool told = state.day_told_remaining >= 0;
    int64_t used = state.day_used;
    if (told) {
      used = std::max<int64_t>(0, max - state.day_told_remaining) + state.day_used_since_told;
    }
    bool spent = state.day_spent != 0 || (max > 0 && used + permit.cost > allowed);
    // What the destination told may be out of date (its day need not be ours, and more can be
    // bought): each new process, and one request a minute, looks again.
    bool may_look = (told || state.day_spent != 0) && (first || unix_us >= state.day_look_unix_us);
    if (spent && !may_look) {
      decision.verdict = Verdict::kSpent;
      decision.resets_unix_us = (state.day + 1) * kDayUs;
      decision.error = SpentError(state, max, allowed, used);
      return false;
    }
    if (spent) state.day_look_unix_us = unix_us + kLookUs;
    state.day_used += permit.cost;
    state.day_used_since_told += permit.cost;
    return true;
  }

  Error SpentError(const BudgetState& state, int64_t max, int64_t allowed, int64_t used) const {
    std::string hint = "It is renewed about midnight UTC; run again then";
    if (state.day_spent != 0 || max == 0) {
      return MakeError("PS-LIMITS-QUOTA",
                       "The destination says that the daily allowance of requests is used up.",
                       hint + ".");
    }
    return MakeError("PS-LIMITS-QUOTA",
                     "The daily allowance is used up: " + Grouped(used) + " of " + Grouped(max) +
                         " requests are used, and Penstock takes at most " + Grouped(allowed) + ".",
                     hint + ", or raise `limits: {daily_share: …}` of the destination.");
  }

  void DecideWindow(BudgetState& state, int64_t now_us, Decision& decision) {
    Limits limits = CurrentLimits(state, options_.limiter);
    int64_t earliest = now_us;
    int64_t window_us = limits.window_us + MarginUs(state, limits.window_us);
    if (limits.max > 0) {
      earliest = state.log.Earliest(decision.permit.cost, limits.max, window_us, now_us);
    }
    earliest = std::max(earliest, state.paused_until_us);
    if (earliest > now_us) {
      GiveDayBack(state, decision.permit);
      decision.retry_at_us = earliest + Between(0, 1000);
      return;
    }
    decision.verdict = Verdict::kGranted;
    if (++state.last_id >= kForeign) state.last_id = 1;
    decision.permit.id = state.last_id;
    if (limits.max > 0) {
      state.log.Add(now_us, decision.permit.cost, decision.permit.id, KeepUs(limits.window_us));
    }
  }

  static void GiveDayBack(BudgetState& state, const Permit& permit) {
    if (state.day != permit.day) return;
    state.day_used = std::max<int64_t>(0, state.day_used - permit.cost);
    state.day_used_since_told = std::max<int64_t>(0, state.day_used_since_told - permit.cost);
  }

  // Puts the request where the destination can have counted it at the latest: a round trip longer
  // than the shortest one may have lost its time on the way there. At most 1 % of the window, so
  // that a slow answer does not cost throughput.
  void Settle(BudgetState& state, const Permit& permit, const Use& use) {
    int64_t at_us = use.sent_us;
    if (use.answered_us != 0) {
      int64_t trip = std::max<int64_t>(1, use.answered_us - use.sent_us);
      int64_t& shortest = state.min_round_trip_us;
      shortest = shortest == 0 ? trip : std::min(shortest + shortest / 1000 + 1, trip);
      int64_t window_us = CurrentLimits(state, options_.limiter).window_us;
      at_us += std::clamp<int64_t>(trip - shortest, 0, window_us / 100);
    }
    state.log.Move(permit.id, at_us);
  }

  void Learn(BudgetState& state, const Use& use, const Told& told) {
    if (!use.accepted) return LearnNumbers(state, use, told);
    state.day_spent = 0;
    if (state.paused_at_us < use.sent_us) state.pauses_in_row = 0;
    if (++state.good_in_row >= 500) {
      state.good_in_row = 0;
      state.margin_ppm -= std::min<uint32_t>(state.margin_ppm, 1000);
    }
    LearnNumbers(state, use, told);
  }

  void LearnNumbers(BudgetState& state, const Use& use, const Told& told) {
    if (told.window_ms && *told.window_ms > 0) state.told_window_us = *told.window_ms * 1000;
    if (told.max && *told.max > 0) state.told_max = *told.max;
    if (told.remaining) LearnRemaining(state, use, *told.remaining);
    if (told.daily_max && *told.daily_max > 0) state.day_told_max = *told.daily_max;
    if (told.daily_remaining && *told.daily_remaining >= 0) {
      state.day_told_remaining = *told.daily_remaining;
      state.day_used_since_told = 0;
      state.day_spent = *told.daily_remaining == 0 ? 1 : 0;
    }
  }

  // Others use the account too when the destination counts more than we can have sent; fewer of
  // them when it counts less than we certainly sent.
  void LearnRemaining(BudgetState& state, const Use& use, int64_t remaining) {
    Limits limits = CurrentLimits(state, options_.limiter);
    if (limits.max == 0 || remaining < 0 || remaining > limits.max) return;
    int64_t counted = limits.max - remaining;
    int64_t most = state.log.CountSince(use.sent_us - KeepUs(limits.window_us));
    int64_t least = state.log.CountSince(use.answered_us - limits.window_us);
    if (counted > most) {
      state.log.Add(use.answered_us, static_cast<uint32_t>(counted - most), kForeign,
                    KeepUs(limits.window_us));
    } else if (counted < least) {
      state.log.RemoveForeign(least - counted);
    }
  }

  Options options_;
  Clock& clock_;
  std::mutex mutex_;
  StateFile file_;
  Slots slots_;
  std::mt19937_64 random_;
  bool looked_ = false;
};

Status MakeDirectory(const std::filesystem::path& directory) {
  std::error_code error;
  std::filesystem::path made;
  for (const auto& part : directory) {
    made /= part;
    if (std::filesystem::exists(made, error)) continue;
    if (!std::filesystem::create_directory(made, error) && error) break;
    if (!error) std::filesystem::permissions(made, std::filesystem::perms::owner_all, error);
  }
  if (!error && std::filesystem::is_directory(directory, error)) return {};
  return MakeError("PS-LIMITS-DIR",
                   "The directory of the shared rate limits cannot be made: " + directory.string() +
                       (error ? ": " + error.message() : std::string()) + ".",
                   "Check its permissions, or set PENSTOCK_SHARED_DIR to another directory.");
}

}  // namespace

Result<std::unique_ptr<Budget>> Budget::Open(Options options) {
  if (options.clock == nullptr) options.clock = &SystemClock();
  if (options.seed == 0) options.seed = std::random_device{}();
  PENSTOCK_RETURN_IF_ERROR(MakeDirectory(options.directory));
  auto file = StateFile::Open(options.directory / FileName(options.limiter.name));
  if (!file.ok()) return file.error();
  return std::unique_ptr<Budget>(new FileBudget(std::move(options), *std::move(file)));
}

}  // namespace penstock::limits
