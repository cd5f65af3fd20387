#include "host/cli/text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "core/value/text.h"

namespace penstock::cli {
namespace {

constexpr size_t kWidestCell = 60;
constexpr size_t kLabelWidth = 12;  // of a page, with its indent

std::string Format(const char* format, double a, double b = 0) {
  std::array<char, 64> text{};
  const int n = std::snprintf(text.data(), text.size(), format, a, b);
  return {text.data(), static_cast<size_t>(std::max(n, 0))};
}

bool Continues(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// East Asian wide characters and emoji take two columns.
bool Wide(std::string_view character) {
  if (character.size() < 3) return false;
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(character[i]); };
  if (character.size() == 4) return byte(0) == 0xF0 && byte(1) == 0x9F;
  const unsigned code = (byte(0) & 0x0Fu) << 12 | (byte(1) & 0x3Fu) << 6 | (byte(2) & 0x3Fu);
  return (code >= 0x1100 && code <= 0x115F) || (code >= 0x2E80 && code <= 0xA4CF) ||
         (code >= 0xAC00 && code <= 0xD7A3) || (code >= 0xF900 && code <= 0xFAFF) ||
         (code >= 0xFF00 && code <= 0xFF60);
}

size_t CharacterEnd(std::string_view text, size_t at) {
  size_t end = at + 1;
  while (end < text.size() && Continues(text[end])) ++end;
  return end;
}

}  // namespace

std::string Grouped(uint64_t n) {
  std::string digits = std::to_string(n);
  for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3) {
    digits.insert(static_cast<size_t>(at), ",");
  }
  return digits;
}

std::string DurationText(double seconds) {
  if (seconds < 10) return Format("%.1f s", seconds);
  if (seconds < 60) return Format("%.0f s", seconds);
  if (seconds < 3600)
    return Format("%.0f min %.0f s", std::floor(seconds / 60), std::fmod(seconds, 60));
  return Format("%.0f h %.0f min", std::floor(seconds / 3600), std::fmod(seconds, 3600) / 60);
}

std::string Plural(uint64_t n, const std::string& word) {
  return Grouped(n) + " " + word + (n == 1 ? "" : "s");
}

size_t DisplayWidth(std::string_view text) {
  size_t width = 0;
  for (size_t at = 0; at < text.size();) {
    if (text[at] == '\x1b') {  // a colour of ours: values come through Printable
      at = std::min(text.find('m', at), text.size() - 1) + 1;
      continue;
    }
    const size_t end = CharacterEnd(text, at);
    width += Wide(text.substr(at, end - at)) ? 2 : 1;
    at = end;
  }
  return width;
}

std::string Printable(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t end = CharacterEnd(text, at);
    const std::string_view character = text.substr(at, end - at);
    const auto first = static_cast<unsigned char>(character[0]);
    // U+0080 to U+009F order terminals about as well.
    const bool control =
        first < 0x20 || first == 0x7F ||
        (character.size() == 2 && first == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0);
    if (first == '\n' && character.size() == 1) {
      out += "\\n";
    } else if (!control && ValidUtf8(character)) {
      out += character;
    } else {
      for (const char c : character) {
        std::array<char, 8> escaped{};
        std::snprintf(escaped.data(), escaped.size(), "\\x%02x", static_cast<unsigned char>(c));
        out += escaped.data();
      }
    }
    at = end;
  }
  return out;
}

std::string Shortened(std::string_view text, size_t width) {
  if (DisplayWidth(text) <= width) return std::string(text);
  std::string out;
  size_t used = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = CharacterEnd(text, at);
    const std::string_view character = text.substr(at, end - at);
    used += Wide(character) ? 2 : 1;
    if (used + 1 > width) break;
    out += character;
    at = end;
  }
  return out + "…";
}

std::string AsSentence(const std::string& text) {
  if (text.empty()) return text;
  std::string out = text;
  const size_t end = out.find_first_not_of("abcdefghijklmnopqrstuvwxyz");
  if (end != 0 && end != std::string::npos && out[end] == ' ') {
    out[0] = static_cast<char>(out[0] - 'a' + 'A');
  }
  const char last = out.back();
  if (last != '.' && last != '!' && last != '?' && !out.ends_with("…")) out += '.';
  return out;
}

std::string Paint::With(const char* code, std::string_view text) const {
  if (!on_) return std::string(text);
  return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
}

std::string SumText(std::initializer_list<std::pair<const char*, uint64_t>> parts) {
  std::string out;
  for (const auto& [name, n] : parts) {
    if (n == 0 && !out.empty()) continue;
    out += (out.empty() ? "" : " + ") + Grouped(n) + " " + name;
  }
  return out;
}

std::string Labelled(std::string_view label, std::string_view lines) {
  std::string out;
  while (!lines.empty()) {
    const size_t end = std::min(lines.find('\n'), lines.size());
    const std::string head = "  " + (out.empty() ? std::string(label) : std::string());
    const size_t width = std::max(kLabelWidth, DisplayWidth(head) + 1);
    out += head + std::string(width - DisplayWidth(head), ' ') + std::string(lines.substr(0, end));
    out += '\n';
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  return out;
}

std::string Table::Text(const Paint& paint, size_t indent) const {
  std::vector<size_t> widths(columns_.size(), 0);
  const auto name = [&](size_t c) {
    return columns_[c].starts_with('>') ? columns_[c].substr(1) : columns_[c];
  };
  for (size_t c = 0; c < columns_.size(); ++c) {
    widths[c] = DisplayWidth(name(c));
    for (const auto& row : rows_) {
      widths[c] = std::max(widths[c], std::min(DisplayWidth(row[c]), kWidestCell));
    }
  }
  std::string out;
  const auto line = [&](const std::vector<std::string>& cells, bool head) {
    std::string text(indent, ' ');
    for (size_t c = 0; c < cells.size(); ++c) {
      const std::string cell = Shortened(cells[c], kWidestCell);
      const std::string pad(widths[c] - std::min(widths[c], DisplayWidth(cell)), ' ');
      const std::string shown = head ? paint.Dim(cell) : cell;
      text +=
          columns_[c].starts_with('>') ? pad + shown : shown + (c + 1 < cells.size() ? pad : "");
      if (c + 1 < cells.size()) text += "  ";
    }
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + "\n";
  };
  std::vector<std::string> names;
  bool named = false;
  for (size_t c = 0; c < columns_.size(); ++c) {
    names.push_back(name(c));
    named = named || !names.back().empty();
  }
  if (named) line(names, true);
  for (const auto& row : rows_) line(row, false);
  return out;
}

}  // namespace penstock::cli
