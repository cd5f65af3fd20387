#include "sdk/testing/kit/process_state.h"

#include <malloc.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <clocale>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

extern char** environ;
// Of the address sanitizer, where the program has it; it keeps freed memory for a while.
extern "C" size_t __sanitizer_get_current_allocated_bytes() __attribute__((weak));

namespace penstock::kit {

namespace fs = std::filesystem;

namespace {

std::string Descriptors() {
  std::set<std::string> open;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc/self/fd", error)) {
    const std::string target = fs::read_symlink(entry.path(), error).string();
    // The directory that is being read right now.
    if (target.ends_with("/fd")) continue;
    open.insert(entry.path().filename().string() + " " + target);
  }
  std::string text;
  for (const std::string& line : open) text += line + "\n";
  return text;
}

std::string Threads() {
  size_t n = 0;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator("/proc/self/task", error)) {
    n += entry.path().empty() ? 0 : 1;
  }
  return std::to_string(n);
}

std::string Signals() {
  std::string text;
  for (int number = 1; number < NSIG; ++number) {
    struct sigaction action {};
    if (::sigaction(number, nullptr, &action) != 0) continue;
    char line[64];
    std::snprintf(line, sizeof(line), "%d:%p:%x\n", number,
                  reinterpret_cast<void*>(action.sa_sigaction),
                  static_cast<unsigned>(action.sa_flags));
    text += line;
  }
  return text;
}

std::string Environment() {
  std::string text;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    text += std::string(*entry) + "\n";
  }
  return text;
}

std::string Umask() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("Umask:")) return line;
  }
  return {};
}

// Bytes of the heap in use, as the allocator tells.
long HeapBytes() {
  if (__sanitizer_get_current_allocated_bytes != nullptr) {
    return static_cast<long>(__sanitizer_get_current_allocated_bytes());
  }
  return static_cast<long>(::mallinfo2().uordblks);
}

}  // namespace

long Printed() {
  long total = 0;
  for (const int descriptor : {STDOUT_FILENO, STDERR_FILENO}) {
    struct stat info {};
    if (::fstat(descriptor, &info) == 0 && S_ISREG(info.st_mode)) total += info.st_size;
  }
  return total;
}

long HeapGrowth(const std::function<void()>& body) {
  constexpr int kWarmUp = 2, kMeasured = 4;
  long least = LONG_MAX;
  for (int round = 0; round < kWarmUp + kMeasured; ++round) {
    const long before = HeapBytes();
    // Freed blocks that a thread caches count as used until it ends.
    std::thread(body).join();
    if (round >= kWarmUp) least = std::min(least, HeapBytes() - before);
  }
  return least;
}

long ResidentKib() {
  std::ifstream statm("/proc/self/statm");
  long size = 0, resident = 0;
  statm >> size >> resident;
  return resident * (::sysconf(_SC_PAGESIZE) / 1024);
}

ProcessState ProcessState::Take() {
  std::fflush(nullptr);
  ProcessState state;
  const char* locale = std::setlocale(LC_ALL, nullptr);
  std::error_code error;
  state.parts_ = {{"the open files", Descriptors()},
                  {"the number of threads", Threads()},
                  {"a signal handler", Signals()},
                  {"the environment", Environment()},
                  {"the locale", locale == nullptr ? "" : locale},
                  {"the working directory", fs::current_path(error).string()},
                  {"the umask", Umask()},
                  {"standard output or error", std::to_string(Printed())}};
  return state;
}

std::vector<std::string> ProcessState::ChangedIn(const ProcessState& now) const {
  std::vector<std::string> changed;
  for (const auto& [part, value] : parts_) {
    if (now.parts_.at(part) != value) changed.push_back("it changed " + part);
  }
  return changed;
}

}  // namespace penstock::kit
