// What an error of Salesforce's means for the record that it is about.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "penstock/write.hpp"
#include "plugins/salesforce/answers.h"
#include "plugins/salesforce/shape.h"

namespace penstock::salesforce {

// A record with this error was certainly not written, and goes through when it is not written
// beside others: a locked row, or limits of triggers that count the records of a request.
bool IsContention(const ApiError& error);

// What became of one record.
struct Verdict {
  int32_t outcome = PENSTOCK_REJECTED;  // MISSING, EXISTS, REJECTED or UNSENT
  sdk::ErrorClass error_class = sdk::ErrorClass::kData;
  std::string code, message, field;
  std::string id;      // of the record that is in the way, if it is told
  bool twin = false;   // another record of the request has the same key, as Salesforce sees it
  sdk::Status ending;  // not ok: it is not the record's doing, and the run stops
};

Verdict Judge(const Shape& shape, const ApiError& error);

// Reports it as the outcome of the record at `place`; returns verdict.ending.
sdk::Status Report(const Verdict& verdict, size_t place, sdk::RequestOutcomes& records);

}  // namespace penstock::salesforce
