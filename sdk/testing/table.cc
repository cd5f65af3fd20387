#include <algorithm>
#include <charconv>

#include "sdk/testing/store.h"

namespace penstock::sandbox {

Table::Table(Store* store, TableOptions options) : store_(store), options_(std::move(options)) {
  for (const std::string& field : options_.unique) indexes_[field];
}

const Record* Table::FindById(std::string_view id) const {
  std::uint64_t number = 0;
  auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
  if (error != std::errc() || end != id.data() + id.size()) return nullptr;
  if (number < options_.first_id || number - options_.first_id >= records_.size()) return nullptr;
  return &records_[number - options_.first_id];
}

const Record* Table::FindByKey(std::string_view field, std::string_view value) const {
  auto index = indexes_.find(field);
  if (index == indexes_.end()) return nullptr;
  auto found = index->second.find(std::string(value));
  return found == index->second.end() ? nullptr : &records_[found->second];
}

bool Table::IsUnique(std::string_view field) const { return indexes_.contains(field); }

void Table::AddUnique(const std::string& field) {
  if (indexes_.contains(field)) return;
  Index& index = indexes_[field];
  for (const Record& record : records_) {
    if (!record.archived()) AddKeys(record, field, &index);
  }
}

std::optional<std::uint32_t> Table::FindField(std::string_view name) const {
  auto found = field_numbers_.find(std::string(name));
  if (found == field_numbers_.end()) return std::nullopt;
  return found->second;
}

std::uint32_t Table::FieldNumber(std::string_view name) {
  auto [place, added] =
      field_numbers_.emplace(std::string(name), static_cast<std::uint32_t>(field_names_.size()));
  if (added) field_names_.emplace_back(name);
  return place->second;
}

std::optional<std::string_view> Table::Get(const Record& record, std::string_view field) const {
  auto number = FindField(field);
  if (!number) return std::nullopt;
  for (const auto& [key, value] : record.fields_) {
    if (key == *number) return value;
  }
  return std::nullopt;
}

void Table::ForEach(const Record& record,
                    const std::function<void(std::string_view, std::string_view)>& visit) const {
  for (const auto& [key, value] : record.fields_) visit(field_names_[key], value);
}

bool Table::Set(Record* record, const FieldValue& value) {
  std::uint32_t number = FieldNumber(value.name);
  auto place = std::find_if(record->fields_.begin(), record->fields_.end(),
                            [&](const auto& field) { return field.first == number; });
  if (place == record->fields_.end()) {
    if (!value.value) return false;
    record->fields_.emplace_back(number, *value.value);
    return true;
  }
  if (!value.value) {
    record->fields_.erase(place);
    return true;
  }
  if (place->second == *value.value) return false;
  place->second = *value.value;
  return true;
}

void Table::EachKey(const Record& record, const std::string& field,
                    const std::function<void(std::string)>& visit) const {
  if (auto value = Get(record, field)) visit(std::string(*value));
  auto alias = options_.aliases.find(field);
  if (alias == options_.aliases.end()) return;
  auto values = Get(record, alias->second);
  if (!values) return;
  std::string_view rest = *values;
  while (!rest.empty()) {
    std::size_t end = rest.find(';');
    std::string_view one = Trim(rest.substr(0, end));
    if (!one.empty()) visit(std::string(one));
    rest = end == rest.npos ? std::string_view() : rest.substr(end + 1);
  }
}

void Table::AddKeys(const Record& record, const std::string& field, Index* index) {
  EachKey(record, field, [&](std::string key) { index->emplace(std::move(key), record.row_); });
}

void Table::RemoveKeys(const Record& record) {
  for (auto& [field, index] : indexes_) {
    EachKey(record, field, [&, &held = index](const std::string& key) {
      auto found = held.find(key);
      if (found != held.end() && found->second == record.row_) held.erase(found);
    });
  }
}

const Record& Table::Create(const Values& values, std::int64_t now_ms, bool counted) {
  Record& record = records_.emplace_back();
  record.row_ = records_.size() - 1;
  record.created_ms_ = record.updated_ms_ = now_ms;
  record.fields_.reserve(values.size());
  for (const FieldValue& value : values) Set(&record, value);
  for (auto& [field, index] : indexes_) AddKeys(record, field, &index);
  if (counted) {
    ++record.writes_;
    ++created_;
  }
  Save(record);
  return record;
}

bool Table::Update(const Record& record, const Values& values, std::int64_t now_ms, bool counted) {
  Record& mine = records_[record.row_];
  RemoveKeys(mine);
  bool changed = false;
  for (const FieldValue& value : values) changed = Set(&mine, value) || changed;
  for (auto& [field, index] : indexes_) AddKeys(mine, field, &index);
  if (changed) mine.updated_ms_ = now_ms;
  if (counted) {
    ++mine.writes_;
    ++(changed ? updated_ : rewritten_);
  }
  Save(mine);
  return changed;
}

void Table::Archive(const Record& record, std::int64_t now_ms, bool counted) {
  Record& mine = records_[record.row_];
  if (mine.archived()) return;
  RemoveKeys(mine);
  mine.archived_ms_ = mine.updated_ms_ = now_ms;
  if (counted) {
    ++mine.writes_;
    ++archived_;
  }
  Save(mine);
}

void Table::WriteCounts(JsonWriter& json) const {
  auto lock = Lock();
  json.StartObject();
  json.Key("created");
  json.Uint64(created_);
  json.Key("updated");
  json.Uint64(updated_);
  json.Key("archived");
  json.Uint64(archived_);
  json.Key("rewritten");
  json.Uint64(rewritten_);
  json.EndObject();
}

void Table::Clear() {
  auto lock = Lock();
  records_.clear();
  for (auto& [field, index] : indexes_) index.clear();
  created_ = updated_ = archived_ = rewritten_ = 0;
}

void Table::ClearCounts() {
  auto lock = Lock();
  created_ = updated_ = archived_ = rewritten_ = 0;
}

void Table::WriteProperties(const Record& record, JsonWriter& json) const {
  json.StartObject();
  for (const auto& [key, value] : record.fields_) {
    const std::string& name = field_names_[key];
    json.Key(name.c_str(), static_cast<rapidjson::SizeType>(name.size()));
    if (options_.json_values) {
      json.RawValue(value.data(), value.size(), rapidjson::kStringType);
    } else {
      PutString(json, value);
    }
  }
  json.EndObject();
}

// The record's whole state as one line of the file.
void Table::WriteLine(const Record& record, JsonWriter& json) const {
  json.StartObject();
  PutMember(json, "table", options_.name);
  json.Key("row");
  json.Uint64(record.row_);
  json.Key("created");
  json.Int64(record.created_ms_);
  json.Key("updated");
  json.Int64(record.updated_ms_);
  json.Key("archived");
  json.Int64(record.archived_ms_);
  json.Key("writes");
  json.Uint(record.writes_);
  json.Key("values");
  WriteProperties(record, json);
  json.EndObject();
}

void Table::Save(const Record& record) {
  if (!store_->persistent()) return;
  store_->Append(WriteJson([&](JsonWriter& json) { WriteLine(record, json); }));
}

void Table::Load(const JsonValue& line) {
  auto number = [&](const char* name) {
    const JsonValue* value = Member(line, name);
    return value != nullptr && value->IsInt64() ? value->GetInt64() : 0;
  };
  auto row = static_cast<std::uint64_t>(number("row"));
  while (records_.size() <= row) {
    Record& missing = records_.emplace_back();
    missing.row_ = records_.size() - 1;
    missing.archived_ms_ = 1;
  }
  Record& record = records_[row];
  RemoveKeys(record);
  record.created_ms_ = number("created");
  record.updated_ms_ = number("updated");
  record.archived_ms_ = number("archived");
  record.writes_ = static_cast<std::uint32_t>(number("writes"));
  record.fields_.clear();
  if (const JsonValue* values = Member(line, "values"); values != nullptr && values->IsObject()) {
    for (const auto& value : values->GetObject()) {
      std::string text = options_.json_values     ? ToJson(value.value)
                         : value.value.IsString() ? std::string(Text(value.value))
                                                  : std::string();
      Set(&record, {std::string(Text(value.name)), std::move(text)});
    }
  }
  if (record.archived()) return;
  for (auto& [field, index] : indexes_) AddKeys(record, field, &index);
}

void Table::Stream(std::ostream& out, bool writes) const {
  constexpr std::uint64_t kChunk = 1000;
  for (std::uint64_t next = 0;; next += kChunk) {
    std::string text;
    {
      auto lock = Lock();
      if (next >= records_.size()) return;
      std::uint64_t end = std::min<std::uint64_t>(next + kChunk, records_.size());
      for (std::uint64_t row = next; row < end; ++row) {
        const Record& record = records_[row];
        text += WriteJson([&](JsonWriter& json) {
          json.StartObject();
          PutMember(json, "id", Id(record));
          if (writes) {
            json.Key("writes");
            json.Uint(record.writes_);
          } else {
            json.Key("properties");
            WriteProperties(record, json);
            json.Key("archived");
            json.Bool(record.archived());
          }
          json.EndObject();
        });
        text += '\n';
      }
    }
    out.write(text.data(), static_cast<std::streamsize>(text.size()));
  }
}

}  // namespace penstock::sandbox
