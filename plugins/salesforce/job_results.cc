#include "plugins/salesforce/job_results.h"

#include <algorithm>

#include "plugins/salesforce/csv.h"
#include "plugins/salesforce/rows.h"

namespace penstock::salesforce {

using sdk::Status;

namespace {

bool IsCodeLetter(char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

// Where another error begins behind the "--" at `at`: with a code like INVALID_FIELD and a colon.
// The end of the text where none does.
size_t NextError(const std::string& text, size_t at) {
  const size_t begin = std::min(text.find_first_not_of("; ", at + 2), text.size());
  size_t end = begin;
  while (end < text.size() && IsCodeLetter(text[end])) ++end;
  const bool colon = end < text.size() && text[end] == ':';
  const bool code = std::find(text.begin() + static_cast<ptrdiff_t>(begin),
                              text.begin() + static_cast<ptrdiff_t>(end),
                              '_') != text.begin() + static_cast<ptrdiff_t>(end);
  return colon && code ? begin : text.size();
}

}  // namespace

ApiError ParseRowError(const std::string& whole) {
  ApiError error;
  std::string text = whole;
  for (size_t at = whole.find("--"); at != std::string::npos; at = whole.find("--", at + 2)) {
    if (NextError(whole, at) == whole.size()) continue;
    if (error.more++ == 0) text = whole.substr(0, at + 2);
  }
  const size_t code = text.find(':');
  error.code = text.substr(0, code);
  if (code == std::string::npos) return error;
  size_t end = text.size();
  if (text.ends_with("--")) end -= 2;
  const size_t last = text.rfind(':', end == 0 ? 0 : end - 1);
  std::string fields;
  if (last != std::string::npos && last > code) {
    error.message = text.substr(code + 1, last - code - 1);
    fields = text.substr(last + 1, end - last - 1);
  } else {
    error.message = text.substr(code + 1, end - code - 1);
  }
  for (size_t begin = 0; begin < fields.size();) {
    const size_t comma = std::min(fields.find(',', begin), fields.size());
    std::string field = fields.substr(begin, comma - begin);
    field.erase(std::remove(field.begin(), field.end(), ' '), field.end());
    if (IsApiName(field)) error.fields.push_back(field);
    begin = comma + 1;
  }
  return error;
}

Status ResultReader::Read(const sdk::Blob& file) {
  CsvReader reader([this](const std::vector<std::string>& row) { return TakeRow(row); });
  Status status = file.ForEachPart([&](std::string_view part) { return reader.Add(part); });
  return status.ok() ? reader.End() : status;
}

Status ResultReader::TakeRow(const std::vector<std::string>& row) {
  if (width_ == 0) {
    width_ = row.size();
    const std::string key = ResultColumn(shape_);
    for (size_t i = 0; i < row.size(); ++i) {
      if (row[i] == key) key_ = i;
      if (row[i] == "sf__Id") id_ = i;
      if (row[i] == "sf__Created") created_ = i;
      if (row[i] == "sf__Error") error_ = i;
    }
    const bool whole = key_ != SIZE_MAX && (kind_ != ResultKind::kSuccessful || id_ != SIZE_MAX) &&
                       (kind_ != ResultKind::kFailed || error_ != SIZE_MAX);
    return whole ? Status()
                 : BadAnswer("reading the results of a job", "a file of results lacks columns");
  }
  if (row.size() != width_) {
    return BadAnswer("reading the results of a job", "a row has other columns than the first one");
  }
  ++rows_;
  const uint64_t seq = records_->Settle(ResultKeyOf(shape_, Cell(row, key_)));
  if (seq != 0) Report(seq, row);
  return {};
}

void ResultReader::Report(uint64_t seq, const std::vector<std::string>& row) {
  if (kind_ == ResultKind::kUnprocessed) {
    outcomes_->Unsent(seq, why_);
  } else if (kind_ == ResultKind::kFailed) {
    ReportFailure(seq, ResultKeyOf(shape_, Cell(row, key_)), Cell(row, error_));
  } else if (shape_.verb == Verb::kDelete) {
    outcomes_->Deleted(seq, Cell(row, id_));
  } else if (shape_.verb == Verb::kInsert ||
             (shape_.verb == Verb::kUpsert && Cell(row, created_) == "true")) {
    outcomes_->Created(seq, Cell(row, id_));
  } else {
    outcomes_->Updated(seq, Cell(row, id_));
  }
}

void ResultReader::ReportFailure(uint64_t seq, const std::string& key, const std::string& text) {
  Verdict verdict = Judge(shape_, ParseRowError(text));
  if (verdict.twin) verdict.message = TwinText(shape_.key_name(), key, records_->TwinOf(key));
  const sdk::Reason reason{verdict.code, verdict.message, verdict.field};
  switch (verdict.outcome) {
    case PENSTOCK_MISSING:
      outcomes_->Missing(seq, reason);
      break;
    case PENSTOCK_EXISTS:
      outcomes_->Exists(seq, verdict.id, reason);
      break;
    case PENSTOCK_UNSENT:
      outcomes_->Unsent(seq, reason);
      break;
    default:
      outcomes_->Rejected(seq, verdict.error_class, reason);
  }
  if (ending_.ok()) ending_ = verdict.ending;
}

}  // namespace penstock::salesforce
