// The frames of a journal: FORMAT.md says what they look like on disk, and why.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/file/file.h"

namespace penstock::frames {

enum class Type : uint8_t { kOpen = 1, kIntend = 2, kOutcomes = 3, kNote = 4, kClose = 5 };

inline constexpr uint32_t kVersion = 1;
inline constexpr size_t kFileHeaderBytes = 16;
inline constexpr size_t kHeaderBytes = 28;
/// Longest payload; the journal keeps batches far below.
inline constexpr uint32_t kMaxPayload = 16u << 20;

/// The first bytes of a journal.
std::string FileHeader();

/// Appends one frame that will stand at `offset` of its file. `durable`: all bytes before it were
/// durable when the frame was made, which tells torn tails from damage.
void AppendFrame(Type type, std::string_view payload, uint64_t offset, uint64_t durable,
                 std::string* out);

/// One frame as read. Borrowed until the next call.
struct Frame {
  Type type = Type::kOpen;
  uint64_t offset = 0;
  uint64_t end = 0;
  std::string_view payload;
};

/// Reads a journal's frames in order, in bounded memory. One thread.
class FrameReader {
 public:
  /// Checks the file's header. PS-STATE-CORRUPT, PS-STATE-VERSION, PS-FILE-READ.
  static Result<FrameReader> Open(const std::string& path);

  /// False at the end, where torn() tells whether bytes are left that never became durable.
  /// PS-STATE-CORRUPT for a bad frame in what was durable.
  Result<bool> Next(Frame* frame);
  bool torn() const { return torn_; }
  /// Where the next frame is, or the torn tail.
  uint64_t offset() const { return offset_; }
  const file::Reader& file() const { return file_; }

 private:
  explicit FrameReader(file::Reader file) : file_(std::move(file)) {}
  Status Fetch(uint64_t offset, uint64_t n, std::string_view* out);
  Result<bool> Read(uint64_t offset, Frame* frame, uint64_t* durable);
  Result<bool> DurableBeyond(uint64_t damaged);

  file::Reader file_;
  uint64_t offset_ = kFileHeaderBytes;
  bool torn_ = false;
  std::string buffer_;
  uint64_t buffer_at_ = 0;
};

/// The payload of the frame at `offset` of a file, checked like FrameReader does; for a close frame
/// that its own last bytes pointed to. False if there is no whole frame of that type.
Result<bool> ReadFrameAt(const file::Reader& file, uint64_t offset, Type type,
                         std::string* payload);

}  // namespace penstock::frames
