#include "host/exchanges/redactor.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>

#include "core/value/text.h"

namespace penstock::exchanges {
namespace {

constexpr std::array<std::string_view, 12> kSecretMembers = {
    "access_token",     "refresh_token", "id_token",   "client_secret",
    "client_assertion", "assertion",     "password",   "api_key",
    "apikey",           "private_key",   "session_id", "accessToken"};
constexpr std::array<std::string_view, 7> kSecretHeaders = {
    "authorization", "proxy-authorization", "cookie",     "set-cookie",
    "x-api-key",     "x-auth-token",        "set-cookie2"};

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

// The characters of the base64 of any text with `secret` in it at an offset of `shift` modulo 3
// that depend on nothing but the secret.
std::string Base64Core(std::string_view secret, size_t shift) {
  std::string padded(shift, '\0');
  padded.append(secret);
  std::string text;
  AppendBase64(padded, &text);
  size_t first = (shift * 8 + 5) / 6;
  size_t last = padded.size() * 8 / 6;
  return first < last ? text.substr(first, last - first) : std::string();
}

std::string UrlSafe(std::string base64) {
  std::replace(base64.begin(), base64.end(), '+', '-');
  std::replace(base64.begin(), base64.end(), '/', '_');
  return base64;
}

std::string PercentEncoded(std::string_view text, bool upper, bool plus) {
  const char* hex = upper ? "0123456789ABCDEF" : "0123456789abcdef";
  std::string out;
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) || std::strchr("-_.~", c) != nullptr) {
      out += c;
    } else if (plus && c == ' ') {
      out += '+';
    } else {
      out += {'%', hex[byte >> 4], hex[byte & 15]};
    }
  }
  return out;
}

std::string JsonEscaped(std::string_view text, bool slash) {
  std::string out;
  for (char c : text) {
    if (c == '"' || c == '\\' || (slash && c == '/')) out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else if (c == '\r') {
      out += "\\r";
    } else if (c == '\t') {
      out += "\\t";
    } else {
      out += c;
    }
  }
  return out;
}

bool IsNameChar(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

// Where the value of a member that starts at `name_end` begins, or npos: `": "…`, `=…`.
// `quoted` says how it ends.
size_t ValueStart(std::string_view text, size_t name_end, bool* quoted) {
  size_t i = name_end;
  *quoted = false;
  if (i < text.size() && text[i] == '=') return i + 1;
  if (i < text.size() && text[i] == '\\') ++i;  // JSON inside a JSON string
  if (i >= text.size() || text[i] != '"') return std::string_view::npos;
  ++i;
  while (i < text.size() && std::isspace(static_cast<unsigned char>(text[i]))) ++i;
  if (i >= text.size() || text[i] != ':') return std::string_view::npos;
  ++i;
  while (i < text.size() && std::isspace(static_cast<unsigned char>(text[i]))) ++i;
  if (i < text.size() && text[i] == '\\') ++i;
  if (i >= text.size() || text[i] != '"') return std::string_view::npos;
  *quoted = true;
  return i + 1;
}

size_t ValueEnd(std::string_view text, size_t start, bool quoted) {
  size_t i = start;
  if (!quoted) {
    while (i < text.size() && std::strchr("&; \t\r\n\"", text[i]) == nullptr) ++i;
    return i;
  }
  while (i < text.size() && text[i] != '"') {
    if (text[i] == '\\' && i + 1 < text.size() && text[i + 1] == '"') {
      if (i + 2 >= text.size() || std::strchr(",}] \\\n", text[i + 2]) != nullptr) return i;
    }
    i += text[i] == '\\' ? 2 : 1;
  }
  return std::min(i, text.size());
}

// Replaces the values of one well-known secret member.
void ReplaceMember(std::string& text, std::string_view member) {
  size_t at = 0;
  while ((at = text.find(member, at)) != std::string::npos) {
    size_t name_end = at + member.size();
    bool whole = at == 0 || !IsNameChar(text[at - 1]);
    at = name_end;
    bool quoted = false;
    size_t start = whole ? ValueStart(text, name_end, &quoted) : std::string_view::npos;
    if (start == std::string_view::npos) continue;
    size_t end = ValueEnd(text, start, quoted);
    if (end > start) text.replace(start, end - start, kSecretMark);
    at = start;
  }
}

}  // namespace

Redactor::Redactor() : shared_(std::make_shared<Shared>()) {
  auto known = std::make_shared<Known>();
  for (std::string_view member : kSecretMembers) known->suspects.Add(member);
  shared_->known = std::move(known);
}

std::shared_ptr<const Redactor::Known> Redactor::known() const {
  const std::lock_guard<std::mutex> lock(shared_->mutex);
  return shared_->known;
}

void Redactor::Add(std::string_view secret) {
  if (secret.size() < kShortest) return;
  const std::lock_guard<std::mutex> lock(shared_->mutex);
  const auto& forms = shared_->known->forms;
  if (std::find(forms.begin(), forms.end(), secret) != forms.end()) return;
  auto known = std::make_shared<Known>(*shared_->known);
  known->AddForm(std::string(secret));
  for (bool flag : {false, true}) {
    known->AddForm(JsonEscaped(secret, flag));
    known->AddForm(PercentEncoded(secret, true, flag));
    known->AddForm(PercentEncoded(secret, false, flag));
  }
  for (size_t shift = 0; shift < 3; ++shift) {
    std::string core = Base64Core(secret, shift);
    known->AddForm(core);
    known->AddForm(UrlSafe(core));
  }
  std::sort(known->forms.begin(), known->forms.end(),
            [](const std::string& a, const std::string& b) {
              return a.size() != b.size() ? a.size() > b.size() : a < b;
            });
  shared_->known = std::move(known);
}

void Redactor::Known::AddForm(std::string form) {
  if (form.size() < kShortest) return;
  if (std::find(forms.begin(), forms.end(), form) != forms.end()) return;
  suspects.Add(form);
  forms.push_back(std::move(form));
}

void Redactor::AddHeader(std::string_view name) {
  const std::lock_guard<std::mutex> lock(shared_->mutex);
  auto known = std::make_shared<Known>(*shared_->known);
  known->headers.push_back(Lower(name));
  shared_->known = std::move(known);
}

std::string Redactor::Known::Replace(std::string_view text) const {
  std::string result(text);
  for (const std::string& form : forms) {
    size_t at = result.find(form);
    if (at == std::string::npos) continue;
    std::string replaced;
    size_t from = 0;
    for (; at != std::string::npos; at = result.find(form, from)) {
      replaced.append(result, from, at - from).append(kSecretMark);
      from = at + form.size();
    }
    replaced.append(result, from);
    result = std::move(replaced);
  }
  return result;
}

std::string Redactor::Known::Text(std::string_view text) const {
  // Most texts hold neither: one pass instead of one for each form and member.
  if (!suspects.AnyIn(text)) return std::string(text);
  std::string result = Replace(text);
  for (std::string_view member : kSecretMembers) ReplaceMember(result, member);
  return result;
}

std::string Redactor::Text(std::string_view text) const { return known()->Text(text); }

std::optional<std::string> Redactor::WithoutKnown(std::string_view text) const {
  const auto known = this->known();
  if (!known->suspects.AnyIn(text)) return std::nullopt;
  std::string clean = known->Replace(text);
  return clean == text ? std::nullopt : std::optional<std::string>(std::move(clean));
}

size_t Redactor::LongestKnown() const {
  const std::shared_ptr<const Known> now = known();
  return now->forms.empty() ? 0 : now->forms.front().size();
}

std::string Redactor::Header(std::string_view name, std::string_view value) const {
  const auto known = this->known();
  std::string lower = Lower(name);
  bool secret =
      std::find(kSecretHeaders.begin(), kSecretHeaders.end(), lower) != kSecretHeaders.end() ||
      std::find(known->headers.begin(), known->headers.end(), lower) != known->headers.end();
  return secret ? std::string(kSecretMark) : known->Text(value);
}

std::string Redactor::Beginning(std::string_view text, size_t cap) const {
  const auto known = this->known();
  if (text.size() <= cap) {
    std::string whole = known->Text(text);
    return whole.size() <= cap ? whole : whole.substr(0, cap);
  }
  size_t longest = known->forms.empty() ? 0 : known->forms.front().size();
  std::string result = known->Text(text.substr(0, cap + longest));
  // The last `longest` bytes may hold the beginning of a secret.
  size_t sure = result.size() > longest ? result.size() - longest : 0;
  size_t size = std::min(sure, cap);
  while (size > 0 && (static_cast<unsigned char>(result[size]) & 0xC0) == 0x80) --size;
  result.resize(size);
  return result;
}

}  // namespace penstock::exchanges
