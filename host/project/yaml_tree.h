// A YAML document as a tree that remembers where everything stands. Scalars follow YAML 1.2: yes,
// no, on and off are text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"

namespace penstock::project {

/// One node with its place. Owns its children; copyable.
struct YamlNode {
  enum class Kind { kNull, kBool, kInteger, kNumber, kText, kSequence, kMap };
  struct Member;

  Kind kind = Kind::kNull;
  std::string text;  // of a scalar, exactly as written (quotes and escapes resolved)
  std::vector<YamlNode> items;
  std::vector<Member> members;  // in the order written
  int file = 0;                 // index into the files of the project
  int line = 0, column = 0;     // 1-based

  bool IsMap() const { return kind == Kind::kMap; }
  bool IsScalar() const { return kind != Kind::kSequence && kind != Kind::kMap; }
  bool IsNull() const { return kind == Kind::kNull; }
  /// The member's value, or null when there is none (or this is no map).
  const YamlNode* Find(std::string_view key) const;
};

struct YamlNode::Member {
  std::string key;
  int file = 0;
  int line = 0, column = 0;
  YamlNode value;
};

/// Parses one document. `path` is for messages, `file` is put into every node. PS-CONF-YAML
/// (syntax, anchors that run away, more than one document) and PS-CONF-DUPLICATE with line and
/// column. An empty file is an empty map. [thread-safe]
Result<YamlNode> ParseYaml(const std::string& text, const std::string& path, int file);

/// "a map", "a list", "text", ... for messages.
std::string_view KindName(YamlNode::Kind kind);

/// `over` laid over `base`: maps member by member, everything else replaced whole.
YamlNode MergeYaml(const YamlNode& base, const YamlNode& over);

/// The node as JSON text; numbers stay as written where JSON allows it. [thread-safe]
std::string ToJson(const YamlNode& node);

}  // namespace penstock::project
