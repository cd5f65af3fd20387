// What an object is like in this organization, for this user: Salesforce's describe.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/documents.hpp"
#include "penstock/http.hpp"
#include "penstock/json_reader.hpp"
#include "plugins/salesforce/api.h"

namespace penstock::salesforce {

struct FieldInfo {
  std::string name, label, type;  // type: Salesforce's own word, "picklist"
  uint32_t length = 0;            // characters; 0: not limited or not told
  int scale = 0;                  // digits behind the point
  bool createable = false, updateable = false, nillable = false, defaulted = false;
  bool external_id = false, id_lookup = false, unique = false, case_sensitive = false;
  bool restricted = false;  // only values of the picklist
  bool calculated = false, auto_number = false;
  std::vector<std::string> picklist;      // active values
  std::vector<std::string> reference_to;  // objects that it can point to
  std::string relationship;               // of references: the name in front of the dot

  // Creation fails without it.
  bool required() const { return createable && !nillable && !defaulted; }
  // Can tell records apart when an upsert, or a reference from another object, names its value.
  // Its name then stands in paths, queries and columns as it is.
  bool identifies() const { return (external_id || id_lookup) && name != "Id" && IsApiName(name); }
};

struct ObjectInfo {
  std::string name, label;
  bool createable = false, updateable = false, deletable = false;
  std::vector<FieldInfo> fields;
  std::map<std::string, std::string> record_types;  // developer name to id, those the user may use

  const FieldInfo* Find(std::string_view field) const;
  // The reference whose relationship is called so.
  const FieldInfo* FindRelationship(std::string_view relationship) const;
};

// A field that stands for a reference: "Account.Ext__c", or, where the reference can point to
// several objects, "Who:Contact.Ext__c".
struct RelationName {
  std::string relationship;  // "Who"
  std::string object;        // "Contact"; empty where there is only one
  std::string field;         // "Ext__c"
};
std::optional<RelationName> ParseRelation(std::string_view name);

// "RecordType.DeveloperName": stands for RecordTypeId.
inline constexpr char kRecordTypeField[] = "RecordType.DeveloperName";

// The type of the catalog for a field of Salesforce.
sdk::FieldType TypeOf(const FieldInfo& field);

// Describes objects, and keeps what it learned for writers. [thread-safe]
class Schemas {
 public:
  using Infos = std::map<std::string, std::shared_ptr<const ObjectInfo>>;

  Schemas(sdk::Http http, Api api) : http_(http), api_(std::move(api)) {}

  // All of `names` that there are, asked anew; what there is none of, or is not permitted to the
  // user, is left out. INVALID_CONFIG for a version that is not offered. Blocks.
  sdk::Result<Infos> Describe(sdk::Call call, const std::vector<std::string>& names);
  // One object, from memory if it was described before. NOT_FOUND when there is none. Blocks.
  sdk::Result<std::shared_ptr<const ObjectInfo>> Get(sdk::Call call, const std::string& name);
  // Names of the objects whose records can be written by this user. Blocks.
  sdk::Result<std::vector<std::string>> WritableObjects(sdk::Call call);
  // Whether the organization offers the configured version, asked when nothing was found at its
  // addresses: INVALID_CONFIG if it says that it does not. Blocks.
  sdk::Status CheckVersion(sdk::Call call);

 private:
  sdk::Http http_;
  Api api_;
  std::mutex mutex_;
  Infos known_;
};

}  // namespace penstock::salesforce
