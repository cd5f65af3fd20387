#include "tests/support/crash.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>

namespace penstock::test {
namespace {

constexpr size_t kSector = 512;

bool IsScratch(const std::string& path) { return path.ends_with("/(scratch)"); }

uint64_t SizeOf(const std::string& path) {
  struct stat info = {};
  return ::stat(path.c_str(), &info) == 0 ? static_cast<uint64_t>(info.st_size) : 0;
}

std::string ReadRange(const std::string& path, uint64_t offset, uint64_t n) {
  std::string bytes(n, '\0');
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return {};
  const ssize_t got = ::pread(fd, bytes.data(), n, static_cast<off_t>(offset));
  ::close(fd);
  bytes.resize(got > 0 ? static_cast<size_t>(got) : 0);
  return bytes;
}

void WriteRange(int fd, std::string_view bytes, uint64_t offset) {
  while (!bytes.empty()) {
    const ssize_t n = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (n <= 0) return;
    bytes.remove_prefix(static_cast<size_t>(n));
    offset += static_cast<uint64_t>(n);
  }
}

void Resize(int fd, uint64_t size) {
  if (::ftruncate(fd, static_cast<off_t>(size)) != 0) std::perror("crash double: ftruncate");
}

}  // namespace

CrashHooks::CrashHooks(const CrashOptions& options, uint64_t* counter)
    : options_(options), counter_(counter), random_(options.seed * 1000003 + options.at) {}

CrashHooks::~CrashHooks() {
  for (const NameChange& change : names_) {
    if (!change.backup.empty()) ::unlink(change.backup.c_str());
  }
}

int CrashHooks::Before(file::Op op, const std::string& path, std::string_view bytes,
                       uint64_t offset) {
  const std::lock_guard lock(mutex_);
  const uint64_t number = ++*counter_;
  if (number == options_.at && options_.kind != Crash::kFail) End();
  if (options_.kind == Crash::kFail && options_.at != 0 &&
      (number == options_.at || (options_.go_on && number > options_.at))) {
    return options_.error;
  }
  if (options_.kind == Crash::kPowerLoss && !IsScratch(path)) Remember(op, path, bytes, offset);
  return 0;
}

void CrashHooks::Remember(file::Op op, const std::string& path, std::string_view bytes,
                          uint64_t offset) {
  Change change;
  switch (op) {
    case file::Op::kWrite:
    case file::Op::kTruncate:
      change.offset = offset;
      change.old_size = SizeOf(path);
      change.truncate = op == file::Op::kTruncate;
      change.new_bytes = bytes;
      change.old_bytes = ReadRange(
          path, offset,
          change.truncate ? change.old_size - std::min(offset, change.old_size) : bytes.size());
      changes_[path].push_back(std::move(change));
      break;
    case file::Op::kRename:
      pending_backup_ = Backup(std::string(bytes));
      break;
    case file::Op::kRemove:
      pending_backup_ = Backup(path);
      break;
    default:
      break;
  }
}

/// A second name for a file that is about to lose its first.
std::string CrashHooks::Backup(const std::string& path) {
  const std::string name = file::DirectoryOf(path) + "/.crash-" + std::to_string(::getpid()) + "-" +
                           std::to_string(++backups_);
  return ::link(path.c_str(), name.c_str()) == 0 ? name : std::string();
}

void CrashHooks::After(file::Op op, const std::string& path, const std::string& to) {
  if (options_.kind != Crash::kPowerLoss || IsScratch(path)) return;
  const std::lock_guard lock(mutex_);
  switch (op) {
    case file::Op::kCreate:
      names_.push_back({op, path, {}, {}});
      break;
    case file::Op::kRename:
      names_.push_back({op, path, to, std::move(pending_backup_)});
      changes_.erase(to);
      if (auto node = changes_.extract(path)) {
        node.key() = to;
        changes_.insert(std::move(node));
      }
      break;
    case file::Op::kRemove:
      names_.push_back({op, path, {}, std::move(pending_backup_)});
      changes_.erase(path);
      break;
    case file::Op::kSync:
      changes_.erase(path);
      break;
    case file::Op::kSyncDirectory:
      std::erase_if(names_, [&](const NameChange& change) {
        if (file::DirectoryOf(change.to.empty() ? change.path : change.to) != path) return false;
        if (!change.backup.empty()) ::unlink(change.backup.c_str());
        return true;
      });
      break;
    default:
      break;
  }
  pending_backup_.clear();
}

void CrashHooks::End() {
  if (options_.kind == Crash::kPowerLoss) {
    for (const auto& [path, changes] : changes_) LoseBytes(path, changes);
    LoseNames();
  }
  ::_exit(kCrashExit);
}

/// Takes all changes back, then does a part of them again: none, all, the first ones with the last
/// of these torn, or any sectors of any of them.
void CrashHooks::LoseBytes(const std::string& path, const std::vector<Change>& changes) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  for (auto change = changes.rbegin(); change != changes.rend(); ++change) {
    Resize(fd, change->old_size);
    WriteRange(fd, change->old_bytes, change->offset);
  }
  const uint64_t fate = random_() % 4;
  const size_t first = fate == 0 ? 0 : fate == 2 ? random_() % changes.size() : changes.size();
  for (size_t i = 0; i < first; ++i) {
    const Change& change = changes[i];
    if (change.truncate) {
      if (fate != 3 || random_() % 2 == 0) Resize(fd, change.offset);
      continue;
    }
    const std::string_view bytes = change.new_bytes;
    for (size_t at = 0; at < bytes.size(); at += kSector) {
      if (fate == 3 && random_() % 2 == 0) continue;
      WriteRange(fd, bytes.substr(at, kSector), change.offset + at);
    }
  }
  if (fate == 2 && first < changes.size()) {
    const std::string_view bytes = changes[first].new_bytes;
    WriteRange(fd, bytes.substr(0, random_() % (bytes.size() + 1)), changes[first].offset);
  }
  ::close(fd);
}

/// Names are lost from the last one backwards: file systems keep their order.
void CrashHooks::LoseNames() {
  size_t kept = 0;
  switch (random_() % 3) {
    case 0:
      break;
    case 1:
      kept = names_.size();
      break;
    default:
      kept = random_() % (names_.size() + 1);
  }
  while (names_.size() > kept) {
    const NameChange change = std::move(names_.back());
    names_.pop_back();
    std::error_code ignored;
    if (change.op == file::Op::kCreate) std::filesystem::remove_all(change.path, ignored);
    if (change.op == file::Op::kRename) ::rename(change.to.c_str(), change.path.c_str());
    if (!change.backup.empty()) {
      const std::string& back = change.op == file::Op::kRename ? change.to : change.path;
      ::rename(change.backup.c_str(), back.c_str());
    }
  }
  for (const NameChange& change : names_) {
    if (!change.backup.empty()) ::unlink(change.backup.c_str());
  }
}

void* SharedMemory(size_t bytes) {
  void* const memory =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? nullptr : memory;
}

RunResult RunToEnd(const CrashOptions& options, const std::function<Status()>& run) {
  static uint64_t* const counter = static_cast<uint64_t*>(SharedMemory(sizeof(uint64_t)));
  *counter = 0;
  RunResult result;
  const pid_t child = ::fork();
  if (child == 0) {
    CrashHooks hooks(options, counter);
    file::SetHooks(&hooks);
    const Status status = run();
    file::SetHooks(nullptr);
    if (!status.ok() && options.kind != Crash::kFail) {
      std::fprintf(stderr, "%s %s\n", status.error().code.c_str(), status.error().message.c_str());
    }
    ::_exit(status.ok() ? 0 : 1);
  }
  int status = 0;
  if (child < 0 || ::waitpid(child, &status, 0) != child) {
    ADD_FAILURE() << "cannot fork";
    return result;
  }
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  result.crashed = code == kCrashExit;
  result.ok = code == 0;
  result.operations = *counter;
  result.reached = options.at != 0 && *counter >= options.at;
  EXPECT_TRUE(code == 0 || code == 1 || code == kCrashExit) << "the child ended with " << status;
  return result;
}

uint64_t ForEachCrashPoint(CrashOptions options, const std::function<void()>& setup,
                           const std::function<Status()>& run,
                           const std::function<void(const RunResult&)>& verify, uint64_t step) {
  constexpr uint64_t kTooMany = 1000000;
  for (options.at = 1; options.at < kTooMany; options.at += step) {
    SCOPED_TRACE("at operation " + std::to_string(options.at) + ", seed " +
                 std::to_string(options.seed));
    setup();
    const RunResult result = RunToEnd(options, run);
    verify(result);
    if (!result.reached || ::testing::Test::HasFatalFailure()) break;
  }
  return options.at - 1;
}

}  // namespace penstock::test
