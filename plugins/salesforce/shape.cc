#include "plugins/salesforce/shape.h"

#include <map>

#include "plugins/salesforce/catalog.h"

namespace penstock::salesforce {

using sdk::Assignment;
using sdk::Failure;
using sdk::Status;

namespace {

bool ParseVerb(const std::string& operation, Verb* verb) {
  static const std::map<std::string, Verb> kVerbs = {{"upsert", Verb::kUpsert},
                                                     {"insert", Verb::kInsert},
                                                     {"update", Verb::kUpdate},
                                                     {"delete", Verb::kDelete}};
  const auto at = kVerbs.find(operation);
  if (at == kVerbs.end()) return false;
  *verb = at->second;
  return true;
}

// The reference that a dotted name stands for; null when the object has none, or when it names no
// object, or another than the reference can point to.
const FieldInfo* ReferenceOf(const ObjectInfo& object, const RelationName& relation) {
  const FieldInfo* reference = object.FindRelationship(relation.relationship);
  if (reference == nullptr) return nullptr;
  if (relation.object.empty()) return reference->reference_to.size() == 1 ? reference : nullptr;
  for (const std::string& target : reference->reference_to) {
    if (target == relation.object && reference->reference_to.size() > 1) return reference;
  }
  return nullptr;
}

// The catalog of this one object, with those fields of references that are assigned: whether the
// other object has such a field was asked when the catalog was made, and shows again when writing.
sdk::Catalog CatalogFor(const ObjectInfo& info, const Assignment& assignment) {
  sdk::Catalog catalog;
  sdk::Object object = ObjectOf(info);
  for (const Assignment::AssignedField& field : assignment.fields) {
    if (info.Find(field.name) != nullptr) continue;
    const auto relation = ParseRelation(field.name);
    const FieldInfo* reference = field.name == kRecordTypeField ? info.Find("RecordTypeId")
                                 : relation                     ? ReferenceOf(info, *relation)
                                                                : nullptr;
    if (reference == nullptr) continue;
    sdk::Field known;
    known.name = field.name;
    known.sets = reference->name;
    object.fields.push_back(std::move(known));
  }
  catalog.objects.push_back(std::move(object));
  return catalog;
}

SentField SentFieldOf(const ObjectInfo& object, const Assignment::AssignedField& assigned) {
  SentField field;
  field.name = field.target = assigned.name;
  if (assigned.key && assigned.name == "id") {
    field.kind = SentField::Kind::kOmitted;
  } else if (assigned.name == kRecordTypeField) {
    field.kind = SentField::Kind::kRecordType;
    field.target = "RecordTypeId";
  } else if (const FieldInfo* own = object.Find(assigned.name)) {
    field.checkbox = own->type == "boolean";
  } else if (const auto relation = ParseRelation(assigned.name)) {
    field.kind = SentField::Kind::kRelation;
    field.relation = *relation;
    field.target = ReferenceOf(object, *relation)->name;
  }
  return field;
}

}  // namespace

sdk::Result<Shape> MakeShape(std::shared_ptr<const ObjectInfo> object,
                             const Assignment& assignment) {
  Shape shape;
  if (!ParseVerb(assignment.operation, &shape.verb) || assignment.identifier.size() != 1) {
    return Failure{PENSTOCK_E_UNSUPPORTED, "salesforce.UNSUPPORTED",
                   "Salesforce records are upserted, inserted, updated or deleted by one field", 0};
  }
  Status status = sdk::CheckAssignment(CatalogFor(*object, assignment), assignment);
  if (!status.ok()) return status.failure();
  const std::string& identifier = assignment.identifier.front();
  shape.key_index = *assignment.FieldIndex(identifier);
  if (identifier != "id") shape.key = object->Find(identifier);
  for (const Assignment::AssignedField& assigned : assignment.fields) {
    shape.fields.push_back(SentFieldOf(*object, assigned));
  }
  const bool by_id = shape.verb == Verb::kUpdate || shape.verb == Verb::kDelete;
  if (by_id && shape.key != nullptr && !shape.key->updateable) {
    shape.fields[shape.key_index].kind = SentField::Kind::kOmitted;
  }
  shape.object = std::move(object);
  return shape;
}

}  // namespace penstock::salesforce
