// What the frames of a journal and the records of a generation hold, as bytes.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/state/entry.h"
#include "core/state/journal.h"
#include "core/state/state.h"

namespace penstock::codec {

/// JSON, so that a later version can add to them and a person can read them. Decode: false on bytes
/// that Encode cannot have made.
std::string EncodeOpen(const JournalOpen& open);
bool DecodeOpen(std::string_view json, JournalOpen* open);

/// JSON and, as the file's last 8 bytes, its length and a magic: a closed journal is known without
/// reading it.
std::string EncodeClose(const JournalClose& close);
bool DecodeClose(std::string_view payload, JournalClose* close);
inline constexpr size_t kCloseTailBytes = 8;
/// Length of the close frame's payload, from the file's last bytes; 0: not the end of a closed
/// journal.
uint32_t ClosePayloadBytes(std::string_view tail);

void AppendIntent(const IntentRecord& record, std::string* out);
/// Reads one from the front of `*bytes`.
bool ReadIntent(std::string_view* bytes, IntentRecord* record);

/// All but the number, which is the frame's first plus the position.
void AppendOutcome(const Outcome& outcome, std::string* out);
bool ReadOutcome(std::string_view* bytes, Outcome* outcome);

void AppendNote(const JournalNote& note, std::string* out);
bool ReadNote(std::string_view bytes, JournalNote* note);

/// The part of an entry that is not in its MainEntry; says in `*main` what is (but `side`).
void AppendSide(const Entry& entry, MainEntry* main, std::string* out);
/// Bytes that AppendSide made, the length in front included, at the front of `bytes`; empty if they
/// are not all there.
std::string_view SideBytes(std::string_view bytes);
bool ReadSide(std::string_view side, const MainEntry& main, Entry* entry);

/// The header of a generation.
struct GenerationHeader {
  StateIdentity identity;
  std::string lineage;
  uint64_t generation = 0;
  std::vector<std::vector<std::string>> fieldsets;  // [0] is empty
};
std::string EncodeHeader(const GenerationHeader& header);
bool DecodeHeader(std::string_view json, GenerationHeader* header);

}  // namespace penstock::codec
