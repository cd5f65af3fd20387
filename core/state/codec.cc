// The parts that are binary: there are many of them.
#include "core/state/codec.h"

#include "core/state/bytes.h"

namespace penstock::codec {
namespace {

using bytes::Append;
using bytes::AppendFields;
using bytes::AppendHash;
using bytes::AppendText;
using bytes::Source;

constexpr uint8_t kHasAbsentBit = 1, kRetryAskedBit = 2, kDoubtBit = 4, kJobBit = 8,
                  kDoubtBeforeBit = 16;
// Which of an outcome's optional parts follow; most outcomes have none or an id.
constexpr uint8_t kDetails = 2, kDestinationId = 4, kWarning = 8, kJob = 16;

/// Drops what `in` has read from `*bytes`.
bool Took(const Source& in, std::string_view* bytes) {
  if (in.ok()) *bytes = in.rest();
  return in.ok();
}

void AppendPending(const Pending& pending, std::string* out) {
  Append(static_cast<uint8_t>(pending.op), out);
  Append(static_cast<uint8_t>(pending.outcome), out);
  Append(static_cast<uint8_t>(pending.error_class), out);
  Append(static_cast<uint8_t>(
             (pending.retry_asked ? kRetryAskedBit : 0) | (pending.doubt ? kDoubtBit : 0) |
             (pending.job.empty() ? 0 : kJobBit) | (pending.doubt_before ? kDoubtBeforeBit : 0)),
         out);
  AppendHash(pending.attempted, out);
  for (const std::string* text : {&pending.code, &pending.message, &pending.field,
                                  &pending.connector_version, &pending.schema}) {
    AppendText(*text, out);
  }
  AppendVarint(pending.run, out);
  AppendVarint(pending.exchange, out);
  Append(pending.at_us, out);
  AppendVarint(pending.tries, out);
  AppendFields(pending.fields, out);
  AppendText(pending.destination_id, out);
  if (!pending.job.empty()) AppendText(pending.job, out);
}

void ReadPending(Source* in, Pending* pending) {
  pending->op = static_cast<Op>(in->Number<uint8_t>());
  pending->outcome = static_cast<OutcomeKind>(in->Number<uint8_t>());
  pending->error_class = static_cast<ErrorClass>(in->Number<uint8_t>());
  const uint8_t flags = in->Number<uint8_t>();
  pending->retry_asked = (flags & kRetryAskedBit) != 0;
  pending->doubt = (flags & kDoubtBit) != 0;
  pending->doubt_before = (flags & kDoubtBeforeBit) != 0;
  pending->attempted = in->Hash();
  for (std::string* text : {&pending->code, &pending->message, &pending->field,
                            &pending->connector_version, &pending->schema}) {
    text->assign(in->Text());
  }
  pending->run = static_cast<uint32_t>(in->Varint());
  pending->exchange = in->Varint();
  pending->at_us = in->Number<int64_t>();
  pending->tries = static_cast<uint32_t>(in->Varint());
  in->Fields(&pending->fields);
  pending->destination_id.assign(in->Text());
  pending->job.assign(flags & kJobBit ? in->Text() : std::string_view());
}

}  // namespace

void AppendIntent(const IntentRecord& record, std::string* out) {
  AppendVarint(record.seq, out);
  Append(static_cast<uint8_t>(record.op), out);
  Append(static_cast<uint8_t>((record.has_absent ? kHasAbsentBit : 0) |
                              (record.job.empty() ? 0 : kJobBit)),
         out);
  AppendHash(record.key_hash, out);
  AppendText(record.key, out);
  AppendHash(record.fingerprint, out);
  AppendFields(record.fields, out);
  AppendText(record.destination_id, out);
  if (!record.job.empty()) AppendText(record.job, out);
}

bool ReadIntent(std::string_view* bytes, IntentRecord* record) {
  Source in(*bytes);
  record->seq = in.Varint();
  record->op = static_cast<Op>(in.Number<uint8_t>());
  const uint8_t flags = in.Number<uint8_t>();
  record->has_absent = (flags & kHasAbsentBit) != 0;
  record->key_hash = in.Hash();
  record->key.assign(in.Text());
  record->fingerprint = in.Hash();
  in.Fields(&record->fields);
  record->destination_id.assign(in.Text());
  record->job.assign(flags & kJobBit ? in.Text() : std::string_view());
  return Took(in, bytes);
}

void AppendOutcome(const Outcome& outcome, std::string* out) {
  const bool details = !outcome.code.empty() || !outcome.message.empty() || !outcome.field.empty();
  const uint8_t flags = static_cast<uint8_t>(
      (outcome.has_absent ? kHasAbsentBit : 0) | (details ? kDetails : 0) |
      (outcome.destination_id.empty() ? 0 : kDestinationId) |
      (outcome.warning.empty() ? 0 : kWarning) | (outcome.job.empty() ? 0 : kJob));
  Append(flags, out);
  Append(static_cast<uint8_t>(outcome.mark), out);
  Append(static_cast<uint8_t>(outcome.op), out);
  Append(static_cast<uint8_t>(outcome.kind), out);
  Append(static_cast<uint8_t>(outcome.error_class), out);
  AppendVarint(outcome.seq, out);
  AppendHash(outcome.key_hash, out);
  AppendText(outcome.key, out);
  AppendHash(outcome.fingerprint, out);
  AppendFields(outcome.fields, out);
  AppendVarint(outcome.exchange, out);
  Append(outcome.at_us, out);
  if (details) {
    AppendText(outcome.code, out);
    AppendText(outcome.message, out);
    AppendText(outcome.field, out);
  }
  if (flags & kDestinationId) AppendText(outcome.destination_id, out);
  if (flags & kWarning) AppendText(outcome.warning, out);
  if (flags & kJob) AppendText(outcome.job, out);
}

bool ReadOutcome(std::string_view* bytes, Outcome* outcome) {
  Source in(*bytes);
  const uint8_t flags = in.Number<uint8_t>();
  outcome->has_absent = (flags & kHasAbsentBit) != 0;
  outcome->mark = static_cast<Mark>(in.Number<uint8_t>());
  outcome->op = static_cast<Op>(in.Number<uint8_t>());
  outcome->kind = static_cast<OutcomeKind>(in.Number<uint8_t>());
  outcome->error_class = static_cast<ErrorClass>(in.Number<uint8_t>());
  outcome->seq = in.Varint();
  outcome->key_hash = in.Hash();
  outcome->key.assign(in.Text());
  outcome->fingerprint = in.Hash();
  in.Fields(&outcome->fields);
  outcome->exchange = in.Varint();
  outcome->at_us = in.Number<int64_t>();
  const bool details = (flags & kDetails) != 0;
  for (std::string* text : {&outcome->code, &outcome->message, &outcome->field}) {
    text->assign(details ? in.Text() : std::string_view());
  }
  outcome->destination_id.assign(flags & kDestinationId ? in.Text() : std::string_view());
  outcome->warning.assign(flags & kWarning ? in.Text() : std::string_view());
  outcome->job.assign(flags & kJob ? in.Text() : std::string_view());
  return Took(in, bytes);
}

void AppendNote(const JournalNote& note, std::string* out) {
  AppendText(note.token, out);
  AppendVarint(note.seqs.size(), out);
  for (const uint64_t seq : note.seqs) AppendVarint(seq, out);
}

bool ReadNote(std::string_view bytes, JournalNote* note) {
  Source in(bytes);
  note->token.assign(in.Text());
  const uint64_t n = in.Varint();
  note->seqs.clear();
  for (uint64_t i = 0; i < n && in.ok(); ++i) note->seqs.push_back(in.Varint());
  return in.Ended();
}

void AppendSide(const Entry& entry, MainEntry* main, std::string* out) {
  main->key_hash = entry.key_hash;
  main->fingerprint = entry.fingerprint;
  main->last_run = entry.last_run;
  main->origin = entry.origin;
  main->flags = static_cast<uint8_t>((entry.acknowledged ? MainEntry::kAcknowledged : 0) |
                                     (entry.departed ? MainEntry::kDeparted : 0) |
                                     (entry.pending ? MainEntry::kPending : 0) |
                                     (entry.has_absent ? MainEntry::kHasAbsent : 0));
  const size_t from = out->size();
  Append(uint32_t{0}, out);
  AppendText(entry.key, out);
  AppendText(entry.destination_id, out);
  AppendVarint(entry.fieldset, out);
  AppendFields(entry.fields, out);
  if (entry.pending) AppendPending(*entry.pending, out);
  const uint32_t length = static_cast<uint32_t>(out->size() - from - sizeof(uint32_t));
  std::memcpy(out->data() + from, &length, sizeof(length));
}

std::string_view SideBytes(std::string_view bytes) {
  Source in(bytes);
  const uint32_t length = in.Number<uint32_t>();
  in.Take(length);
  return in.ok() ? bytes.substr(0, sizeof(length) + length) : std::string_view();
}

bool ReadSide(std::string_view side, const MainEntry& main, Entry* entry) {
  entry->key_hash = main.key_hash;
  entry->fingerprint = main.fingerprint;
  entry->last_run = main.last_run;
  entry->origin = main.origin;
  entry->acknowledged = (main.flags & MainEntry::kAcknowledged) != 0;
  entry->departed = (main.flags & MainEntry::kDeparted) != 0;
  entry->has_absent = (main.flags & MainEntry::kHasAbsent) != 0;
  Source in(side);
  in.Number<uint32_t>();
  entry->key.assign(in.Text());
  entry->destination_id.assign(in.Text());
  entry->fieldset = static_cast<uint32_t>(in.Varint());
  in.Fields(&entry->fields);
  entry->pending.reset();
  if (main.flags & MainEntry::kPending) ReadPending(&in, &entry->pending.emplace());
  // What a later version appends is let be: its length is known.
  return in.ok();
}

}  // namespace penstock::codec
