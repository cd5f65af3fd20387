#include "plugins/salesforce/sandbox/org.h"

#include <charconv>

#include "plugins/salesforce/sandbox/ids.h"
#include "plugins/salesforce/sandbox/values.h"

namespace penstock::sandbox::salesforce {
namespace {

constexpr std::uint64_t kFirstId = 1'000'001;
constexpr const char* kOwnId = "00D5g000000Pens";

// How often this thread has taken the tables.
thread_local int depth = 0;

}  // namespace

void Transaction::NoteCounts(Object& object) {
  counts_.try_emplace(&object, object.table->counts(), object.assigned.load());
}

void Transaction::NoteCreate(Object& object) {
  NoteCounts(object);
  steps_.emplace_back(&object, std::nullopt);
}

void Transaction::NoteChange(Object& object, const Record& record) {
  NoteCounts(object);
  steps_.emplace_back(&object, object.table->Snapshot(record));
}

void Transaction::RollBack() {
  for (; !steps_.empty(); steps_.pop_back()) {
    auto& [object, before] = steps_.back();
    before ? object->table->Restore(*before) : object->table->RemoveLast();
  }
  for (auto& [object, counts] : counts_) {
    object->table->SetCounts(counts.first);
    object->assigned.store(counts.second);
  }
  counts_.clear();
}

Org::Guard::Guard(const Org& org) {
  if (depth++ > 0) return;
  for (const auto& object : org.objects_) locks_.push_back(object->table->Lock());
}

Org::Guard::~Guard() { --depth; }

bool Org::Open(Sandbox* sandbox, OrgSchema schema, const std::string& id, std::string* error) {
  sandbox_ = sandbox;
  schema_ = std::move(schema);
  id_ = LongId(kOwnId);
  if (!id.empty()) {
    if (!IsId(id) || !id.starts_with("00D")) {
      *error =
          "The account of Salesforce is an org's id (00D…, 15 or 18 characters), not " + id + ".";
      return false;
    }
    id_ = LongId(id);
  }
  for (ObjectSchema& object : schema_.objects) Add(object);
  Seed();
  return true;
}

Object& Org::Add(ObjectSchema schema) {
  auto object = std::make_unique<Object>();
  object->schema = std::move(schema);
  TableOptions options;
  options.name = object->schema.name;
  options.first_id = kFirstId;
  for (const Field& field : object->schema.fields) {
    if (field.type == Type::kId) continue;
    if (field.unique || field.external_id) options.unique.push_back(field.name);
    if (field.unique || IsText(field.type)) options.folded.insert(field.name);
  }
  if (object->schema.name == "Organization") {
    options.id_text = [this](std::uint64_t) { return id_; };
    options.id_number = [this](std::string_view id) -> std::optional<std::uint64_t> {
      if (!IsId(id) || LongId(id) != id_) return std::nullopt;
      return kFirstId;
    };
  } else {
    const std::string prefix = object->schema.prefix;
    options.id_text = [prefix](std::uint64_t number) { return WriteId(prefix, number); };
    options.id_number = [prefix](std::string_view id) { return ReadId(prefix, id); };
  }
  object->table = &sandbox_->store.AddTable(std::move(options));
  by_name_[Lower(object->schema.name)] = object.get();
  objects_.push_back(std::move(object));
  return *objects_.back();
}

void Org::Seed() {
  const Guard guard(*this);
  const std::int64_t now = sandbox_->clock.NowMs();
  Find("Organization")
      ->table->Create({{"Name", schema_.name},
                       {"OrganizationType", schema_.type},
                       {"InstanceName", schema_.instance},
                       {"IsSandbox", "true"}},
                      now, /*counted=*/false);
  for (const auto& user : schema_.users) {
    Values values = {{"IsActive", "true"}};
    for (const auto& [name, value] : user) {
      if (name == "IsActive") {
        values[0].value = value;
      } else {
        values.push_back({name, value});
      }
    }
    Find("User")->table->Create(values, now, /*counted=*/false);
  }
  Table& types = *Find("RecordType")->table;
  for (const auto& object : objects_) {
    object->assigned.store(0);
    for (RecordType& type : object->schema.record_types) {
      const Record& row = types.Create({{"Name", type.name},
                                        {"DeveloperName", type.developer_name},
                                        {"SobjectType", object->schema.name},
                                        {"IsActive", type.active ? "true" : "false"}},
                                       now, /*counted=*/false);
      type.id = types.Id(row);
    }
  }
}

Object* Org::Find(std::string_view name) const {
  const auto found = by_name_.find(Lower(name));
  return found == by_name_.end() ? nullptr : found->second;
}

Object* Org::FindByPrefix(std::string_view id) const {
  for (const auto& object : objects_) {
    if (id.starts_with(object->schema.prefix)) return object.get();
  }
  return nullptr;
}

const Record* Org::FindRow(std::string_view id) const {
  const Object* object = FindByPrefix(id);
  const Record* row = object == nullptr ? nullptr : object->table->FindById(id);
  return row == nullptr || row->archived() ? nullptr : row;
}

std::vector<const Record*> Org::FindAll(Object& object, const Field& field,
                                        std::string_view value) const {
  if (field.type == Type::kId) {
    const Record* row = object.table->FindById(value);
    return row == nullptr || row->archived() ? std::vector<const Record*>()
                                             : std::vector<const Record*>{row};
  }
  object.table->AddUnique(field.name);  // lookups by e-mail are rare: their index is made late
  return object.table->FindAllByKey(field.name, value);
}

std::optional<std::string> Org::Value(const Object& object, const Record& record,
                                      const Field& field) const {
  switch (field.source) {
    case Source::kStored: {
      auto value = object.table->Get(record, field.name);
      if (!value) return std::nullopt;
      return std::string(*value);
    }
    case Source::kFormula:
      return std::nullopt;
    case Source::kJoined: {
      std::string joined;
      for (const std::string& part : field.joins) {
        const auto value = object.table->Get(record, part);
        if (value) joined += (joined.empty() ? "" : " ") + std::string(*value);
      }
      if (joined.empty()) return std::nullopt;
      return joined;
    }
    case Source::kSystem:
      break;
  }
  if (field.name == "Id") return object.table->Id(record);
  if (field.name == "IsDeleted") return record.archived() ? "true" : "false";
  if (field.name == "CreatedDate") return WriteDateTime(record.created_ms());
  if (field.type == Type::kDateTime) return WriteDateTime(record.updated_ms());
  return UserId();
}

std::string Org::UserId() const { return WriteId("005", kFirstId); }

std::string Org::QueueId() const {
  return WriteId("005", kFirstId + (schema_.users.size() > 1 ? 1 : 0));
}

std::string Org::RuleId() const { return WriteId("01Q", kFirstId); }

bool IsVersion(std::string_view text) {
  if (!text.starts_with('v') || !text.ends_with(".0")) return false;
  text = text.substr(1, text.size() - 3);
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && number >= kFirstVersion &&
         number <= kLastVersion;
}

int VersionNumber(const Request& request) {
  const std::string& text = request.Param("version");
  int number = 0;
  std::from_chars(text.data() + (text.empty() ? 0 : 1), text.data() + text.size(), number);
  return number;
}

}  // namespace penstock::sandbox::salesforce
