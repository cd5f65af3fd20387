#include "core/mapping/normalise.h"

#include <utf8proc.h>

#include <cstddef>

namespace penstock {
namespace {

bool IsSpace(utf8proc_int32_t c) {
  return (c >= 0x09 && c <= 0x0D) || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F ||
         c == 0x3000 || c == 0xFEFF;
}

// The code point at the front; `*size` its bytes. -1 where the text is not UTF-8.
utf8proc_int32_t Front(std::string_view text, size_t* size) {
  utf8proc_int32_t code = -1;
  const auto used = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data()),
                                     static_cast<utf8proc_ssize_t>(text.size()), &code);
  *size = used > 0 ? static_cast<size_t>(used) : 1;
  return used > 0 ? code : -1;
}

std::string_view Trim(std::string_view text) {
  size_t size = 0;
  while (!text.empty() && IsSpace(Front(text, &size))) text.remove_prefix(size);
  while (!text.empty()) {
    size_t last = text.size() - 1;
    while (last > 0 && (static_cast<unsigned char>(text[last]) & 0xC0) == 0x80) --last;
    if (!IsSpace(Front(text.substr(last), &size))) break;
    text.remove_suffix(text.size() - last);
  }
  return text;
}

bool IsLowerAscii(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x80 || (c >= 'A' && c <= 'Z')) return false;
  }
  return true;
}

std::string_view Lower(std::string_view text, Arena* arena) {
  if (IsLowerAscii(text)) return text;
  // A lower-case letter can take a byte more than its upper case: at most half as much again.
  const size_t room = text.size() + text.size() / 2 + 4;
  char* const start = arena->Bytes(room);
  char* out = start;
  while (!text.empty()) {
    size_t size = 0;
    const utf8proc_int32_t code = Front(text, &size);
    if (code >= 0) {
      out += utf8proc_encode_char(utf8proc_tolower(code), reinterpret_cast<utf8proc_uint8_t*>(out));
    } else {
      *out++ = text.front();
    }
    text.remove_prefix(size);
  }
  const auto used = static_cast<size_t>(out - start);
  arena->Unused(room - used);
  return {start, used};
}

std::string_view Digits(std::string_view text, Arena* arena) {
  char* const start = arena->Bytes(text.size());
  char* out = start;
  for (const char c : text) {
    if (c >= '0' && c <= '9') *out++ = c;
  }
  return {start, static_cast<size_t>(out - start)};
}

std::string_view E164(std::string_view text, Arena* arena) {
  const std::string_view trimmed = Trim(text);
  std::string_view number = trimmed;
  if (number.starts_with("+")) {
    number.remove_prefix(1);
  } else if (number.starts_with("00")) {
    number.remove_prefix(2);
  } else {
    return text;
  }
  char digits[16];
  size_t n = 0;
  for (const char c : number) {
    if (c == ' ' || c == '-' || c == '.' || c == '/' || c == '(' || c == ')') continue;
    if (c < '0' || c > '9' || n == 15) return text;
    digits[n++] = c;
  }
  if (n < 7 || digits[0] == '0') return text;
  char* const out = arena->Bytes(n + 1);
  out[0] = '+';
  for (size_t i = 0; i < n; ++i) out[i + 1] = digits[i];
  return {out, n + 1};
}

}  // namespace

std::string_view Normalise(std::string_view text, const std::vector<sdk::Normaliser>& normalisers,
                           Arena* arena) {
  for (const sdk::Normaliser normaliser : normalisers) {
    switch (normaliser) {
      case sdk::Normaliser::kTrim:
        text = Trim(text);
        break;
      case sdk::Normaliser::kLower:
        text = Lower(text, arena);
        break;
      case sdk::Normaliser::kDigits:
        text = Digits(text, arena);
        break;
      case sdk::Normaliser::kE164:
        text = E164(text, arena);
        break;
    }
  }
  return text;
}

}  // namespace penstock
