#include "plugins/http/template.h"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <utility>

namespace penstock::http_plugin {

namespace {

std::optional<Piece> ParseHole(std::string_view name, std::string* wrong) {
  if (!name.starts_with("$")) return Piece{Hole::kField, std::string(name)};
  for (const auto& [known, hole] : {std::pair<std::string_view, Hole>{"$id", Hole::kId},
                                    {"$record", Hole::kRecord},
                                    {"$records", Hole::kRecords}}) {
    if (name == known) return Piece{hole, std::string(name)};
  }
  *wrong = "has {" + std::string(name) +
           "}, which is not known; there are {$id}, {$record}, {$records} and {field}";
  return std::nullopt;
}

std::string JsonOf(const sdk::JsonValue& value) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  value.Accept(writer);
  return {buffer.GetString(), buffer.GetSize()};
}

// An unquoted {email} is a map for YAML, with nothing under the name.
bool LooksUnquoted(const sdk::JsonValue& object) {
  return object.MemberCount() == 1 && object.MemberBegin()->value.IsNull();
}

std::optional<Node> ParseObject(const sdk::JsonValue& value, std::string* at, std::string* wrong,
                                int depth) {
  Node node;
  node.kind = Node::Kind::kObject;
  if (LooksUnquoted(value)) {
    const std::string name(sdk::JsonText(value.MemberBegin()->name));
    *wrong = "is a map with nothing under \"" + name + "\": write \"{" + name +
             "}\" in quotes for the value";
    return std::nullopt;
  }
  for (const auto& member : value.GetObject()) {
    const std::string name(sdk::JsonText(member.name));
    std::optional<Node> part = ParseNode(member.value, at, wrong, depth - 1);
    if (!part) {
      *at = PointerPart(name) + *at;
      return std::nullopt;
    }
    node.names.push_back(name);
    node.items.push_back(*std::move(part));
  }
  return node;
}

void AddHoles(const Node& node, std::vector<Piece>* holes) {
  for (const Piece& piece : HolesOf(node.text)) holes->push_back(piece);
  for (const Node& item : node.items) AddHoles(item, holes);
}

}  // namespace

std::optional<Text> ParseText(std::string_view text, std::string* wrong) {
  if (text.find("${env:") != std::string_view::npos) {
    *wrong =
        "has a reference to the environment, which is read only in the texts of config itself, "
        "such as secret";
    return std::nullopt;
  }
  Text pieces;
  std::string plain;
  const auto flush = [&] {
    if (!plain.empty()) pieces.push_back({Hole::kNone, std::move(plain)});
    plain.clear();
  };
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((c == '{' || c == '}') && i + 1 < text.size() && text[i + 1] == c) {
      plain += c;
      ++i;
    } else if (c == '{') {
      const size_t end = text.find('}', i);
      if (end == std::string_view::npos || end == i + 1) {
        *wrong = end == i + 1 ? "has {} without a name" : "has { without }; write {{ for a brace";
        return std::nullopt;
      }
      std::optional<Piece> hole = ParseHole(text.substr(i + 1, end - i - 1), wrong);
      if (!hole) return std::nullopt;
      flush();
      pieces.push_back(*std::move(hole));
      i = end;
    } else if (c == '}') {
      *wrong = "has } without {; write }} for a brace";
      return std::nullopt;
    } else {
      plain += c;
    }
  }
  flush();
  return pieces;
}

std::optional<Node> ParseNode(const sdk::JsonValue& value, std::string* at, std::string* wrong,
                              int depth) {
  if (depth == 0) {
    *wrong = "is nested too deep";
    return std::nullopt;
  }
  if (value.IsObject()) return ParseObject(value, at, wrong, depth);
  Node node;
  if (value.IsArray()) {
    node.kind = Node::Kind::kArray;
    for (const sdk::JsonValue& item : value.GetArray()) {
      std::optional<Node> part = ParseNode(item, at, wrong, depth - 1);
      if (!part) {
        *at = "/" + std::to_string(node.items.size()) + *at;
        return std::nullopt;
      }
      node.items.push_back(*std::move(part));
    }
  } else if (value.IsString()) {
    std::optional<Text> text = ParseText(sdk::JsonText(value), wrong);
    if (!text) return std::nullopt;
    node.kind = Node::Kind::kText;
    node.text = *std::move(text);
    if (node.text.size() <= 1) return node;
    for (const Piece& piece : node.text) {
      if (piece.hole != Hole::kRecord && piece.hole != Hole::kRecords) continue;
      *wrong = "has {" + piece.text + "} inside a longer text; it must stand alone";
      return std::nullopt;
    }
  } else {
    node.json = JsonOf(value);
  }
  return node;
}

std::string PointerPart(std::string_view name) {
  std::string out = "/";
  for (const char c : name) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

Node NodeOf(Hole hole) {
  Node node;
  node.kind = Node::Kind::kText;
  node.text.push_back({hole, hole == Hole::kRecord ? "$record" : "$records"});
  return node;
}

std::vector<Piece> HolesOf(const Text& text) {
  std::vector<Piece> holes;
  for (const Piece& piece : text) {
    if (piece.hole != Hole::kNone) holes.push_back(piece);
  }
  return holes;
}

std::vector<Piece> HolesOf(const Node& node) {
  std::vector<Piece> holes;
  AddHoles(node, &holes);
  return holes;
}

}  // namespace penstock::http_plugin
