#include "host/project/reading.h"

#include <algorithm>
#include <charconv>

#include "core/base/suggest.h"
#include "host/project/scalars.h"

namespace penstock::project {
namespace {

const YamlNode& EmptyMap() {
  static const YamlNode node = [] {
    YamlNode n;
    n.kind = YamlNode::Kind::kMap;
    return n;
  }();
  return node;
}

Error Placed(const Place& at, const char* code, std::string message, std::string hint) {
  return At(UsageError(code, std::move(message), std::move(hint)), at);
}

}  // namespace

int Complaints::AddFile(std::string path) {
  files_.push_back(std::move(path));
  return static_cast<int>(files_.size()) - 1;
}

Place Complaints::PlaceOf(const YamlNode& node) const {
  return {file(node.file), node.line, node.column};
}

Place Complaints::PlaceOf(const YamlNode::Member& member) const {
  return {file(member.file), member.line, member.column};
}

void Complaints::Fail(const YamlNode& at, const char* code, std::string message, std::string hint) {
  FailAt(PlaceOf(at), code, std::move(message), std::move(hint));
}

void Complaints::FailAt(const Place& at, const char* code, std::string message, std::string hint) {
  errors_.push_back(Placed(at, code, std::move(message), std::move(hint)));
}

void Complaints::Warn(const Place& at, const char* code, std::string message, std::string hint) {
  warnings_.push_back(Placed(at, code, std::move(message), std::move(hint)));
}

MapReader::MapReader(Complaints* complaints, const YamlNode& node, std::string what)
    : complaints_(complaints), node_(&node), what_(std::move(what)) {
  if (node.IsMap()) return;
  complaints->Fail(node, "PS-CONF-TYPE",
                   "The " + what_ + " must be a map (key: value), not " +
                       std::string(KindName(node.kind)) + ".");
  node_ = &EmptyMap();
}

const YamlNode::Member* MapReader::TakeMember(std::string_view key) {
  known_.emplace_back(key);
  for (const YamlNode::Member& member : node_->members) {
    if (member.key == key) return &member;
  }
  return nullptr;
}

const YamlNode* MapReader::Take(std::string_view key) {
  const YamlNode::Member* member = TakeMember(key);
  return member == nullptr ? nullptr : &member->value;
}

const YamlNode* MapReader::Require(std::string_view key, std::string_view example) {
  const YamlNode* value = Take(key);
  if (value != nullptr && !value->IsNull()) return value;
  if (node_ == &EmptyMap()) return nullptr;  // complained of already
  complaints_->Fail(value != nullptr ? *value : *node_, "PS-CONF-REQUIRED",
                    "The " + what_ + " needs the key \"" + std::string(key) + "\".",
                    "For example: " + std::string(example));
  return nullptr;
}

void MapReader::WrongType(const YamlNode& value, std::string_view key, std::string_view wanted,
                          std::string_view example) {
  complaints_->Fail(value, "PS-CONF-TYPE",
                    "\"" + std::string(key) + "\" of the " + what_ + " must be " +
                        std::string(wanted) + ", not " + std::string(KindName(value.kind)) + ".",
                    example.empty() ? "" : "For example: " + std::string(example));
}

std::optional<std::string> MapReader::Text(std::string_view key) {
  const YamlNode* value = Take(key);
  if (value == nullptr) return std::nullopt;
  if (value->IsScalar() && !value->IsNull() && !value->text.empty()) return value->text;
  WrongType(*value, key, "text", "");
  return std::nullopt;
}

std::optional<std::string> MapReader::RequireText(std::string_view key, std::string_view example) {
  const YamlNode* value = Require(key, example);
  if (value == nullptr) return std::nullopt;
  if (value->IsScalar() && !value->text.empty()) return value->text;
  WrongType(*value, key, "text", example);
  return std::nullopt;
}

std::optional<bool> MapReader::Bool(std::string_view key) {
  const YamlNode* value = Take(key);
  if (value == nullptr) return std::nullopt;
  if (value->kind == YamlNode::Kind::kBool) return value->text[0] == 't' || value->text[0] == 'T';
  WrongType(*value, key, "true or false", std::string(key) + ": true");
  return std::nullopt;
}

std::optional<uint64_t> MapReader::Count(std::string_view key) {
  const YamlNode* value = Take(key);
  if (value == nullptr) return std::nullopt;
  uint64_t n = 0;
  const char* end = value->text.data() + value->text.size();
  const auto [rest, error] = std::from_chars(value->text.data(), end, n);
  if (value->kind == YamlNode::Kind::kInteger && error == std::errc() && rest == end) return n;
  WrongType(*value, key, "a whole number from 0 up", std::string(key) + ": 25");
  return std::nullopt;
}

std::optional<uint64_t> MapReader::Size(std::string_view key) {
  const YamlNode* value = Take(key);
  if (value == nullptr) return std::nullopt;
  const auto size = value->IsScalar() ? ParseSize(value->text) : std::nullopt;
  if (size) return size;
  WrongType(*value, key, "a size", std::string(key) + ": 64MiB");
  return std::nullopt;
}

std::optional<int64_t> MapReader::DurationMs(std::string_view key) {
  const YamlNode* value = Take(key);
  if (value == nullptr) return std::nullopt;
  const auto duration = value->IsScalar() ? ParseDuration(value->text) : std::nullopt;
  if (duration) return duration;
  WrongType(*value, key, "a duration with its unit", std::string(key) + ": 30s");
  return std::nullopt;
}

std::optional<double> MapReader::Share(std::string_view key) {
  const YamlNode* value = Take(key);
  if (value == nullptr) return std::nullopt;
  const auto share = value->IsScalar() ? ParseShare(value->text) : std::nullopt;
  if (share) return share;
  WrongType(*value, key, "a share between 0% and 100%", std::string(key) + ": 5%");
  return std::nullopt;
}

std::optional<std::string> MapReader::OneOf(std::string_view key,
                                            const std::vector<std::string>& allowed) {
  const YamlNode* value = Take(key);
  if (value == nullptr) return std::nullopt;
  for (const std::string& name : allowed) {
    if (value->IsScalar() && value->text == name) return name;
  }
  complaints_->Fail(*value, "PS-CONF-VALUE",
                    "\"" + std::string(key) + "\" of the " + what_ + " must be one of " +
                        JoinNames(allowed) + ".",
                    DidYouMean(value->text, allowed));
  return std::nullopt;
}

void MapReader::Later(std::string_view key, const std::string& sentence) {
  for (const YamlNode::Member& member : node_->members) {
    if (member.key != key) continue;
    later_.insert(member.key);
    complaints_->FailAt(complaints_->PlaceOf(member), "PS-CONF-LATER", sentence,
                        "Take the key out until it is built.");
  }
}

void MapReader::Finish() {
  for (const YamlNode::Member& member : node_->members) {
    if (later_.contains(member.key)) continue;
    if (std::find(known_.begin(), known_.end(), member.key) != known_.end()) continue;
    std::string hint = DidYouMean(member.key, known_);
    if (hint.empty()) hint = "Known here: " + JoinNames(known_) + ".";
    complaints_->FailAt(complaints_->PlaceOf(member), "PS-CONF-KEY",
                        "The " + what_ + " has no key \"" + member.key + "\".", hint);
  }
}

std::optional<std::string> ScalarText(Complaints* complaints, const YamlNode& node,
                                      const std::string& what) {
  if (node.IsScalar() && !node.IsNull() && !node.text.empty()) return node.text;
  complaints->Fail(node, "PS-CONF-TYPE",
                   what + " must be text, not " + std::string(KindName(node.kind)) + ".");
  return std::nullopt;
}

std::string JoinNames(const std::vector<std::string>& names) {
  std::string out;
  for (size_t i = 0; i < names.size(); ++i) {
    if (i > 0) out += i + 1 == names.size() ? " and " : ", ";
    out += names[i];
  }
  return out;
}

}  // namespace penstock::project
