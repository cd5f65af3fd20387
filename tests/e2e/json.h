// Reading JSON in tests: a missing member is a value of its own, so that an expectation fails
// instead of the process.
#pragma once

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

namespace penstock::e2e {

/// A node of a document, which it shares. Cheap to copy.
class Json {
 public:
  Json() = default;
  /// Missing when the text is not one JSON document.
  static Json Parse(const std::string& text) {
    auto document = std::make_shared<rapidjson::Document>();
    document->Parse<rapidjson::kParseNumbersAsStringsFlag>(text.data(), text.size());
    if (document->HasParseError()) return {};
    const rapidjson::Value* root = document.get();
    return Json(std::move(document), root);
  }

  bool exists() const { return value_ != nullptr; }
  bool null() const { return value_ == nullptr || value_->IsNull(); }
  Json operator[](const char* name) const {
    if (value_ == nullptr || !value_->IsObject()) return {};
    const auto found = value_->FindMember(name);
    return found == value_->MemberEnd() ? Json() : Json(document_, &found->value);
  }
  Json operator[](size_t index) const {
    if (value_ == nullptr || !value_->IsArray() || index >= value_->Size()) return {};
    return Json(document_, &(*value_)[static_cast<rapidjson::SizeType>(index)]);
  }
  Json operator[](int index) const { return (*this)[static_cast<size_t>(index)]; }
  /// Elements of an array, members of an object, else 0.
  size_t size() const {
    if (value_ == nullptr) return 0;
    return value_->IsArray() ? value_->Size() : value_->IsObject() ? value_->MemberCount() : 0;
  }
  std::vector<std::string> names() const {
    std::vector<std::string> names;
    if (value_ == nullptr || !value_->IsObject()) return names;
    for (const auto& member : value_->GetObject()) {
      names.emplace_back(member.name.GetString(), member.name.GetStringLength());
    }
    return names;
  }
  /// A whole number; kNoInt when it is none.
  int64_t Int() const {
    if (value_ == nullptr || !value_->IsString() || value_->GetStringLength() == 0) return kNoInt;
    const std::string text = Text();
    char* end = nullptr;
    const int64_t number = std::strtoll(text.c_str(), &end, 10);
    return *end == '\0' ? number : kNoInt;
  }
  /// A text, or a number as it stands there; "" when it is neither.
  std::string Text() const {
    if (value_ == nullptr || !value_->IsString()) return "";
    return {value_->GetString(), value_->GetStringLength()};
  }
  bool True() const { return value_ != nullptr && value_->IsTrue(); }
  std::string Dump() const {
    if (value_ == nullptr) return "(missing)";
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
    value_->Accept(writer);
    return {buffer.GetString(), buffer.GetSize()};
  }

  static constexpr int64_t kNoInt = INT64_MIN;

 private:
  Json(std::shared_ptr<rapidjson::Document> document, const rapidjson::Value* value)
      : document_(std::move(document)), value_(value) {}

  std::shared_ptr<rapidjson::Document> document_;
  const rapidjson::Value* value_ = nullptr;
};

}  // namespace penstock::e2e
