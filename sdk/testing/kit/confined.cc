#include "sdk/testing/kit/confined.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <map>
#include <mutex>
#include <thread>

namespace penstock::kit {
namespace {

// What the signal handler noted; written by one confined thread at a time.
constexpr size_t kMostNoted = 16;
struct Noted {
  std::atomic<size_t> count{0};
  int numbers[kMostNoted];
  char texts[kMostNoted][128];
};
Noted noted;

bool TakesPath(int number) {
  return number == SYS_openat || number == SYS_unlinkat || number == SYS_mkdirat ||
         number == SYS_renameat2 || number == SYS_execveat;
}

// The call is not made: it returns EPERM.
void OnSystemCall(int, siginfo_t* info, void* context) {
  auto* machine = static_cast<ucontext_t*>(context);
  const size_t at = noted.count.load();
  if (at < kMostNoted) {
    noted.numbers[at] = info->si_syscall;
    noted.texts[at][0] = '\0';
#if defined(__x86_64__)
    const auto path = static_cast<uintptr_t>(machine->uc_mcontext.gregs[REG_RSI]);
    if (TakesPath(info->si_syscall) && path != 0) {
      const char* text = reinterpret_cast<const char*>(path);
      const size_t length = strnlen(text, sizeof(noted.texts[at]) - 1);
      std::memcpy(noted.texts[at], text, length);
      noted.texts[at][length] = '\0';
    }
#endif
  }
  noted.count.store(at + 1);
#if defined(__x86_64__)
  machine->uc_mcontext.gregs[REG_RAX] = -EPERM;
#elif defined(__aarch64__)
  machine->uc_mcontext.regs[0] = static_cast<unsigned long long>(-EPERM);
#endif
}

bool Confine(const std::vector<int>& calls) {
  std::vector<sock_filter> program = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr))};
  for (const int number : calls) {
    program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, static_cast<__u32>(number), 0, 1));
    program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP));
  }
  program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

std::string CallName(int number) {
  static const std::map<int, const char*> kNames = {{SYS_socket, "socket"},
                                                    {SYS_socketpair, "socketpair"},
                                                    {SYS_connect, "connect"},
                                                    {SYS_bind, "bind"},
                                                    {SYS_openat, "openat"},
                                                    {SYS_unlinkat, "unlinkat"},
                                                    {SYS_mkdirat, "mkdirat"},
                                                    {SYS_renameat2, "renameat2"},
                                                    {SYS_nanosleep, "nanosleep"},
                                                    {SYS_clock_nanosleep, "clock_nanosleep"},
                                                    {SYS_execve, "execve"},
                                                    {SYS_execveat, "execveat"},
                                                    {SYS_kill, "kill"},
                                                    {SYS_exit_group, "exit_group"},
                                                    {SYS_rt_sigaction, "rt_sigaction"},
                                                    {SYS_chdir, "chdir"},
                                                    {SYS_umask, "umask"},
                                                    {SYS_setitimer, "setitimer"}};
  const auto it = kNames.find(number);
  return it == kNames.end() ? "system call " + std::to_string(number) : it->second;
}

}  // namespace

struct RelayedDestination::State {
  std::mutex mutex;
  std::condition_variable changed;
  const PeerRequest* request = nullptr;
  PeerAnswer answer;
  bool answered = false, done = false;
  std::mutex one;  // one request at a time
};

RelayedDestination::RelayedDestination(Destination* behind)
    : behind_(behind), state_(std::make_unique<State>()) {}
RelayedDestination::~RelayedDestination() = default;

sdk::Status RelayedDestination::Reset() { return behind_->Reset(); }

PeerAnswer RelayedDestination::Answer(const PeerRequest& request) {
  const std::lock_guard<std::mutex> one(state_->one);
  std::unique_lock<std::mutex> lock(state_->mutex);
  state_->request = &request;
  state_->answered = false;
  state_->changed.notify_all();
  state_->changed.wait(lock, [this] { return state_->answered; });
  return std::move(state_->answer);
}

std::vector<std::string> RelayedDestination::Serve(const std::vector<int>& calls,
                                                   const std::function<void()>& body,
                                                   std::string* error) {
  struct sigaction action {};
  action.sa_sigaction = OnSystemCall;
  action.sa_flags = SA_SIGINFO;
  ::sigaction(SIGSYS, &action, nullptr);
  noted.count.store(0);
  std::atomic<bool> confined{false};
  std::thread worker([&] {
    if (Confine(calls)) {
      confined.store(true);
      body();
    }
    const std::lock_guard<std::mutex> lock(state_->mutex);
    state_->done = true;
    state_->changed.notify_all();
  });
  std::unique_lock<std::mutex> lock(state_->mutex);
  while (true) {
    state_->changed.wait(lock, [this] { return state_->done || state_->request != nullptr; });
    if (state_->request == nullptr) break;
    const PeerRequest request = *state_->request;
    state_->request = nullptr;
    lock.unlock();
    PeerAnswer answer = behind_->Answer(request);
    lock.lock();
    state_->answer = std::move(answer);
    state_->answered = true;
    state_->changed.notify_all();
  }
  lock.unlock();
  worker.join();
  if (!confined.load()) *error = "the kernel does not let a thread be confined (seccomp)";
  std::vector<std::string> made;
  for (size_t i = 0; i < noted.count.load() && i < kMostNoted; ++i) {
    const std::string text = noted.texts[i];
    made.push_back(CallName(noted.numbers[i]) + (text.empty() ? "" : "(" + text + ")"));
  }
  return made;
}

std::vector<int> NetworkCalls() { return {SYS_socket, SYS_socketpair, SYS_connect, SYS_bind}; }

std::vector<int> FileCalls() {
  std::vector<int> calls = {SYS_openat, SYS_unlinkat, SYS_mkdirat, SYS_renameat2};
#if defined(__x86_64__)
  calls.insert(calls.end(), {SYS_open, SYS_creat, SYS_unlink, SYS_mkdir, SYS_rename, SYS_rmdir});
#endif
  return calls;
}

std::vector<int> WaitingCalls() { return {SYS_nanosleep, SYS_clock_nanosleep, SYS_setitimer}; }

}  // namespace penstock::kit
