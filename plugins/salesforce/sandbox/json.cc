#include "plugins/salesforce/sandbox/json.h"

#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <algorithm>

namespace penstock::sandbox::salesforce {
namespace {

constexpr unsigned kFlags = rapidjson::kParseNumbersAsStringsFlag | rapidjson::kParseIterativeFlag |
                            rapidjson::kParseValidateEncodingFlag;

// Builds the tree from the reader's calls.
class Builder {
 public:
  Builder(Json* root, const rapidjson::MemoryStream& stream) : root_(root), stream_(stream) {}

  bool Null() { return Put(Json::Kind::kNull, {}) != nullptr; }
  bool Bool(bool value) {
    return Put(value ? Json::Kind::kTrue : Json::Kind::kFalse, {}) != nullptr;
  }
  bool RawNumber(const char* text, rapidjson::SizeType size, bool /*copy*/) {
    return Put(Json::Kind::kNumber, {text, size}) != nullptr;
  }
  bool String(const char* text, rapidjson::SizeType size, bool /*copy*/) {
    return Put(Json::Kind::kString, {text, size}) != nullptr;
  }
  bool Key(const char* text, rapidjson::SizeType size, bool /*copy*/) {
    key_.assign(text, size);
    return true;
  }
  bool StartObject() { return Open(Json::Kind::kObject); }
  bool EndObject(rapidjson::SizeType /*size*/) { return Close(); }
  bool StartArray() { return Open(Json::Kind::kArray); }
  bool EndArray(rapidjson::SizeType /*size*/) { return Close(); }
  // Numbers come as their text.
  bool Int(int /*value*/) { return false; }
  bool Uint(unsigned /*value*/) { return false; }
  bool Int64(std::int64_t /*value*/) { return false; }
  bool Uint64(std::uint64_t /*value*/) { return false; }
  bool Double(double /*value*/) { return false; }

 private:
  Json* Put(Json::Kind kind, std::string_view text) {
    Json* place = root_;
    if (!open_.empty()) {
      Json& parent = *open_.back();
      place = parent.IsArray() ? &parent.items.emplace_back()
                               : &parent.members.emplace_back(std::move(key_), Json()).second;
    }
    place->kind = kind;
    place->text = text;
    place->end = stream_.Tell();
    return place;
  }
  bool Open(Json::Kind kind) {
    open_.push_back(Put(kind, {}));
    return true;
  }
  bool Close() {
    open_.pop_back();
    return true;
  }

  Json* root_;
  const rapidjson::MemoryStream& stream_;
  std::vector<Json*> open_;  // only the last one grows, so the others stay where they are
  std::string key_;
};

}  // namespace

Json::Json() = default;
Json::~Json() = default;
Json::Json(const Json& other) = default;
Json::Json(Json&& other) noexcept = default;
Json& Json::operator=(const Json& other) = default;
Json& Json::operator=(Json&& other) noexcept = default;

const Json* Json::Find(std::string_view name) const {
  for (const auto& [key, value] : members) {
    if (key == name) return &value;
  }
  return nullptr;
}

const std::string* Json::FindText(std::string_view name) const {
  const Json* value = Find(name);
  return value != nullptr && value->IsString() ? &value->text : nullptr;
}

const char* Json::TokenName() const {
  switch (kind) {
    case Kind::kNull:
      return "VALUE_NULL";
    case Kind::kFalse:
      return "VALUE_FALSE";
    case Kind::kTrue:
      return "VALUE_TRUE";
    case Kind::kNumber:
      return text.find_first_of(".eE") == text.npos ? "VALUE_NUMBER_INT" : "VALUE_NUMBER_FLOAT";
    case Kind::kString:
      return "VALUE_STRING";
    case Kind::kArray:
      return "START_ARRAY";
    case Kind::kObject:
      return "START_OBJECT";
  }
  return "";
}

void Json::Write(JsonWriter& json) const {
  switch (kind) {
    case Kind::kNull:
      json.Null();
      return;
    case Kind::kFalse:
    case Kind::kTrue:
      json.Bool(IsTrue());
      return;
    case Kind::kNumber:
      json.RawValue(text.data(), text.size(), rapidjson::kNumberType);
      return;
    case Kind::kString:
      PutString(json, text);
      return;
    case Kind::kArray:
      json.StartArray();
      for (const Json& item : items) item.Write(json);
      json.EndArray();
      return;
    case Kind::kObject:
      json.StartObject();
      for (const auto& [key, value] : members) {
        json.Key(key.c_str(), static_cast<rapidjson::SizeType>(key.size()));
        value.Write(json);
      }
      json.EndObject();
  }
}

bool ParseJson(std::string_view text, Json* json, std::string* error) {
  *json = Json();
  rapidjson::MemoryStream stream(text.data(), text.size());
  Builder builder(json, stream);
  rapidjson::Reader reader;
  if (!reader.Parse<kFlags>(stream, builder).IsError()) return true;
  *error = std::string(rapidjson::GetParseError_En(reader.GetParseErrorCode())) + " at " +
           PlaceOf(text, reader.GetErrorOffset());
  return false;
}

std::string PlaceOf(std::string_view text, std::size_t byte) {
  const std::string_view before = text.substr(0, byte);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const std::size_t start = before.rfind('\n');
  const std::size_t column = before.size() - (start == before.npos ? 0 : start + 1) + 1;
  return "[line:" + std::to_string(line) + ", column:" + std::to_string(column) + "]";
}

}  // namespace penstock::sandbox::salesforce
