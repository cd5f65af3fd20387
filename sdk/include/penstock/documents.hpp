// The JSON documents that cross the boundary, as C++ structs: manifest, catalog, check report,
// assignment. Their JSON Schemas are in sdk/schema. Parsing reports the JSON pointer of what is
// wrong.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/result.hpp"

namespace penstock::sdk {

/// The type of a field. Values arrive at the connector coerced to it (penstock_value type in
/// brackets).
enum class FieldType {
  kString,     // "string" [STRING]; takes any source value, in its canonical text
  kBoolean,    // "boolean" [BOOL]
  kInteger,    // "integer" [INT64]
  kDecimal,    // "decimal" [DECIMAL]
  kDouble,     // "double" [DOUBLE]
  kDate,       // "date" [DATE]
  kTimestamp,  // "timestamp" [TIMESTAMP]
  kJson,       // "json" [JSON]
  kBytes,      // "bytes" [BYTES]
  kList,       // "list" [LIST of STRING]
};

/// How the destination itself changes a value of a key or unique field before it compares: a
/// closed, versioned list. Applied by the host, in order, before duplicates are looked for and
/// before the payload is hashed.
enum class Normaliser { kTrim, kLower, kDigits, kE164 };

struct Field {
  std::string name;  // the destination's own name, unique in its object
  std::string label;
  FieldType type = FieldType::kString;
  std::vector<std::string> allowed;  // "enum": closed list of values; empty: any
  bool multiple = false;             // several of `allowed` at once (type list)
  uint32_t max_length = 0;           // in characters; 0: not limited
  bool required = false;             // on creation
  bool createable = true;
  bool updateable = true;
  bool unique = false;
  std::vector<Normaliser> normalisers;
  std::string read_only_because = {};  // neither createable nor updateable: why, as half a sentence
  /// The field that it sets, where that is another one: a reference, set by a key of the record
  /// that it is to point to. One of the fields that set the same is mapped; a required one is set
  /// by any.
  std::string sets = {};

  const std::string& target() const { return sets.empty() ? name : sets; }
};

/// What can be done to an object, by which identifier.
struct Operation {
  /// Fields (or sets of fields) that can identify a record; {"id"} alone means the destination id.
  std::vector<std::vector<std::string>> identifiers;
  bool idempotent =
      false;  // doing it twice leaves the same state: the host may send again what is in doubt
  /// Records of an upsert may leave out fields that an existing record keeps. False: the host looks
  /// the key up first and updates by id what exists.
  bool sparse = true;
};

struct ObjectLimits {
  uint32_t max_batch_records = 1000;  // handed to write_batch at once
  uint32_t max_request_records = 1;   // in one request; batches are multiples of it where possible
  uint32_t max_parallel_writers = 2;
};

/// Records that are written by asynchronous jobs of the destination instead of requests of
/// `max_request_records`: for the host's estimates, which the connector's choice must agree with.
struct JobsWay {
  std::string options;       // JSON Schema text that an integration's `options` obey; empty: any
  std::string above;         // whole-numbered option with a default: only for more records of one
                             // operation than it says; empty: for any number
  uint32_t max_records = 1;  // in one job
  uint32_t requests = 1;     // of one job that is soon over, those that look after it included
};

struct Object {
  std::string name;
  std::string label;
  std::map<std::string, Operation> operations;  // "upsert", "insert", "update", "delete"
  ObjectLimits limits;
  std::vector<JobsWay> jobs;  // the first that fits counts; none does: no jobs
  std::vector<Field> fields;
  std::string options_schema;  // JSON Schema text of integration `options`; empty: takes none

  /// Null when there is none of that name.
  const Field* FindField(std::string_view name) const;
};

struct Catalog {
  std::vector<Object> objects;
  const Object* FindObject(std::string_view name) const;
};

/// One budget of requests, enforced by the host for all processes of the machine.
struct Limiter {
  std::string name;     // "default" must be there
  double requests = 0;  // per `window_ms`; 0: not limited
  int64_t window_ms = 1000;
  uint32_t max_concurrent = 8;
  int64_t daily = 0;  // requests a day; 0: not limited
  // Names of answer headers that tell the budget as the destination sees it; empty: none.
  std::string header_max, header_remaining, header_window_ms, header_daily_max,
      header_daily_remaining;
  std::string header_daily_usage = {};  // both in one, as USED/ALLOWED: "api-usage=18/15000"
};

struct RetryPolicy {
  std::vector<int> not_applied = {429, 423,
                                  477};  // certainly not applied: sent again after waiting
  std::vector<int> unclear = {500, 502,
                              504};  // may have been applied: sent again only if idempotent
  std::vector<int> if_retry_after = {
      503};  // not applied when the answer has Retry-After, else unclear
  uint32_t attempts = 5;
};

/// How the host gets tokens (OAuth 2.0). Where it says "property", the name of a property of
/// config_schema, empty where there is none.
struct OAuth {
  std::vector<std::string> grants;  // client_credentials | jwt_bearer | refresh_token
  std::string grant;                // property that holds one of grants
  std::string client_id, client_secret, private_key, user, refresh_token;  // properties
  std::string login_url;      // property that holds the login address; without it: base_url
  std::string login_default;  // of that property in config_schema
  std::string token_path;     // of the token endpoint, below the login address
  std::string scope;
  std::string base_url_from;    // member of the token's answer that holds the API's base URL
  int64_t token_life_s = 3600;  // where the answer has no expires_in
};

/// How the host attaches credentials.
struct Auth {
  // none | bearer | basic | header | standard_webhooks | oauth2 | from_config | one_of
  std::string type = "none";
  std::string secret;  // name of the config property that holds it
  std::string header;  // for type header
  // For type from_config: names of the config properties that hold the type (none, bearer, basic,
  // header or standard_webhooks; none where the property is missing) and, for type header, the
  // header's name.
  std::string property = {};
  std::string header_property = {};
  OAuth oauth = {};                // for type oauth2
  std::vector<Auth> choices = {};  // for type one_of; the configuration's properties tell which
};

/// What a code means, and what to do.
struct CodeMeaning {
  std::string code;  // "JOB_FAILED"
  std::string meaning, remedy;
  bool vendor = false;  // the destination's own word, not the connector's
};

struct Manifest {
  std::string id;  // "hubspot": also the file name
  std::string name;
  std::string version;  // semver
  std::string publisher;
  uint32_t abi_major = 0;
  std::string draft_id;
  uint32_t min_host_minor = 0;  // the oldest minor version of the ABI that its host may have
  std::string library;          // file name beside the manifest
  std::string base_url;         // default; overridden by `base_url:` of the destination
  std::string
      config_schema;  // JSON Schema text (closed list of keywords); secrets carry "x-secret": true
  std::vector<std::string> secrets;  // names of the config properties marked so
  std::string options_schema;        // JSON Schema text of all options of objects, or empty
  std::vector<CodeMeaning> codes;    // in the manifest's order
  Auth auth;
  std::vector<std::string>
      allowed_hosts;  // "api.example.com", "*.example.com"; the base URL's host is implied
  std::vector<Limiter> limiters;
  RetryPolicy retry;
  bool catalog_from_config = false;  // discover makes no request: its answer is never cached
  std::string sandbox;       // file name of the sandbox program beside the manifest, or empty
  std::string account_link;  // optional text shown by `connector show`
};

struct CheckReport {
  std::string account_id;
  std::string account_name;
  std::vector<std::string> scopes;
  struct Missing {
    std::string permission;
    std::string needed_for;
  };
  std::vector<Missing> missing;
  std::vector<std::string> warnings;
};

/// What a writer (or a lookup) is told.
struct Assignment {
  std::string object;
  std::string operation;                // upsert | insert | update | delete | lookup
  std::vector<std::string> identifier;  // fields that make up the key
  struct AssignedField {
    std::string name;
    FieldType type = FieldType::kString;
    bool key = false;
  };
  std::vector<AssignedField> fields;  // in the order of penstock_batch.values
  uint64_t expected_records = 0;
  uint64_t expected_bytes = 0;
  ObjectLimits limits;
  std::string options = "{}";  // JSON object, checked against the object's options_schema
  std::string integration, environment, run;

  /// Where the field stands in a record; nothing when it is not assigned.
  std::optional<size_t> FieldIndex(std::string_view name) const;
  /// Where the fields of the key stand, in the order of `identifier`. Empty when the key is the
  /// destination id, or when one of its fields is not assigned.
  std::vector<size_t> KeyFields() const;
};

/// What becomes of properties that a reader does not know. A connector may be younger than its
/// host: a run reads its documents without them, the kit refuses them.
enum class Unknown { kRefused, kLeftOut };

/// Each returns the struct, or INVALID_ARGUMENT with the JSON pointer and the reason. [thread-safe]
Result<Manifest> ParseManifest(std::string_view json);
Result<Catalog> ParseCatalog(std::string_view json, Unknown unknown = Unknown::kRefused);
Result<CheckReport> ParseCheckReport(std::string_view json, Unknown unknown = Unknown::kRefused);
Result<Assignment> ParseAssignment(std::string_view json);

/// Whether an account with this catalog can do what the assignment says; for Begin. NOT_FOUND for
/// an object or a field that is not in it, UNSUPPORTED for an operation, or an identifier of it,
/// that the object does not have, INVALID_ARGUMENT when the key is not among the fields, or when an
/// insert or upsert leaves out a field that creation requires. [thread-safe]
Status CheckAssignment(const Catalog& catalog, const Assignment& assignment);

/// Whether Discover is asked for this object: `objects` names it, or is empty, which means all.
bool IsAskedFor(const std::vector<std::string>& objects, std::string_view name);

/// Canonical JSON text (sorted where order has no meaning), accepted by the parser of the same
/// kind. [thread-safe]
std::string ToJson(const Catalog& catalog);
std::string ToJson(const CheckReport& report);
std::string ToJson(const Assignment& assignment);

/// "string", "boolean", ... as in the documents. [thread-safe]
std::string_view FieldTypeName(FieldType type);
std::string_view NormaliserName(Normaliser normaliser);

}  // namespace penstock::sdk
