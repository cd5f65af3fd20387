#include "host/project/yaml_tree.h"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <sstream>

namespace penstock::project {
namespace {

constexpr size_t kMostNodes = 200000;  // of a document, aliases written out
constexpr int kDeepest = 64;

bool AllOf(std::string_view text, std::string_view letters) {
  return !text.empty() && text.find_first_not_of(letters) == std::string_view::npos;
}

bool IsInteger(std::string_view text) {
  if (text.starts_with("0o")) return AllOf(text.substr(2), "01234567");
  if (text.starts_with("0x")) return AllOf(text.substr(2), "0123456789abcdefABCDEF");
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  return AllOf(text, "0123456789");
}

// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
bool IsNumber(std::string_view text) {
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  const size_t exponent = text.find_first_of("eE");
  if (exponent != std::string_view::npos) {
    std::string_view digits = text.substr(exponent + 1);
    if (!digits.empty() && (digits[0] == '-' || digits[0] == '+')) digits.remove_prefix(1);
    if (!AllOf(digits, "0123456789")) return false;
    text = text.substr(0, exponent);
  }
  const size_t dot = text.find('.');
  const std::string_view whole = text.substr(0, dot);
  const std::string_view rest = dot == std::string_view::npos ? "" : text.substr(dot + 1);
  if (whole.empty() && rest.empty()) return false;
  return (whole.empty() || AllOf(whole, "0123456789")) &&
         (rest.empty() || AllOf(rest, "0123456789"));
}

YamlNode::Kind PlainKind(const std::string& text) {
  using Kind = YamlNode::Kind;
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") {
    return Kind::kNull;
  }
  if (text == "true" || text == "True" || text == "TRUE" || text == "false" || text == "False" ||
      text == "FALSE") {
    return Kind::kBool;
  }
  if (IsInteger(text)) return Kind::kInteger;
  if (IsNumber(text)) return Kind::kNumber;
  return Kind::kText;
}

size_t CountNodes(const YamlNode& node) {
  size_t n = 1;
  for (const YamlNode& item : node.items) n += CountNodes(item);
  for (const YamlNode::Member& member : node.members) n += CountNodes(member.value);
  return n;
}

// Builds the tree from the parser's events. The first error stops the building.
class Builder : public YAML::EventHandler {
 public:
  Builder(std::string_view text, const std::string& path, int file)
      : text_(text), path_(path), file_(file) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  // The parser hides whether "null" or nothing was written; as a key, the word is a name.
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    YamlNode node = At(mark);
    for (const char* word : {"null", "Null", "NULL", "~"}) {
      if (TextAt(mark).starts_with(word)) node.text = word;
    }
    Put(std::move(node), anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) return Fail("PS-CONF-YAML", "An alias refers to itself", mark);
    YamlNode copy = found->second;
    copy.line = mark.line + 1;
    copy.column = mark.column + 1;
    nodes_ += CountNodes(copy);
    Put(std::move(copy), 0);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    YamlNode node = At(mark);
    node.text = value;
    node.kind = tag == "?" ? PlainKind(value) : YamlNode::Kind::kText;
    Put(std::move(node), anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(mark, YamlNode::Kind::kSequence, anchor);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(mark, YamlNode::Kind::kMap, anchor);
  }
  void OnMapEnd() override { Close(); }

  std::optional<Error> error;
  YamlNode root;

 private:
  struct Frame {
    YamlNode node;
    YAML::anchor_t anchor = 0;
    std::optional<YamlNode::Member> key;  // read, its value is awaited
    std::set<std::string> keys;
  };

  // What stands at a mark; its column counts characters, not bytes.
  std::string_view TextAt(const YAML::Mark& mark) const {
    size_t at = 0;
    for (int line = 0; line < mark.line; ++line) {
      at = text_.find('\n', at);
      if (at == std::string_view::npos) return {};
      ++at;
    }
    for (int column = 0; column < mark.column && at < text_.size(); ++column) {
      do {
        ++at;
      } while (at < text_.size() && (static_cast<unsigned char>(text_[at]) & 0xC0) == 0x80);
    }
    return text_.substr(std::min(at, text_.size()));
  }
  YamlNode At(const YAML::Mark& mark) const {
    YamlNode node;
    node.file = file_;
    node.line = mark.line + 1;
    node.column = mark.column + 1;
    return node;
  }
  static YAML::Mark MarkOf(const YamlNode& node) {
    YAML::Mark mark;
    mark.line = node.line - 1;
    mark.column = node.column - 1;
    return mark;
  }
  void Fail(const char* code, const std::string& message, const YAML::Mark& mark) {
    if (error) return;
    error = UsageError(code, message + ".");
    error->file = path_;
    error->line = mark.line + 1;
    error->column = mark.column + 1;
  }
  void Open(const YAML::Mark& mark, YamlNode::Kind kind, YAML::anchor_t anchor) {
    if (stack_.size() >= kDeepest) Fail("PS-CONF-YAML", "The file is nested too deeply", mark);
    Frame frame;
    frame.node = At(mark);
    frame.node.kind = kind;
    frame.anchor = anchor;
    stack_.push_back(std::move(frame));
  }
  void Close() {
    Frame frame = std::move(stack_.back());
    stack_.pop_back();
    Put(std::move(frame.node), frame.anchor);
  }
  void Put(YamlNode node, YAML::anchor_t anchor) {
    if (error) return;
    if (++nodes_ > kMostNodes) {
      return Fail("PS-CONF-YAML", "The file holds too many values (aliases count each time)",
                  MarkOf(node));
    }
    if (anchor != 0) anchors_[anchor] = node;
    if (stack_.empty()) {
      root = std::move(node);
      return;
    }
    Frame& frame = stack_.back();
    if (frame.node.kind == YamlNode::Kind::kSequence) {
      frame.node.items.push_back(std::move(node));
    } else if (!frame.key) {
      TakeKey(&frame, std::move(node));
    } else {
      frame.key->value = std::move(node);
      frame.node.members.push_back(std::move(*frame.key));
      frame.key.reset();
    }
  }
  void TakeKey(Frame* frame, YamlNode node) {
    const YAML::Mark mark = MarkOf(node);
    if (!node.IsScalar()) return Fail("PS-CONF-YAML", "A key must be a single word", mark);
    if (!frame->keys.insert(node.text).second) {
      return Fail("PS-CONF-DUPLICATE", "The key \"" + node.text + "\" stands here twice", mark);
    }
    frame->key.emplace();
    frame->key->key = node.text;
    frame->key->file = node.file;
    frame->key->line = node.line;
    frame->key->column = node.column;
  }

  std::string_view text_;
  std::string path_;
  int file_;
  std::vector<Frame> stack_;
  std::map<YAML::anchor_t, YamlNode> anchors_;
  size_t nodes_ = 0;
};

Error SyntaxError(const std::string& what, const std::string& path, int line, int column) {
  Error e = UsageError("PS-CONF-YAML", "The file is not valid YAML: " + what + ".",
                       "Check indentation, quotes and colons at this place.");
  e.file = path;
  e.line = line;
  e.column = column;
  return e;
}

using JsonWriter = rapidjson::Writer<rapidjson::StringBuffer>;

// JSON has neither leading zeros nor a plus sign nor 0x and 0o.
void WriteInteger(const std::string& text, JsonWriter* out) {
  bool negative = false;
  std::string digits = text;
  int base = 10;
  if (text.starts_with("0x") || text.starts_with("0o")) {
    base = text[1] == 'x' ? 16 : 8;
    digits = text.substr(2);
  } else if (text[0] == '-' || text[0] == '+') {
    negative = text[0] == '-';
    digits = text.substr(1);
  }
  if (base != 10) {
    out->Uint64(std::stoull(digits, nullptr, base));
    return;
  }
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size() - 1));
  if (negative && digits != "0") digits.insert(0, "-");
  out->RawValue(digits.data(), digits.size(), rapidjson::kNumberType);
}

// Beyond the range of a double it goes as text: nothing is rounded to infinity.
void WriteNumber(const std::string& text, JsonWriter* out) {
  const double number = std::strtod(text.c_str(), nullptr);
  if (std::isfinite(number)) {
    out->Double(number);
  } else {
    out->String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
  }
}

void WriteNode(const YamlNode& node, JsonWriter* out) {
  switch (node.kind) {
    case YamlNode::Kind::kNull:
      out->Null();
      return;
    case YamlNode::Kind::kBool:
      out->Bool(node.text[0] == 't' || node.text[0] == 'T');
      return;
    case YamlNode::Kind::kInteger:
      if (node.text.size() <= 18) return WriteInteger(node.text, out);
      [[fallthrough]];
    case YamlNode::Kind::kText:
      out->String(node.text.data(), static_cast<rapidjson::SizeType>(node.text.size()));
      return;
    case YamlNode::Kind::kNumber:
      WriteNumber(node.text, out);
      return;
    case YamlNode::Kind::kSequence:
      out->StartArray();
      for (const YamlNode& item : node.items) WriteNode(item, out);
      out->EndArray();
      return;
    case YamlNode::Kind::kMap:
      out->StartObject();
      for (const YamlNode::Member& member : node.members) {
        out->Key(member.key.data(), static_cast<rapidjson::SizeType>(member.key.size()));
        WriteNode(member.value, out);
      }
      out->EndObject();
      return;
  }
}

}  // namespace

const YamlNode* YamlNode::Find(std::string_view key) const {
  for (const Member& member : members) {
    if (member.key == key) return &member.value;
  }
  return nullptr;
}

Result<YamlNode> ParseYaml(const std::string& text, const std::string& path, int file) {
  Builder builder(text, path, file);
  try {
    std::istringstream in(text);
    YAML::Parser parser(in);
    if (!parser.HandleNextDocument(builder)) {
      builder.root.kind = YamlNode::Kind::kMap;
      builder.root.file = file;
      builder.root.line = builder.root.column = 1;
      return builder.root;
    }
    if (builder.error) return *builder.error;
    Builder second(text, path, file);
    if (parser.HandleNextDocument(second)) {
      return SyntaxError("it holds a second document (---), and only one is read", path,
                         second.root.line, second.root.column);
    }
  } catch (const YAML::Exception& e) {
    if (builder.error) return *builder.error;
    return SyntaxError(e.msg, path, e.mark.line + 1, e.mark.column + 1);
  } catch (const std::exception& e) {
    return SyntaxError(e.what(), path, 0, 0);
  }
  return std::move(builder.root);
}

std::string_view KindName(YamlNode::Kind kind) {
  switch (kind) {
    case YamlNode::Kind::kNull:
      return "nothing";
    case YamlNode::Kind::kBool:
      return "true or false";
    case YamlNode::Kind::kInteger:
    case YamlNode::Kind::kNumber:
      return "a number";
    case YamlNode::Kind::kText:
      return "text";
    case YamlNode::Kind::kSequence:
      return "a list";
    case YamlNode::Kind::kMap:
      return "a map";
  }
  return "something else";
}

YamlNode MergeYaml(const YamlNode& base, const YamlNode& over) {
  if (!base.IsMap() || !over.IsMap()) return over;
  YamlNode merged = base;
  for (const YamlNode::Member& member : over.members) {
    bool found = false;
    for (YamlNode::Member& mine : merged.members) {
      if (mine.key != member.key) continue;
      mine.value = MergeYaml(mine.value, member.value);
      found = true;
    }
    if (!found) merged.members.push_back(member);
  }
  return merged;
}

std::string ToJson(const YamlNode& node) {
  rapidjson::StringBuffer buffer;
  JsonWriter writer(buffer);
  WriteNode(node, &writer);
  return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace penstock::project
