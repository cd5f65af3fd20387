// Bytes of a frame: numbers in the machine's order (both ends are one machine), text with its
// length before it. Reading trusts nothing. For the files of this folder and of sdk/worker only.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/connector.h"
#include "penstock/result.hpp"

namespace penstock::sdk::wire {

/// Appends to one payload.
class Packer {
 public:
  void U8(uint8_t value) { out_.push_back(static_cast<char>(value)); }
  void U32(uint32_t value) { Raw(&value, sizeof(value)); }
  void I32(int32_t value) { Raw(&value, sizeof(value)); }
  void U64(uint64_t value) { Raw(&value, sizeof(value)); }
  void I64(int64_t value) { Raw(&value, sizeof(value)); }
  void F64(double value) { Raw(&value, sizeof(value)); }
  void Text(std::string_view text) {
    U64(text.size());
    out_.append(text);
  }
  void Seqs(const uint64_t* seqs, size_t n) {
    U64(n);
    if (n > 0) Raw(seqs, n * sizeof(uint64_t));
  }
  const std::string& bytes() const { return out_; }

 private:
  void Raw(const void* bytes, size_t n) { out_.append(static_cast<const char*>(bytes), n); }

  std::string out_;
};

/// Reads one payload. Once something does not fit, everything after is empty and good() is false.
class Unpacker {
 public:
  explicit Unpacker(std::string_view bytes) : rest_(bytes) {}

  uint8_t U8();
  uint32_t U32();
  int32_t I32();
  uint64_t U64();
  int64_t I64();
  double F64();
  std::string_view Text();  // borrowed from the payload
  std::vector<uint64_t> Seqs();
  /// A number of items that take at least `item_bytes` each: more than can be there is a lie.
  uint64_t Count(size_t item_bytes);
  void Fail() { good_ = false; }
  bool good() const { return good_; }
  /// Everything was read, and nothing is left.
  bool Ended() const { return good_ && rest_.empty(); }

 private:
  bool Take(void* out, size_t n);

  std::string_view rest_;
  bool good_ = true;
};

/// Values and what hangs on them. Text is borrowed from the payload.
class ValueStore {
 public:
  /// Reads `n` values; lists nest at most 8 deep.
  std::vector<penstock_value> Read(uint64_t n, Unpacker* in);

 private:
  penstock_value One(Unpacker* in, int depth);

  std::deque<std::vector<penstock_value>> lists_;
};

void PutValue(const penstock_value& value, Packer* out);
/// The least bytes that a value takes.
inline constexpr size_t kValueBytes = 1;

/// A batch with everything that it borrows, but for the payload.
struct StoredBatch {
  std::vector<uint64_t> seqs;
  std::vector<penstock_str> ids;
  std::vector<penstock_value> values;
  ValueStore store;
  penstock_batch batch{};
};
void PutBatch(const penstock_batch& batch, Packer* out);
/// False when the payload holds no whole batch.
bool TakeBatch(Unpacker* in, StoredBatch* out);

void PutStatus(const Status& status, Packer* out);
/// A status that nobody knows becomes INTERNAL; text is cut to what a sentence needs.
Status TakeStatus(Unpacker* in);

void PutOutcome(const penstock_outcome& outcome, Packer* out);
/// Text is borrowed from the payload.
penstock_outcome TakeOutcome(Unpacker* in);

}  // namespace penstock::sdk::wire
