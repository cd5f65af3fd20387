// Request bodies: what sObject Collections take.
#pragma once

#include <string>
#include <string_view>

#include "penstock/json.hpp"
#include "penstock/records.hpp"
#include "plugins/salesforce/shape.h"

namespace penstock::salesforce {

// A value as text, the same on every path: timestamps in UTC with milliseconds, lists joined by
// ';', numbers with all their digits. Empty for NULL.
std::string ValueText(const penstock_value& value);

// NULL, no elements, no text but blanks: Salesforce trims texts, and keeps none as NULL.
bool IsEmpty(const penstock_value& value);

// Why a record cannot be said in a request at all; empty code: it can.
struct Unsayable {
  std::string code, message, field;
};
Unsayable FindUnsayable(const Shape& shape, const sdk::Batch& batch, size_t record);

// {"allOrNone":false,"records":[…]}, built record by record.
class Body {
 public:
  explicit Body(const Shape& shape);
  // `id`: of the record, for updates; else empty.
  void Add(const sdk::Batch& batch, size_t record, std::string_view id);
  std::string Take();

 private:
  void AddField(const SentField& field, const penstock_value& value);

  const Shape& shape_;
  sdk::JsonWriter json_;
};

}  // namespace penstock::salesforce
