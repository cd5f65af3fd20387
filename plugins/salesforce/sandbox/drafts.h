// Reads what was sent into drafts: JSON records here, the columns of a CSV file too.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/salesforce/sandbox/errors.h"
#include "plugins/salesforce/sandbox/json.h"
#include "plugins/salesforce/sandbox/records.h"

namespace penstock::sandbox::salesforce {

// The members of a JSON record, "attributes" and `id` left out. `body` is the text it was in, for
// places in messages. An error ends a request for one row, and refuses a record of a collection.
std::optional<ApiError> ReadDraft(const Org& org, const Object& object, const Json& json,
                                  std::string_view body, Draft* draft);

// What a column of a CSV file is.
struct Column {
  std::string name;                  // as the header has it
  const Field* field = nullptr;      // or
  const Field* reference = nullptr;  // with
  Object* target = nullptr;
  const Field* key = nullptr;
};
// Reads a column's name: Field, Relationship.Key, Type:Relationship.Key. False: unknown.
bool ReadColumn(const Org& org, const Object& object, const std::string& name, Column* column);
// Reads a row's cells. An error is the record's.
std::optional<RecordError> ReadRow(const std::vector<Column>& columns,
                                   const std::vector<std::string>& cells, Draft* draft);

// Whether the field can find records: Id, external ids, lookup fields.
bool IsKey(const Field& field);
// What the headers of a write say.
WriteOptions OptionsOf(const Request& request);

}  // namespace penstock::sandbox::salesforce
