#include "sdk/runtime/worker_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstring>
#include <thread>
#include <vector>

#include "sdk/runtime/call.h"
#include "sdk/runtime/files.h"

namespace penstock::sdk::runtime {
namespace {

constexpr int kControlFd = 3;      // in the worker
constexpr int64_t kEndMs = 2'000;  // for a process that closed its sockets to be gone
constexpr size_t kLastWords = 400;

std::string SignalName(int signal) {
  const char* name = ::sigabbrev_np(signal);
  return name == nullptr ? "signal " + std::to_string(signal) : "SIG" + std::string(name);
}

/// What is in the pipe, without waiting for more.
std::string ReadWords(int fd) {
  std::string words;
  std::array<char, 4096> part{};
  while (true) {
    const ssize_t got = ::read(fd, part.data(), part.size());
    if (got <= 0) break;
    words.append(part.data(), static_cast<size_t>(got));
    if (words.size() > 2 * kLastWords) words.erase(0, words.size() - kLastWords);
  }
  for (char& c : words) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = ' ';
  }
  while (words.ends_with(' ')) words.pop_back();
  if (words.size() > kLastWords) words.erase(0, words.size() - kLastWords);
  return Bounded(words, kMaxMessage);
}

std::string HowItEnded(int status, bool killed_by_us) {
  if (WIFEXITED(status)) return "ended itself with status " + std::to_string(WEXITSTATUS(status));
  if (!WIFSIGNALED(status)) return "ended";
  const bool memory = WTERMSIG(status) == SIGKILL && !killed_by_us;
  return "was ended by " + SignalName(WTERMSIG(status)) +
         (memory ? ", which the machine sends when its memory is used up" : "");
}

/// Waits up to `ms`; false while it still runs.
bool WaitFor(pid_t pid, int64_t ms, int* status) {
  for (int64_t waited = 0;; waited += 5) {
    const pid_t ended = ::waitpid(pid, status, WNOHANG);
    if (ended == pid || (ended < 0 && errno != EINTR)) return true;
    if (waited >= ms) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

Failure CannotStart(const std::string& program, const std::string& why) {
  return LoadFailure("PS-CONN-WORKER", "the worker process " + program + " cannot be started: " +
                                           why + "; install Penstock again");
}

/// Fills the descriptors 0 to 3 and closes the others on the way, since those close on exec.
Result<pid_t> Spawn(const std::string& program, const std::vector<std::string>& arguments,
                    int control_fd, int words_fd) {
  std::vector<char*> argv;
  for (const std::string& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  // Nothing of the host's environment: secrets come from there. Its own exits leak by design.
  std::string no_leaks = "ASAN_OPTIONS=detect_leaks=0";
  std::array<char*, 2> environment = {no_leaks.data(), nullptr};
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, words_fd, 1);
  ::posix_spawn_file_actions_adddup2(&actions, words_fd, 2);
  ::posix_spawn_file_actions_adddup2(&actions, control_fd, kControlFd);
  // Signals of the terminal are for the host, which stops its worker in order.
  posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
  pid_t pid = -1;
  const int error =
      ::posix_spawn(&pid, program.c_str(), &actions, &attributes, argv.data(), environment.data());
  ::posix_spawnattr_destroy(&attributes);
  ::posix_spawn_file_actions_destroy(&actions);
  if (error != 0) return CannotStart(program, std::strerror(error));
  return pid;
}

}  // namespace

WorkerProcess::WorkerProcess(pid_t pid, int control_fd, int words_fd)
    : pid_(pid), control_(control_fd), words_fd_(words_fd) {}

WorkerProcess::~WorkerProcess() {
  Bury("is not needed any more", control_.end() == wire::Channel::End::kClosed);
  ::close(words_fd_);
}

Result<std::unique_ptr<WorkerProcess>> WorkerProcess::Start(
    const Sidecar& sidecar, const WorkerOptions& options, const std::string& host_name,
    const std::string& host_version, bool blobs, const wire::Patience& patience) {
  if (options.program.empty()) {
    return LoadFailure("PS-CONN-WORKER",
                       "the worker process cannot be started: this program does not know where it "
                       "lies itself, since /proc/self/exe cannot be read; mount /proc");
  }
  if (options.program.front() != '/') {
    return CannotStart(options.program, "its path must begin at the root");
  }
  std::array<int, 2> sockets{}, words{};
  if (!wire::MakeSocketPair(sockets.data())) {
    return CannotStart(options.program, std::strerror(errno));
  }
  if (::pipe2(words.data(), O_CLOEXEC | O_NONBLOCK) != 0) {
    const int error = errno;
    ::close(sockets[0]);
    ::close(sockets[1]);
    return CannotStart(options.program, std::strerror(error));
  }
  const size_t slash = sidecar.path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : sidecar.path.substr(0, slash);
  const Result<pid_t> pid =
      Spawn(options.program,
            {options.program, directory, sidecar.manifest.id,
             options.expected_sha256.empty() ? "-" : options.expected_sha256,
             std::to_string(options.memory_bytes), host_name, host_version, blobs ? "1" : "0"},
            sockets[1], words[1]);
  ::close(sockets[1]);
  ::close(words[1]);
  if (!pid.ok()) {
    ::close(sockets[0]);
    ::close(words[0]);
    return pid.failure();
  }
  std::unique_ptr<WorkerProcess> process(new WorkerProcess(*pid, sockets[0], words[0]));
  wire::Kind kind = wire::Kind::kReady;
  std::string payload;
  if (!process->control_.Receive(&kind, &payload, patience)) {
    return LoadFailure("PS-CONN-WORKER",
                       "connector " + sidecar.manifest.id +
                           " did not load in its worker process, which " +
                           process->Bury("did not get ready within 30 s",
                                         process->control_.end() == wire::Channel::End::kClosed));
  }
  wire::Unpacker in(payload);
  const Status loaded = wire::TakeStatus(&in);
  if (!loaded.ok()) return loaded.failure();
  if (kind != wire::Kind::kReady || !wire::TakeReady(&in, &process->ready_)) {
    return CannotStart(options.program, "it speaks another language");
  }
  return process;
}

std::string WorkerProcess::Bury(const std::string& why, bool ends_itself) {
  const std::lock_guard lock(mutex_);
  broken_ = true;
  if (!end_.empty()) return end_;
  int status = 0;
  const bool gone = WaitFor(pid_, ends_itself ? kEndMs : 0, &status);
  if (!gone) {
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
  }
  end_ = gone ? HowItEnded(status, false) : why + " and was killed";
  const std::string words = ReadWords(words_fd_);
  if (!words.empty()) end_ += " (its last words: " + words + ")";
  return end_;
}

}  // namespace penstock::sdk::runtime
