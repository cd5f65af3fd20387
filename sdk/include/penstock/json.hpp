// Writing JSON, values included, exactly: decimals and 64-bit integers keep every digit.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "penstock/connector.h"
#include "penstock/values.hpp"

namespace penstock::sdk {

/// Appends `text` as a JSON string. Control characters and quotes are escaped; the rest is passed
/// on as the UTF-8 that it is.
inline void AppendJsonString(std::string_view text, std::string* out) {
  static constexpr char kHex[] = "0123456789abcdef";
  out->push_back('"');
  size_t start = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const unsigned char c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out->append(text, start, i - start);
    start = i + 1;
    switch (c) {
      case '"':
        out->append("\\\"");
        break;
      case '\\':
        out->append("\\\\");
        break;
      case '\n':
        out->append("\\n");
        break;
      case '\r':
        out->append("\\r");
        break;
      case '\t':
        out->append("\\t");
        break;
      default:
        out->append("\\u00");
        out->push_back(kHex[c >> 4]);
        out->push_back(kHex[c & 15]);
    }
  }
  out->append(text, start, text.size() - start);
  out->push_back('"');
}

/// Appends `value` as JSON: numbers as numbers with all their digits, dates and timestamps as ISO
/// 8601 strings (UTC, microseconds), bytes as base64, JSON as it is, NULL and ABSENT as null (leave
/// out the member of an ABSENT one).
inline void AppendJson(const penstock_value& value, std::string* out) {
  switch (value.type) {
    case PENSTOCK_BOOL:
      out->append(value.v.i64 != 0 ? "true" : "false");
      break;
    case PENSTOCK_INT64:
      out->append(std::to_string(value.v.i64));
      break;
    case PENSTOCK_DOUBLE:
      out->append(DoubleText(value.v.f64));
      break;
    case PENSTOCK_DECIMAL:
    case PENSTOCK_JSON:
      out->append(TextOf(value));
      break;
    case PENSTOCK_STRING:
      AppendJsonString(TextOf(value), out);
      break;
    case PENSTOCK_BYTES:
      AppendJsonString(Base64(TextOf(value)), out);
      break;
    case PENSTOCK_DATE:
      AppendJsonString(DateText(value.v.i64), out);
      break;
    case PENSTOCK_TIMESTAMP:
      AppendJsonString(TimestampText(value.v.i64), out);
      break;
    case PENSTOCK_LIST:
      out->push_back('[');
      for (uint32_t i = 0; i < value.len; ++i) {
        if (i > 0) out->push_back(',');
        AppendJson(value.v.list[i], out);
      }
      out->push_back(']');
      break;
    default:
      out->append("null");
  }
}

/// Builds one JSON text. Calls nest as the text does; commas are its own business.
class JsonWriter {
 public:
  JsonWriter& BeginObject() { return Open('{'); }
  JsonWriter& EndObject() { return Close('}'); }
  JsonWriter& BeginArray() { return Open('['); }
  JsonWriter& EndArray() { return Close(']'); }
  JsonWriter& Key(std::string_view name) {
    Comma();
    AppendJsonString(name, &text_);
    text_.push_back(':');
    after_key_ = true;
    return *this;
  }
  JsonWriter& String(std::string_view text) {
    Comma();
    AppendJsonString(text, &text_);
    return *this;
  }
  JsonWriter& Value(const penstock_value& value) {
    Comma();
    AppendJson(value, &text_);
    return *this;
  }
  /// `json` is a whole JSON value.
  JsonWriter& Raw(std::string_view json) {
    Comma();
    text_.append(json);
    return *this;
  }
  const std::string& text() const { return text_; }
  std::string Take() { return std::move(text_); }

 private:
  JsonWriter& Open(char bracket) {
    Comma();
    text_.push_back(bracket);
    first_.push_back(true);
    return *this;
  }
  JsonWriter& Close(char bracket) {
    text_.push_back(bracket);
    first_.pop_back();
    return *this;
  }
  void Comma() {
    if (after_key_) {
      after_key_ = false;
    } else if (!first_.empty()) {
      if (!first_.back()) text_.push_back(',');
      first_.back() = false;
    }
  }

  std::string text_;
  std::vector<bool> first_;  // of each open object or array: nothing in it yet
  bool after_key_ = false;
};

}  // namespace penstock::sdk
