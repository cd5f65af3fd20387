// CSV as Bulk API 2.0 takes and gives it: commas, quotes, UTF-8, one record a row, in which line
// breaks may stand inside quotes.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/result.hpp"

namespace penstock::salesforce {

// Appends one cell, in quotes: whatever it holds, line breaks and quotes too, comes back as it is.
void AppendCsvCell(std::string_view text, std::string* out);

// Reads rows out of parts of a file. One thread at a time.
class CsvReader {
 public:
  using OnRow = std::function<sdk::Status(const std::vector<std::string>& row)>;

  // The first row names the columns and is handed on like all others.
  explicit CsvReader(OnRow on_row) : on_row_(std::move(on_row)) {}

  // BAD_ANSWER when a cell is longer than any that we send: a quote is missing.
  sdk::Status Add(std::string_view part);
  // The end of the file. BAD_ANSWER when it ends inside quotes. A last row without its line break
  // is not handed on: whether all of it is there, nobody knows.
  sdk::Status End();

 private:
  enum class State { kStart, kPlain, kQuoted, kQuote };

  sdk::Status Take(char c);
  sdk::Status EndRow();
  void EndCell();

  OnRow on_row_;
  State state_ = State::kStart;
  std::string cell_;
  std::vector<std::string> row_;
};

}  // namespace penstock::salesforce
