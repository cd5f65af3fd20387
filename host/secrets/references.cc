#include "host/secrets/references.h"

#include <cstdlib>
#include <utility>

#include "core/file/file.h"

namespace penstock::secrets {
namespace {

constexpr std::string_view kMask = "•••";

bool IsName(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  for (const char c : name) {
    const bool ok =
        (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    if (!ok) return false;
  }
  return true;
}

constexpr std::string_view kEnv = "env:", kFile = "file:";
constexpr uint64_t kMostFileBytes = 64 << 10;

bool IsPath(std::string_view path) {
  for (const char c : path) {
    if (static_cast<unsigned char>(c) < 0x20) return false;
  }
  return !path.empty();
}

// "env:NAME" or "file:PATH".
bool IsReference(std::string_view inner) {
  return inner.starts_with(kEnv) ? IsName(inner.substr(kEnv.size()))
                                 : inner.starts_with(kFile) && IsPath(inner.substr(kFile.size()));
}

// Calls `plain` for plain parts and `reference` for what is between the braces, in order.
Status Walk(std::string_view in, const std::function<void(std::string_view)>& plain,
            const std::function<Status(std::string)>& reference) {
  while (!in.empty()) {
    const size_t start = in.find("${");
    if (start == std::string_view::npos) {
      plain(in);
      return {};
    }
    if (start > 0 && in[start - 1] == '$') {
      plain(in.substr(0, start - 1));
      plain("${");
      in.remove_prefix(start + 2);
      continue;
    }
    plain(in.substr(0, start));
    const size_t end = in.find('}', start);
    const std::string_view inner =
        end == std::string_view::npos ? "" : in.substr(start + 2, end - start - 2);
    if (!IsReference(inner)) {
      return UsageError(
          "PS-CONF-REFERENCE",
          "A reference in the project file must have the form ${env:NAME} or ${file:PATH}.",
          "Write $${ for a plain ${.");
    }
    PENSTOCK_RETURN_IF_ERROR(reference(std::string(inner)));
    in.remove_prefix(end + 1);
  }
  return {};
}

Result<std::string> FromEnvironment(const std::string& name, const Lookup& lookup) {
  auto value = lookup(name);
  if (value && !value->empty()) return *std::move(value);
  return UsageError("PS-CONF-ENV",
                    "The environment variable " + name + (value ? " is empty." : " is not set."),
                    "Set it before the command: export " + name + "=…");
}

Result<std::string> FromFile(const std::string& name, const std::string& directory) {
  const std::string path =
      name.starts_with('/') || directory.empty() ? name : directory + "/" + name;
  auto text = file::ReadAll(path, kMostFileBytes);
  if (text.ok() && text->ends_with('\n')) text->pop_back();
  if (text.ok() && text->ends_with('\r')) text->pop_back();
  if (text.ok() && !text->empty()) return text;
  return UsageError("PS-CONF-FILE",
                    "The file " + path + ", which a reference in the project file names, " +
                        (text.ok() ? "is empty." : "cannot be read."),
                    "A relative path counts from the project file; at most 64 KiB are taken.");
}

// The text with every reference replaced by one control character, offsets kept by `at`.
constexpr char kReference = '\x01';
std::string Blanked(std::string_view text, std::vector<size_t>* at) {
  std::string out;
  for (size_t i = 0; i < text.size();) {
    const size_t end = text.substr(i).starts_with("${") ? text.find('}', i) : std::string::npos;
    at->push_back(i);
    out += end == std::string::npos ? text[i] : kReference;
    i = end == std::string::npos ? i + 1 : end + 1;
  }
  at->push_back(text.size());
  return out;
}

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool StartsWithWord(std::string_view text, std::string_view word) {
  if (text.size() < word.size()) return false;
  for (size_t i = 0; i < word.size(); ++i) {
    if (Lower(text[i]) != word[i]) return false;
  }
  return true;
}

// Where passwords stand in the blanked text: [begin, end).
std::vector<std::pair<size_t, size_t>> Passwords(const std::string& text) {
  std::vector<std::pair<size_t, size_t>> found;
  const size_t scheme = text.find("://");
  if (scheme != std::string::npos) {
    const size_t begin = scheme + 3;
    const size_t at = text.rfind('@', text.find_first_of("/?#", begin));
    const size_t colon = text.find(':', begin);
    if (at != std::string::npos && at >= begin && colon < at) found.emplace_back(colon + 1, at);
  }
  for (size_t i = 0; i < text.size(); ++i) {
    if (!StartsWithWord(std::string_view(text).substr(i), "password")) continue;
    size_t j = text.find_first_not_of(' ', i + 8);
    if (j == std::string::npos || text[j] != '=') continue;
    j = text.find_first_not_of(' ', j + 1);
    if (j == std::string::npos) continue;
    const bool quoted = text[j] == '\'';
    const size_t end = quoted ? text.find('\'', j + 1) : text.find_first_of(" &", j);
    found.emplace_back(quoted ? j + 1 : j, std::min(end, text.size()));
  }
  return found;
}

}  // namespace

Lookup ProcessEnvironment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
}

Result<std::vector<std::string>> References(std::string_view text) {
  std::vector<std::string> names;
  PENSTOCK_RETURN_IF_ERROR(Walk(
      text, [](std::string_view) {},
      [&](const std::string& inner) {
        if (inner.starts_with(kEnv)) names.push_back(inner.substr(kEnv.size()));
        return Status();
      }));
  return names;
}

Result<std::string> Resolve(std::string_view text, const Lookup& lookup,
                            const std::string& directory) {
  std::string out;
  PENSTOCK_RETURN_IF_ERROR(Walk(
      text, [&](std::string_view part) { out += part; },
      [&](const std::string& inner) -> Status {
        const bool env = inner.starts_with(kEnv);
        PENSTOCK_ASSIGN_OR_RETURN(const std::string value,
                                  env ? FromEnvironment(inner.substr(kEnv.size()), lookup)
                                      : FromFile(inner.substr(kFile.size()), directory));
        out += value;
        return {};
      }));
  return out;
}

bool IsReferenceOnly(std::string_view text) {
  bool plain = false;
  size_t references = 0;
  const Status status = Walk(
      text, [&](std::string_view part) { plain = plain || !part.empty(); },
      [&](const std::string&) {
        ++references;
        return Status();
      });
  return status.ok() && !plain && references > 0;
}

bool HoldsLiteralPassword(std::string_view connection) {
  std::vector<size_t> at;
  const std::string text = Blanked(connection, &at);
  for (const auto& [begin, end] : Passwords(text)) {
    for (size_t i = begin; i < end; ++i) {
      if (text[i] != kReference) return true;
    }
  }
  return false;
}

std::string WithoutPassword(std::string_view connection) {
  std::vector<size_t> at;
  const std::string text = Blanked(connection, &at);
  std::string out;
  size_t done = 0;
  for (const auto& [begin, end] : Passwords(text)) {
    if (begin < done || begin == end) continue;
    out += connection.substr(at[done], at[begin] - at[done]);
    out += kMask;
    done = end;
  }
  out += connection.substr(at[done]);
  return out;
}

}  // namespace penstock::secrets
