#include "sdk/testing/kit/redact.h"

#include <algorithm>
#include <cctype>

#include "penstock/values.hpp"

namespace penstock::kit {
namespace {

constexpr char kInstead[] = "redacted";
// Shorter texts turn up everywhere by chance; what answers call a token may be a word.
constexpr size_t kShortest = 6;
constexpr size_t kShortestLearnt = 12;

bool IsOfToken(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
         std::string_view("-._~+/=").find(c) != std::string_view::npos;
}

// The run of token characters at `at`.
std::string_view TokenAt(std::string_view text, size_t at) {
  size_t end = at;
  while (end < text.size() && IsOfToken(text[end])) ++end;
  return text.substr(at, end - at);
}

void ReplaceAll(std::string* text, const std::string& from, const std::string& to) {
  for (size_t at = text->find(from); at != std::string::npos; at = text->find(from, at)) {
    text->replace(at, from.size(), to);
    at += to.size();
  }
}

// The whole, and what it may be made of: the password of user:password, the bytes behind whsec_, of
// which there may be two with a space between.
std::vector<std::string> FormsOf(const std::string& secret) {
  std::vector<std::string> forms = {secret};
  if (const size_t colon = secret.find(':'); colon != std::string::npos) {
    forms.push_back(secret.substr(colon + 1));
  }
  constexpr std::string_view kPrefix = "whsec_";
  for (size_t at = secret.find(kPrefix); at != std::string::npos;
       at = secret.find(kPrefix, at + 1)) {
    forms.push_back(secret.substr(at + kPrefix.size(), secret.find(' ', at) - at - kPrefix.size()));
  }
  return forms;
}

}  // namespace

bool IsSecretName(std::string_view name) {
  std::string plain;
  for (const char c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) continue;
    plain += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  constexpr std::string_view kEnds[] = {
      "token",       "secret",  "password",  "apikey", "passwd",     "cookie",    "credential",
      "credentials", "session", "signature", "jwt",    "privatekey", "accesskey", "authorization"};
  return std::any_of(std::begin(kEnds), std::end(kEnds),
                     [&](std::string_view end) { return plain.ends_with(end); });
}

sdk::Result<Redactor> Redactor::For(const std::map<std::string, std::string>& secrets) {
  Redactor redactor;
  for (const auto& [name, secret] : secrets) {
    if (secret.size() < kShortest) {
      return sdk::Failure{
          PENSTOCK_E_INVALID_ARGUMENT, "KIT-RECORD",
          "the secret \"" + name + "\" is shorter than " + std::to_string(kShortest) +
              " characters and cannot be told from other text; record with a real one",
          0};
    }
    for (const std::string& form : FormsOf(secret)) {
      if (form.size() < kShortest) continue;
      redactor.names_.emplace_back(form, name);
      for (const std::string& written : {form, sdk::UrlText(form), sdk::Base64(form)}) {
        redactor.Replace(written, kInstead);
      }
    }
  }
  return redactor;
}

void Redactor::Replace(const std::string& from, const std::string& to) {
  if (from.empty() || from == to) return;
  const bool known = std::any_of(words_.begin(), words_.end(),
                                 [&](const auto& word) { return word.first == from; });
  if (!known) words_.emplace_back(from, to);
  // The longer one first: it may hold a shorter one.
  std::stable_sort(words_.begin(), words_.end(),
                   [](const auto& a, const auto& b) { return a.first.size() > b.first.size(); });
}

void Redactor::Keep(std::string_view secret) {
  const std::string text(secret);
  const bool known = std::any_of(words_.begin(), words_.end(),
                                 [&](const auto& word) { return word.first == text; });
  if (known || text.size() < kShortestLearnt || IsSaid(text)) return;
  Replace(text, kInstead + std::string("-") + std::to_string(++learnt_));
}

// As a word of its own: a part of one proves nothing.
bool Redactor::IsSaid(std::string_view text) const {
  for (size_t at = said_.find(text); at != std::string::npos; at = said_.find(text, at + 1)) {
    const size_t end = at + text.size();
    if ((at == 0 || !IsOfToken(said_[at - 1])) && (end == said_.size() || !IsOfToken(said_[end]))) {
      return true;
    }
  }
  return false;
}

void Redactor::LearnText(std::string_view text) {
  for (const std::string_view scheme : {"Bearer ", "Basic ", "bearer ", "basic "}) {
    for (size_t at = text.find(scheme); at != std::string_view::npos;
         at = text.find(scheme, at + 1)) {
      const std::string_view token = TokenAt(text, at + scheme.size());
      // "Basic information" is no credential.
      const bool mixed = std::any_of(token.begin(), token.end(), [](char c) {
        return std::isalpha(static_cast<unsigned char>(c)) == 0;
      });
      if (mixed) Keep(token);
    }
  }
  // A JSON Web Token: three parts, the first of which begins with {" in base64.
  for (size_t at = text.find("eyJ"); at != std::string_view::npos; at = text.find("eyJ", at + 3)) {
    const std::string_view token = TokenAt(text, at);
    if (std::count(token.begin(), token.end(), '.') == 2) Keep(token);
  }
}

void Redactor::LearnValue(const Json& json, bool secret) {
  if (json.IsObject()) {
    for (const auto& member : json.GetObject()) {
      LearnValue(member.value, secret || IsSecretName(Plain(member.name)));
    }
  } else if (json.IsArray()) {
    for (const Json& item : json.GetArray()) LearnValue(item, secret);
  } else if (IsText(json)) {
    if (secret) Keep(Plain(json));
    LearnText(Plain(json));
  }
}

void Redactor::Learn(const std::string& body) {
  rapidjson::Document json;
  if (ParseExact(body, &json)) {
    LearnValue(json, false);
  } else {
    LearnText(body);
  }
}

std::string Redactor::Text(std::string text) const {
  for (const auto& [from, to] : words_) ReplaceAll(&text, from, to);
  return text;
}

void Redactor::Put(const Json& json, bool by_name, bool secret, sdk::JsonWriter* out) const {
  if (json.IsObject()) {
    out->BeginObject();
    for (const auto& member : json.GetObject()) {
      out->Key(Text(std::string(Plain(member.name))));
      const std::string_view name = Plain(member.name);
      // {$secret: name} names one and holds none.
      Put(member.value, by_name, by_name && name != "$secret" && (secret || IsSecretName(name)),
          out);
    }
    out->EndObject();
  } else if (json.IsArray()) {
    out->BeginArray();
    for (const Json& item : json.GetArray()) Put(item, by_name, secret, out);
    out->EndArray();
  } else if (IsText(json)) {
    const std::string text(Plain(json)), clean = Text(text);
    out->String(secret && clean == text && !text.empty() && !IsSaid(text) ? kInstead : clean);
  } else if (secret && IsNumber(json)) {
    out->Raw("0");
  } else {
    out->Raw(ExactText(json));
  }
}

std::string Redactor::Value(const Json& json, bool by_name) const {
  sdk::JsonWriter out;
  Put(json, by_name, false, &out);
  return out.Take();
}

std::string Redactor::Left(std::string_view text) const {
  for (const auto& [secret, name] : names_) {
    if (text.find(secret) != std::string_view::npos) return name;
  }
  return {};
}

}  // namespace penstock::kit
