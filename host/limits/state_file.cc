#include "host/limits/state_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

#include "host/limits/slots.h"

namespace penstock::limits {
namespace {

constexpr char kMagic[8] = {'P', 'X', 'L', 'I', 'M', '0', '0', '1'};
constexpr size_t kHeadBytes = offsetof(BudgetState, log) + offsetof(SlidingLog, marks);

constexpr size_t kPrefixBytes = offsetof(StateImage, state);

size_t UsedBytes(const BudgetState& state) { return kHeadBytes + state.log.size * sizeof(Mark); }

Error FileError(const std::filesystem::path& path, const char* what, int number) {
  return MakeError("PS-LIMITS-FILE",
                   std::string("The shared rate limit file could not be ") + what + ": " +
                       std::strerror(number) + ".",
                   "Check the permissions and free space of " + path.parent_path().string() +
                       ", or set PENSTOCK_SHARED_DIR.");
}

int OpenFile(const std::filesystem::path& path) {
  return open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

const uint8_t* BootId() {
  static const auto id = [] {
    std::array<uint8_t, 16> bytes = {};
    char text[64] = {};
    int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
      ssize_t got = read(fd, text, sizeof text - 1);
      close(fd);
      XXH128_hash_t hash = XXH3_128bits(text, got > 0 ? static_cast<size_t>(got) : 0);
      std::memcpy(bytes.data(), &hash, bytes.size());
    }
    return bytes;
  }();
  return id.data();
}

// Times of an earlier boot, told by the wall clock, as times of this one.
void AdoptBoot(BudgetState& state, int64_t now_us, int64_t now_unix_us) {
  if (std::memcmp(state.boot_id, BootId(), sizeof state.boot_id) == 0) return;
  std::memcpy(state.boot_id, BootId(), sizeof state.boot_id);
  int64_t asleep_us = now_unix_us - state.saved_unix_us;
  if (asleep_us < 0) asleep_us = 0;  // the wall clock was set back: keep what we know as recent
  int64_t shift = now_us - asleep_us - state.saved_us;
  for (uint32_t i = 0; i < state.log.size; ++i) state.log.marks[i].at_us += shift;
  if (state.paused_until_us != 0) state.paused_until_us += shift;
  if (state.paused_at_us != 0) state.paused_at_us += shift;
}

// A pause or a mark far in the future would stop everybody: a clock that cannot be.
bool Plausible(const BudgetState& state) {
  for (uint32_t i = 1; i < state.log.size; ++i) {
    if (state.log.marks[i].at_us < state.log.marks[i - 1].at_us) return false;
  }
  return state.margin_ppm <= 1000000;
}

}  // namespace

Result<StateFile> StateFile::Open(const std::filesystem::path& path) {
  int fd = OpenFile(path);
  if (fd < 0) return FileError(path, "opened", errno);
  return StateFile(path, fd);
}

StateFile::StateFile(StateFile&& other) noexcept
    : path_(std::move(other.path_)),
      fd_(std::exchange(other.fd_, -1)),
      image_(std::move(other.image_)) {}

StateFile& StateFile::operator=(StateFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(fd_, other.fd_);
  std::swap(image_, other.image_);
  return *this;
}

StateFile::~StateFile() {
  if (fd_ >= 0) close(fd_);
}

Status StateFile::Reopen() {
  struct stat info {};
  if (fstat(fd_, &info) == 0 && info.st_nlink > 0) return {};
  int fd = OpenFile(path_);
  if (fd < 0) return FileError(path_, "opened again", errno);
  close(fd_);
  fd_ = fd;
  return {};
}

bool StateFile::Read() {
  ssize_t got = pread(fd_, image_.get(), sizeof(StateImage), 0);
  if (got < static_cast<ssize_t>(kPrefixBytes + kHeadBytes)) return false;
  if (std::memcmp(image_->magic, kMagic, sizeof kMagic) != 0) return false;
  if (image_->state.log.size > SlidingLog::kMarks) return false;
  size_t bytes = UsedBytes(image_->state);
  if (image_->bytes != bytes || got < static_cast<ssize_t>(kPrefixBytes + bytes)) return false;
  return image_->checksum == XXH3_64bits(&image_->state, bytes) && Plausible(image_->state);
}

Status StateFile::Write() {
  size_t bytes = UsedBytes(image_->state);
  std::memcpy(image_->magic, kMagic, sizeof kMagic);
  image_->bytes = bytes;
  image_->checksum = XXH3_64bits(&image_->state, bytes);
  auto wanted = static_cast<ssize_t>(kPrefixBytes + bytes);
  ssize_t written = pwrite(fd_, image_.get(), static_cast<size_t>(wanted), 0);
  if (written != wanted) return FileError(path_, "written", written < 0 ? errno : ENOSPC);
  return {};
}

Status StateFile::Change(int64_t now_us, int64_t now_unix_us,
                         const std::function<void(BudgetState&)>& change) {
  PENSTOCK_RETURN_IF_ERROR(Reopen());
  if (!LockByteBlocking(fd_, kStateByte)) return FileError(path_, "locked", errno);
  BudgetState& state = image_->state;
  if (!Read()) {
    state = BudgetState();
    std::memcpy(state.boot_id, BootId(), sizeof state.boot_id);
  }
  AdoptBoot(state, now_us, now_unix_us);
  change(state);
  state.saved_us = now_us;
  state.saved_unix_us = now_unix_us;
  Status written = Write();
  UnlockByte(fd_, kStateByte);
  return written;
}

}  // namespace penstock::limits
