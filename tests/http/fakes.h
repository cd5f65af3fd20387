// Time, network and scratch space as the tests of the gateway own them.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <filesystem>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "host/http/transport.h"
#include "host/limits/clock.h"

namespace penstock::testing {

/// Time that moves only when somebody waits.
class FakeClock final : public limits::Clock {
 public:
  int64_t UnixUs() override { return unix_at_zero_ + now_; }
  int64_t MonotonicUs() override { return now_; }
  void WaitUntil(std::unique_lock<std::mutex>&, std::condition_variable&,
                 int64_t until_us) override {
    SetMonotonic(std::max<int64_t>(now_, until_us));
  }
  void SetMonotonic(int64_t us) { now_ = us; }
  void Advance(int64_t us) { now_ += us; }
  void SetUnixNow(int64_t us) { unix_at_zero_ = us - now_; }

 private:
  std::atomic<int64_t> now_{1000000000};
  // 2026-11-22T12:00:00Z
  std::atomic<int64_t> unix_at_zero_{int64_t{1795348800} * 1000000 - 1000000000};
};

/// Answers from a script, at once; keeps what was asked.
class ScriptedTransport final : public http::HttpTransport {
 public:
  using Answer = std::function<http::AttemptResult(const http::Attempt&)>;
  struct Log {
    std::vector<std::string> heads;
    std::vector<int64_t> at_us;
    std::vector<bool> fresh;
  };

  ScriptedTransport(FakeClock& clock, std::deque<Answer> script, std::shared_ptr<Log> log)
      : clock_(clock), script_(std::move(script)), log_(std::move(log)) {}

  uint64_t Start(http::Attempt attempt, Done done) override {
    log_->heads.push_back(attempt.head);
    log_->at_us.push_back(clock_.MonotonicUs());
    log_->fresh.push_back(attempt.fresh_connection);
    if (script_.empty()) {
      ADD_FAILURE() << "one attempt more than the script has";
      done({});
      return 0;
    }
    http::AttemptResult result = script_.front()(attempt);
    script_.pop_front();
    if (result.transport != http::Transport::kNotSent) result.sent_us = clock_.MonotonicUs();
    if (result.transport == http::Transport::kAnswered) result.answered_us = clock_.MonotonicUs();
    done(std::move(result));
    return 0;
  }
  void AbortUnsent(uint64_t) override {}

 private:
  FakeClock& clock_;
  std::deque<Answer> script_;
  std::shared_ptr<Log> log_;
};

inline ScriptedTransport::Answer Respond(int status, http::Headers headers = {},
                                         std::string body = {}) {
  return [=](const http::Attempt&) {
    http::AttemptResult result;
    result.transport = http::Transport::kAnswered;
    result.status = status;
    result.headers = headers;
    result.body = body;
    result.body_bytes = body.size();
    return result;
  };
}

inline ScriptedTransport::Answer NoAnswer(http::Transport transport, bool stale = false,
                                          bool hopeless = false) {
  return [=](const http::Attempt&) {
    http::AttemptResult result;
    result.transport = transport;
    result.stale = stale;
    result.hopeless = hopeless;
    result.error = MakeError("PS-HTTP-TEST", "No answer, says the script.");
    return result;
  };
}

/// A directory that goes with the test.
class ScratchDir {
 public:
  ScratchDir() {
    std::string name = (std::filesystem::temp_directory_path() / "penstock-http-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~ScratchDir() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  ScratchDir(const ScratchDir&) = delete;
  ScratchDir& operator=(const ScratchDir&) = delete;
  const std::filesystem::path& path() const { return path_; }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace penstock::testing
