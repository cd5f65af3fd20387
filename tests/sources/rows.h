// Reading a whole model as text, for tests of sources.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/model/source.h"

namespace penstock::testing {

/// "int64 5", "string abc", "null", "list [1,2]".
inline std::string Described(const Value& v) {
  const std::string text = ToText(v);
  return std::string(TypeName(TypeOf(v))) + (text.empty() ? "" : " " + text);
}

struct Rows {
  std::vector<Column> columns;
  std::vector<std::vector<std::string>> rows;
  Status status;
};

inline Rows ReadAll(Source& source, const std::string& sql, const ReadOptions& options = {}) {
  Rows out;
  auto reader = source.Read(sql, options);
  if (!reader.ok()) {
    out.status = reader.status();
    return out;
  }
  out.columns = (*reader)->columns();
  while (true) {
    const auto row = (*reader)->Next();
    if (!row.ok()) {
      out.status = row.status();
      return out;
    }
    if ((*row).data() == nullptr) return out;
    out.rows.emplace_back();
    for (const Value& value : *row) out.rows.back().push_back(Described(value));
  }
}

}  // namespace penstock::testing
