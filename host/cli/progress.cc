#include "host/cli/progress.h"

#include <chrono>

namespace penstock::cli {
namespace {

constexpr int64_t kEveryMicros = 100'000;
/// More than requests hold: a job.
constexpr uint64_t kManyUnderWay = 5'000;

int64_t NowMicros() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

const char* PhaseText(Progress::Phase phase) {
  switch (phase) {
    case Progress::Phase::kConnecting:
      return "connecting";
    case Progress::Phase::kSettling:
      return "asking for what an earlier run left";
    case Progress::Phase::kReading:
      return "reading";
    case Progress::Phase::kComparing:
      return "comparing";
    case Progress::Phase::kPushing:
      return "sending";
    case Progress::Phase::kCommitting:
      return "saving";
  }
  return "";
}

}  // namespace

std::string ProgressText(const std::string& name, const Progress& p, double seconds) {
  std::string text = name + ": " + PhaseText(p.phase);
  if (p.done == 0 && p.total == 0) return text;
  text += " " + Grouped(p.done);
  if (p.total > 0) {
    text += " of " + Grouped(p.total) + " (" + std::to_string(p.done * 100 / p.total) + " %)";
  }
  if (seconds >= 1 && p.done > 0) {
    const double rate = static_cast<double>(p.done) / seconds;
    text += ", " + Grouped(static_cast<uint64_t>(rate)) + " a second";
    if (p.total > p.done && rate > 0) {
      text += ", " + DurationText(static_cast<double>(p.total - p.done) / rate) + " left";
    }
  }
  if (p.under_way >= kManyUnderWay) text += ", " + Grouped(p.under_way) + " under way";
  if (p.requests > 0) text += ", " + Plural(p.requests, "request");
  if (p.rejected > 0) text += ", " + Grouped(p.rejected) + " rejected";
  return text;
}

std::string AwaitedJobsText(const std::string& integration, const std::vector<OpenJob>& jobs) {
  uint64_t records = 0;
  for (const OpenJob& job : jobs) records += job.records;
  return "run " + integration + "-" + std::to_string(jobs.front().run) + " left " +
         Plural(jobs.size(), "job") + " with " + Plural(records, "record") +
         " at the destination; waiting for " + (jobs.size() == 1 ? "its" : "their") +
         " results before anything new is sent";
}

ProgressLine::ProgressLine(Context* context, std::string name)
    : context_(context), name_(std::move(name)), phase_began_us_(NowMicros()) {}

ProgressLine::~ProgressLine() { Clear(); }

void ProgressLine::Clear() {
  if (drawn_) context_->PrintError("\r\x1b[K");
  drawn_ = false;
}

void ProgressLine::Say(const std::string& sentence) {
  Clear();
  context_->Note(sentence);
}

void ProgressLine::Show(const Progress& progress) {
  if (!context_->err_is_terminal()) return;
  const int64_t now = NowMicros();
  if (progress.phase != phase_) {
    phase_ = progress.phase;
    phase_began_us_ = now;
  } else if (now - last_us_ < kEveryMicros) {
    return;
  }
  last_us_ = now;
  const double seconds = static_cast<double>(now - phase_began_us_) / 1e6;
  context_->PrintError("\r\x1b[K" + Shortened(ProgressText(name_, progress, seconds),
                                              context_->err_paint().width() - 1));
  drawn_ = true;
}

}  // namespace penstock::cli
