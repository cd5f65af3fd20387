// Reading of journals.
#include "core/state/bytes.h"
#include "core/state/codec.h"
#include "core/state/damage.h"
#include "core/state/frames.h"
#include "core/state/journal.h"

namespace penstock {
namespace {

using frames::Frame;
using frames::FrameReader;

Status ReadOpenFrame(FrameReader* reader, JournalOpen* open) {
  Frame frame;
  const uint64_t at = reader->offset();
  PENSTOCK_ASSIGN_OR_RETURN(const bool there, reader->Next(&frame));
  if (!there || frame.type != frames::Type::kOpen || !codec::DecodeOpen(frame.payload, open)) {
    return CorruptionError(reader->file().path(), at,
                           "the frame that says what the journal belongs to is not readable");
  }
  return Status();
}

/// One pass over a journal.
class Scan {
 public:
  Scan(const std::string& path, const JournalVisitor& visitor) : path_(path), visitor_(visitor) {}

  Result<JournalSummary> Run() {
    PENSTOCK_ASSIGN_OR_RETURN(FrameReader reader, FrameReader::Open(path_));
    PENSTOCK_RETURN_IF_ERROR(ReadOpenFrame(&reader, &summary_.open));
    summary_.last_outcome = summary_.open.first_outcome - 1;
    Frame frame;
    while (true) {
      PENSTOCK_ASSIGN_OR_RETURN(const bool there, reader.Next(&frame));
      if (!there) break;
      if (summary_.close) return Damaged(frame, "something follows the close frame");
      PENSTOCK_RETURN_IF_ERROR(Visit(frame));
    }
    if (summary_.close && reader.torn()) {
      return CorruptionError(path_, reader.offset(), "something follows the close frame");
    }
    summary_.torn = reader.torn();
    summary_.valid_bytes = reader.offset();
    return std::move(summary_);
  }

 private:
  Error Damaged(const Frame& frame, const std::string& what) const {
    return CorruptionError(path_, frame.offset, what);
  }

  Status Visit(const Frame& frame) {
    switch (frame.type) {
      case frames::Type::kIntend:
        return VisitIntents(frame);
      case frames::Type::kOutcomes:
        return VisitOutcomes(frame);
      case frames::Type::kNote:
        if (!visitor_.note) return Status();
        if (!codec::ReadNote(frame.payload, &note_)) return Damaged(frame, "a note is not one");
        return visitor_.note(note_);
      case frames::Type::kClose:
        return VisitClose(frame);
      case frames::Type::kOpen:
        return Damaged(frame, "a second run begins");
    }
    return Damaged(frame, "a frame has an unknown type");
  }

  Status VisitIntents(const Frame& frame) {
    if (!visitor_.intent) return Status();
    std::string_view rest = frame.payload;
    uint64_t request = 0;
    if (!ReadVarint(&rest, &request)) return Damaged(frame, "an intent frame is too short");
    while (!rest.empty()) {
      if (!codec::ReadIntent(&rest, &intent_)) return Damaged(frame, "an intent is not one");
      PENSTOCK_RETURN_IF_ERROR(visitor_.intent(request, intent_));
    }
    return Status();
  }

  Status VisitOutcomes(const Frame& frame) {
    std::string_view rest = frame.payload;
    uint64_t first = 0, count = 0;
    if (!ReadVarint(&rest, &first) || !ReadVarint(&rest, &count)) {
      return Damaged(frame, "an outcome frame is too short");
    }
    if (first != summary_.last_outcome + 1) {
      return Damaged(frame, "outcome " + std::to_string(summary_.last_outcome + 1) +
                                " should follow, and " + std::to_string(first) + " does");
    }
    summary_.outcomes += count;
    summary_.last_outcome += count;
    if (!visitor_.outcome) return Status();
    for (uint64_t i = 0; i < count; ++i) {
      if (!codec::ReadOutcome(&rest, &outcome_)) return Damaged(frame, "an outcome is not one");
      outcome_.number = first + i;
      PENSTOCK_RETURN_IF_ERROR(visitor_.outcome(outcome_));
    }
    return rest.empty() ? Status() : Damaged(frame, "an outcome frame is too long");
  }

  Status VisitClose(const Frame& frame) {
    summary_.close.emplace();
    if (!codec::DecodeClose(frame.payload, &*summary_.close)) {
      return Damaged(frame, "the close frame is not one");
    }
    if (summary_.close->last_outcome != summary_.last_outcome) {
      return Damaged(frame,
                     "the run ended with outcome " + std::to_string(summary_.close->last_outcome) +
                         ", but the last one there is " + std::to_string(summary_.last_outcome));
    }
    return Status();
  }

  const std::string& path_;
  const JournalVisitor& visitor_;
  JournalSummary summary_;
  IntentRecord intent_;
  Outcome outcome_;
  JournalNote note_;
};

}  // namespace

Result<JournalSummary> ReadJournal(const std::string& path, const JournalVisitor& visitor) {
  return Scan(path, visitor).Run();
}

Result<JournalSummary> PeekJournal(const std::string& path) {
  PENSTOCK_ASSIGN_OR_RETURN(FrameReader reader, FrameReader::Open(path));
  JournalSummary summary;
  PENSTOCK_RETURN_IF_ERROR(ReadOpenFrame(&reader, &summary.open));
  summary.last_outcome = summary.open.first_outcome - 1;
  const file::Reader& file = reader.file();
  char tail[codec::kCloseTailBytes];
  PENSTOCK_RETURN_IF_ERROR(file.ReadAt(tail, sizeof(tail), file.size() - sizeof(tail)));
  const uint64_t length = codec::ClosePayloadBytes(std::string_view(tail, sizeof(tail)));
  if (length == 0 || length + frames::kHeaderBytes > file.size()) return summary;
  std::string payload;
  const uint64_t at = file.size() - length - frames::kHeaderBytes;
  PENSTOCK_ASSIGN_OR_RETURN(const bool closed,
                            frames::ReadFrameAt(file, at, frames::Type::kClose, &payload));
  JournalClose close;
  if (!closed || !codec::DecodeClose(payload, &close)) return summary;
  if (close.last_outcome + 1 < summary.open.first_outcome) {
    return CorruptionError(path, at, "the run ended with an outcome before its first");
  }
  summary.last_outcome = close.last_outcome;
  summary.outcomes = close.last_outcome + 1 - summary.open.first_outcome;
  summary.valid_bytes = file.size();
  summary.close = std::move(close);
  return summary;
}

}  // namespace penstock
