// The destination's `config:`, read whole and checked. README.md says what each setting means.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "penstock/documents.hpp"
#include "plugins/http/rules.h"
#include "plugins/http/template.h"

namespace penstock::http_plugin {

enum class Verb { kUpsert, kInsert, kUpdate, kDelete };

enum class Format { kJson, kForm };

// What makes two requests the same one for the receiver.
enum class KeyOf {
  kNothing,  // no key is sent
  kRun,      // their content, within one run
  kContent,  // their content, whenever they are sent
};

// A list in an answer that tells of single records.
struct Results {
  Pointer at;
  bool failures_only = false;       // records that it does not name were written
  std::string match_field;          // by this field's value …
  std::optional<Pointer> match_at;  // … which stands here; neither: by position
  std::optional<Pointer> index;     // by a number that counts from 0
  Reading reading;
};

struct OperationConfig {
  Verb verb = Verb::kUpsert;
  std::string method;
  std::string address;  // method and path as configured, for messages
  Text path;
  std::vector<std::pair<std::string, Text>> headers;  // the destination's and its own
  uint32_t max_records = 1;                           // of one request
  Format format = Format::kJson;
  std::optional<Node> body;  // nothing: no body
  Node record;               // one element of {$records}
  bool idempotent = false;
  KeyOf key_of = KeyOf::kNothing;
  std::string key_header;
  Reading answer;
  std::vector<int> split;
  std::optional<Results> results;
  bool uses_id = false;  // {$id} stands in it
};

struct ObjectConfig {
  std::string name, label, key;
  uint32_t parallel = 2;
  std::vector<sdk::Field> fields;
  std::map<std::string, OperationConfig> operations;  // "upsert", …

  bool Has(std::string_view field) const;
};

struct CheckConfig {
  std::string path;
  std::optional<Pointer> id, name;
};

struct Config {
  std::string account;   // as the user calls it; may be empty
  std::string base_url;  // may be empty
  std::vector<std::pair<std::string, std::string>> headers;
  std::optional<CheckConfig> check;
  std::vector<ObjectConfig> objects;

  const ObjectConfig* Find(std::string_view name) const;
};

// INVALID_CONFIG with one sentence that names the JSON pointer of what is wrong.
sdk::Result<Config> ReadConfig(std::string_view json);

}  // namespace penstock::http_plugin
