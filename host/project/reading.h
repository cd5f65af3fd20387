// Reads maps of the project file and collects everything that is wrong with them, each complaint
// with its place.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/error.h"
#include "core/model/integration.h"
#include "host/project/yaml_tree.h"

namespace penstock::project {

/// What is wrong, in the order found. Not thread-safe.
class Complaints {
 public:
  /// Index of a file of the project, for YamlNode::file.
  int AddFile(std::string path);
  const std::string& file(int index) const { return files_[static_cast<size_t>(index)]; }
  Place PlaceOf(const YamlNode& node) const;
  Place PlaceOf(const YamlNode::Member& member) const;

  void Fail(const YamlNode& at, const char* code, std::string message, std::string hint = {});
  void FailAt(const Place& at, const char* code, std::string message, std::string hint = {});
  void Add(Error error) { errors_.push_back(std::move(error)); }
  void Warn(const Place& at, const char* code, std::string message, std::string hint = {});

  std::vector<Error>& errors() { return errors_; }
  std::vector<Error>& warnings() { return warnings_; }

 private:
  std::vector<std::string> files_;
  std::vector<Error> errors_, warnings_;
};

/// One map, read key by key. Finish complains of keys that nobody asked for. Borrowed: node and
/// complaints outlive it.
class MapReader {
 public:
  /// `what` names the map in sentences: "integration contacts". A node that is no map is
  /// complained of at once and read as an empty one.
  MapReader(Complaints* complaints, const YamlNode& node, std::string what);

  /// The value of a key, or null when it is absent.
  const YamlNode* Take(std::string_view key);
  const YamlNode::Member* TakeMember(std::string_view key);
  /// Like Take; its absence is PS-CONF-REQUIRED.
  const YamlNode* Require(std::string_view key, std::string_view example);
  std::optional<std::string> Text(std::string_view key);
  std::optional<std::string> RequireText(std::string_view key, std::string_view example);
  std::optional<bool> Bool(std::string_view key);
  std::optional<uint64_t> Count(std::string_view key);
  std::optional<uint64_t> Size(std::string_view key);
  std::optional<int64_t> DurationMs(std::string_view key);
  std::optional<double> Share(std::string_view key);
  /// One of `allowed`; another text is PS-CONF-VALUE with a suggestion.
  std::optional<std::string> OneOf(std::string_view key, const std::vector<std::string>& allowed);
  /// A key that is known but whose work is not built yet: PS-CONF-LATER with this sentence.
  void Later(std::string_view key, const std::string& sentence);
  /// Unknown keys: PS-CONF-KEY with a suggestion among those asked for.
  void Finish();

  const YamlNode& node() const { return *node_; }
  const std::string& what() const { return what_; }
  Complaints* complaints() { return complaints_; }

 private:
  void WrongType(const YamlNode& value, std::string_view key, std::string_view wanted,
                 std::string_view example);

  Complaints* complaints_;
  const YamlNode* node_;
  std::string what_;
  std::vector<std::string> known_;
  std::set<std::string> later_;
};

/// The node's text if it is a scalar with text in it, else nothing and PS-CONF-TYPE.
std::optional<std::string> ScalarText(Complaints* complaints, const YamlNode& node,
                                      const std::string& what);

/// "a, b and c".
std::string JoinNames(const std::vector<std::string>& names);

}  // namespace penstock::project
