// The parts that are JSON.
#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <limits>

#include "core/state/bytes.h"
#include "core/state/codec.h"

namespace penstock::codec {
namespace {

constexpr uint32_t kCloseMagic = 0x434E50F3u;

/// Writes members one after another.
class Object {
 public:
  Object() { writer_.StartObject(); }
  void Text(const char* name, std::string_view text) {
    writer_.Key(name);
    writer_.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
  }
  void Number(const char* name, uint64_t number) {
    writer_.Key(name);
    writer_.Uint64(number);
  }
  void Signed(const char* name, int64_t number) {
    writer_.Key(name);
    writer_.Int64(number);
  }
  void Texts(const char* name, const std::vector<std::string>& texts) {
    writer_.Key(name);
    WriteTexts(texts);
  }
  void Lists(const char* name, const std::vector<std::vector<std::string>>& lists) {
    writer_.Key(name);
    writer_.StartArray();
    for (const auto& list : lists) WriteTexts(list);
    writer_.EndArray();
  }
  std::string Finish() {
    writer_.EndObject();
    return std::string(buffer_.GetString(), buffer_.GetSize());
  }

 private:
  void WriteTexts(const std::vector<std::string>& texts) {
    writer_.StartArray();
    for (const std::string& text : texts) writer_.String(text);
    writer_.EndArray();
  }
  rapidjson::StringBuffer buffer_;
  rapidjson::Writer<rapidjson::StringBuffer> writer_{buffer_};
};

/// Reads members; a missing or mistyped one makes ok() false. Unknown members are let be.
class Members {
 public:
  explicit Members(std::string_view json) {
    document_.Parse(json.data(), json.size());
    ok_ = !document_.HasParseError() && document_.IsObject();
  }
  bool ok() const { return ok_; }

  void Text(const char* name, std::string* out) {
    if (const auto* value = Find(name)) ok_ = TextOf(*value, out);
  }
  template <typename T>
  void Number(const char* name, T* out) {
    const auto* value = Find(name);
    if (value == nullptr) return;
    ok_ = value->IsUint64() && value->GetUint64() <= std::numeric_limits<T>::max();
    if (ok_) *out = static_cast<T>(value->GetUint64());
  }
  void Signed(const char* name, int64_t* out) {
    const auto* value = Find(name);
    if (value == nullptr) return;
    ok_ = value->IsInt64();
    if (ok_) *out = value->GetInt64();
  }
  void Texts(const char* name, std::vector<std::string>* out) {
    if (const auto* value = Find(name)) ok_ = TextsOf(*value, out);
  }
  void Lists(const char* name, std::vector<std::vector<std::string>>* out) {
    const auto* value = Find(name);
    if (value == nullptr) return;
    ok_ = value->IsArray();
    if (!ok_) return;
    out->resize(value->Size());
    for (size_t i = 0; ok_ && i < out->size(); ++i) {
      ok_ = TextsOf((*value)[static_cast<rapidjson::SizeType>(i)], &(*out)[i]);
    }
  }

 private:
  const rapidjson::Value* Find(const char* name) {
    if (!ok_) return nullptr;
    ok_ = document_.HasMember(name);
    return ok_ ? &document_[name] : nullptr;
  }
  static bool TextOf(const rapidjson::Value& value, std::string* out) {
    if (!value.IsString()) return false;
    out->assign(value.GetString(), value.GetStringLength());
    return true;
  }
  static bool TextsOf(const rapidjson::Value& value, std::vector<std::string>* out) {
    if (!value.IsArray()) return false;
    out->clear();
    for (const auto& item : value.GetArray()) {
      if (!TextOf(item, &out->emplace_back())) return false;
    }
    return true;
  }

  rapidjson::Document document_;
  bool ok_ = false;
};

void PutIdentity(const StateIdentity& identity, Object* object) {
  object->Text("integration", identity.integration);
  object->Text("environment", identity.environment);
  object->Text("account", identity.account);
  object->Text("object", identity.object);
  object->Text("connector", identity.connector);
  object->Texts("key_columns", identity.key_columns);
  object->Text("key_field", identity.key_field);
  object->Text("key_template", identity.key_template);
  object->Texts("normalisers", identity.normalisers);
  object->Number("encoding", identity.encoding);
}

void TakeIdentity(Members* members, StateIdentity* identity) {
  members->Text("integration", &identity->integration);
  members->Text("environment", &identity->environment);
  members->Text("account", &identity->account);
  members->Text("object", &identity->object);
  members->Text("connector", &identity->connector);
  members->Texts("key_columns", &identity->key_columns);
  members->Text("key_field", &identity->key_field);
  members->Text("key_template", &identity->key_template);
  members->Texts("normalisers", &identity->normalisers);
  members->Number("encoding", &identity->encoding);
}

}  // namespace

std::string EncodeOpen(const JournalOpen& open) {
  Object object;
  PutIdentity(open.identity, &object);
  object.Text("lineage", open.lineage);
  object.Text("run", open.run);
  object.Number("run_ordinal", open.run_ordinal);
  object.Text("plan_hash", open.plan_hash);
  object.Text("mode", ModeName(open.mode));
  object.Text("connector_version", open.connector_version);
  object.Text("schema", open.schema);
  object.Texts("fields", open.fields);
  object.Number("first_outcome", open.first_outcome);
  object.Signed("started_us", open.started_us);
  return object.Finish();
}

bool DecodeOpen(std::string_view json, JournalOpen* open) {
  Members members(json);
  std::string mode;
  TakeIdentity(&members, &open->identity);
  members.Text("lineage", &open->lineage);
  members.Text("run", &open->run);
  members.Number("run_ordinal", &open->run_ordinal);
  members.Text("plan_hash", &open->plan_hash);
  members.Text("mode", &mode);
  members.Text("connector_version", &open->connector_version);
  members.Text("schema", &open->schema);
  members.Texts("fields", &open->fields);
  members.Number("first_outcome", &open->first_outcome);
  members.Signed("started_us", &open->started_us);
  const auto parsed = ParseMode(mode);
  if (parsed) open->mode = *parsed;
  return members.ok() && parsed && open->first_outcome > 0;
}

std::string EncodeClose(const JournalClose& close) {
  Object object;
  object.Text("status", close.status);
  object.Number("last_outcome", close.last_outcome);
  object.Signed("ended_us", close.ended_us);
  object.Text("counts", close.counts_json);
  std::string payload = object.Finish();
  bytes::Append(static_cast<uint32_t>(payload.size() + kCloseTailBytes), &payload);
  bytes::Append(kCloseMagic, &payload);
  return payload;
}

uint32_t ClosePayloadBytes(std::string_view tail) {
  if (tail.size() < kCloseTailBytes) return 0;
  bytes::Source in(tail.substr(tail.size() - kCloseTailBytes));
  const uint32_t length = in.Number<uint32_t>();
  return in.Number<uint32_t>() == kCloseMagic ? length : 0;
}

bool DecodeClose(std::string_view payload, JournalClose* close) {
  if (ClosePayloadBytes(payload) != payload.size()) return false;
  payload.remove_suffix(kCloseTailBytes);
  Members members(payload);
  members.Text("status", &close->status);
  members.Number("last_outcome", &close->last_outcome);
  members.Signed("ended_us", &close->ended_us);
  members.Text("counts", &close->counts_json);
  return members.ok();
}

std::string EncodeHeader(const GenerationHeader& header) {
  Object object;
  object.Text("lineage", header.lineage);
  object.Number("generation", header.generation);
  PutIdentity(header.identity, &object);
  object.Lists("fieldsets", header.fieldsets);
  return object.Finish();
}

bool DecodeHeader(std::string_view json, GenerationHeader* header) {
  Members members(json);
  members.Text("lineage", &header->lineage);
  members.Number("generation", &header->generation);
  TakeIdentity(&members, &header->identity);
  members.Lists("fieldsets", &header->fieldsets);
  return members.ok();
}

}  // namespace penstock::codec
