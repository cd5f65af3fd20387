#include "core/diff/payload.h"

namespace penstock::diff {
namespace {

uint32_t HashAt(const std::vector<uint32_t>& fields, size_t i) {
  return i < fields.size() ? fields[i] : kFieldAbsent;
}

bool IsValueHash(uint32_t hash) { return hash != kFieldAbsent && hash != kFieldNull; }

/// Have we written a value into this field, or may have (an attempt in doubt)?
bool MayHoldOurs(const Entry& before, size_t i) {
  if (IsValueHash(HashAt(before.fields, i))) return true;
  return InDoubt(before) && IsValueHash(HashAt(before.pending->fields, i));
}

}  // namespace

Status Payload::Read(std::string_view bytes) {
  arena_.Clear();
  values_.clear();
  parts_.clear();
  for (size_t i = 0; i < fields_.size(); ++i) {
    const std::string_view from = bytes;
    PENSTOCK_ASSIGN_OR_RETURN(const Value value, DecodeValue(&bytes, &arena_));
    values_.push_back(value);
    parts_.push_back(from.substr(0, from.size() - bytes.size()));
  }
  if (!bytes.empty()) {
    return MakeError("PS-DATA-CORRUPT", "A spilled row holds more values than it has fields.",
                     "This is a defect of Penstock: please report it.");
  }
  return {};
}

void Payload::HashFields(std::vector<uint32_t>* out) const {
  out->resize(fields_.size());
  for (size_t i = 0; i < fields_.size(); ++i) {
    (*out)[i] = fields_[i].hashed ? hasher_.Field(values_[i]) : kFieldRunVariable;
  }
}

void Payload::Resolve(const Entry* before, const std::vector<uint32_t>& hashes,
                      Change* change) const {
  change->payload.clear();
  change->fields = hashes;
  change->sparse = false;
  for (size_t i = 0; i < fields_.size(); ++i) {
    bool leave = values_[i].type == PENSTOCK_ABSENT;
    if (values_[i].type == PENSTOCK_NULL && fields_[i].null == NullPolicy::kClearOurs) {
      leave = before == nullptr || !MayHoldOurs(*before, i);
    }
    if (!leave) {
      change->payload.append(parts_[i]);
      continue;
    }
    EncodeValue(AbsentValue(), &change->payload);
    change->sparse = true;
    if (fields_[i].hashed) {
      change->fields[i] = before == nullptr ? kFieldAbsent : HashAt(before->fields, i);
    }
  }
}

std::string KeyText(std::string_view key) {
  Arena arena;
  const Result<Value> value = DecodeValue(&key, &arena);
  return value.ok() ? ToText(*value) : std::string();
}

}  // namespace penstock::diff
