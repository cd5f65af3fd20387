// A record's payload, field by field: its hashes, and what of it is sent.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/mapping/mapping.h"
#include "core/plan/plan.h"
#include "core/state/entry.h"

namespace penstock::diff {

/// Reuses its memory. Borrows `fields` and `hasher`. Not thread-safe.
class Payload {
 public:
  Payload(const std::vector<MappedField>& fields, size_t key_field, const Hasher& hasher)
      : fields_(fields), key_field_(key_field), hasher_(hasher) {}

  /// Takes a payload apart; borrows `bytes` until the next Read. PS-DATA-CORRUPT.
  Status Read(std::string_view bytes);

  /// Canonical bytes of the key.
  std::string_view key() const { return parts_[key_field_]; }
  std::string key_text() const { return ToText(values_[key_field_]); }
  /// Hasher::Field of every field.
  void HashFields(std::vector<uint32_t>* out) const;
  /// Decides what NULL means by each field's policy and by what was last written (`before`, aligned
  /// to the current fields; null: nothing): sets payload, fields and sparse of `change`. `hashes`:
  /// what HashFields gave.
  void Resolve(const Entry* before, const std::vector<uint32_t>& hashes, Change* change) const;

 private:
  const std::vector<MappedField>& fields_;
  size_t key_field_;
  const Hasher& hasher_;
  Arena arena_;
  std::vector<Value> values_;
  std::vector<std::string_view> parts_;
};

/// The text of a key from its canonical bytes; empty if they are damaged. [thread-safe]
std::string KeyText(std::string_view key);

}  // namespace penstock::diff
