#include "core/value/encoding.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstring>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace penstock {
namespace {

constexpr int kMaxListDepth = 32;

Error Corrupt(const char* what) {
  return MakeError("PS-DATA-CORRUPT", std::string("Stored values cannot be read: ") + what + ".",
                   "Restore the file from a copy, or run `penstock repair`.");
}

bool IsFixed(uint8_t type) {
  return type == PENSTOCK_BOOL || type == PENSTOCK_INT64 || type == PENSTOCK_DOUBLE ||
         type == PENSTOCK_DATE || type == PENSTOCK_TIMESTAMP;
}

void AppendFixed(uint8_t type, uint64_t bits, std::string* out) {
  char bytes[9];
  bytes[0] = static_cast<char>(type);
  static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "encoded bytes are little-endian");
  std::memcpy(bytes + 1, &bits, 8);
  out->append(bytes, sizeof bytes);
}

Result<Value> Decode(std::string_view* bytes, Arena* arena, int depth) {
  if (bytes->empty()) return Corrupt("the bytes end before a value");
  const auto type = static_cast<uint8_t>(bytes->front());
  bytes->remove_prefix(1);
  if (type > PENSTOCK_LIST) return Corrupt("an unknown type of value");
  if (type == PENSTOCK_ABSENT || type == PENSTOCK_NULL) {
    return MakeScalar(static_cast<ValueType>(type));
  }
  if (IsFixed(type)) {
    if (bytes->size() < 8) return Corrupt("the bytes end within a value");
    int64_t bits = 0;
    std::memcpy(&bits, bytes->data(), 8);
    bytes->remove_prefix(8);
    if (type == PENSTOCK_BOOL && bits != 0 && bits != 1)
      return Corrupt("a boolean of neither kind");
    Value v = MakeScalar(static_cast<ValueType>(type));
    std::memcpy(&v.v, &bits, 8);
    return v;
  }
  uint64_t n = 0;
  if (!ReadVarint(bytes, &n)) return Corrupt("a length that is not one");
  // Every item takes a byte at least: a huge count in few bytes allocates nothing.
  if (n > bytes->size() || n > UINT32_MAX) return Corrupt("the bytes end within a value");
  if (type != PENSTOCK_LIST) {
    const Value v = TextValue(static_cast<ValueType>(type), bytes->substr(0, n));
    bytes->remove_prefix(n);
    return v;
  }
  if (depth >= kMaxListDepth) return Corrupt("lists nested too deeply");
  const std::span<Value> items = arena->Values(n);
  for (Value& item : items) {
    PENSTOCK_ASSIGN_OR_RETURN(item, Decode(bytes, arena, depth + 1));
  }
  return ListValue(items);
}

}  // namespace

void AppendVarint(uint64_t n, std::string* out) {
  while (n >= 0x80) {
    out->push_back(static_cast<char>(n | 0x80));
    n >>= 7;
  }
  out->push_back(static_cast<char>(n));
}

bool ReadVarint(std::string_view* bytes, uint64_t* n) {
  *n = 0;
  for (size_t i = 0; i < 10 && i < bytes->size(); ++i) {
    const auto byte = static_cast<unsigned char>((*bytes)[i]);
    if (i == 9 && byte > 1) return false;  // beyond 64 bits
    if (i > 0 && byte == 0) return false;  // overlong
    *n |= uint64_t{byte & 0x7Fu} << (7 * i);
    if (byte < 0x80) {
      bytes->remove_prefix(i + 1);
      return true;
    }
  }
  return false;
}

void EncodeValue(const Value& v, std::string* out) {
  if (IsFixed(v.type)) {
    uint64_t bits;
    std::memcpy(&bits, &v.v, 8);
    AppendFixed(v.type, bits, out);
    return;
  }
  out->push_back(static_cast<char>(v.type));
  if (IsText(v)) {
    AppendVarint(v.len, out);
    out->append(TextOf(v));
  } else if (v.type == PENSTOCK_LIST) {
    AppendVarint(v.len, out);
    for (const Value& item : ItemsOf(v)) EncodeValue(item, out);
  }
}

Result<Value> DecodeValue(std::string_view* bytes, Arena* arena) { return Decode(bytes, arena, 0); }

std::string ToHex(const Hash128& h) {
  constexpr char kHex[] = "0123456789abcdef";
  std::string out(32, '0');
  for (int i = 0; i < 16; ++i) {
    out[15 - i] = kHex[h.hi >> (4 * i) & 15];
    out[31 - i] = kHex[h.lo >> (4 * i) & 15];
  }
  return out;
}

Hasher::Hasher(std::string_view project_secret) {
  static_assert(sizeof secret_ >= XXH3_SECRET_SIZE_MIN && sizeof secret_ % 32 == 0);
  // HMAC-SHA256 over a counter, not xxHash's own derivation: that may differ between its versions,
  // and fingerprints outlive them.
  for (size_t i = 0; i < secret_.size() / 32; ++i) {
    const std::string label = "penstock fingerprint 1 " + std::to_string(i);
    unsigned int n = 32;
    HMAC(EVP_sha256(), project_secret.data(), static_cast<int>(project_secret.size()),
         reinterpret_cast<const unsigned char*>(label.data()), label.size(), &secret_[i * 32], &n);
  }
}

Hash128 Hasher::Bytes(std::string_view bytes) const {
  const XXH128_hash_t hash =
      XXH3_128bits_withSecret(bytes.data(), bytes.size(), secret_.data(), secret_.size());
  return {hash.high64, hash.low64};
}

uint32_t Hasher::Field(const Value& v) const {
  if (v.type == PENSTOCK_ABSENT) return kFieldAbsent;
  if (v.type == PENSTOCK_NULL) return kFieldNull;
  thread_local std::string bytes;
  bytes.clear();
  EncodeValue(v, &bytes);
  const auto hash = static_cast<uint32_t>(
      XXH3_64bits_withSecret(bytes.data(), bytes.size(), secret_.data(), secret_.size()));
  return hash > kFieldUnknown ? hash : hash + kFieldUnknown + 1;
}

}  // namespace penstock
