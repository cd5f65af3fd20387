#include "sdk/testing/kit/exact_json.h"

#include <rapidjson/memorystream.h>
#include <rapidjson/pointer.h>
#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace penstock::kit {
namespace {

constexpr char kMark = '\x01';
constexpr unsigned kFlags = rapidjson::kParseNumbersAsStringsFlag | rapidjson::kParseIterativeFlag |
                            rapidjson::kParseValidateEncodingFlag;

// Passes everything on to a document, numbers as marked strings.
class Marker {
 public:
  explicit Marker(rapidjson::Document* to) : to_(to) {}
  bool RawNumber(const char* text, rapidjson::SizeType n, bool) {
    const std::string marked = kMark + std::string(text, n);
    return to_->String(marked.data(), static_cast<rapidjson::SizeType>(marked.size()), true);
  }
  bool Null() { return to_->Null(); }
  bool Bool(bool value) { return to_->Bool(value); }
  bool Int(int value) { return to_->Int(value); }
  bool Uint(unsigned value) { return to_->Uint(value); }
  bool Int64(int64_t value) { return to_->Int64(value); }
  bool Uint64(uint64_t value) { return to_->Uint64(value); }
  bool Double(double value) { return to_->Double(value); }
  bool String(const char* text, rapidjson::SizeType n, bool) { return to_->String(text, n, true); }
  bool Key(const char* text, rapidjson::SizeType n, bool) { return to_->Key(text, n, true); }
  bool StartObject() { return to_->StartObject(); }
  bool EndObject(rapidjson::SizeType n) { return to_->EndObject(n); }
  bool StartArray() { return to_->StartArray(); }
  bool EndArray(rapidjson::SizeType n) { return to_->EndArray(n); }

 private:
  rapidjson::Document* to_;
};

struct Generator {
  std::string_view text;
  bool ok = false;
  bool operator()(rapidjson::Document& document) {
    Marker marker(&document);
    rapidjson::MemoryStream stream(text.data(), text.size());
    rapidjson::Reader reader;
    ok = !reader.Parse<kFlags>(stream, marker).IsError();
    return ok;
  }
};

// Writes marked strings as numbers again.
class Unmarker : public rapidjson::Writer<rapidjson::StringBuffer> {
 public:
  using Base = rapidjson::Writer<rapidjson::StringBuffer>;
  using Base::Base;
  bool String(const char* text, rapidjson::SizeType n, bool copy = false) {
    if (n > 0 && text[0] == kMark) return RawValue(text + 1, n - 1, rapidjson::kNumberType);
    return Base::String(text, n, copy);
  }
};

}  // namespace

bool ParseExact(std::string_view text, rapidjson::Document* out) {
  Generator generator{text};
  out->Populate(generator);
  return generator.ok;
}

std::string ExactText(const Json& value) {
  rapidjson::StringBuffer buffer;
  Unmarker writer(buffer);
  value.Accept(writer);
  return {buffer.GetString(), buffer.GetSize()};
}

bool IsNumber(const Json& value) {
  return value.IsNumber() ||
         (value.IsString() && value.GetStringLength() > 0 && value.GetString()[0] == kMark);
}

bool IsText(const Json& value) { return value.IsString() && !IsNumber(value); }

std::string_view Plain(const Json& value) {
  if (!value.IsString()) return {};
  std::string_view text(value.GetString(), value.GetStringLength());
  if (IsNumber(value)) text.remove_prefix(1);
  return text;
}

const Json* Find(const Json& value, std::string_view name) {
  if (!value.IsObject()) return nullptr;
  const Json key(rapidjson::StringRef(name.data(), name.size()));
  const auto it = value.FindMember(key);
  return it == value.MemberEnd() ? nullptr : &it->value;
}

const Json* At(const Json& value, const std::string& pointer) {
  const rapidjson::Pointer at(pointer.data(), pointer.size());
  return at.IsValid() ? at.Get(value) : nullptr;
}

std::string TextOf(const Json& value, std::string_view name, const std::string& otherwise) {
  const Json* member = Find(value, name);
  return member == nullptr || !member->IsString() ? otherwise : std::string(Plain(*member));
}

std::string WithMember(const std::string& json, const std::string& name, const std::string& text) {
  rapidjson::Document document;
  if (!ParseExact(json, &document) || !document.IsObject() || Find(document, name) != nullptr) {
    return json;
  }
  auto& allocator = document.GetAllocator();
  document.AddMember(Json(name.data(), static_cast<rapidjson::SizeType>(name.size()), allocator),
                     Json(text.data(), static_cast<rapidjson::SizeType>(text.size()), allocator),
                     allocator);
  return ExactText(document);
}

namespace {

void ReplaceSecrets(Json* json, const std::map<std::string, std::string>& secrets,
                    rapidjson::Document::AllocatorType& allocator) {
  if (const Json* name = json->MemberCount() == 1 ? Find(*json, "$secret") : nullptr) {
    const auto it = secrets.find(std::string(Plain(*name)));
    const std::string value = it == secrets.end() ? "secret" : it->second;
    json->SetString(value.data(), static_cast<rapidjson::SizeType>(value.size()), allocator);
    return;
  }
  for (auto& member : json->GetObject()) {
    if (member.value.IsObject()) ReplaceSecrets(&member.value, secrets, allocator);
  }
}

}  // namespace

std::string WithSecrets(const std::string& json,
                        const std::map<std::string, std::string>& secrets) {
  rapidjson::Document document;
  if (!ParseExact(json, &document) || !document.IsObject()) return json;
  ReplaceSecrets(&document, secrets, document.GetAllocator());
  return ExactText(document);
}

}  // namespace penstock::kit
