#include "sdk/documents/reader.h"

#include <rapidjson/error/en.h>
#include <rapidjson/pointer.h>

namespace penstock::sdk::documents {
namespace {

// RapidJSON validates and writes recursively: a hostile document must not choose the stack's depth.
bool TooDeep(std::string_view text) {
  int depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        in_string = false;
      }
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxDepth) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

}  // namespace

Failure Invalid(std::string code, std::string message) {
  return Failure{PENSTOCK_E_INVALID_ARGUMENT, std::move(code), std::move(message), 0};
}

Status Parse(std::string_view text, std::string_view what, rapidjson::Document* out) {
  if (TooDeep(text)) {
    return Invalid("PS-DOC-SYNTAX", std::string(what) + " is nested more than " +
                                        std::to_string(kMaxDepth) + " levels deep");
  }
  // Without "full precision", whose code stumbles over 0e30 (a count of the zero bits of zero).
  constexpr unsigned kFlags =
      rapidjson::kParseValidateEncodingFlag | rapidjson::kParseIterativeFlag;
  out->Parse<kFlags>(text.data(), text.size());
  if (out->HasParseError()) {
    return Invalid("PS-DOC-SYNTAX", std::string(what) + " is not valid JSON: " +
                                        rapidjson::GetParseError_En(out->GetParseError()) +
                                        " (at byte " + std::to_string(out->GetErrorOffset()) + ")");
  }
  return {};
}

namespace {

/// What a schema node stands for: itself, or the definition that it refers to.
const Json* Resolve(const Json& node, const rapidjson::Document& schema) {
  const Json* reference = node.IsObject() ? Find(node, "$ref") : nullptr;
  if (reference == nullptr) return &node;
  const std::string_view pointer = reference->GetString();  // "#/definitions/..."
  return rapidjson::Pointer(pointer.data(), pointer.size()).Get(schema);
}

/// Takes out of objects that are closed what their schema does not name.
void LeaveOutUnknown(const Json& rules, const rapidjson::Document& schema, Json* document) {
  const Json* node = Resolve(rules, schema);
  if (node == nullptr || !node->IsObject()) return;
  if (const Json* items = Find(*node, "items"); items != nullptr && document->IsArray()) {
    for (Json& item : document->GetArray()) LeaveOutUnknown(*items, schema, &item);
  }
  const Json* properties = Find(*node, "properties");
  if (properties == nullptr || !document->IsObject()) return;
  const Json* more = Find(*node, "additionalProperties");
  const bool closed = more != nullptr && more->IsFalse();
  // From the back, where taking one out puts one in its place that was seen already: a hostile
  // document may have millions of members.
  for (rapidjson::SizeType i = document->MemberCount(); i-- > 0;) {
    const auto member = document->MemberBegin() + i;
    const auto known = properties->FindMember(member->name);
    if (known == properties->MemberEnd()) {
      if (closed) document->RemoveMember(member);
    } else {
      LeaveOutUnknown(known->value, schema, &member->value);
    }
  }
}

}  // namespace

Status ParseChecked(std::string_view text, const char* schema, std::string_view what,
                    rapidjson::Document* out, Unknown unknown) {
  Status parsed = Parse(text, what, out);
  if (!parsed.ok()) return parsed;
  rapidjson::Document schema_json;
  Status schema_parsed = Parse(schema, "the schema", &schema_json);
  if (!schema_parsed.ok()) return schema_parsed;
  if (unknown == Unknown::kLeftOut) LeaveOutUnknown(schema_json, schema_json, out);
  return Check(*out, schema_json, what);
}

const Json* Find(const Json& object, const char* name) {
  const auto it = object.FindMember(name);
  return it == object.MemberEnd() ? nullptr : &it->value;
}

std::string Text(const Json& object, const char* name, const char* otherwise) {
  const Json* v = Find(object, name);
  return v == nullptr ? otherwise : std::string(v->GetString(), v->GetStringLength());
}

bool Flag(const Json& object, const char* name, bool otherwise) {
  const Json* v = Find(object, name);
  return v == nullptr ? otherwise : v->GetBool();
}

uint64_t Number(const Json& object, const char* name, uint64_t otherwise) {
  const Json* v = Find(object, name);
  // The schemas call 1.0 an integer; RapidJSON does not.
  if (v == nullptr || !v->IsUint64()) return otherwise;
  return v->GetUint64();
}

std::vector<std::string> Texts(const Json& object, const char* name) {
  std::vector<std::string> texts;
  const Json* v = Find(object, name);
  if (v == nullptr) return texts;
  for (const Json& item : v->GetArray()) {
    texts.emplace_back(item.GetString(), item.GetStringLength());
  }
  return texts;
}

std::string ToText(const Json& value) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  value.Accept(writer);
  return std::string(buffer.GetString(), buffer.GetSize());
}

std::string RawText(const Json& object, const char* name) {
  const Json* v = Find(object, name);
  return v == nullptr ? std::string() : ToText(*v);
}

void Write(Writer* writer, const char* name, std::string_view text) {
  writer->Key(name);
  writer->String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
}

void Write(Writer* writer, const char* name, const std::vector<std::string>& texts) {
  writer->Key(name);
  writer->StartArray();
  for (const std::string& text : texts) {
    writer->String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
  }
  writer->EndArray();
}

void Write(Writer* writer, const char* name, bool flag) {
  writer->Key(name);
  writer->Bool(flag);
}

void Write(Writer* writer, const char* name, uint64_t number) {
  writer->Key(name);
  writer->Uint64(number);
}

void WriteRaw(Writer* writer, const char* name, const std::string& json) {
  writer->Key(name);
  writer->RawValue(json.data(), json.size(), rapidjson::kObjectType);
}

}  // namespace penstock::sdk::documents
