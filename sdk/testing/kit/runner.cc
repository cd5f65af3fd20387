#include "sdk/testing/kit/runner.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>

#include "penstock/json.hpp"
#include "penstock/json_reader.hpp"

namespace penstock::kit {
namespace {

// A file without a name that a child leaves its words in.
class Leaf {
 public:
  explicit Leaf(const char* name) : descriptor_(::memfd_create(name, MFD_CLOEXEC)) {}
  ~Leaf() { ::close(descriptor_); }
  Leaf(const Leaf&) = delete;
  Leaf& operator=(const Leaf&) = delete;
  int descriptor() const { return descriptor_; }
  std::string Read() const {
    std::string text;
    ::lseek(descriptor_, 0, SEEK_SET);
    char block[65536];
    for (ssize_t n = 0; (n = ::read(descriptor_, block, sizeof(block))) > 0;) {
      text.append(block, static_cast<size_t>(n));
    }
    return text;
  }

 private:
  int descriptor_;
};

void WriteAll(int descriptor, const std::string& text) {
  for (size_t done = 0; done < text.size();) {
    const ssize_t n = ::write(descriptor, text.data() + done, text.size() - done);
    if (n <= 0) return;
    done += static_cast<size_t>(n);
  }
}

std::string Encode(const Outcome& outcome) {
  sdk::JsonWriter json;
  json.BeginObject().Key("verdict").String(VerdictName(outcome.verdict)).Key("seen").BeginArray();
  for (const std::string& saw : outcome.seen) json.String(saw);
  json.EndArray().Key("unable").Raw(outcome.unable ? "true" : "false");
  json.Key("named").String(outcome.named).EndObject();
  return json.Take();
}

bool Decode(const std::string& text, Outcome* outcome) {
  rapidjson::Document document;
  if (text.empty() || !sdk::ParseJson(text, &document)) return false;
  for (const Verdict verdict : {Verdict::kPass, Verdict::kFail, Verdict::kSkip, Verdict::kWarn}) {
    if (sdk::TextMember(document, "verdict") == VerdictName(verdict)) outcome->verdict = verdict;
  }
  outcome->unable = sdk::TrueMember(document, "unable");
  outcome->named = sdk::TextMember(document, "named");
  const sdk::JsonValue* seen = sdk::ArrayMember(document, "seen");
  if (seen == nullptr) return false;
  for (const sdk::JsonValue& item : seen->GetArray())
    outcome->seen.emplace_back(sdk::JsonText(item));
  return true;
}

Outcome Judge(const Check& check, const Bench& bench, Transcript* transcript) {
  Trial trial(bench.subject, bench.settings, bench.facts, bench.destination, transcript);
  const auto skip = bench.facts.skips.find(check.id);
  if (skip != bench.facts.skips.end()) {
    trial.Skip(skip->second);
    return trial.Take();
  }
  if ((check.needs & (kDestination | kOracle)) != 0) {
    if (bench.destination == nullptr) {
      trial.Unable("needs a destination (--fixture FILE)");
      return trial.Take();
    }
    if ((check.needs & kOracle) != 0 && !bench.destination->CanTell()) {
      trial.Unable("the fixture cannot tell what its destination holds");
      return trial.Take();
    }
  }
  if (check.needs != kNothing && bench.destination != nullptr) {
    bench.destination->Connect();
    const sdk::Status reset = bench.destination->Reset();
    if (!reset.ok()) {
      trial.Fail("the destination cannot be reset: " + reset.failure().message);
      return trial.Take();
    }
  }
  check.run(trial);
  // A recording answers what was asked then, and no other question; only its own round trip must
  // ask nothing else.
  if (bench.facts.recorded != 0 && check.level < 5 && bench.destination != nullptr) {
    if (const std::string request = bench.destination->Unanswered(); !request.empty()) {
      Outcome skipped;
      skipped.verdict = Verdict::kSkip;
      skipped.unable = true;
      skipped.seen = {"the recording holds no answer to " + request};
      return skipped;
    }
  }
  return trial.Take();
}

std::string SignalName(int number) {
  const char* name = ::sigabbrev_np(number);
  return name == nullptr ? "signal " + std::to_string(number) : "SIG" + std::string(name);
}

// The child of RunApart. Does not return.
[[noreturn]] void Child(const Check& check, const Bench& bench, int result, int output,
                        int transcript_file) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::setpgid(0, 0);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  Transcript transcript(transcript_file);
  WriteAll(result, Encode(Judge(check, bench, &transcript)));
  std::fflush(nullptr);
  ::_exit(0);
}

// Waits until the child ends or its time is up. The wait status, or -1.
int WaitFor(pid_t pid, int64_t timeout_ms) {
  const int descriptor = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  pollfd wait{descriptor, POLLIN, 0};
  int ready = 0;
  do {
    ready = ::poll(&wait, 1, static_cast<int>(timeout_ms));
  } while (ready < 0 && errno == EINTR);
  ::close(descriptor);
  if (ready == 0) ::kill(-pid, SIGKILL);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  ::kill(-pid, SIGKILL);  // what it may have left running
  return ready == 0 ? -1 : status;
}

void Interpret(int status, const std::string& result, int64_t timeout_ms, Outcome* outcome) {
  if (status == -1) {
    outcome->verdict = Verdict::kTimeout;
    outcome->seen = {"it did not end within " + std::to_string(timeout_ms) + " ms"};
  } else if (WIFSIGNALED(status)) {
    outcome->verdict = Verdict::kCrash;
    outcome->seen = {"the process was ended by " + SignalName(WTERMSIG(status))};
  } else if (WEXITSTATUS(status) != 0 || !Decode(result, outcome)) {
    outcome->verdict = Verdict::kCrash;
    outcome->seen = {"the process ended itself with exit code " +
                     std::to_string(WEXITSTATUS(status))};
  }
}

}  // namespace

Outcome RunHere(const Check& check, const Bench& bench) {
  Transcript transcript;
  Outcome outcome = Judge(check, bench, &transcript);
  outcome.transcript = transcript.text();
  return outcome;
}

Outcome RunApart(const Check& check, const Bench& bench) {
  // This one runs the whole of level 3 twice.
  const int64_t timeout_ms =
      bench.settings.timeout_ms * (check.id == std::string_view("isolated.same") ? 20 : 1);
  const Leaf result("result"), output("output"), transcript("transcript");
  const auto start = std::chrono::steady_clock::now();
  std::fflush(nullptr);
  const pid_t pid = ::fork();
  Outcome outcome;
  if (pid < 0) {
    outcome.verdict = Verdict::kCrash;
    outcome.seen = {"no process can be started: " + std::string(std::strerror(errno))};
    return outcome;
  }
  if (pid == 0) {
    Child(check, bench, result.descriptor(), output.descriptor(), transcript.descriptor());
  }
  ::setpgid(pid, pid);
  const int status = WaitFor(pid, timeout_ms);
  Interpret(status, result.Read(), timeout_ms, &outcome);
  outcome.transcript = transcript.Read();
  outcome.printed = output.Read();
  outcome.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return outcome;
}

}  // namespace penstock::kit
