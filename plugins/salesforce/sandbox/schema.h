// What an org has: objects, their fields, record types, users. Read once from YAML.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::sandbox::salesforce {

enum class Type {
  kId,
  kString,
  kEmail,
  kPhone,
  kUrl,
  kTextArea,
  kPicklist,
  kMultiPicklist,
  kBoolean,
  kInt,
  kDouble,
  kCurrency,
  kPercent,
  kDate,
  kDateTime,
  kReference,
};

// "string", as describe and the YAML have it.
const char* TypeName(Type type);
bool IsText(Type type);
// int, double, currency, percent.
bool IsNumber(Type type);

// Who fills a field.
enum class Source {
  kStored,   // a value of the record
  kSystem,   // from the record's stamps
  kJoined,   // texts of other fields
  kFormula,  // nothing: formulas are not computed
};

struct Choice {
  std::string value;
  bool active = true;
};

struct Field {
  std::string name, label;
  Type type = Type::kString;
  Source source = Source::kStored;
  int length = 0;  // UTF-16 units
  int precision = 0, scale = 0;
  bool required = false;  // a record must have a value
  bool createable = true, updateable = true;
  bool external_id = false, id_lookup = false, unique = false;
  bool restricted = false;
  std::optional<std::string> default_value;
  std::vector<Choice> choices;
  std::vector<std::string> references;  // names of objects
  std::string relationship;             // "Account" of AccountId
  std::vector<std::string> joins;

  bool custom() const { return name.ends_with("__c"); }
};

struct RecordType {
  std::string name, developer_name;
  bool is_default = false, active = true;
  std::string id;  // of its RecordType row
};

struct ObjectSchema {
  std::string name, label, prefix;
  bool owned = true;
  bool assignment_rule = false;          // an active one changes the owner
  bool createable = true;                // false: rows of the org itself
  std::vector<Field> fields;             // in the order of describe
  std::vector<RecordType> record_types;  // without the master

  // Names are matched in any case, as the vendor does; nullptr if there is none.
  const Field* Find(std::string_view field) const;
  // The reference whose relationship has that name.
  const Field* FindRelationship(std::string_view relationship) const;
  // The field that a person would call the record by.
  const Field* NameField() const;
};

struct OrgSchema {
  std::string name, type, instance;
  std::vector<std::map<std::string, std::string>> users;  // values of their rows
  std::vector<ObjectSchema> objects;
};

// Reads the YAML text; `source` is what messages call it. False with a sentence in `error`.
bool ReadSchema(const std::string& yaml, const std::string& source, OrgSchema* org,
                std::string* error);

}  // namespace penstock::sandbox::salesforce
