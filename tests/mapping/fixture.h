// A small catalog object and integration that tests change as they need.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "core/mapping/mapping.h"

namespace penstock::testing {

inline sdk::Field MakeField(std::string name, sdk::FieldType type = sdk::FieldType::kString) {
  sdk::Field field;
  field.name = std::move(name);
  field.type = type;
  return field;
}

/// Object `contacts` with the key field `email` and every operation by it.
inline sdk::Object Contacts(std::vector<sdk::Field> fields = {}) {
  sdk::Object object;
  object.name = "contacts";
  for (const char* operation : {"upsert", "insert", "update", "delete"}) {
    object.operations[operation].identifiers = {{"email"}, {"id"}};
  }
  object.fields = std::move(fields);
  object.fields.push_back(MakeField("email"));
  return object;
}

/// Key `email` from column `email`, and `mapping` of field to column.
inline Integration MakeIntegration(
    const std::vector<std::pair<std::string, std::string>>& mapping = {}) {
  Integration out;
  out.id = "contacts";
  out.object = "contacts";
  out.mode = Mode::kUpsert;
  out.key.field = "email";
  out.key.columns = {"email"};
  for (const auto& [field, column] : mapping) {
    FieldMapping m;
    m.field = field;
    m.column = column;
    out.mapping.push_back(m);
  }
  return out;
}

inline const Hasher& TestHasher() {
  static const Hasher hasher(std::string(32, 's'));
  return hasher;
}

inline std::vector<Column> Columns(const std::vector<std::string>& names) {
  std::vector<Column> out;
  for (const std::string& name : names) out.push_back({name, "text"});
  return out;
}

inline Result<std::unique_ptr<Mapper>> Compile(const Integration& integration,
                                               const std::vector<std::string>& columns,
                                               const sdk::Object& object) {
  RunVariables variables;
  variables.run_id = "run-7";
  variables.started_us = 1'795'341'600'000'000;
  return Mapper::Compile(integration, Columns(columns), object, TestHasher(), variables);
}

/// Compiles what must compile.
inline std::unique_ptr<Mapper> MakeMapper(const Integration& integration,
                                          const std::vector<std::string>& columns,
                                          const sdk::Object& object) {
  auto mapper = Compile(integration, columns, object);
  EXPECT_TRUE(mapper.ok()) << mapper.error().message;
  return mapper.ok() ? *std::move(mapper) : nullptr;
}

inline Value Decimal(std::string_view text) { return TextValue(ValueType::kDecimal, text); }
inline Value Json(std::string_view text) { return TextValue(ValueType::kJson, text); }
inline Value Bytes(std::string_view bytes) { return TextValue(ValueType::kBytes, bytes); }

/// "int64 5", "string", "null".
inline std::string Described(const Value& v) {
  const std::string text = ToText(v);
  return std::string(TypeName(TypeOf(v))) + (text.empty() ? "" : " " + text);
}

}  // namespace penstock::testing
