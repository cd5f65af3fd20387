#include "sdk/runtime/channel.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

namespace penstock::sdk::wire {
namespace {

constexpr size_t kHeader = 5;  // length, kind
constexpr size_t kMostFrames = 2;
constexpr size_t kAhead = 64u << 10;
constexpr size_t kStep = 1u << 20;  // a length is believed as far as bytes come
constexpr int64_t kSliceMs = 100;   // between two looks at `cancelled`
constexpr int kWholeMs = -1;

}  // namespace

bool MakeSocketPair(int fds[2]) {
  return ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0;
}

Channel::~Channel() {
  if (fd_ >= 0) ::close(fd_);
  if (received_fd_ >= 0) ::close(received_fd_);
}

void Channel::Break(End end) {
  if (end_ == End::kNone) end_ = end;
}

int Channel::TakeFd() { return std::exchange(received_fd_, -1); }

bool Channel::Send(std::initializer_list<Frame> frames, int pass_fd, const Patience& patience) {
  if (end_ != End::kNone) return false;
  std::array<std::array<char, kHeader>, kMostFrames> headers{};
  std::array<iovec, 2 * kMostFrames> parts{};
  size_t n = 0, left = 0;
  for (const Frame& frame : frames) {
    if (frame.payload.size() > kMaxPayload || n == parts.size()) {
      Break(End::kMalformed);
      return false;
    }
    std::array<char, kHeader>& header = headers[n / 2];
    const auto length = static_cast<uint32_t>(frame.payload.size());
    std::memcpy(header.data(), &length, sizeof(length));
    header[4] = static_cast<char>(frame.kind);
    parts[n++] = {header.data(), header.size()};
    parts[n++] = {const_cast<char*>(frame.payload.data()), frame.payload.size()};
    left += header.size() + frame.payload.size();
  }
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = n;
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
  if (pass_fd >= 0) {
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* item = CMSG_FIRSTHDR(&message);
    item->cmsg_level = SOL_SOCKET;
    item->cmsg_type = SCM_RIGHTS;
    item->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(item), &pass_fd, sizeof(int));
  }
  int64_t waited_ms = 0;
  stopped_at_.reset();
  while (left > 0) {
    const ssize_t sent = ::sendmsg(fd_, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) {
      if (!Wait(POLLOUT, patience, &waited_ms)) return false;
      continue;
    }
    if (sent <= 0) {
      Break(End::kClosed);
      return false;
    }
    waited_ms = 0;
    message.msg_control = nullptr;
    message.msg_controllen = 0;
    left -= static_cast<size_t>(sent);
    size_t skip = static_cast<size_t>(sent);
    for (iovec& part : parts) {
      const size_t taken = std::min(skip, part.iov_len);
      part.iov_base = static_cast<char*>(part.iov_base) + taken;
      part.iov_len -= taken;
      skip -= taken;
    }
  }
  return true;
}

// Waits until there is something to read (POLLIN), or room to write (POLLOUT).
bool Channel::Wait(short event, const Patience& patience, int64_t* waited_ms) {
  const bool timed = patience.silence_ms > 0 || patience.cancelled;
  while (true) {
    pollfd item{fd_, event, 0};
    const int ready = ::poll(&item, 1, timed ? static_cast<int>(kSliceMs) : kWholeMs);
    if (ready < 0 && errno != EINTR) {
      Break(End::kClosed);
      return false;
    }
    if (ready == 0) *waited_ms += kSliceMs;
    const bool silent = patience.silence_ms > 0 && *waited_ms >= patience.silence_ms;
    if (silent || StoppedForLong(patience)) {
      Break(End::kSilent);
      return false;
    }
    if (ready > 0) return true;
  }
}

// By the clock and for the whole frame: bytes that come one by one would put it off for ever.
bool Channel::StoppedForLong(const Patience& patience) {
  if (patience.cancelled_ms <= 0 || !patience.cancelled || !patience.cancelled()) return false;
  const auto now = std::chrono::steady_clock::now();
  if (!stopped_at_) stopped_at_ = now;
  return now - *stopped_at_ >= std::chrono::milliseconds(patience.cancelled_ms);
}

// The other end may send as many descriptors as there is room for, wanted or not: the last stays.
void Channel::KeepFd(msghdr* message) {
  for (cmsghdr* item = CMSG_FIRSTHDR(message); item != nullptr; item = CMSG_NXTHDR(message, item)) {
    if (item->cmsg_level != SOL_SOCKET || item->cmsg_type != SCM_RIGHTS) continue;
    const size_t n = (item->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < n; ++i) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(item) + i * sizeof(int), sizeof(int));
      if (received_fd_ >= 0) ::close(received_fd_);
      received_fd_ = fd;
    }
  }
}

// At least one byte; 0: the channel is broken. Asks for bytes first and waits if there are none.
size_t Channel::ReadSome(char* bytes, size_t n, const Patience& patience) {
  int64_t waited_ms = 0;
  while (true) {
    iovec part{bytes, n};
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int))> control{};
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t got = ::recvmsg(fd_, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) {
      if (!Wait(POLLIN, patience, &waited_ms)) return 0;
      continue;
    }
    if (got <= 0) {
      Break(End::kClosed);
      return 0;
    }
    KeepFd(&message);
    return static_cast<size_t>(got);
  }
}

bool Channel::ReadExactly(char* bytes, size_t n, const Patience& patience) {
  while (n > 0) {
    size_t got = std::min(n, ahead_to_ - ahead_from_);
    if (got > 0) {
      std::memcpy(bytes, ahead_.data() + ahead_from_, got);
      ahead_from_ += got;
    } else if (n >= kAhead) {
      got = ReadSome(bytes, n, patience);
      if (got == 0) return false;
    } else {
      ahead_.resize(kAhead);
      ahead_from_ = 0;
      ahead_to_ = ReadSome(ahead_.data(), kAhead, patience);
      if (ahead_to_ == 0) return false;
      continue;
    }
    bytes += got;
    n -= got;
  }
  return true;
}

bool Channel::Receive(Kind* kind, std::string* payload, const Patience& patience) {
  if (end_ != End::kNone) return false;
  stopped_at_.reset();
  std::array<char, kHeader> header{};
  if (!ReadExactly(header.data(), header.size(), patience)) return false;
  uint32_t length = 0;
  std::memcpy(&length, header.data(), sizeof(length));
  *kind = static_cast<Kind>(header[4]);
  if (length > kMaxPayload) {
    Break(End::kMalformed);
    return false;
  }
  payload->clear();
  while (payload->size() < length) {
    const size_t at = payload->size();
    payload->resize(std::min<size_t>(length, at + kStep));
    if (!ReadExactly(payload->data() + at, payload->size() - at, patience)) return false;
  }
  return true;
}

}  // namespace penstock::sdk::wire
