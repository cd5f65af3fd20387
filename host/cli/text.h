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
/// At most `width` columns, the last one "…" if something was cut.
std::string Shortened(std::string_view text, size_t width);
/// With a capital at the start (unless that is a name) and a full stop at the end.
std::string AsSentence(const std::string& text);

/// "3 created + 2 deleted" of the parts that are not zero; the first one always.
std::string SumText(std::initializer_list<std::pair<const char*, uint64_t>> parts);
/// A block of a page: `lines`, indented, with `label` in front of the first one. Nothing if there
/// are none.
std::string Labelled(std::string_view label, std::string_view lines);

/// Escapes for a terminal, or nothing.
class Paint {
 public:
  explicit Paint(bool on) : on_(on) {}
  std::string Bold(std::string_view text) const { return With("1", text); }
  std::string Dim(std::string_view text) const { return With("2", text); }
  std::string Red(std::string_view text) const { return With("31", text); }
  std::string Green(std::string_view text) const { return With("32", text); }
  std::string Yellow(std::string_view text) const { return With("33", text); }

 private:
  std::string With(const char* code, std::string_view text) const;
  bool on_;
};

/// Columns of text, padded to the widest cell; a column whose name begins with '>' is set to the
/// right.
class Table {
 public:
  explicit Table(std::vector<std::string> columns) : columns_(std::move(columns)) {}
  void Add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  bool empty() const { return rows_.empty(); }
  /// Every line with its newline, indented by `indent` spaces.
  std::string Text(const Paint& paint, size_t indent = 0) const;

 private:
  std::vector<std::string> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace penstock::cli
