#include "plugins/salesforce/catalog.h"

#include <algorithm>

#include "plugins/salesforce/options.h"

namespace penstock::salesforce {

using sdk::Field;
using sdk::FieldType;
using sdk::Normaliser;

namespace {

std::string WhyReadOnly(const FieldInfo& info) {
  if (info.createable || info.updateable) return {};
  if (info.auto_number) return "Salesforce numbers its records itself";
  if (info.calculated) return "a formula or a roll-up summary calculates it";
  if (info.type == "address" || info.type == "location") {
    return "it is made up of other fields; map those";
  }
  return "Salesforce keeps it itself, or field-level security lets this "
         "user only read it";
}

// How Salesforce changes a value before it compares.
std::vector<Normaliser> NormalisersOf(const FieldInfo& info) {
  if (TypeOf(info) != FieldType::kString) return {};
  if (info.type == "email") return {Normaliser::kTrim, Normaliser::kLower};
  return {Normaliser::kTrim};
}

void SetType(const FieldInfo& info, Field* field) {
  field->type = TypeOf(info);
  if (field->type == FieldType::kList) {
    field->multiple = true;
  } else if (field->type == FieldType::kString) {
    field->max_length = info.length;
  }
  if (info.restricted && (info.type == "picklist" || info.type == "multipicklist")) {
    field->allowed = info.picklist;
  }
}

Field FieldOf(const FieldInfo& info) {
  Field field;
  field.name = info.name;
  field.label = info.label;
  SetType(info, &field);
  field.createable = info.createable;
  field.updateable = info.updateable;
  field.required = info.required();
  field.unique = info.unique;
  if (info.identifies() || info.unique) field.normalisers = NormalisersOf(info);
  field.read_only_because = WhyReadOnly(info);
  return field;
}

Field RecordTypeField(const ObjectInfo& info, const FieldInfo& reference) {
  Field field;
  field.name = kRecordTypeField;
  field.sets = reference.name;
  field.label = "Record type, by developer name";
  for (const auto& [name, id] : info.record_types) field.allowed.push_back(name);
  field.createable = reference.createable;
  field.updateable = reference.updateable;
  field.read_only_because = WhyReadOnly(reference);
  return field;
}

bool CanBeKey(const FieldInfo& info) {
  const FieldType type = TypeOf(info);
  return info.identifies() && (type == FieldType::kString || type == FieldType::kInteger);
}

void SetOperations(const ObjectInfo& info, sdk::Object* object) {
  std::vector<std::vector<std::string>> creating, existing = {{"id"}};
  for (const FieldInfo& field : info.fields) {
    if (!CanBeKey(field)) continue;
    existing.push_back({field.name});
    if (field.createable) creating.push_back({field.name});
  }
  if (info.createable && info.updateable && !creating.empty()) {
    object->operations["upsert"] = {creating, true, true};
  }
  if (info.createable && !creating.empty()) object->operations["insert"] = {creating, false, true};
  if (info.updateable) object->operations["update"] = {existing, true, true};
  if (info.deletable) object->operations["delete"] = {existing, true, true};
}

// Objects that writable references of `info` point to.
void AddTargets(const ObjectInfo& info, std::vector<std::string>* targets) {
  for (const FieldInfo& field : info.fields) {
    if (!field.createable && !field.updateable) continue;
    for (const std::string& target : field.reference_to) targets->push_back(target);
  }
}

void AddRelations(const ObjectInfo& info, const Schemas::Infos& known, sdk::Object* object) {
  for (const FieldInfo& field : info.fields) {
    if (field.relationship.empty() || (!field.createable && !field.updateable)) continue;
    if (field.name == "RecordTypeId") {
      if (!info.record_types.empty()) object->fields.push_back(RecordTypeField(info, field));
      continue;
    }
    for (const std::string& target : field.reference_to) {
      const auto at = known.find(target);
      if (at == known.end()) continue;
      const std::string prefix =
          field.relationship + (field.reference_to.size() > 1 ? ":" + target : "") + ".";
      for (const FieldInfo& key : at->second->fields) {
        if (CanBeKey(key)) object->fields.push_back(RelationField(field, prefix + key.name, key));
      }
    }
  }
}

}  // namespace

sdk::Object ObjectOf(const ObjectInfo& info) {
  sdk::Object object;
  object.name = info.name;
  object.label = info.label;
  for (const FieldInfo& field : info.fields) {
    if (field.name != "Id") object.fields.push_back(FieldOf(field));
  }
  SetOperations(info, &object);
  object.limits = {5 * kMaxRecords, kMaxRecords, 2};
  object.options_schema = OptionsSchema(info.name);
  object.jobs = JobsWays();
  return object;
}

Field RelationField(const FieldInfo& reference, const std::string& name, const FieldInfo& target) {
  Field field;
  field.name = name;
  field.sets = reference.name;
  field.label = reference.label + ", by " + target.label;
  field.type = TypeOf(target);
  if (field.type == FieldType::kString) field.max_length = target.length;
  field.createable = reference.createable;
  field.updateable = reference.updateable;
  return field;
}

sdk::Result<sdk::Catalog> DiscoverObjects(Schemas* schemas, sdk::Call call,
                                          const std::vector<std::string>& objects) {
  std::vector<std::string> names = objects;
  if (names.empty()) {
    sdk::Result<std::vector<std::string>> writable = schemas->WritableObjects(call);
    if (!writable.ok()) return writable.failure();
    names = *std::move(writable);
  }
  sdk::Result<Schemas::Infos> described = schemas->Describe(call, names);
  if (!described.ok()) return described.failure();
  // What the references point to, as far as it is not there already.
  Schemas::Infos known = *described;
  std::vector<std::string> targets, missing;
  for (const auto& [name, info] : *described) AddTargets(*info, &targets);
  for (const std::string& target : targets) {
    if (known.count(target) == 0) missing.push_back(target);
  }
  sdk::Result<Schemas::Infos> others = schemas->Describe(call, missing);
  if (!others.ok()) return others.failure();
  known.insert(others->begin(), others->end());
  sdk::Catalog catalog;
  for (const auto& [name, info] : *described) {
    sdk::Object object = ObjectOf(*info);
    if (object.operations.empty()) continue;
    AddRelations(*info, known, &object);
    catalog.objects.push_back(std::move(object));
  }
  return catalog;
}

}  // namespace penstock::salesforce
