#include "plugins/salesforce/sandbox/drafts.h"

namespace penstock::sandbox::salesforce {
namespace {

ApiError WrongType(const char* type, const Json& json, std::string_view body) {
  const std::string value = json.kind == Json::Kind::kFalse  ? "false"
                            : json.kind == Json::Kind::kTrue ? "true"
                                                             : json.text;
  return BadJson(std::string("Cannot deserialize instance of ") + type + " from " +
                 json.TokenName() + " value " + value +
                 " or request may be missing a required field at " + PlaceOf(body, json.end));
}

// The object that a reference by another record's value means.
Object* TargetOf(const Org& org, const Field& reference, std::string_view type) {
  for (const std::string& name : reference.references) {
    Object* object = org.Find(name);
    if (type.empty() ? reference.references.size() == 1 : object == org.Find(type)) return object;
  }
  return nullptr;
}

// {"Ext__c": "A1"} of a relationship.
std::optional<ApiError> ReadForeign(const Org& org, const Object& object, const Field& reference,
                                    const Json& json, std::string_view body, Draft* draft) {
  if (!json.IsObject()) return WrongType(reference.references.front().c_str(), json, body);
  std::string type;
  if (const Json* attributes = json.Find("attributes")) {
    if (const std::string* text = attributes->FindText("type")) type = *text;
  }
  Foreign foreign;
  foreign.reference = &reference;
  foreign.target = TargetOf(org, reference, type);
  if (foreign.target == nullptr) {
    return ApiError{400,
                    "INVALID_FIELD",
                    "Cannot resolve the type of " + reference.relationship +
                        " on sobject of type " + object.name() +
                        ": attributes.type must be one of its referenceTo",
                    {}};
  }
  std::size_t keys = 0;
  for (const auto& [name, value] : json.members) {
    if (name == "attributes") continue;
    ++keys;
    foreign.key = foreign.target->schema.Find(name);
    if (foreign.key == nullptr) return NoColumn(name, foreign.target->name());
    std::optional<std::string> text;
    if (foreign.key->type == Type::kId || !TakeJson(*foreign.key, value, &text) || !text) {
      return WrongType(TypeName(foreign.key->type), value, body);
    }
    if (CheckValue(*foreign.key, &text) || !text) text = value.text;
    foreign.value = *text;
  }
  if (keys != 1) {
    return ApiError{400,
                    "INVALID_FIELD",
                    "More than 1 field provided in an external foreign key reference in entity: " +
                        foreign.target->name(),
                    {}};
  }
  if (!IsKey(*foreign.key)) {
    return ApiError{
        400,
        "INVALID_FIELD",
        foreign.key->name + " is not an External ID or indexed field for " + foreign.target->name(),
        {}};
  }
  draft->foreign.push_back(std::move(foreign));
  return std::nullopt;
}

}  // namespace

bool IsKey(const Field& field) { return field.id_lookup || field.external_id; }

std::optional<ApiError> ReadDraft(const Org& org, const Object& object, const Json& json,
                                  std::string_view body, Draft* draft) {
  if (!json.IsObject()) return WrongType(object.name().c_str(), json, body);
  for (const auto& [name, value] : json.members) {
    if (name == "attributes") continue;
    const Field* field = object.schema.Find(name);
    if (field != nullptr && field->type == Type::kId) continue;
    if (field == nullptr) {
      const Field* reference = object.schema.FindRelationship(name);
      if (reference == nullptr) return NoColumn(name, object.name());
      if (auto error = ReadForeign(org, object, *reference, value, body, draft)) return error;
      continue;
    }
    Offer offer{field, std::nullopt};
    if (!TakeJson(*field, value, &offer.text)) {
      return WrongType(TypeName(field->type), value, body);
    }
    draft->offers.push_back(std::move(offer));
  }
  return std::nullopt;
}

bool ReadColumn(const Org& org, const Object& object, const std::string& name, Column* column) {
  column->name = name;
  const std::size_t dot = name.find('.');
  if (dot == name.npos) {
    column->field = object.schema.Find(name);
    return column->field != nullptr;
  }
  std::string relationship = name.substr(0, dot), type;
  if (const std::size_t colon = relationship.find(':'); colon != relationship.npos) {
    type = relationship.substr(0, colon);
    relationship.erase(0, colon + 1);
  }
  column->reference = object.schema.FindRelationship(relationship);
  if (column->reference == nullptr) return false;
  // The type is said if and only if there are several.
  if (type.empty() != (column->reference->references.size() == 1)) return false;
  column->target = TargetOf(org, *column->reference, type);
  if (column->target == nullptr) return false;
  column->key = column->target->schema.Find(name.substr(dot + 1));
  return column->key != nullptr && column->key->type != Type::kId && IsKey(*column->key);
}

std::optional<RecordError> ReadRow(const std::vector<Column>& columns,
                                   const std::vector<std::string>& cells, Draft* draft) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const Column& column = columns[i];
    const std::string& cell = cells[i];
    if (column.field != nullptr && column.field->type == Type::kId) {
      draft->id = cell;
      if (column.field == draft->key) draft->key_value = cell;
      continue;
    }
    if (cell.empty()) continue;
    if (column.reference != nullptr) {
      // "#N/A" is no way to clear a reference here: that is looked for like any other key.
      std::optional<std::string> text = cell;
      if (CheckValue(*column.key, &text) || !text) text = cell;
      draft->foreign.push_back({column.reference, column.target, column.key, *text});
      continue;
    }
    Offer offer{column.field, std::nullopt};
    const bool null = cell == "#N/A";
    if (!null && !TakeCsv(*column.field, cell, &offer.text.emplace())) {
      return RecordError{"INVALID_TYPE_ON_FIELD_IN_RECORD",
                         column.field->label + ": value not of required type: " + cell,
                         {column.field->name}};
    }
    if (column.field == draft->key) draft->key_value = offer.text;
    draft->offers.push_back(std::move(offer));
  }
  return std::nullopt;
}

WriteOptions OptionsOf(const Request& request) {
  WriteOptions options;
  const std::string rule = Lower(request.Header("Sforce-Duplicate-Rule-Header"));
  options.allow_duplicates = rule.find("allowsave=true") != rule.npos;
  options.assign = Lower(request.Header("Sforce-Auto-Assign")) != "false";
  return options;
}

}  // namespace penstock::sandbox::salesforce
