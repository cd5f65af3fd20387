#include "plugins/salesforce/sandbox/records.h"

#include <algorithm>

#include "plugins/salesforce/sandbox/ids.h"

namespace penstock::sandbox::salesforce {
namespace {

RecordError InvalidReference() {
  return {"INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id", {}};
}

// What finds the record of an update or upsert in one form: its id, or the value of the key as it
// is kept, folded for comparison; "" if that finds none.
std::string FoldedKey(const Draft& draft) {
  if (draft.key == nullptr || draft.key->type == Type::kId) {
    const std::string& id = draft.key == nullptr ? draft.id : draft.key_value.value_or("");
    return IsId(id) ? LongId(id) : std::string();
  }
  std::optional<std::string> value = draft.key_value;
  if (value) CheckValue(*draft.key, &value);
  return value ? Lower(*value) : std::string();
}

}  // namespace

std::set<std::string> RepeatedKeys(const std::vector<Draft>& drafts) {
  std::set<std::string> seen, repeated;
  for (const Draft& draft : drafts) {
    std::string key = FoldedKey(draft);
    if (!key.empty() && !seen.insert(key).second) repeated.insert(std::move(key));
  }
  return repeated;
}

Result Writer::Write(const Draft& draft) {
  Prepared prepared = Prepare(draft);
  if (prepared.result.ok()) Apply(&prepared);
  return prepared.result;
}

Prepared Writer::Prepare(const Draft& draft) {
  Prepared to;
  if (!FindTarget(draft, &to)) return to;
  if (operation_ == Operation::kDelete || operation_ == Operation::kHardDelete) {
    CheckLocks(&to);
    CheckFaults(&to);
    return to;
  }
  TakeValues(draft, &to);
  TakeForeign(draft, &to);
  if (to.record == nullptr) AddDefaults(&to);
  CheckRequired(&to);
  if (to.result.ok()) CheckUnique(&to);
  if (to.result.ok()) CheckDuplicateRule(&to);
  if (to.result.ok()) CheckLocks(&to);
  if (to.result.ok()) CheckFaults(&to);
  if (!to.result.ok()) return to;
  Assign(&to);
  for (const FieldValue& value : to.values) {
    if (!whole_ || !value.value || !object_.schema.Find(value.name)->unique) continue;
    taken_.try_emplace({value.name, Lower(*value.value)}, to.record);
  }
  return to;
}

// The record that is meant. False: refused.
bool Writer::FindTarget(const Draft& draft, Prepared* to) {
  switch (operation_) {
    case Operation::kInsert:
      if (draft.id.empty()) break;
      to->result.errors.push_back(
          {"INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call", {"Id"}});
      break;
    case Operation::kUpsert:
      if (!draft.id.empty() && draft.key->type != Type::kId) {
        to->result.errors.push_back(
            {"INVALID_FIELD", "The Id field should not be specified in the sobject data.", {"Id"}});
        break;
      }
      FindByKey(draft, to);
      break;
    default:
      if (draft.id.empty()) {
        to->result.errors.push_back(
            {"MISSING_ARGUMENT", "Id not specified in an update call", {"Id"}});
      } else {
        FindById(draft.id, to);
      }
  }
  return to->result.ok();
}

void Writer::FindById(const std::string& id, Prepared* to) {
  to->result.id = id;
  if (!IsId(id)) {
    to->result.errors.push_back({"MALFORMED_ID", "malformed id " + id, {"Id"}});
    return;
  }
  const bool deletes = operation_ == Operation::kDelete || operation_ == Operation::kHardDelete;
  if (!deletes && repeated_.contains(LongId(id))) {
    to->result.errors.push_back(
        {"DUPLICATE_VALUE", "Duplicate id specified: " + LongId(id), {"Id"}});
    return;
  }
  const Object* owner = org_.FindByPrefix(id);
  if (owner != nullptr && owner != &object_) {
    to->result.errors.push_back(InvalidReference());
    return;
  }
  to->record = object_.table->FindById(id);
  if (to->record == nullptr) {
    to->result.errors.push_back(InvalidReference());
  } else if (to->record->archived() && operation_ != Operation::kHardDelete) {
    to->result.errors.push_back({"ENTITY_IS_DELETED", "entity is deleted", {}});
  } else {
    to->result.id = object_.table->Id(*to->record);
  }
}

void Writer::FindByKey(const Draft& draft, Prepared* to) {
  if (draft.key->type == Type::kId) {
    if (draft.key_value && !draft.key_value->empty()) FindById(*draft.key_value, to);
    return;
  }
  std::optional<std::string> value = draft.key_value;
  if (value) {
    if (auto error = CheckValue(*draft.key, &value)) to->result.errors.push_back(*error);
  }
  if (!to->result.ok()) return;
  if (!value) {
    to->result.errors.push_back({"MISSING_ARGUMENT", draft.key->name + " not specified", {}});
    return;
  }
  if (repeated_.contains(Lower(*value))) {
    to->result.errors.push_back(
        {"DUPLICATE_VALUE", "Duplicate external id specified: " + *value, {draft.key->name}});
    return;
  }
  const auto found = org_.FindAll(object_, *draft.key, *value);
  if (found.size() > 1) {
    for (const Record* record : found) to->result.matches.push_back(object_.table->Id(*record));
    to->result.errors.push_back({"DUPLICATE_EXTERNAL_ID",
                                 draft.key->name +
                                     ": more than one record found for external id field: [" +
                                     to->result.matches[0] + ", " + to->result.matches[1] + "]",
                                 {draft.key->name}});
    return;
  }
  if (!found.empty()) {
    to->record = found.front();
    to->result.id = object_.table->Id(*to->record);
  } else {
    to->values.push_back({draft.key->name, *value});
  }
}

void Writer::TakeValues(const Draft& draft, Prepared* to) {
  std::vector<std::string> not_writable;
  const bool create = to->record == nullptr;
  for (const Offer& offer : draft.offers) {
    const Field& field = *offer.field;
    if (&field == draft.key && create) continue;  // it is there already
    if (!(create ? field.createable : field.updateable)) {
      not_writable.push_back(field.name);
      continue;
    }
    std::optional<std::string> text = offer.text;
    if (!text && field.type == Type::kBoolean) {
      to->result.errors.push_back({"INVALID_TYPE_ON_FIELD_IN_RECORD",
                                   field.label + ": value not of required type: ",
                                   {field.name}});
      continue;
    }
    if (auto error = CheckValue(field, &text)) {
      to->result.errors.push_back(std::move(*error));
      continue;
    }
    if (text && field.type == Type::kReference) {
      CheckReference(field, *text, to);
      if (IsId(*text)) text = LongId(*text);
    }
    to->values.push_back({field.name, std::move(text)});
  }
  if (not_writable.empty()) return;
  std::string list;
  for (const std::string& name : not_writable) list += (list.empty() ? "" : ", ") + name;
  to->result.errors.push_back(
      {"INVALID_FIELD_FOR_INSERT_UPDATE",
       "Unable to create/update fields: " + list +
           ". Please check the security settings of this field and verify that it is read/write "
           "for your profile or permission set.",
       not_writable});
}

void Writer::TakeForeign(const Draft& draft, Prepared* to) {
  for (const Foreign& foreign : draft.foreign) {
    const Field* reference = foreign.reference;
    const auto ways = std::count_if(draft.foreign.begin(), draft.foreign.end(),
                                    [&](const auto& f) { return f.reference == reference; });
    if (ways > 1 || std::any_of(draft.offers.begin(), draft.offers.end(),
                                [&](const Offer& offer) { return offer.field == reference; })) {
      to->result.errors.push_back({"INVALID_FIELD",
                                   "cannot specify more than one of the external ID references " +
                                       reference->relationship + " and the salesforce id " +
                                       reference->name,
                                   {}});
      return;
    }
    const auto found = org_.FindAll(*foreign.target, *foreign.key, foreign.value);
    if (found.size() == 1) {
      const std::string id = foreign.target->table->Id(*found.front());
      CheckReference(*foreign.reference, id, to);
      to->values.push_back({foreign.reference->name, id});
    } else if (found.empty()) {
      to->result.errors.push_back({"INVALID_FIELD",
                                   "Foreign key external ID: " + Lower(foreign.value) +
                                       " not found for field " + foreign.key->name + " in entity " +
                                       foreign.target->name(),
                                   {}});
    } else {
      to->result.errors.push_back({"INVALID_FIELD",
                                   "More than one record found for external id field " +
                                       foreign.key->name + " in entity " + foreign.target->name(),
                                   {}});
    }
  }
}

void Writer::CheckReference(const Field& field, const std::string& id, Prepared* to) {
  auto refuse = [&](RecordError error) { to->result.errors.push_back(std::move(error)); };
  if (!IsId(id)) {
    refuse({"MALFORMED_ID", field.label + ": id value of incorrect type: " + id, {field.name}});
    return;
  }
  const Object* target = org_.FindByPrefix(id);
  if (target == nullptr || std::find(field.references.begin(), field.references.end(),
                                     target->name()) == field.references.end()) {
    refuse({"FIELD_INTEGRITY_EXCEPTION",
            field.label + ": id value of incorrect type: " + id,
            {field.name}});
    return;
  }
  const Record* row = org_.FindRow(id);
  if (row == nullptr) {
    const Record* deleted = target->table->FindById(id);
    refuse(deleted == nullptr ? InvalidReference()
                              : RecordError{"ENTITY_IS_DELETED", "entity is deleted", {}});
    return;
  }
  if (field.name == "OwnerId" && target->table->Get(*row, "IsActive") == "false") {
    refuse({"INACTIVE_OWNER_OR_USER",
            "operation performed with inactive user [" + id + "] as owner of " + object_.name(),
            {"OwnerId"}});
  }
  if (field.name == "RecordTypeId" && (target->table->Get(*row, "SobjectType") != object_.name() ||
                                       target->table->Get(*row, "IsActive") == "false")) {
    refuse({"INVALID_CROSS_REFERENCE_KEY",
            "Record Type ID: this ID value isn't valid for the user: " + id,
            {"RecordTypeId"}});
  }
  if (field.name != "OwnerId" && field.name != "RecordTypeId") parents_.insert(LongId(id));
}

std::optional<std::string> Writer::NewValue(const Prepared& prepared, const Field& field) const {
  for (auto value = prepared.values.rbegin(); value != prepared.values.rend(); ++value) {
    if (value->name == field.name) return value->value;
  }
  if (prepared.record == nullptr) return std::nullopt;
  return org_.Value(object_, *prepared.record, field);
}

void Writer::AddDefaults(Prepared* to) {
  auto given = [&](const std::string& name) {
    return std::any_of(to->values.begin(), to->values.end(),
                       [&](const FieldValue& value) { return value.name == name; });
  };
  for (const Field& field : object_.schema.fields) {
    if (field.source != Source::kStored || given(field.name)) continue;
    if (field.default_value) to->values.push_back({field.name, *field.default_value});
    if (field.name == "OwnerId") to->values.push_back({"OwnerId", org_.UserId()});
    if (field.name != "RecordTypeId") continue;
    for (const RecordType& type : object_.schema.record_types) {
      if (type.is_default && type.active) to->values.push_back({"RecordTypeId", type.id});
    }
  }
}

void Writer::CheckRequired(Prepared* to) {
  std::vector<std::string> missing;
  for (const Field& field : object_.schema.fields) {
    if (!field.required || field.source != Source::kStored) continue;
    if (!field.createable && !field.default_value) continue;
    if (!NewValue(*to, field)) missing.push_back(field.name);
  }
  // A value that was refused is not missing as well.
  std::erase_if(missing, [&](const std::string& name) {
    return std::any_of(
        to->result.errors.begin(), to->result.errors.end(), [&](const RecordError& error) {
          return std::find(error.fields.begin(), error.fields.end(), name) != error.fields.end();
        });
  });
  if (!missing.empty() && to->result.ok()) to->result.errors.push_back(MissingFields(missing));
}

void Writer::CheckUnique(Prepared* to) {
  for (const FieldValue& value : to->values) {
    const Field* field = object_.schema.Find(value.name);
    if (!field->unique || !value.value) continue;
    for (const Record* record : org_.FindAll(object_, *field, *value.value)) {
      if (record == to->record) continue;
      to->result.errors.push_back(
          {"DUPLICATE_VALUE",
           "duplicate value found: " + field->name +
               " duplicates value on record with id: " + object_.table->Id(*record),
           {}});
      return;
    }
    const auto taken = taken_.find({field->name, Lower(*value.value)});
    if (taken != taken_.end() && (to->record == nullptr || taken->second != to->record)) {
      to->result.errors.push_back({"DUPLICATE_VALUE",
                                   "duplicate value found: " + field->name +
                                       " duplicates value another record of the request",
                                   {}});
      return;
    }
  }
}

// The org's duplicate rule, if it is on: people by e-mail, accounts by name.
void Writer::CheckDuplicateRule(Prepared* to) {
  if (!org_.switches.duplicate_rule.load() || options_.allow_duplicates) return;
  const Field* field = object_.schema.Find("Email");
  if (field == nullptr)
    field = object_.schema.name == "Account" ? object_.schema.Find("Name") : nullptr;
  if (field == nullptr) return;
  const bool touched = to->record == nullptr || std::any_of(to->values.begin(), to->values.end(),
                                                            [&](const FieldValue& value) {
                                                              return value.name == field->name;
                                                            });
  const auto value = NewValue(*to, *field);
  if (!touched || !value) return;
  for (const Record* record : org_.FindAll(object_, *field, *value)) {
    if (record == to->record) continue;
    to->result.errors.push_back({"DUPLICATES_DETECTED", "Use one of these records?", {}});
    return;
  }
}

void Writer::CheckLocks(Prepared* to) {
  if (!org_.switches.row_locks.load()) return;
  for (const Field& field : object_.schema.fields) {
    if (field.type != Type::kReference || field.source != Source::kStored) continue;
    if (field.name == "OwnerId" || field.name == "RecordTypeId") continue;
    const auto parent = NewValue(*to, field);
    if (!parent) continue;
    for (const auto& [holder, held] : org_.locked_parents) {
      if (holder == holder_ || std::find(held.begin(), held.end(), *parent) == held.end()) continue;
      to->result.errors.push_back(
          {"UNABLE_TO_LOCK_ROW",
           "unable to obtain exclusive access to this record or 1 records: " + *parent,
           {}});
      return;
    }
  }
}

void Writer::CheckFaults(Prepared* to) {
  for (RecordFault& fault : org_.record_faults) {
    if (!fault.object.empty() && org_.Find(fault.object) != &object_) continue;
    if (!fault.field.empty()) {
      const Field* field = object_.schema.Find(fault.field);
      if (field == nullptr || NewValue(*to, *field) != fault.value) continue;
    }
    ++fault.seen;
    if (fault.seen <= fault.after || (fault.seen - fault.after - 1) % fault.every != 0) continue;
    if (fault.times >= 0 && fault.fired >= fault.times) continue;
    ++fault.fired;
    to->result.errors.push_back(fault.error);
    return;
  }
}

// What happens to whoever does not say otherwise: the rule gives the record to somebody else.
void Writer::Assign(Prepared* to) {
  if (!options_.assign || !object_.schema.assignment_rule) return;
  std::erase_if(to->values, [](const FieldValue& value) { return value.name == "OwnerId"; });
  to->values.push_back({"OwnerId", org_.QueueId()});
  to->assigned = true;
}

void Writer::Apply(Prepared* prepared) {
  Table& table = *object_.table;
  Transaction* transaction = org_.open_transaction();
  if (transaction != nullptr) {
    prepared->record == nullptr ? transaction->NoteCreate(object_)
                                : transaction->NoteChange(object_, *prepared->record);
  }
  if (prepared->assigned) ++object_.assigned;
  if (operation_ == Operation::kDelete || operation_ == Operation::kHardDelete) {
    table.Archive(*prepared->record, now_ms_);
    return;
  }
  if (prepared->record != nullptr) {
    table.Update(*prepared->record, prepared->values, now_ms_);
    return;
  }
  std::erase_if(prepared->values, [](const FieldValue& value) { return !value.value; });
  const Record& record = table.Create(prepared->values, now_ms_);
  prepared->result.id = table.Id(record);
  prepared->result.created = true;
}

}  // namespace penstock::sandbox::salesforce
