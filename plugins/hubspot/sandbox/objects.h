// HubSpot's objects: their tables and schemas, and how a record looks in an answer.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/hubspot/sandbox/errors.h"
#include "plugins/hubspot/sandbox/properties.h"
#include "sdk/testing/store.h"
#include "sdk/testing/vendor.h"

namespace penstock::sandbox::hubspot {

// One object of the account.
struct Object {
  std::string name;      // "contacts"
  std::string type_id;   // "0-1"
  std::string singular;  // "CONTACT", as messages say it
  Table* table = nullptr;
  Schema schema;  // under the table's lock
};

// Switches of the sandbox that tests and PUT /_sandbox/config change.
struct Switches {
  std::atomic<bool> trace_ids_in_results{false};
  std::atomic<bool> shuffle{true};
  std::atomic<bool> group_errors{false};
  std::atomic<bool> reject_sparse_upserts{false};
  std::atomic<bool> update_all_or_nothing{false};  // batch/update does not look at trace ids
  std::atomic<bool> rate_limit_category{false};    // the other form of a 429
  std::atomic<std::int64_t> search_lag_ms{3000};
};

// What the endpoints share.
struct Portal {
  Sandbox* sandbox = nullptr;
  std::int64_t id = 0;
  std::map<std::string, std::unique_ptr<Object>> objects;  // by name
  Switches switches;

  // By name or type id; nullptr if the account has no such object.
  Object* Find(const std::string& name) const;
};

// Calls an endpoint with the object that {object} names, its table locked; 404 if there is none.
Response WithObject(const Portal& portal, const Request& request,
                    const std::function<Response(Object&)>& endpoint);
// The same with the body as JSON; 400 if it is none.
Response WithBody(const Portal& portal, const Request& request,
                  const std::function<Response(Object&, const JsonValue&)>& endpoint);
// The names of a "properties" query, split at commas; the object's defaults if there are none.
std::vector<std::string> WantedProperties(const Object& object, const std::string& list);
// The value of a property, also of those that HubSpot computes; nullopt if it has none.
std::optional<std::string> PropertyValue(const Object& object, const Record& record,
                                         const std::string& name);
// Writes the members id, properties, createdAt, updatedAt, archived into an open object.
// `cleared`: properties without a value are written as "" (answers to writes), not null.
void WriteRecord(JsonWriter& json, const Object& object, const Record& record,
                 const std::vector<std::string>& properties, bool cleared);
// The record as a whole answer.
Response RecordResponse(int status, const Object& object, const Record& record,
                        const std::vector<std::string>& properties, bool cleared);

// The live or archived record that an id names: of a record if `id_property` is empty or
// hs_object_id, else of a unique property. The property must be unique.
const Record* FindRecord(const Object& object, const std::string& id_property,
                         const std::string& id);
// Whether a property can name records.
bool IsIdProperty(const Object& object, const std::string& name);
// An id in the form under which it is kept.
std::string NormalId(const std::string& id_property, const std::string& id);

/// An object with the members that the contract names, and no others; `what` names it.
std::optional<ApiError> CheckMembers(const JsonValue& object, const char* what,
                                     const std::vector<std::string>& required,
                                     const std::vector<std::string>& optional);

// A record's new values, checked.
struct Write {
  Values values;                   // in normal form
  std::vector<ValueError> errors;  // of those that are refused
};
// Checks the values of a "properties" object that has only strings.
Write CheckProperties(const Object& object, const JsonValue& properties);
// The error of another live record that holds one of the unique values.
std::optional<ApiError> FindConflict(const Object& object, const Values& values,
                                     const Record* self);
// "properties" of a body: an object of strings; nullptr with a sentence in `error`.
const JsonValue* ReadProperties(const JsonValue& body, std::string* error);

// GET, PATCH, DELETE of one record, POST and GET of the collection.
Response GetRecord(const Portal& portal, const Request& request);
Response PatchRecord(const Portal& portal, const Request& request);
Response DeleteRecord(const Portal& portal, const Request& request);
Response CreateRecord(const Portal& portal, const Request& request);
Response ListRecords(const Portal& portal, const Request& request);

// POST …/search.
Response SearchRecords(const Portal& portal, const Request& request);

// POST …/batch/*.
Response BatchCreate(const Portal& portal, const Request& request);
Response BatchUpdate(const Portal& portal, const Request& request);
Response BatchUpsert(const Portal& portal, const Request& request);
Response BatchRead(const Portal& portal, const Request& request);
Response BatchArchive(const Portal& portal, const Request& request);

// /crm/v3/properties/…
Response ListProperties(const Portal& portal, const Request& request);
Response GetProperty(const Portal& portal, const Request& request);
Response CreateProperty(const Portal& portal, const Request& request);
Response DeleteProperty(const Portal& portal, const Request& request);

}  // namespace penstock::sandbox::hubspot
