#include "plugins/salesforce/csv.h"

#include "plugins/salesforce/answers.h"

namespace penstock::salesforce {

namespace {

// Salesforce takes rows of 400,000 characters.
constexpr size_t kMaxCell = 4'000'000;

}  // namespace

void AppendCsvCell(std::string_view text, std::string* out) {
  out->push_back('"');
  for (size_t quote = text.find('"'); quote != std::string_view::npos; quote = text.find('"')) {
    out->append(text.substr(0, quote + 1));
    out->push_back('"');
    text.remove_prefix(quote + 1);
  }
  out->append(text);
  out->push_back('"');
}

sdk::Status CsvReader::Add(std::string_view part) {
  while (!part.empty()) {
    // What stands inside quotes, or between them without any, is taken at once.
    size_t run = 0;
    if (state_ == State::kQuoted) run = part.find('"');
    if (state_ == State::kPlain) run = part.find_first_of(",\r\n");
    const std::string_view text = part.substr(0, run);
    cell_ += text;
    if (cell_.size() > kMaxCell) {
      return BadAnswer("reading the results of a job", "a cell has no end: a quote is missing");
    }
    part.remove_prefix(text.size());
    if (part.empty()) break;
    sdk::Status status = Take(part.front());
    if (!status.ok()) return status;
    part.remove_prefix(1);
  }
  return {};
}

sdk::Status CsvReader::Take(char c) {
  if (state_ == State::kQuoted) {
    if (c == '"') {
      state_ = State::kQuote;
    } else {
      cell_ += c;
    }
    return {};
  }
  if (c == '"' && state_ != State::kPlain) {
    if (state_ == State::kQuote) cell_ += c;  // two of them are one
    state_ = State::kQuoted;
  } else if (c == ',') {
    EndCell();
  } else if (c == '\n') {
    return EndRow();
  } else if (c != '\r') {
    cell_ += c;
    state_ = State::kPlain;
  }
  return {};
}

void CsvReader::EndCell() {
  row_.push_back(std::move(cell_));
  cell_.clear();
  state_ = State::kStart;
}

sdk::Status CsvReader::EndRow() {
  const bool blank = row_.empty() && cell_.empty() && state_ == State::kStart;
  EndCell();
  std::vector<std::string> row = std::move(row_);
  row_.clear();
  return blank ? sdk::Status() : on_row_(row);
}

sdk::Status CsvReader::End() {
  if (state_ == State::kQuoted) {
    return BadAnswer("reading the results of a job", "a file of results ends inside quotes");
  }
  return {};
}

}  // namespace penstock::salesforce
