// One socket between host and worker: whole frames, in order, in both directions. A call and
// everything that it asks for on the way go over one channel, so that each end is plain sequential
// code. For the files of this folder and of sdk/worker only.
#pragma once

#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/result.hpp"

namespace penstock::sdk::wire {

/// What a frame says. Calls and replies go to the worker; what follows kReady comes from it.
enum class Kind : uint8_t {
  // host to worker
  kOpen = 1,  // config, timeout
  kCheck,     // timeout
  kDiscover,  // timeout, objects
  kLookup,    // timeout, assignment, keys
  kBegin,     // timeout, assignment, notes; with it comes the writer's channel
  kWrite,     // batch
  kFinish,    //
  kEnd,       // of the writer: its channel closes after the return
  kClose,     // of the destination: the worker ends after the return
  kResponse,  // one answer of a perform
  kReply,     // the end of a service
  // worker to host
  kReady = 32,  // what was loaded and how it is confined, or why not
  kReturn,      // the end of a call
  kOutcomes,    // of records
  kFound,       // an answer of a lookup
  kTaken,       // the connector has dealt with a response
  kCancelled,   // services, from here on
  kUnixMicros,
  kMonotonicMicros,
  kSleep,
  kPerform,
  kNote,
  kLog,
  kCreateBlob,
  kAppendBlob,
  kReadBlob,
  kBlobSize,
  kDiscardBlob,
  kCrashed = 64,  // the signal; the worker's last word
};

/// A frame's payload may be this long: a batch, or an answer of the largest size and its headers.
inline constexpr uint32_t kMaxPayload = 80u << 20;

/// How long one end waits for a frame, or for room to send one.
struct Patience {
  int64_t silence_ms = 0;           // without a byte; 0: for ever
  std::function<bool()> cancelled;  // asked a few times a second; may be empty
  int64_t cancelled_ms = 0;         // how long to wait on once cancelled
};

struct Frame {
  Kind kind;
  std::string_view payload;
};

/// Owns its socket. One thread at a time. Once broken it stays so.
class Channel {
 public:
  enum class End : uint8_t { kNone, kClosed, kSilent, kMalformed };

  explicit Channel(int fd) : fd_(fd) {}
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;
  ~Channel();

  int fd() const { return fd_; }
  /// False when the other end is gone, or does not read within `patience`. `pass_fd`: handed over
  /// with the frame, -1: none; stays the caller's.
  bool Send(Kind kind, std::string_view payload, int pass_fd = -1, const Patience& patience = {}) {
    return Send({Frame{kind, payload}}, pass_fd, patience);
  }
  /// Frames (at most two) that wake the other end once.
  bool Send(std::initializer_list<Frame> frames, int pass_fd = -1, const Patience& patience = {});
  /// The next frame. False: see end().
  bool Receive(Kind* kind, std::string* payload, const Patience& patience = {});
  /// The socket that came with the last frames, or -1; the caller's from then on.
  int TakeFd();
  /// Why it is of no use any more.
  End end() const { return end_; }
  void Break(End end);

 private:
  bool Wait(short event, const Patience& patience, int64_t* waited_ms);
  bool StoppedForLong(const Patience& patience);
  void KeepFd(msghdr* message);
  size_t ReadSome(char* bytes, size_t n, const Patience& patience);
  bool ReadExactly(char* bytes, size_t n, const Patience& patience);

  int fd_;
  std::vector<char> ahead_;  // what came with a frame and is of the next: [ahead_from_, ahead_to_)
  size_t ahead_from_ = 0, ahead_to_ = 0;
  int received_fd_ = -1;
  std::optional<std::chrono::steady_clock::time_point> stopped_at_;  // seen while waiting
  End end_ = End::kNone;
};

/// Two connected sockets, closed when another program is started.
bool MakeSocketPair(int fds[2]);

}  // namespace penstock::sdk::wire
