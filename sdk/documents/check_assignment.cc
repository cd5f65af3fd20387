#include <algorithm>
#include <map>
#include <set>

#include "penstock/documents.hpp"

namespace penstock::sdk {
namespace {

Failure Refused(penstock_status status, const char* code, std::string sentence) {
  return {status, std::string("connector.") + code, std::move(sentence), 0};
}

std::string NamesOf(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

bool HasIdentifier(const Operation& operation, std::vector<std::string> identifier) {
  std::sort(identifier.begin(), identifier.end());
  return std::any_of(operation.identifiers.begin(), operation.identifiers.end(),
                     [&](std::vector<std::string> known) {
                       std::sort(known.begin(), known.end());
                       return known == identifier;
                     });
}

Status CheckOperation(const Object& object, const Assignment& assignment) {
  const auto operation = object.operations.find(assignment.operation);
  if (operation == object.operations.end()) {
    return Refused(PENSTOCK_E_UNSUPPORTED, "UNKNOWN_OPERATION",
                   "object " + object.name + " has no operation " + assignment.operation);
  }
  // An insert without identifiers takes any key: the destination does not look at it.
  const bool any_key = operation->second.identifiers.empty() && assignment.operation == "insert";
  if (!any_key && !HasIdentifier(operation->second, assignment.identifier)) {
    return Refused(PENSTOCK_E_UNSUPPORTED, "UNKNOWN_IDENTIFIER",
                   "object " + object.name + " cannot identify records of " + assignment.operation +
                       " by " + NamesOf(assignment.identifier));
  }
  return {};
}

// Of two fields that set the same nobody could say which one is meant.
Status CheckSetOnce(const Object& object, const Assignment& assignment) {
  std::map<std::string, std::string> by_target;
  for (const Assignment::AssignedField& assigned : assignment.fields) {
    const Field* field = object.FindField(assigned.name);
    if (field == nullptr) continue;
    const auto [other, fresh] = by_target.emplace(field->target(), field->name);
    if (fresh) continue;
    return Refused(PENSTOCK_E_INVALID_CONFIG, "SET_TWICE",
                   other->second + " and " + field->name + " both set " + field->target() + " of " +
                       object.name + "; map one of them");
  }
  return {};
}

// Without its key no record can be told from another; what creation needs must be there, since a
// record without it could only be refused.
Status CheckRequired(const Object& object, const Assignment& assignment) {
  for (const std::string& name : assignment.identifier) {
    if (assignment.FieldIndex(name)) continue;
    return Refused(PENSTOCK_E_INVALID_ARGUMENT, "KEY_FIELD",
                   "the key " + name + " of object " + object.name +
                       " is not among the fields of the assignment");
  }
  if (assignment.operation != "insert" && assignment.operation != "upsert") return {};
  std::set<std::string> set;
  for (const Assignment::AssignedField& assigned : assignment.fields) {
    const Field* field = object.FindField(assigned.name);
    set.insert(field == nullptr ? assigned.name : field->target());
  }
  for (const Field& field : object.fields) {
    if (!field.required || set.count(field.name) > 0) continue;
    return Refused(PENSTOCK_E_INVALID_ARGUMENT, "REQUIRED_FIELD",
                   "object " + object.name + " requires the field " + field.name +
                       " on creation, and it is not mapped");
  }
  return {};
}

}  // namespace

std::optional<size_t> Assignment::FieldIndex(std::string_view name) const {
  for (size_t i = 0; i < fields.size(); ++i) {
    if (fields[i].name == name) return i;
  }
  return std::nullopt;
}

std::vector<size_t> Assignment::KeyFields() const {
  std::vector<size_t> places;
  for (const std::string& name : identifier) {
    const std::optional<size_t> place = FieldIndex(name);
    if (!place) return {};
    places.push_back(*place);
  }
  return places;
}

Status CheckAssignment(const Catalog& catalog, const Assignment& assignment) {
  const Object* object = catalog.FindObject(assignment.object);
  if (object == nullptr) {
    return Refused(PENSTOCK_E_NOT_FOUND, "UNKNOWN_OBJECT",
                   "the account has no object " + assignment.object);
  }
  for (const Assignment::AssignedField& field : assignment.fields) {
    // The destination id is no field of the catalog.
    const bool is_id = field.key && field.name == "id";
    if (is_id || object->FindField(field.name) != nullptr) continue;
    return Refused(PENSTOCK_E_NOT_FOUND, "UNKNOWN_FIELD",
                   "object " + object->name + " has no field " + field.name);
  }
  if (assignment.operation == "lookup") return {};
  Status operation = CheckOperation(*object, assignment);
  if (!operation.ok()) return operation;
  Status required = CheckRequired(*object, assignment);
  return required.ok() ? CheckSetOnce(*object, assignment) : required;
}

bool IsAskedFor(const std::vector<std::string>& objects, std::string_view name) {
  return objects.empty() || std::find(objects.begin(), objects.end(), name) != objects.end();
}

}  // namespace penstock::sdk
