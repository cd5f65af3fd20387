// Keys of several columns: joined so that no two of them join alike.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/value/value.h"

namespace penstock {

/// "{a}:{b}" over columns, "{{" and "}}" for braces themselves. In the parts, a backslash and every
/// character that begins the text after a part are written with a backslash before them, so that
/// ("a:", "b") and ("a", ":b") stay apart. Immutable, [thread-safe].
class KeyTemplate {
 public:
  /// `columns`: all of them must occur, and nothing else. PS-MAP-KEY says what is wrong.
  static Result<KeyTemplate> Parse(std::string_view text, const std::vector<std::string>& columns);

  /// `parts`: text by the order of `columns`. The result lives in `arena`.
  std::string_view Join(std::span<const std::string_view> parts, Arena* arena) const;

  /// The template with columns as numbers: renaming a column does not change it.
  std::string Canonical() const;

 private:
  struct Piece {
    bool literal = false;
    std::string text;   // of a literal
    size_t column = 0;  // of a part
  };
  Status Check(const std::vector<std::string>& columns);

  std::vector<Piece> pieces_;
  std::vector<std::string> escaped_;  // characters (UTF-8) that parts write with a backslash
};

}  // namespace penstock
