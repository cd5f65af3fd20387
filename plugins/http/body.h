// Texts and bodies with the values of records in them.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "penstock/documents.hpp"
#include "penstock/records.hpp"
#include "plugins/http/config.h"

namespace penstock::http_plugin {

// Records of a request, as indices of the batch.
using Records = std::span<const size_t>;

// Where a text goes, which says what has to be escaped.
enum class Into { kPath, kHeader };

// Why a record cannot be put into a request.
struct CannotSend {
  std::string code, message, field;
};

// A value as text: a text as it is, everything else as its JSON without quotes; NULL is empty.
std::string ValueText(const penstock_value& value);

// Fills the holes of one operation. The operation outlives it.
class Filler {
 public:
  Filler(const OperationConfig* operation, const sdk::Assignment& assignment);

  // A path or a header's value. Not for records that have no value for a hole of a path, or one
  // that would change which place it names.
  std::optional<CannotSend> Fill(const Text& text, Into into, const sdk::Batch& batch,
                                 size_t record, std::string* out) const;
  // The request's body; empty when it has none.
  std::string Body(const sdk::Batch& batch, Records records) const;
  // Of a field that the assignment has, else null.
  const penstock_value* Value(const std::string& field, const sdk::Batch& batch,
                              size_t record) const;

 private:
  // False: there is nothing to write, and what holds it leaves it out.
  bool Append(const Node& node, const sdk::Batch& batch, Records records, std::string* out) const;
  bool AppendText(const Node& node, const sdk::Batch& batch, Records records,
                  std::string* out) const;
  void AppendRecord(const sdk::Batch& batch, size_t record, std::string* out) const;
  void AppendRecords(const sdk::Batch& batch, Records records, std::string* out) const;
  // The text of a hole; nothing when the record has no value for it.
  std::optional<std::string> HoleText(const Piece& piece, const sdk::Batch& batch,
                                      size_t record) const;
  std::string Form(const sdk::Batch& batch, size_t record) const;

  const OperationConfig* operation_;
  std::vector<std::string> names_;  // of the assignment's fields
  std::unordered_map<std::string, size_t> columns_;
};

}  // namespace penstock::http_plugin
