// Reading and writing of the little-endian bytes that journals and generations are made of.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "core/value/encoding.h"

namespace penstock::bytes {

static_assert(std::endian::native == std::endian::little,
              "state files are little-endian and are read in place");

template <typename T>
void Append(T value, std::string* out) {
  static_assert(std::is_integral_v<T>);
  out->append(reinterpret_cast<const char*>(&value), sizeof(value));
}

inline void AppendText(std::string_view text, std::string* out) {
  AppendVarint(text.size(), out);
  out->append(text);
}

inline void AppendHash(const Hash128& hash, std::string* out) {
  Append(hash.hi, out);
  Append(hash.lo, out);
}

inline void AppendFields(const std::vector<uint32_t>& fields, std::string* out) {
  AppendVarint(fields.size(), out);
  out->append(reinterpret_cast<const char*>(fields.data()), fields.size() * sizeof(uint32_t));
}

/// Reads from the front; after the first thing that is not there, everything reads as nothing and
/// ok() is false.
class Source {
 public:
  explicit Source(std::string_view bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  /// Everything was there, and nothing is left.
  bool Ended() const { return ok_ && bytes_.empty(); }
  std::string_view rest() const { return bytes_; }

  template <typename T>
  T Number() {
    T value = 0;
    const std::string_view raw = Take(sizeof(T));
    if (ok_) std::memcpy(&value, raw.data(), sizeof(T));
    return value;
  }
  uint64_t Varint() {
    uint64_t value = 0;
    if (ok_ && !ReadVarint(&bytes_, &value)) ok_ = false;
    return ok_ ? value : 0;
  }
  /// Borrowed from the bytes.
  std::string_view Text() { return Take(Varint()); }
  Hash128 Hash() {
    Hash128 hash;
    hash.hi = Number<uint64_t>();
    hash.lo = Number<uint64_t>();
    return hash;
  }
  void Fields(std::vector<uint32_t>* out) {
    const uint64_t n = Varint();
    if (n > bytes_.size() / sizeof(uint32_t)) ok_ = false;
    out->resize(ok_ ? n : 0);
    const std::string_view raw = Take(out->size() * sizeof(uint32_t));
    if (!raw.empty()) std::memcpy(out->data(), raw.data(), raw.size());
  }
  std::string_view Take(uint64_t n) {
    if (n > bytes_.size()) ok_ = false;
    if (!ok_) return {};
    const std::string_view taken = bytes_.substr(0, n);
    bytes_.remove_prefix(n);
    return taken;
  }

 private:
  std::string_view bytes_;
  bool ok_ = true;
};

}  // namespace penstock::bytes
