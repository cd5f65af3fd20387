// Reads the YAML of an org. Everything that is not known is refused, with its line.
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <functional>
#include <set>

#include "plugins/salesforce/sandbox/schema.h"

namespace penstock::sandbox::salesforce {
namespace {

// What is wrong, and where.
struct Wrong {
  std::string what;
  int line;
};

[[noreturn]] void Fail(const YAML::Node& node, const std::string& what) {
  throw Wrong{what, node.Mark().line + 1};
}

// The same of one of its parts, whose name stands in quotes.
[[noreturn]] void Fail(const YAML::Node& node, std::string what, const std::string& name) {
  what.append(" \"").append(name).append("\"");
  Fail(node, what);
}

// Calls the reader of each key of a map; others are refused.
using Keys = std::map<std::string, std::function<void(const YAML::Node&)>>;
void ReadMap(const YAML::Node& node, const std::string& what, const Keys& keys) {
  if (!node.IsMap()) Fail(node, what + " must be a map");
  const std::string unknown = what + " has the unknown key";
  const std::string wrong = what + " has a value of the wrong type for";
  for (const auto& pair : node) {
    const auto key = pair.first.as<std::string>();
    const auto found = keys.find(key);
    if (found == keys.end()) Fail(pair.first, unknown, key);
    try {
      found->second(pair.second);
    } catch (const YAML::Exception&) {
      Fail(pair.second, wrong, key);
    }
  }
}

template <typename Value>
std::function<void(const YAML::Node&)> Into(Value* value) {
  return [value](const YAML::Node& node) { *value = node.as<Value>(); };
}

const std::map<std::string, Type>& Types() {
  static const std::map<std::string, Type> types = [] {
    std::map<std::string, Type> made;
    for (int type = 0; type <= static_cast<int>(Type::kReference); ++type) {
      if (static_cast<Type>(type) == Type::kId) continue;
      made[TypeName(static_cast<Type>(type))] = static_cast<Type>(type);
    }
    return made;
  }();
  return types;
}

int DefaultLength(Type type) {
  switch (type) {
    case Type::kEmail:
      return 80;
    case Type::kPhone:
      return 40;
    case Type::kMultiPicklist:
      return 4099;
    case Type::kReference:
    case Type::kId:
      return 18;
    default:
      return IsText(type) ? 255 : 0;
  }
}

Field SystemField(const char* name, const char* label, Type type) {
  Field field;
  field.name = name;
  field.label = label;
  field.type = type;
  field.source = Source::kSystem;
  field.length = DefaultLength(type);
  field.createable = field.updateable = false;
  field.required = true;
  return field;
}

Field Reference(Field field, std::string to, std::string relationship) {
  field.references = {std::move(to)};
  field.relationship = std::move(relationship);
  return field;
}

void AddSystemFields(ObjectSchema* object) {
  std::vector<Field> fields = {SystemField("Id", "Record ID", Type::kId),
                               SystemField("IsDeleted", "Deleted", Type::kBoolean)};
  fields[0].id_lookup = true;
  if (object->owned) {
    Field owner = Reference(SystemField("OwnerId", "Owner ID", Type::kReference), "User", "Owner");
    owner.source = Source::kStored;
    owner.createable = owner.updateable = true;
    fields.push_back(owner);
  }
  if (!object->record_types.empty()) {
    Field type = Reference(SystemField("RecordTypeId", "Record Type ID", Type::kReference),
                           "RecordType", "RecordType");
    type.source = Source::kStored;
    type.createable = type.updateable = true;
    type.required = false;
    fields.push_back(type);
  }
  fields.insert(fields.end(), object->fields.begin(), object->fields.end());
  fields.push_back(SystemField("CreatedDate", "Created Date", Type::kDateTime));
  fields.push_back(Reference(SystemField("CreatedById", "Created By ID", Type::kReference), "User",
                             "CreatedBy"));
  fields.push_back(SystemField("LastModifiedDate", "Last Modified Date", Type::kDateTime));
  fields.push_back(
      Reference(SystemField("LastModifiedById", "Last Modified By ID", Type::kReference), "User",
                "LastModifiedBy"));
  fields.push_back(SystemField("SystemModstamp", "System Modstamp", Type::kDateTime));
  object->fields = std::move(fields);
}

void CheckField(const YAML::Node& node, const std::string& what, Field* field) {
  const bool reference = field->type == Type::kReference;
  if (reference && (field->references.empty() || field->relationship.empty())) {
    Fail(node, what + " is a reference: it needs \"to\" and \"relationship\"");
  }
  if (!reference && !field->references.empty()) {
    Fail(node, what + " has \"to\" and is no reference");
  }
  const bool picklist = field->type == Type::kPicklist || field->type == Type::kMultiPicklist;
  if (picklist == field->choices.empty()) {
    Fail(node, what + (picklist ? " needs \"values\"" : " has \"values\" and is no picklist"));
  }
  if (field->length == 0) field->length = DefaultLength(field->type);
  if (field->length < 0) Fail(node, what + " has a length below 0");
  if (IsNumber(field->type) && field->precision == 0) field->precision = 18;
  if (field->type == Type::kInt) field->precision = 0;
  if (field->scale < 0 || field->scale > field->precision || field->precision > 18) {
    Fail(node, what + " needs 0 <= scale <= precision <= 18");
  }
  if (field->unique && !field->external_id && field->type != Type::kString &&
      field->type != Type::kEmail && !IsNumber(field->type)) {
    Fail(node, what + " cannot be unique");
  }
}

Field ReadField(const std::string& name, const YAML::Node& node) {
  Field field;
  field.name = field.label = name;
  const std::string what = "field " + name;
  bool writable = true, calculated = false;
  const Keys keys = {
      {"type",
       [&](const YAML::Node& type) {
         const auto found = Types().find(type.as<std::string>());
         if (found == Types().end()) Fail(type, what + " has an unknown type");
         field.type = found->second;
       }},
      {"label", Into(&field.label)},
      {"length", Into(&field.length)},
      {"precision", Into(&field.precision)},
      {"scale", Into(&field.scale)},
      {"required", Into(&field.required)},
      {"external_id", Into(&field.external_id)},
      {"id_lookup", Into(&field.id_lookup)},
      {"unique", Into(&field.unique)},
      {"restricted", Into(&field.restricted)},
      {"writable", Into(&writable)},
      {"calculated", Into(&calculated)},
      {"default", [&](const YAML::Node& value) { field.default_value = value.as<std::string>(); }},
      {"values",
       [&](const YAML::Node& values) {
         for (const auto& value : values) field.choices.push_back({value.as<std::string>(), true});
       }},
      {"inactive",
       [&](const YAML::Node& values) {
         for (const auto& value : values) field.choices.push_back({value.as<std::string>(), false});
       }},
      {"to", Into(&field.references)},
      {"relationship", Into(&field.relationship)},
      {"joins", Into(&field.joins)},
  };
  ReadMap(node, what, keys);
  if (!writable || calculated || !field.joins.empty()) {
    field.createable = field.updateable = false;
  }
  if (calculated) field.source = Source::kFormula;
  if (!field.joins.empty()) field.source = Source::kJoined;
  if (field.type == Type::kBoolean) field.required = true;
  if (field.type == Type::kBoolean && !field.default_value) field.default_value = "false";
  if (field.external_id) field.id_lookup = true;
  CheckField(node, what, &field);
  return field;
}

RecordType ReadRecordType(const YAML::Node& node) {
  RecordType type;
  ReadMap(node, "a record type",
          {{"name", Into(&type.name)},
           {"developer_name", Into(&type.developer_name)},
           {"default", Into(&type.is_default)},
           {"active", Into(&type.active)}});
  if (type.name.empty() || type.developer_name.empty()) {
    Fail(node, "a record type needs \"name\" and \"developer_name\"");
  }
  return type;
}

ObjectSchema ReadObject(const std::string& name, const YAML::Node& node) {
  ObjectSchema object;
  object.name = object.label = name;
  const std::string what = "object " + name;
  ReadMap(node, what,
          {{"label", Into(&object.label)},
           {"prefix", Into(&object.prefix)},
           {"owned", Into(&object.owned)},
           {"assignment_rule", Into(&object.assignment_rule)},
           {"record_types",
            [&](const YAML::Node& types) {
              for (const auto& type : types) object.record_types.push_back(ReadRecordType(type));
            }},
           {"fields", [&](const YAML::Node& fields) {
              for (const auto& field : fields) {
                object.fields.push_back(ReadField(field.first.as<std::string>(), field.second));
              }
            }}});
  if (object.prefix.size() != 3) Fail(node, what + " needs a \"prefix\" of three characters");
  const std::string missing = what + " lacks the field";
  for (const Field& field : object.fields) {
    for (const std::string& part : field.joins) {
      if (object.Find(part) == nullptr) Fail(node, missing, part);
    }
  }
  AddSystemFields(&object);
  for (const Field& field : object.fields) {
    if (object.Find(field.name) != &field) Fail(node, what + " has twice the field", field.name);
  }
  return object;
}

Field Plain(const char* name, const char* label, Type type, int length) {
  Field field;
  field.name = name;
  field.label = label;
  field.type = type;
  field.length = length > 0 ? length : DefaultLength(type);
  field.createable = field.updateable = false;
  return field;
}

// An object that every org has of itself.
ObjectSchema OwnObject(const char* name, const char* label, const char* prefix,
                       std::vector<Field> fields) {
  ObjectSchema object;
  object.name = name;
  object.label = label;
  object.prefix = prefix;
  object.owned = object.createable = false;
  object.fields = std::move(fields);
  AddSystemFields(&object);
  return object;
}

void AddOwnObjects(OrgSchema* org) {
  std::vector<Field> user = {
      Plain("Username", "Username", Type::kString, 80),
      Plain("FirstName", "First Name", Type::kString, 40),
      Plain("LastName", "Last Name", Type::kString, 80),
      Plain("Name", "Full Name", Type::kString, 121),
      Plain("Email", "Email", Type::kEmail, 128),
      Plain("IsActive", "Active", Type::kBoolean, 0),
      Plain("FederationIdentifier", "SAML Federation ID", Type::kString, 512)};
  user[0].unique = user[0].id_lookup = true;
  user[3].source = Source::kJoined;
  user[3].joins = {"FirstName", "LastName"};
  user[4].id_lookup = true;
  org->objects.push_back(OwnObject("User", "User", "005", std::move(user)));
  org->objects.push_back(
      OwnObject("Organization", "Organization", "00D",
                {Plain("Name", "Name", Type::kString, 80),
                 Plain("OrganizationType", "Edition", Type::kPicklist, 40),
                 Plain("InstanceName", "Instance Name", Type::kString, 5),
                 Plain("IsSandbox", "Is Sandbox", Type::kBoolean, 0),
                 Plain("NamespacePrefix", "Namespace Prefix", Type::kString, 15),
                 Plain("TrialExpirationDate", "Trial Expiration Date", Type::kDateTime, 0)}));
  org->objects.push_back(OwnObject("RecordType", "Record Type", "012",
                                   {Plain("Name", "Name", Type::kString, 80),
                                    Plain("DeveloperName", "Record Type Name", Type::kString, 80),
                                    Plain("SobjectType", "SObject Type Name", Type::kString, 40),
                                    Plain("IsActive", "Active", Type::kBoolean, 0)}));
}

void CheckReferences(const YAML::Node& root, const OrgSchema& org) {
  std::set<std::string> names, prefixes;
  for (const ObjectSchema& object : org.objects) {
    if (!names.insert(object.name).second || !prefixes.insert(object.prefix).second) {
      Fail(root, "name and prefix of object " + object.name + " must be its own");
    }
  }
  for (const ObjectSchema& object : org.objects) {
    for (const Field& field : object.fields) {
      for (const std::string& to : field.references) {
        if (!names.contains(to)) {
          Fail(root, object.name + "." + field.name + " refers to " + to + ", which is not there");
        }
      }
    }
  }
}

void ReadRoot(const YAML::Node& root, OrgSchema* org) {
  ReadMap(root, "the schema",
          {{"org",
            [&](const YAML::Node& node) {
              ReadMap(node, "org",
                      {{"name", Into(&org->name)},
                       {"type", Into(&org->type)},
                       {"instance", Into(&org->instance)}});
            }},
           {"users", Into(&org->users)},
           {"objects", [&](const YAML::Node& objects) {
              for (const auto& object : objects) {
                org->objects.push_back(ReadObject(object.first.as<std::string>(), object.second));
              }
            }}});
  if (org->users.empty()) Fail(root, "the schema needs at least one of \"users\"");
  for (const auto& user : org->users) {
    if (!user.contains("Username") || !user.contains("LastName")) {
      Fail(root, "a user needs Username and LastName");
    }
  }
  AddOwnObjects(org);
  const auto own = std::find_if(org->objects.begin(), org->objects.end(),
                                [](const ObjectSchema& one) { return one.name == "User"; });
  for (const auto& user : org->users) {
    for (const auto& [name, value] : user) {
      const Field* field = own->Find(name);
      if (field == nullptr || field->source != Source::kStored || field->name != name) {
        Fail(root, "a user has no field", name);
      }
    }
  }
  CheckReferences(root, *org);
}

}  // namespace

bool ReadSchema(const std::string& yaml, const std::string& source, OrgSchema* org,
                std::string* error) {
  try {
    ReadRoot(YAML::Load(yaml), org);
    return true;
  } catch (const Wrong& wrong) {
    *error = source + ":" + std::to_string(wrong.line) + ": " + wrong.what + ".";
  } catch (const YAML::Exception& wrong) {
    *error = source + ":" + std::to_string(wrong.mark.line + 1) + ": " + wrong.msg + ".";
  }
  return false;
}

}  // namespace penstock::sandbox::salesforce
