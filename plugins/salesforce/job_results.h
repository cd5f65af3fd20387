// The three files of results of an ingest job.
#pragma once

#include <string>
#include <vector>

#include "penstock/connector.hpp"
#include "plugins/salesforce/job.h"
#include "plugins/salesforce/shape.h"

namespace penstock::salesforce {

enum class ResultKind { kSuccessful, kFailed, kUnprocessed };

// Takes the outcomes of records out of one file, row by row. Rows about records that the job does
// not have, or that have their outcome, are passed over. [serial:writer]
class ResultReader {
 public:
  // `why`: of what was not processed.
  ResultReader(ResultKind kind, const Shape& shape, const sdk::Reason& why, JobRecords* records,
               sdk::Outcomes* outcomes)
      : kind_(kind), shape_(shape), why_(why), records_(records), outcomes_(outcomes) {}

  sdk::Status Read(const sdk::Blob& file);
  // Rows of records, whoever they are about.
  uint64_t rows() const { return rows_; }
  // The first error that ends the run; ok where there was none.
  const sdk::Status& ending() const { return ending_; }

 private:
  sdk::Status TakeRow(const std::vector<std::string>& row);
  void Report(uint64_t seq, const std::vector<std::string>& row);
  void ReportFailure(uint64_t seq, const std::string& key, const std::string& text);
  std::string Cell(const std::vector<std::string>& row, size_t column) const {
    return column < row.size() ? row[column] : std::string();
  }

  ResultKind kind_;
  const Shape& shape_;
  sdk::Reason why_;
  JobRecords* records_;
  sdk::Outcomes* outcomes_;
  size_t width_ = 0;  // 0: no header yet
  size_t key_ = SIZE_MAX, id_ = SIZE_MAX, created_ = SIZE_MAX, error_ = SIZE_MAX;
  uint64_t rows_ = 0;
  sdk::Status ending_;
};

// "CODE:message:Field1,Field2 --" as an error; the first one, where several stand behind each
// other.
ApiError ParseRowError(const std::string& text);

}  // namespace penstock::salesforce
