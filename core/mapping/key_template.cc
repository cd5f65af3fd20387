#include "core/mapping/key_template.h"

#include <algorithm>
#include <cstring>

#include "core/base/suggest.h"
#include "core/value/text.h"

namespace penstock {
namespace {

Error Wrong(const std::string& message, const std::string& hint) {
  return UsageError("PS-MAP-KEY", message, hint);
}

// Bytes of the character at the front of well-formed UTF-8.
size_t CharacterSize(std::string_view text) {
  size_t n = 1;
  while (n < text.size() && (static_cast<unsigned char>(text[n]) & 0xC0) == 0x80) ++n;
  return n;
}

}  // namespace

Result<KeyTemplate> KeyTemplate::Parse(std::string_view text,
                                       const std::vector<std::string>& columns) {
  if (!ValidUtf8(text)) return Wrong("The key's template is not UTF-8.", "Save the file as UTF-8.");
  KeyTemplate out;
  std::string literal;
  const auto flush = [&] {
    if (!literal.empty()) out.pieces_.push_back({true, literal, 0});
    literal.clear();
  };
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((c == '{' || c == '}') && i + 1 < text.size() && text[i + 1] == c) {
      literal.push_back(c);
      ++i;
    } else if (c == '{') {
      const size_t end = text.find('}', i);
      if (end == std::string_view::npos) {
        return Wrong("The key's template has \"{\" without \"}\".", "Write columns as {name}.");
      }
      const std::string name(text.substr(i + 1, end - i - 1));
      const auto found = std::find(columns.begin(), columns.end(), name);
      if (found == columns.end()) {
        return Wrong("The key's template names \"" + name + "\", which is not among its columns.",
                     DidYouMean(name, columns));
      }
      flush();
      out.pieces_.push_back({false, {}, static_cast<size_t>(found - columns.begin())});
      i = end;
    } else if (c == '}') {
      return Wrong("The key's template has \"}\" without \"{\".", "Write a brace itself as }}.");
    } else {
      literal.push_back(c);
    }
  }
  flush();
  PENSTOCK_RETURN_IF_ERROR(out.Check(columns));
  return out;
}

Status KeyTemplate::Check(const std::vector<std::string>& columns) {
  escaped_ = {"\\"};
  for (size_t i = 0; i < pieces_.size(); ++i) {
    if (pieces_[i].literal) {
      if (pieces_[i].text.find('\\') != std::string::npos) {
        return Wrong("The key's template holds a backslash, which is kept for escaping parts.",
                     "Use another character between the columns.");
      }
      const bool after_part = i > 0;
      const std::string first = pieces_[i].text.substr(0, CharacterSize(pieces_[i].text));
      if (after_part && std::find(escaped_.begin(), escaped_.end(), first) == escaped_.end()) {
        escaped_.push_back(first);
      }
    } else if (i > 0 && !pieces_[i - 1].literal) {
      return Wrong("The key's template has two columns with nothing between them.",
                   "Put a character between them, such as \"{a}:{b}\", so that keys stay apart.");
    }
  }
  for (size_t column = 0; column < columns.size(); ++column) {
    const bool used = std::any_of(pieces_.begin(), pieces_.end(), [&](const Piece& piece) {
      return !piece.literal && piece.column == column;
    });
    if (!used) {
      return Wrong("The key's template does not use its column \"" + columns[column] + "\".",
                   "Write {" + columns[column] + "} into it, or drop the column from the key.");
    }
  }
  return {};
}

std::string_view KeyTemplate::Join(std::span<const std::string_view> parts, Arena* arena) const {
  size_t room = 0;
  for (const Piece& piece : pieces_) {
    room += piece.literal ? piece.text.size() : 2 * parts[piece.column].size();
  }
  char* const start = arena->Bytes(room);
  char* out = start;
  const auto put = [&](std::string_view text) {
    if (!text.empty()) std::memcpy(out, text.data(), text.size());
    out += text.size();
  };
  for (const Piece& piece : pieces_) {
    if (piece.literal) {
      put(piece.text);
      continue;
    }
    std::string_view part = parts[piece.column];
    while (!part.empty()) {
      const std::string_view character = part.substr(0, CharacterSize(part));
      if (std::find(escaped_.begin(), escaped_.end(), character) != escaped_.end()) *out++ = '\\';
      put(character);
      part.remove_prefix(character.size());
    }
  }
  const auto used = static_cast<size_t>(out - start);
  arena->Unused(room - used);
  return {start, used};
}

std::string KeyTemplate::Canonical() const {
  std::string out;
  for (const Piece& piece : pieces_) {
    out += piece.literal ? "'" + piece.text + "'" : "{" + std::to_string(piece.column) + "}";
  }
  return out;
}

}  // namespace penstock
