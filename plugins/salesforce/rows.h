// Records as rows of a job's CSV.
#pragma once

#include <string>
#include <string_view>

#include "penstock/records.hpp"
#include "plugins/salesforce/prepare.h"
#include "plugins/salesforce/shape.h"

namespace penstock::salesforce {

// Whether CSV can say what this record says. It cannot clear a reference that is set by a foreign
// key, has no way to write the text "#N/A" (which means NULL there), and takes 32,000 characters a
// field: such records go by Collections.
bool FitsCsv(const Shape& shape, const sdk::Batch& batch, size_t record);

// The row of column names, with its line break.
std::string CsvHeader(const Shape& shape);
// Appends a record's row. NULL is #N/A, ABSENT an empty cell, which leaves the field as it is.
void AppendCsvRow(const Shape& shape, const sdk::Batch& batch, const Item& item, std::string* out);

// The column that tells which record a row of results is about, and a record's text in it.
std::string ResultColumn(const Shape& shape);
std::string ResultKey(const Shape& shape, const sdk::Batch& batch, const Item& item);
// The same of what stands in that column, and of what a note has kept: without what the catalog
// says that Salesforce does not compare, because a note may have the key in that form.
std::string ResultKeyOf(const Shape& shape, std::string_view text);

}  // namespace penstock::salesforce
