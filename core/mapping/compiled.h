// A mapping with every question answered: what compiling makes and mapping rows uses.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/mapping/coerce.h"
#include "core/mapping/key_template.h"
#include "core/mapping/mapping.h"

namespace penstock {

inline constexpr size_t kNoColumn = SIZE_MAX;

struct CompiledField {
  MappedField mapped;
  Coercer coercer;
  size_t column = kNoColumn;  // kNoColumn: `fixed`, unless it is the key
  Value fixed = NullValue();  // constant or run variable, owned by CompiledMapping::fixed
};

struct CompiledMapping {
  std::vector<CompiledField> fields;  // sorted by name
  size_t key = 0;                     // index in fields
  std::vector<size_t> key_columns;
  std::vector<std::string> key_column_names;
  std::optional<KeyTemplate> key_template;
  size_t columns = 0;  // that a row must have
  std::unique_ptr<Arena> fixed;
};

/// All checks of Mapper::Compile.
Result<CompiledMapping> CompileMapping(const Integration& integration,
                                       const std::vector<Column>& columns,
                                       const sdk::Object& object, const RunVariables& variables);

/// `error` with the place of `key` ("mapping.phone.const") in the project file, or of what contains
/// it.
Error At(const Integration& integration, std::string key, Error error);

/// Checks mode, key and required fields against what the object can do. PS-MAP-MODE, PS-MAP-KEY,
/// PS-MAP-REQUIRED.
Status CheckOperations(const Integration& integration, const sdk::Object& object);

}  // namespace penstock
