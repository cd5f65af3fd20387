// Finding one's way in SQL text: places of errors, ends of statements.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace penstock::sources {

struct SqlPlace {
  int line = 0;    // 1-based; 0: unknown
  int column = 0;  // 1-based, in characters
};

/// Place of the byte at `offset`.
SqlPlace PlaceOfByte(std::string_view sql, size_t offset);
/// Place of the character number `index` (0-based, UTF-8).
SqlPlace PlaceOfCharacter(std::string_view sql, size_t index);

/// True when something other than white space and comments follows a semicolon (PostgreSQL's
/// quoting rules).
bool HasSeveralStatements(std::string_view sql);

/// The statement with its semicolons outside quotes and comments blanked, so that it can stand in
/// parentheses; as long as before.
std::string WithoutTerminators(std::string_view sql);

/// First line of a library's message, without what surrounds it.
std::string OneLine(std::string_view message);

}  // namespace penstock::sources
