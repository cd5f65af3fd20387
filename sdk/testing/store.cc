#include "sdk/testing/store.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace penstock::sandbox {
namespace {

std::string SettingLine(const std::string& key, const std::string& json) {
  return WriteJson([&](JsonWriter& out) {
    out.StartObject();
    PutMember(out, "setting", key);
    out.Key("value");
    out.RawValue(json.data(), json.size(), rapidjson::kObjectType);
    out.EndObject();
  });
}

}  // namespace

Store::~Store() {
  if (file_ != nullptr) std::fclose(file_);
}

Table& Store::AddTable(TableOptions options) {
  tables_.push_back(std::unique_ptr<Table>(new Table(this, std::move(options))));
  return *tables_.back();
}

Table* Store::Find(std::string_view name) const {
  for (const auto& table : tables_) {
    if (table->name() == name) return table.get();
  }
  return nullptr;
}

bool Store::Open(const std::string& directory,
                 const std::function<void(const std::string&, const JsonValue&)>& on_setting,
                 std::string* error) {
  std::error_code failed;
  std::filesystem::create_directories(directory, failed);
  if (failed) {
    *error = "The data directory " + directory + " cannot be made: " + failed.message() + ".";
    return false;
  }
  path_ = directory + "/objects.jsonl";
  if (std::filesystem::exists(path_) && !Load(path_, error, on_setting)) return false;
  return Compact(path_, error);
}

bool Store::Load(const std::string& path, std::string* error,
                 const std::function<void(const std::string&, const JsonValue&)>& on_setting) {
  std::ifstream in(path);
  if (!in) {
    *error = "The file " + path + " cannot be read.";
    return false;
  }
  std::string text;
  for (std::size_t number = 1; std::getline(in, text); ++number) {
    bool whole = !in.eof();  // a line that a kill cut short has no end
    JsonDocument line;
    line.Parse(text.data(), text.size());
    if (line.HasParseError() || !line.IsObject()) {
      if (!whole) return true;
      *error =
          path + " is damaged in line " + std::to_string(number) + "; remove it to start empty.";
      return false;
    }
    if (const JsonValue* setting = Member(line, "setting")) {
      const JsonValue* value = Member(line, "value");
      if (!setting->IsString() || value == nullptr) continue;
      std::string key(Text(*setting));
      settings_[key] = ToJson(*value);
      on_setting(key, *value);
      continue;
    }
    const JsonValue* name = Member(line, "table");
    if (name == nullptr || !name->IsString()) continue;
    if (Table* table = Find(Text(*name))) table->Load(line);
  }
  return true;
}

// Writes the present content to a new file, which takes the old one's place.
bool Store::Compact(const std::string& path, std::string* error) {
  std::string fresh = path + ".new";
  std::FILE* file = std::fopen(fresh.c_str(), "w");
  if (file == nullptr) {
    *error = "The file " + fresh + " cannot be written.";
    return false;
  }
  auto put = [&](const std::string& line) {
    std::fwrite(line.data(), 1, line.size(), file);
    std::fputc('\n', file);
  };
  for (const auto& [key, json] : settings_) put(SettingLine(key, json));
  for (const auto& table : tables_) {
    auto lock = table->Lock();
    for (const Record& record : table->records_) {
      put(WriteJson([&](JsonWriter& json) { table->WriteLine(record, json); }));
    }
  }
  if (std::fflush(file) != 0 || std::rename(fresh.c_str(), path.c_str()) != 0) {
    std::fclose(file);
    *error = "The file " + path + " cannot be written.";
    return false;
  }
  std::lock_guard lock(file_mutex_);
  if (file_ != nullptr) std::fclose(file_);
  file_ = file;
  return true;
}

void Store::Append(std::string_view line) {
  std::lock_guard lock(file_mutex_);
  std::fwrite(line.data(), 1, line.size(), file_);
  std::fputc('\n', file_);
  dirty_.store(true);
}

void Store::SaveSetting(const std::string& key, const std::string& json) {
  {
    std::lock_guard lock(file_mutex_);
    settings_[key] = json;
  }
  if (persistent()) Append(SettingLine(key, json));
}

void Store::Flush() {
  if (!dirty_.exchange(false)) return;
  std::lock_guard lock(file_mutex_);
  std::fflush(file_);
}

void Store::Clear() {
  for (const auto& table : tables_) table->Clear();
  {
    std::lock_guard lock(file_mutex_);
    settings_.clear();
    if (file_ != nullptr) {
      std::fflush(file_);
      if (ftruncate(fileno(file_), 0) == 0) std::rewind(file_);
    }
  }
}

void Store::ClearCounts() {
  for (const auto& table : tables_) table->ClearCounts();
}

void Store::WriteCounts(JsonWriter& json) const {
  json.StartObject();
  for (const auto& table : tables_) {
    json.Key(table->name().c_str());
    table->WriteCounts(json);
  }
  json.EndObject();
}

}  // namespace penstock::sandbox
