#include "host/cli/text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "core/value/text.h"

namespace penstock::cli {
namespace {

constexpr size_t kWidestCell = 60;
constexpr size_t kNarrowestColumn = 24;  // that is wrapped; in less, words would stand alone
constexpr size_t kLabelWidth = 12;       // of a page, with its indent

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

// The end of what must stay on one line from `at` on: a word, a command in backquotes, or all that
// follows "→ ". A command that is longer than `fits` columns is words like others.
size_t UnitEnd(std::string_view line, size_t at, size_t fits) {
  const size_t word = std::min(line.find(' ', at), line.size());
  size_t end = word;
  if (line.substr(at, word - at).ends_with("→")) {
    end = line.size();
  } else if (const size_t mark = line.substr(at, word - at).find('`');
             mark != std::string_view::npos) {
    const size_t close = line.find('`', at + mark + 1);
    if (close != std::string_view::npos) end = std::min(line.find(' ', close), line.size());
  }
  return end > word && DisplayWidth(line.substr(at, end - at)) > fits ? word : end;
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
  size_t word = 0;  // the end of the last one that is whole
  size_t used = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = CharacterEnd(text, at);
    const std::string_view character = text.substr(at, end - at);
    used += Wide(character) ? 2 : 1;
    if (character == " " && !out.ends_with(' ')) word = out.size();
    if (used + 1 > width) break;
    out += character;
    at = end;
  }
  if (word > 0 && 2 * DisplayWidth(std::string_view(out).substr(0, word)) >= width) {
    out.resize(word);
  }
  return out + "…";
}

std::string Wrapped(std::string_view text, size_t width, size_t indent) {
  if (width <= indent) return std::string(text);
  const size_t fits = width - indent;
  std::string out;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t line_end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text.substr(begin, line_end - begin);
    size_t used = 0;
    for (size_t at = 0; at < line.size();) {
      const size_t blank = std::min(line.find_first_not_of(' ', at), line.size());
      const size_t end = UnitEnd(line, blank, fits);
      const size_t unit = DisplayWidth(line.substr(blank, end - blank));
      if (used > 0 && used + (blank - at) + unit > fits) {
        out += "\n" + std::string(indent, ' ');
        used = 0;
      } else {
        out += line.substr(at, blank - at);
        used += blank - at;
      }
      out += line.substr(blank, end - blank);
      used += unit;
      at = end;
    }
    if (line_end == text.size()) break;
    out += "\n" + (line_end + 1 < text.size() ? std::string(indent, ' ') : std::string());
    begin = line_end + 1;
  }
  return out;
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

std::string Labelled(std::string_view label, std::string_view lines, size_t page) {
  std::string out, wrapped;
  if (page > 0) {
    wrapped = Wrapped(lines, page - std::min(page, kLabelWidth), 0);
    lines = wrapped;
  }
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

bool Table::ShortenedOn(const Paint& paint) const {
  if (!data_ || paint.width() == 0) return false;
  for (const auto& row : rows_) {
    for (const std::string& cell : row) {
      if (DisplayWidth(cell) > kWidestCell) return true;
    }
  }
  return false;
}

std::string Table::Text(const Paint& paint, size_t indent) const {
  const bool shortens = data_ && paint.width() > 0;
  const size_t widest = shortens ? kWidestCell : SIZE_MAX;
  std::vector<size_t> widths(columns_.size(), 0);
  const auto name = [&](size_t c) {
    return columns_[c].starts_with('>') ? columns_[c].substr(1) : columns_[c];
  };
  for (size_t c = 0; c < columns_.size(); ++c) {
    widths[c] = DisplayWidth(name(c));
    for (const auto& row : rows_) {
      widths[c] = std::max(widths[c], std::min(DisplayWidth(row[c]), widest));
    }
  }
  size_t before_last = indent;
  for (size_t c = 0; c + 1 < columns_.size(); ++c) before_last += widths[c] + 2;
  const bool wraps = !data_ && before_last + kNarrowestColumn <= paint.width();
  const size_t below = indent + 2;  // of a last cell that has no room beside the others
  std::string out;
  const auto line = [&](const std::vector<std::string>& cells, bool head) {
    std::string text(indent, ' ');
    for (size_t c = 0; c < cells.size(); ++c) {
      const bool last = c + 1 == cells.size();
      const bool beside = data_ || wraps || paint.width() == 0 ||
                          before_last + DisplayWidth(cells[c]) <= paint.width();
      if (last && !beside) {
        text.erase(text.find_last_not_of(' ') + 1);
        text += "\n" + std::string(below, ' ') + Wrapped(cells[c], paint.width(), below);
        break;
      }
      const std::string cell = shortens        ? Shortened(cells[c], kWidestCell)
                               : last && wraps ? Wrapped(cells[c], paint.width(), before_last)
                                               : cells[c];
      const std::string pad(widths[c] - std::min(widths[c], DisplayWidth(cell)), ' ');
      const std::string shown = head ? paint.Dim(cell) : cell;
      text += columns_[c].starts_with('>') ? pad + shown : shown + (last ? "" : pad);
      if (!last) text += "  ";
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
