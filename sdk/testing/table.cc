#include <algorithm>
#include <charconv>

#include "sdk/testing/store.h"

namespace penstock::sandbox {
namespace {

void PutNumber(std::uint32_t number, std::string* to) {
  for (; number >= 0x80; number >>= 7) *to += static_cast<char>(number | 0x80);
  *to += static_cast<char>(number);
}

std::uint32_t TakeNumber(std::string_view text, std::size_t* at) {
  std::uint32_t number = 0;
  for (int shift = 0;; shift += 7) {
    const auto byte = static_cast<unsigned char>(text[(*at)++]);
    number |= static_cast<std::uint32_t>(byte & 0x7F) << shift;
    if (byte < 0x80) return number;
  }
}

// One value of a record's fields.
struct Packed {
  std::uint32_t field;
  std::string_view value;
  std::size_t begin, end;  // of the whole entry
};

// The entry at *at, which moves behind it.
Packed Take(std::string_view fields, std::size_t* at) {
  Packed entry;
  entry.begin = *at;
  entry.field = TakeNumber(fields, at);
  const std::uint32_t size = TakeNumber(fields, at);
  entry.value = fields.substr(*at, size);
  entry.end = *at += size;
  return entry;
}

std::string Pack(std::uint32_t field, std::string_view value) {
  std::string entry;
  PutNumber(field, &entry);
  PutNumber(static_cast<std::uint32_t>(value.size()), &entry);
  return entry.append(value);
}

}  // namespace

Table::Table(Store* store, TableOptions options) : store_(store), options_(std::move(options)) {
  for (const std::string& field : options_.unique) indexes_[field];
}

const Record* Table::FindById(std::string_view id) const {
  std::uint64_t number = 0;
  if (options_.id_number) {
    const auto read = options_.id_number(id);
    if (!read) return nullptr;
    number = *read;
  } else {
    auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
    if (error != std::errc() || end != id.data() + id.size()) return nullptr;
  }
  if (number < options_.first_id || number - options_.first_id >= records_.size()) return nullptr;
  return &records_[number - options_.first_id];
}

std::string Table::Folded(const std::string& field, std::string_view value) const {
  return options_.folded.contains(field) ? Lower(value) : std::string(value);
}

bool Table::HasKey(const Record& record, const std::string& field, const std::string& key) const {
  bool has = false;
  EachKey(record, field, [&](const std::string& one) { has = has || one == key; });
  return has;
}

std::vector<const Record*> Table::FindAllByKey(std::string_view field,
                                               std::string_view value) const {
  std::vector<const Record*> records;
  auto index = indexes_.find(field);
  if (index == indexes_.end()) return records;
  const std::string key = Folded(index->first, value);
  auto [place, end] = index->second.equal_range(std::hash<std::string>()(key));
  for (; place != end; ++place) {
    const Record& record = records_[place->second];
    if (HasKey(record, index->first, key)) records.push_back(&record);
  }
  std::sort(records.begin(), records.end(),
            [](const Record* a, const Record* b) { return a->row_ < b->row_; });
  return records;
}

const Record* Table::FindByKey(std::string_view field, std::string_view value) const {
  const auto records = FindAllByKey(field, value);
  return records.empty() ? nullptr : records.front();
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
  for (std::size_t at = 0; at < record.fields_.size();) {
    const Packed entry = Take(record.fields_, &at);
    if (entry.field == *number) return entry.value;
  }
  return std::nullopt;
}

void Table::ForEach(const Record& record,
                    const std::function<void(std::string_view, std::string_view)>& visit) const {
  for (std::size_t at = 0; at < record.fields_.size();) {
    const Packed entry = Take(record.fields_, &at);
    visit(field_names_[entry.field], entry.value);
  }
}

bool Table::Set(Record* record, const FieldValue& value) {
  const std::uint32_t number = FieldNumber(value.name);
  for (std::size_t at = 0; at < record->fields_.size();) {
    const Packed entry = Take(record->fields_, &at);
    if (entry.field != number) continue;
    if (value.value && entry.value == *value.value) return false;
    record->fields_.replace(entry.begin, entry.end - entry.begin,
                            value.value ? Pack(number, *value.value) : std::string());
    return true;
  }
  if (!value.value) return false;
  record->fields_ += Pack(number, *value.value);
  return true;
}

void Table::EachKey(const Record& record, const std::string& field,
                    const std::function<void(std::string)>& visit) const {
  if (auto value = Get(record, field)) visit(Folded(field, *value));
  auto alias = options_.aliases.find(field);
  if (alias == options_.aliases.end()) return;
  auto values = Get(record, alias->second);
  if (!values) return;
  std::string_view rest = *values;
  while (!rest.empty()) {
    std::size_t end = rest.find(';');
    std::string_view one = Trim(rest.substr(0, end));
    if (!one.empty()) visit(Folded(field, one));
    rest = end == rest.npos ? std::string_view() : rest.substr(end + 1);
  }
}

void Table::AddKeys(const Record& record, const std::string& field, Index* index) {
  EachKey(record, field, [&](const std::string& key) {
    const std::size_t hash = std::hash<std::string>()(key);
    auto [place, end] = index->equal_range(hash);
    for (; place != end; ++place) {
      if (place->second == record.row_) return;  // its alias says the same
    }
    index->emplace(hash, record.row_);
  });
}

void Table::RemoveKeys(const Record& record) {
  for (auto& [field, index] : indexes_) {
    EachKey(record, field, [&, &held = index](const std::string& key) {
      auto [place, end] = held.equal_range(std::hash<std::string>()(key));
      for (; place != end; ++place) {
        if (place->second != record.row_) continue;
        held.erase(place);
        return;
      }
    });
  }
}

const Record& Table::Create(const Values& values, std::int64_t now_ms, bool counted) {
  Record& record = records_.emplace_back();
  record.row_ = records_.size() - 1;
  record.created_ms_ = record.updated_ms_ = now_ms;
  for (const FieldValue& value : values) Set(&record, value);
  record.fields_.shrink_to_fit();
  for (auto& [field, index] : indexes_) AddKeys(record, field, &index);
  if (counted) {
    ++record.writes_;
    ++counts_.created;
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
    ++(changed ? counts_.updated : counts_.rewritten);
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
    ++counts_.archived;
  }
  Save(mine);
}

void Table::Restore(const Record& snapshot) {
  Record& mine = records_[snapshot.row_];
  if (!mine.archived()) RemoveKeys(mine);
  mine = snapshot;
  if (!mine.archived()) {
    for (auto& [field, index] : indexes_) AddKeys(mine, field, &index);
  }
  Save(mine);
}

void Table::RemoveLast() {
  if (!records_.back().archived()) RemoveKeys(records_.back());
  records_.pop_back();
  if (!store_->persistent()) return;
  store_->Append(WriteJson([&](JsonWriter& json) {
    json.StartObject();
    PutMember(json, "table", options_.name);
    json.Key("removed");
    json.Uint64(records_.size());
    json.EndObject();
  }));
}

void Table::WriteCounts(JsonWriter& json) const {
  auto lock = Lock();
  json.StartObject();
  json.Key("created");
  json.Uint64(counts_.created);
  json.Key("updated");
  json.Uint64(counts_.updated);
  json.Key("archived");
  json.Uint64(counts_.archived);
  json.Key("rewritten");
  json.Uint64(counts_.rewritten);
  json.EndObject();
}

void Table::Clear() {
  auto lock = Lock();
  records_.clear();
  for (auto& [field, index] : indexes_) index.clear();
  counts_ = {};
}

void Table::ClearCounts() {
  auto lock = Lock();
  counts_ = {};
}

void Table::WriteProperties(const Record& record, JsonWriter& json) const {
  json.StartObject();
  for (std::size_t at = 0; at < record.fields_.size();) {
    const auto [key, value, begin, end] = Take(record.fields_, &at);
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
  if (Member(line, "removed") != nullptr) {
    const auto kept = static_cast<std::uint64_t>(number("removed"));
    for (; records_.size() > kept; records_.pop_back()) {
      if (!records_.back().archived()) RemoveKeys(records_.back());
    }
    return;
  }
  auto row = static_cast<std::uint64_t>(number("row"));
  while (records_.size() <= row) {
    Record& missing = records_.emplace_back();
    missing.row_ = records_.size() - 1;
    missing.archived_ms_ = 1;
  }
  Record& record = records_[row];
  if (!record.archived()) RemoveKeys(record);
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
