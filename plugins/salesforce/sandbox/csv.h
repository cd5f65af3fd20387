// CSV as Bulk API 2.0 takes it: RFC 4180 quotes, one declared delimiter and line ending.
#pragma once

#include <cstddef>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::sandbox::salesforce {

struct CsvForm {
  char delimiter = ',';
  bool crlf = false;
  bool strict = false;  // the other line ending is refused inside quotes, too
};

// Reads rows from a file, a piece in memory at a time.
class CsvReader {
 public:
  enum class Next { kRow, kEnd, kWrongLineEnding, kBroken, kWidth };

  // `file` stays the caller's; it is read by position, from its start.
  CsvReader(std::FILE* file, CsvForm form) : file_(file), form_(form) {}
  // The next row that is not blank. Never kWidth: that is for callers that count cells.
  Next Read(std::vector<std::string>* cells);

 private:
  int Get();
  int Peek();
  Next ReadQuoted(std::string* cell);
  Next EndLine(int c);

  std::FILE* file_;
  CsvForm form_;
  std::vector<char> piece_;
  std::size_t at_ = 0;
  std::size_t read_ = 0;  // bytes of the file
};

// Adds a row of quoted cells with its line ending.
void WriteCsvRow(const std::vector<std::string>& cells, const CsvForm& form, std::string* out);

}  // namespace penstock::sandbox::salesforce
