#include "plugins/salesforce/sandbox/csv.h"

#include <unistd.h>

namespace penstock::sandbox::salesforce {
namespace {

constexpr std::size_t kPiece = 256 * 1024;

}  // namespace

int CsvReader::Peek() {
  if (at_ == piece_.size()) {
    piece_.resize(kPiece);
    const ssize_t got =
        pread(fileno(file_), piece_.data(), piece_.size(), static_cast<off_t>(read_));
    piece_.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
    read_ += piece_.size();
    at_ = 0;
    if (piece_.empty()) return EOF;
  }
  return static_cast<unsigned char>(piece_[at_]);
}

int CsvReader::Get() {
  const int c = Peek();
  if (c != EOF) ++at_;
  return c;
}

// After the opening quote.
CsvReader::Next CsvReader::ReadQuoted(std::string* cell) {
  while (true) {
    const int c = Get();
    if (c == EOF) return Next::kBroken;
    if (c != '"') {
      const bool crlf = c == '\n' && cell->ends_with('\r');
      if (form_.strict && c == '\n' && crlf != form_.crlf) return Next::kWrongLineEnding;
      *cell += static_cast<char>(c);
    } else if (Peek() == '"') {
      *cell += static_cast<char>(Get());
    } else {
      break;
    }
  }
  const int next = Peek();
  const bool ends = next == EOF || next == form_.delimiter || next == '\n' || next == '\r';
  return ends ? Next::kRow : Next::kBroken;
}

// A line break that was met outside quotes.
CsvReader::Next CsvReader::EndLine(int c) {
  if (c == '\n') return form_.crlf ? Next::kWrongLineEnding : Next::kRow;
  if (Peek() != '\n') return Next::kWrongLineEnding;
  Get();
  return form_.crlf ? Next::kRow : Next::kWrongLineEnding;
}

CsvReader::Next CsvReader::Read(std::vector<std::string>* cells) {
  cells->assign(1, std::string());
  bool quoted = false, any = false;
  while (true) {
    const int c = Get();
    if (c == EOF) return any || cells->size() > 1 ? Next::kRow : Next::kEnd;
    if (c == form_.delimiter) {
      cells->emplace_back();
      quoted = false;
    } else if (c == '\n' || c == '\r') {
      const Next end = EndLine(c);
      if (end != Next::kRow || any || cells->size() > 1) return end;
    } else if (c == '"' && cells->back().empty() && !quoted) {
      quoted = any = true;
      if (const Next end = ReadQuoted(&cells->back()); end != Next::kRow) return end;
    } else if (c == '"') {
      return Next::kBroken;
    } else {
      any = true;
      cells->back() += static_cast<char>(c);
    }
  }
}

void WriteCsvRow(const std::vector<std::string>& cells, const CsvForm& form, std::string* out) {
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i > 0) *out += form.delimiter;
    *out += '"';
    for (char c : cells[i]) {
      if (c == '"') *out += '"';
      *out += c;
    }
    *out += '"';
  }
  *out += form.crlf ? "\r\n" : "\n";
}

}  // namespace penstock::sandbox::salesforce
