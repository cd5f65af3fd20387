#include "core/plan/header.h"

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <array>
#include <cmath>
#include <limits>
#include <utility>

namespace penstock::plan {
namespace {

using JsonWriter = rapidjson::Writer<rapidjson::StringBuffer>;

constexpr std::array<std::pair<const char*, std::string PlanHeader::*>, 11> kTexts = {{
    {"integration", &PlanHeader::integration},
    {"environment", &PlanHeader::environment},
    {"account", &PlanHeader::account},
    {"object", &PlanHeader::object},
    {"connector", &PlanHeader::connector},
    {"connector_version", &PlanHeader::connector_version},
    {"model_digest", &PlanHeader::model_digest},
    {"mapping_digest", &PlanHeader::mapping_digest},
    {"schema_digest", &PlanHeader::schema_digest},
    {"options", &PlanHeader::options},
    {"lineage", &PlanHeader::lineage},
}};

constexpr std::array<std::pair<const char*, uint64_t PlanCounts::*>, 17> kCounts = {{
    {"read", &PlanCounts::read},
    {"unchanged", &PlanCounts::unchanged},
    {"invalid", &PlanCounts::invalid},
    {"quarantined", &PlanCounts::quarantined},
    {"row_changes", &PlanCounts::row_changes},
    {"insert", &PlanCounts::insert},
    {"update", &PlanCounts::update},
    {"delete", &PlanCounts::remove},
    {"fresh", &PlanCounts::fresh},
    {"retries", &PlanCounts::retries},
    {"in_doubt", &PlanCounts::in_doubt},
    {"in_job", &PlanCounts::in_job},
    {"departed_before", &PlanCounts::departed_before},
    {"newly_departed", &PlanCounts::newly_departed},
    {"departed", &PlanCounts::departed},
    {"new_keys", &PlanCounts::new_keys},
    {"entries", &PlanCounts::entries},
}};

constexpr std::array<std::pair<const char*, NullPolicy>, 3> kNullPolicies = {{
    {"clear_ours", NullPolicy::kClearOurs},
    {"clear", NullPolicy::kClear},
    {"leave", NullPolicy::kLeave},
}};

void WriteText(const char* name, const std::string& text, JsonWriter* out) {
  out->Key(name);
  out->String(text);
}

void WriteFields(const std::vector<MappedField>& fields, JsonWriter* out) {
  out->Key("fields");
  out->StartArray();
  for (const MappedField& field : fields) {
    out->StartObject();
    WriteText("name", field.name, out);
    WriteText("type", std::string(sdk::FieldTypeName(field.type)), out);
    for (const auto& [name, policy] : kNullPolicies) {
      if (policy == field.null) WriteText("null", name, out);
    }
    out->Key("normalisers");
    out->StartArray();
    for (const sdk::Normaliser normaliser : field.normalisers) {
      out->String(std::string(sdk::NormaliserName(normaliser)));
    }
    out->EndArray();
    out->Key("key");
    out->Bool(field.key);
    out->Key("hashed");
    out->Bool(field.hashed);
    out->Key("sensitive");
    out->Bool(field.sensitive);
    out->EndObject();
  }
  out->EndArray();
}

void WriteCounts(const PlanCounts& counts, JsonWriter* out) {
  out->Key("counts");
  out->StartObject();
  for (const auto& [name, member] : kCounts) {
    out->Key(name);
    out->Uint64(counts.*member);
  }
  out->Key("invalid_by_code");
  out->StartObject();
  for (const auto& [code, count] : counts.invalid_by_code) {
    out->Key(code.data(), static_cast<rapidjson::SizeType>(code.size()));
    out->Uint64(count);
  }
  out->EndObject();
  out->Key("fields");
  out->StartArray();
  for (const FieldCount& field : counts.fields) {
    out->StartObject();
    WriteText("field", field.field, out);
    out->Key("changed");
    out->Uint64(field.changed);
    out->EndObject();
  }
  out->EndArray();
  out->EndObject();
}

bool ReadText(const rapidjson::Value& object, const char* name, std::string* out) {
  const auto at = object.FindMember(name);
  if (at == object.MemberEnd() || !at->value.IsString()) return false;
  out->assign(at->value.GetString(), at->value.GetStringLength());
  return true;
}

bool ReadCount(const rapidjson::Value& object, const char* name, uint64_t* out) {
  const auto at = object.FindMember(name);
  if (at == object.MemberEnd() || !at->value.IsUint64()) return false;
  *out = at->value.GetUint64();
  return true;
}

bool ReadTime(const rapidjson::Value& object, const char* name, int64_t* out) {
  const auto at = object.FindMember(name);
  if (at == object.MemberEnd() || !at->value.IsInt64()) return false;
  *out = at->value.GetInt64();
  return true;
}

bool ReadBool(const rapidjson::Value& object, const char* name, bool* out) {
  const auto at = object.FindMember(name);
  if (at == object.MemberEnd() || !at->value.IsBool()) return false;
  *out = at->value.GetBool();
  return true;
}

bool ReadFieldType(const rapidjson::Value& object, sdk::FieldType* out) {
  std::string name;
  if (!ReadText(object, "type", &name)) return false;
  for (int i = 0; i <= static_cast<int>(sdk::FieldType::kList); ++i) {
    *out = static_cast<sdk::FieldType>(i);
    if (sdk::FieldTypeName(*out) == name) return true;
  }
  return false;
}

bool ReadNormalisers(const rapidjson::Value& object, std::vector<sdk::Normaliser>* out) {
  const auto at = object.FindMember("normalisers");
  if (at == object.MemberEnd() || !at->value.IsArray()) return false;
  for (const rapidjson::Value& item : at->value.GetArray()) {
    if (!item.IsString()) return false;
    const std::string_view text(item.GetString(), item.GetStringLength());
    const size_t before = out->size();
    for (int i = 0; i <= static_cast<int>(sdk::Normaliser::kE164); ++i) {
      const auto normaliser = static_cast<sdk::Normaliser>(i);
      if (sdk::NormaliserName(normaliser) == text) out->push_back(normaliser);
    }
    if (out->size() != before + 1) return false;
  }
  return true;
}

bool ReadNullPolicy(const rapidjson::Value& object, NullPolicy* out) {
  std::string text;
  if (!ReadText(object, "null", &text)) return false;
  for (const auto& [name, policy] : kNullPolicies) {
    *out = policy;
    if (text == name) return true;
  }
  return false;
}

bool ReadFields(const rapidjson::Value& json, std::vector<MappedField>* out) {
  const auto at = json.FindMember("fields");
  if (at == json.MemberEnd() || !at->value.IsArray()) return false;
  for (const rapidjson::Value& item : at->value.GetArray()) {
    MappedField field;
    if (!item.IsObject() || !ReadText(item, "name", &field.name) ||
        !ReadFieldType(item, &field.type) || !ReadNullPolicy(item, &field.null) ||
        !ReadNormalisers(item, &field.normalisers) || !ReadBool(item, "key", &field.key) ||
        !ReadBool(item, "hashed", &field.hashed) ||
        !ReadBool(item, "sensitive", &field.sensitive)) {
      return false;
    }
    out->push_back(std::move(field));
  }
  return true;
}

bool ReadCounts(const rapidjson::Value& json, PlanCounts* out) {
  const auto at = json.FindMember("counts");
  if (at == json.MemberEnd() || !at->value.IsObject()) return false;
  const rapidjson::Value& counts = at->value;
  for (const auto& [name, member] : kCounts) {
    if (!ReadCount(counts, name, &(out->*member))) return false;
  }
  const auto codes = counts.FindMember("invalid_by_code");
  const auto fields = counts.FindMember("fields");
  if (codes == counts.MemberEnd() || !codes->value.IsObject() || fields == counts.MemberEnd() ||
      !fields->value.IsArray()) {
    return false;
  }
  for (const auto& code : codes->value.GetObject()) {
    if (!code.value.IsUint64()) return false;
    out->invalid_by_code.emplace(std::string(code.name.GetString(), code.name.GetStringLength()),
                                 code.value.GetUint64());
  }
  for (const rapidjson::Value& item : fields->value.GetArray()) {
    FieldCount field;
    if (!item.IsObject() || !ReadText(item, "field", &field.field) ||
        !ReadCount(item, "changed", &field.changed)) {
      return false;
    }
    out->fields.push_back(std::move(field));
  }
  return true;
}

}  // namespace

std::string CoveredJson(const PlanHeader& header) {
  rapidjson::StringBuffer buffer;
  JsonWriter out(buffer);
  out.StartObject();
  for (const auto& [name, member] : kTexts) WriteText(name, header.*member, &out);
  WriteText("mode", std::string(ModeName(header.mode)), &out);
  out.Key("last_outcome");
  out.Uint64(header.last_outcome);
  WriteFields(header.fields, &out);
  out.Key("key_field");
  out.Uint64(header.key_field);
  WriteCounts(header.counts, &out);
  out.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

std::string RestJson(const PlanHeader& header) {
  rapidjson::StringBuffer buffer;
  JsonWriter out(buffer);
  out.StartObject();
  WriteText("hash", header.hash, &out);
  out.Key("created_us");
  out.Int64(header.created_us);
  out.Key("expires_us");
  out.Int64(header.expires_us);
  out.Key("seconds");
  out.Double(std::isfinite(header.seconds) ? header.seconds : 0);
  out.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

bool ParseHeader(std::string_view covered, std::string_view rest, PlanHeader* header) {
  rapidjson::Document json;
  if (json.Parse<rapidjson::kParseIterativeFlag>(covered.data(), covered.size()).HasParseError() ||
      !json.IsObject()) {
    return false;
  }
  for (const auto& [name, member] : kTexts) {
    if (!ReadText(json, name, &(header->*member))) return false;
  }
  std::string mode;
  uint64_t key_field = 0;
  if (!ReadText(json, "mode", &mode) || !ReadCount(json, "last_outcome", &header->last_outcome) ||
      !ReadFields(json, &header->fields) || !ReadCount(json, "key_field", &key_field) ||
      !ReadCounts(json, &header->counts)) {
    return false;
  }
  const std::optional<Mode> parsed = ParseMode(mode);
  if (!parsed) return false;
  header->mode = *parsed;
  header->key_field = key_field;

  rapidjson::Document others;
  if (others.Parse<rapidjson::kParseIterativeFlag>(rest.data(), rest.size()).HasParseError() ||
      !others.IsObject() || !ReadText(others, "hash", &header->hash) ||
      !ReadTime(others, "created_us", &header->created_us) ||
      !ReadTime(others, "expires_us", &header->expires_us)) {
    return false;
  }
  if (!others.HasMember("seconds") || !others["seconds"].IsNumber()) return false;
  header->seconds = others["seconds"].GetDouble();
  return true;
}

}  // namespace penstock::plan
