#include "core/plan/codec.h"

#include <cstring>
#include <limits>
#include <type_traits>

#include "core/value/encoding.h"

namespace penstock {

std::string_view ReasonName(Reason reason) {
  switch (reason) {
    case Reason::kNew:
      return "new";
    case Reason::kChanged:
      return "changed";
    case Reason::kReturned:
      return "returned";
    case Reason::kRetry:
      return "retry";
    case Reason::kInDoubt:
      return "in_doubt";
    case Reason::kDeparted:
      return "departed";
    case Reason::kDepartedBefore:
      return "departed_before";
  }
  return "unknown";
}

namespace plan {
namespace {

constexpr uint8_t kHasAbsent = 1, kSparse = 2, kSharedId = 4;

template <typename T>
void AppendRaw(const T& v, std::string* out) {
  static_assert(std::is_trivially_copyable_v<T>);
  out->append(reinterpret_cast<const char*>(&v), sizeof(v));
}

template <typename T>
bool ReadRaw(std::string_view* bytes, T* v) {
  if (bytes->size() < sizeof(T)) return false;
  std::memcpy(v, bytes->data(), sizeof(T));
  bytes->remove_prefix(sizeof(T));
  return true;
}

template <typename T>
bool ReadNumber(std::string_view* bytes, T* v) {
  uint64_t n = 0;
  if (!ReadVarint(bytes, &n) || n > std::numeric_limits<T>::max()) return false;
  *v = static_cast<T>(n);
  return true;
}

/// An enumerator of one byte that must lie in [lowest, highest].
template <typename E>
bool ReadEnum(std::string_view* bytes, E lowest, E highest, E* v) {
  uint8_t byte = 0;
  if (!ReadRaw(bytes, &byte)) return false;
  if (byte < static_cast<uint8_t>(lowest) || byte > static_cast<uint8_t>(highest)) return false;
  *v = static_cast<E>(byte);
  return true;
}

void AppendHash(const Hash128& hash, std::string* out) {
  AppendRaw(hash.hi, out);
  AppendRaw(hash.lo, out);
}

bool ReadHash(std::string_view* bytes, Hash128* hash) {
  return ReadRaw(bytes, &hash->hi) && ReadRaw(bytes, &hash->lo);
}

void AppendFields(const std::vector<uint32_t>& fields, std::string* out) {
  AppendVarint(fields.size(), out);
  out->append(reinterpret_cast<const char*>(fields.data()), fields.size() * sizeof(uint32_t));
}

bool ReadFields(std::string_view* bytes, std::vector<uint32_t>* fields) {
  uint64_t n = 0;
  if (!ReadVarint(bytes, &n) || n > bytes->size() / sizeof(uint32_t)) return false;
  fields->resize(n);
  if (n != 0) std::memcpy(fields->data(), bytes->data(), n * sizeof(uint32_t));
  bytes->remove_prefix(n * sizeof(uint32_t));
  return true;
}

bool ReadString(std::string_view* bytes, std::string* out) {
  std::string_view text;
  if (!ReadText(bytes, &text)) return false;
  out->assign(text);
  return true;
}

}  // namespace

void AppendText(std::string_view text, std::string* out) {
  AppendVarint(text.size(), out);
  out->append(text);
}

bool ReadText(std::string_view* bytes, std::string_view* text) {
  uint64_t n = 0;
  if (!ReadVarint(bytes, &n) || n > bytes->size()) return false;
  *text = bytes->substr(0, n);
  bytes->remove_prefix(n);
  return true;
}

namespace {

void EncodeAllButPayload(const Change& change, std::string* out) {
  AppendRaw(change.op, out);
  AppendRaw(change.reason, out);
  AppendRaw(change.origin, out);
  AppendRaw(
      static_cast<uint8_t>((change.has_absent ? kHasAbsent : 0) | (change.sparse ? kSparse : 0) |
                           (change.shared_id ? kSharedId : 0)),
      out);
  AppendHash(change.key_hash, out);
  AppendHash(change.fingerprint, out);
  AppendText(change.key, out);
  AppendText(change.key_text, out);
  AppendText(change.destination_id, out);
  AppendVarint(change.changed.size(), out);
  for (const uint16_t index : change.changed) AppendVarint(index, out);
  AppendFields(change.fields, out);
}

}  // namespace

void EncodeChange(const Change& change, std::string* out) {
  EncodeAllButPayload(change, out);
  AppendText(change.payload, out);
}

void EncodeWithoutPayload(const Change& change, std::string* out) {
  EncodeAllButPayload(change, out);
  AppendText({}, out);
}

bool DecodeChange(std::string_view bytes, Change* out) {
  uint8_t flags = 0;
  uint64_t changed = 0;
  if (!ReadEnum(&bytes, Op::kUpsert, Op::kDelete, &out->op) ||
      !ReadEnum(&bytes, Reason::kNew, Reason::kDepartedBefore, &out->reason) ||
      !ReadEnum(&bytes, Origin::kNone, Origin::kAdopted, &out->origin) ||
      !ReadRaw(&bytes, &flags) || flags > (kHasAbsent | kSparse | kSharedId) ||
      !ReadHash(&bytes, &out->key_hash) || !ReadHash(&bytes, &out->fingerprint) ||
      !ReadString(&bytes, &out->key) || !ReadString(&bytes, &out->key_text) ||
      !ReadString(&bytes, &out->destination_id) || !ReadVarint(&bytes, &changed) ||
      changed > bytes.size()) {
    return false;
  }
  out->has_absent = (flags & kHasAbsent) != 0;
  out->sparse = (flags & kSparse) != 0;
  out->shared_id = (flags & kSharedId) != 0;
  out->changed.resize(changed);
  for (uint16_t& index : out->changed) {
    if (!ReadNumber(&bytes, &index)) return false;
  }
  return ReadFields(&bytes, &out->fields) && ReadString(&bytes, &out->payload) && bytes.empty();
}

void EncodeMark(const MarkedKey& marked, std::string* out) {
  AppendRaw(marked.mark, out);
  AppendHash(marked.key_hash, out);
  AppendText(marked.key, out);
  AppendRaw(static_cast<uint8_t>(marked.has_absent ? kHasAbsent : 0), out);
  AppendHash(marked.fingerprint, out);
  AppendFields(marked.fields, out);
}

bool DecodeMark(std::string_view bytes, MarkedKey* out) {
  uint8_t flags = 0;
  if (!ReadEnum(&bytes, Mark::kDeparted, Mark::kOverwritten, &out->mark) ||
      !ReadHash(&bytes, &out->key_hash) || !ReadString(&bytes, &out->key) ||
      !ReadRaw(&bytes, &flags) || flags > kHasAbsent || !ReadHash(&bytes, &out->fingerprint)) {
    return false;
  }
  out->has_absent = (flags & kHasAbsent) != 0;
  return ReadFields(&bytes, &out->fields) && bytes.empty();
}

void EncodeInvalid(const InvalidRow& row, std::string* out) {
  AppendVarint(row.row, out);
  for (const std::string* text : {&row.key_text, &row.field, &row.code, &row.message}) {
    AppendText(*text, out);
  }
}

bool DecodeInvalid(std::string_view bytes, InvalidRow* out) {
  if (!ReadNumber(&bytes, &out->row)) return false;
  for (std::string* text : {&out->key_text, &out->field, &out->code, &out->message}) {
    if (!ReadString(&bytes, text)) return false;
  }
  return bytes.empty();
}

}  // namespace plan
}  // namespace penstock
