#include "core/value/text.h"

#include <utf8proc.h>

#include <cstdint>
#include <cstring>

namespace penstock {
namespace {

constexpr uint64_t kHighBits = 0x8080808080808080u;
constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// Bytes of ASCII at the front of `text`, in steps of eight and then of one.
size_t AsciiPrefix(const char* p, size_t n) {
  size_t i = 0;
  while (i + 8 <= n) {
    uint64_t word;
    std::memcpy(&word, p + i, 8);
    if (word & kHighBits) break;
    i += 8;
  }
  while (i < n && static_cast<unsigned char>(p[i]) < 0x80) ++i;
  return i;
}

int Sextet(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  if (c == '+') return 62;
  if (c == '/') return 63;
  return -1;
}

}  // namespace

bool ValidUtf8(std::string_view text) {
  const char* p = text.data();
  size_t n = text.size();
  while (true) {
    const size_t ascii = AsciiPrefix(p, n);
    p += ascii;
    n -= ascii;
    if (n == 0) return true;
    utf8proc_int32_t code = 0;
    const auto used = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(p),
                                       static_cast<utf8proc_ssize_t>(n), &code);
    if (used <= 0) return false;
    p += used;
    n -= static_cast<size_t>(used);
  }
}

size_t CodePoints(std::string_view text) {
  size_t count = 0;
  for (const char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  return count;
}

void AppendBase64(std::string_view bytes, std::string* out) {
  out->reserve(out->size() + (bytes.size() + 2) / 3 * 4);
  for (size_t i = 0; i < bytes.size(); i += 3) {
    const size_t left = bytes.size() - i;
    const auto at = [&](size_t k) -> uint32_t {
      return k < left ? static_cast<unsigned char>(bytes[i + k]) : 0;
    };
    const uint32_t group = at(0) << 16 | at(1) << 8 | at(2);
    out->push_back(kAlphabet[group >> 18]);
    out->push_back(kAlphabet[group >> 12 & 63]);
    out->push_back(left > 1 ? kAlphabet[group >> 6 & 63] : '=');
    out->push_back(left > 2 ? kAlphabet[group & 63] : '=');
  }
}

bool DecodeBase64(std::string_view text, std::string* out) {
  out->clear();
  if (text.size() % 4 != 0) return false;
  for (size_t i = 0; i < text.size(); i += 4) {
    const bool last = i + 4 == text.size();
    const size_t padding = !last ? 0 : text[i + 2] == '=' ? 2 : text[i + 3] == '=' ? 1 : 0;
    if (padding == 2 && text[i + 3] != '=') return false;
    uint32_t group = 0;
    for (size_t k = 0; k < 4; ++k) {
      const int sextet = k >= 4 - padding ? 0 : Sextet(text[i + k]);
      if (sextet < 0) return false;
      group = group << 6 | static_cast<uint32_t>(sextet);
    }
    if (padding == 2 && (group & 0xFFFF) != 0) return false;  // bits that mean nothing
    if (padding == 1 && (group & 0xFF) != 0) return false;
    out->push_back(static_cast<char>(group >> 16));
    if (padding < 2) out->push_back(static_cast<char>(group >> 8 & 0xFF));
    if (padding < 1) out->push_back(static_cast<char>(group & 0xFF));
  }
  return true;
}

}  // namespace penstock
