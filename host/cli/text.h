// Numbers, times, tables and colours for people.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace penstock::cli {

/// 1234567 -> "1,234,567".
std::string Grouped(uint64_t n);
/// "0.4 s", "12 s", "3 min 5 s", "2 h 10 min".
std::string DurationText(double seconds);
/// "1 record", "2 records": `word` with an s unless n is 1.
std::string Plural(uint64_t n, const std::string& word);
/// How many columns a terminal gives to the text: characters, wide ones twice, colours none.
size_t DisplayWidth(std::string_view text);
/// Control characters as \x1b and the like, so that a value cannot steer the terminal.
std::string Printable(std::string_view text);
/// At most `width` columns: cut behind a word (in one that is longer than half of it), "…" behind.
std::string Shortened(std::string_view text, size_t width);
/// `text`, which begins at column `indent`, on lines of at most `width` columns, those behind the
/// first one indented: broken at spaces, never inside a command (`…`, or from "→ " to the end of
/// the line) that would fit a line, nor inside a word. 0: as it is.
std::string Wrapped(std::string_view text, size_t width, size_t indent);
/// With a capital at the start (unless that is a name) and a full stop at the end.
std::string AsSentence(const std::string& text);

/// "3 created + 2 deleted" of the parts that are not zero; the first one always.
std::string SumText(std::initializer_list<std::pair<const char*, uint64_t>> parts);
/// A block of a page: `lines`, indented, with `label` in front of the first one. Nothing if there
/// are none. `width`: of the page, where the lines are prose: they are wrapped; 0: as they are.
std::string Labelled(std::string_view label, std::string_view lines, size_t width = 0);

/// How a page is set: escapes for a terminal or nothing, and where its lines end.
class Paint {
 public:
  /// `width`: columns of the terminal; 0: none, lines are as long as what they say.
  explicit Paint(bool on, size_t width = 0) : on_(on), width_(width) {}
  size_t width() const { return width_; }
  std::string Bold(std::string_view text) const { return With("1", text); }
  std::string Dim(std::string_view text) const { return With("2", text); }
  std::string Red(std::string_view text) const { return With("31", text); }
  std::string Green(std::string_view text) const { return With("32", text); }
  std::string Yellow(std::string_view text) const { return With("33", text); }

 private:
  std::string With(const char* code, std::string_view text) const;
  bool on_;
  size_t width_;
};

/// Columns of text, padded to the widest cell; a column whose name begins with '>' is set to the
/// right. On a page with a width, the last column is wrapped, or stands below where it has no room.
class Table {
 public:
  explicit Table(std::vector<std::string> columns) : columns_(std::move(columns)) {}
  /// On a page with a width, cells that are longer than a line should be are shortened instead:
  /// for data, not for sentences. The page says how to see them whole if ShortenedOn().
  Table& Data() {
    data_ = true;
    return *this;
  }
  bool ShortenedOn(const Paint& paint) const;
  void Add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  bool empty() const { return rows_.empty(); }
  /// Every line with its newline, indented by `indent` spaces.
  std::string Text(const Paint& paint, size_t indent = 0) const;

 private:
  std::vector<std::string> columns_;
  std::vector<std::vector<std::string>> rows_;
  bool data_ = false;
};

}  // namespace penstock::cli
