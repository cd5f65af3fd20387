// Texts and bodies of the configuration in which {field} stands for a value.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/json_reader.hpp"

namespace penstock::http_plugin {

// What a pair of braces stands for.
enum class Hole {
  kNone,     // plain text
  kField,    // {name}: the field's value
  kId,       // {$id}: the destination's id of the record
  kRecord,   // {$record}: all fields of the record, as one object
  kRecords,  // {$records}: the records of the request, as a list
};

struct Piece {
  Hole hole = Hole::kNone;
  std::string text;  // plain text, or the field's name
};

// "a {field} b". `{{` and `}}` are braces themselves.
using Text = std::vector<Piece>;

// Takes a text apart. On failure nothing, with a sentence's end in `wrong` ("has …").
std::optional<Text> ParseText(std::string_view text, std::string* wrong);

// A JSON body with holes. A text that is one hole and nothing else stands for the value itself.
struct Node {
  enum class Kind { kObject, kArray, kPlain, kText };
  Kind kind = Kind::kPlain;
  std::vector<Node> items;         // of an array, or the values of an object …
  std::vector<std::string> names;  // … with their names, as many
  std::string json;                // plain: the value as it stands
  Text text;

  // The only hole of a text that is nothing else; kNone otherwise.
  Hole Whole() const { return text.size() == 1 ? text[0].hole : Hole::kNone; }
};

// Takes a value of the configuration apart. On failure nothing, with the JSON pointer below the
// value in `at` and the sentence's end in `wrong`. `depth`: levels that it may still have.
std::optional<Node> ParseNode(const sdk::JsonValue& value, std::string* at, std::string* wrong,
                              int depth = 32);

// "/name" as a JSON pointer writes it.
std::string PointerPart(std::string_view name);

// "{$record}" and its like as a node.
Node NodeOf(Hole hole);

// Every hole in it, in order.
std::vector<Piece> HolesOf(const Text& text);
std::vector<Piece> HolesOf(const Node& node);

}  // namespace penstock::http_plugin
