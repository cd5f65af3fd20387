#include "host/store/run_codec.h"

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace penstock::store {
namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;
using rapidjson::Value;

// Each struct's members are told once, to a writer and to a reader alike.
template <typename Codec, typename Counts>
void Members(Codec& c, Counts& n, const OutcomeCounts*) {
  c.Number("succeeded", n.succeeded);
  c.Number("rejected", n.rejected);
  c.Number("skipped", n.skipped);
  c.Number("in_doubt", n.in_doubt);
  c.Number("unsent", n.unsent);
  c.Number("created", n.created);
  c.Number("updated", n.updated);
  c.Number("deleted", n.deleted);
  c.Number("unchanged", n.unchanged);
}

template <typename Codec, typename Counts>
void Members(Codec& c, Counts& n, const StateCounts*) {
  c.Number("entries", n.entries);
  c.Number("acknowledged", n.acknowledged);
  c.Number("departed", n.departed);
  c.Number("rejected", n.rejected);
  c.Number("in_doubt", n.in_doubt);
  c.Number("skipped", n.skipped);
  c.Number("shared_ids", n.shared_ids);
}

template <typename Codec, typename Counts>
void Members(Codec& c, Counts& n, const PlanCounts*) {
  c.Number("read", n.read);
  c.Number("unchanged", n.unchanged);
  c.Number("invalid", n.invalid);
  c.Number("quarantined", n.quarantined);
  c.Number("row_changes", n.row_changes);
  c.Number("insert", n.insert);
  c.Number("update", n.update);
  c.Number("remove", n.remove);
  c.Number("fresh", n.fresh);
  c.Number("retries", n.retries);
  c.Number("in_doubt", n.in_doubt);
  c.Number("departed_before", n.departed_before);
  c.Number("newly_departed", n.newly_departed);
  c.Number("departed", n.departed);
  c.Number("new_keys", n.new_keys);
  c.Number("entries", n.entries);
  c.Numbers("invalid_by_code", n.invalid_by_code);
  c.List("fields", n.fields);
}

template <typename Codec, typename Item>
void Members(Codec& c, Item& f, const FieldCount*) {
  c.Text("field", f.field);
  c.Number("changed", f.changed);
}

template <typename Codec, typename Item>
void Members(Codec& c, Item& e, const ErrorCount*) {
  c.Text("code", e.code);
  c.Text("message", e.message);
  c.Number("count", e.count);
  c.Text("example_key", e.example_key);
}

template <typename Codec, typename Item>
void Members(Codec& c, Item& h, const Hold*) {
  c.Text("rule", h.rule);
  c.Text("message", h.message);
}

template <typename Codec, typename Item>
void Members(Codec& c, Item& e, const Error*) {
  c.Text("code", e.code);
  c.Text("message", e.message);
  c.Text("hint", e.hint);
  c.Text("file", e.file);
  c.Number("line", e.line);
  c.Number("column", e.column);
  c.Enum("exit", e.exit);
}

template <typename Codec, typename Record>
void Members(Codec& c, Record& r, const RunRecord*) {
  c.Text("run", r.run);
  c.Text("integration", r.integration);
  c.Number("ordinal", r.ordinal);
  c.Text("trigger", r.trigger);
  c.Text("status", r.status);
  c.Text("plan_hash", r.plan_hash);
  c.Struct("plan", r.plan);
  c.Struct("outcomes", r.outcomes);
  c.Struct("standing", r.standing);
  c.List("errors", r.errors);
  c.List("holds", r.holds);
  c.Number("requests", r.requests);
  c.Number("started_us", r.started_us);
  c.Number("ended_us", r.ended_us);
  c.Optional("error", r.error);
  c.Flag("limited", r.limited);
  c.Flag("journalled", r.journalled);
}

class Encoder {
 public:
  explicit Encoder(Writer* out) : out_(out) {}

  void Text(const char* name, const std::string& text) {
    out_->Key(name);
    out_->String(text);
  }
  template <typename T>
  void Number(const char* name, T n) {
    out_->Key(name);
    if constexpr (std::is_signed_v<T>) {
      out_->Int64(n);
    } else {
      out_->Uint64(n);
    }
  }
  void Flag(const char* name, bool value) {
    out_->Key(name);
    out_->Bool(value);
  }
  template <typename T>
  void Enum(const char* name, T value) {
    Number(name, static_cast<int64_t>(value));
  }
  template <typename T>
  void Whole(const T& value) {
    out_->StartObject();
    Members(*this, value, static_cast<const T*>(nullptr));
    out_->EndObject();
  }
  template <typename T>
  void Struct(const char* name, const T& value) {
    out_->Key(name);
    Whole(value);
  }
  template <typename T>
  void Optional(const char* name, const std::optional<T>& value) {
    if (value) Struct(name, *value);
  }
  template <typename T>
  void List(const char* name, const std::vector<T>& items) {
    out_->Key(name);
    out_->StartArray();
    for (const T& item : items) Whole(item);
    out_->EndArray();
  }
  void Numbers(const char* name, const std::map<std::string, uint64_t>& numbers) {
    out_->Key(name);
    out_->StartObject();
    for (const auto& [key, n] : numbers) {
      out_->Key(key.data(), static_cast<rapidjson::SizeType>(key.size()));
      out_->Uint64(n);
    }
    out_->EndObject();
  }

 private:
  Writer* out_;
};

// Absent members keep their defaults; members of another type make it bad.
class Decoder {
 public:
  explicit Decoder(const Value* from) : from_(from) {}
  bool good() const { return good_; }

  void Text(const char* name, std::string& text) {
    const Value* v = Find(name);
    if (v == nullptr) return;
    if (v->IsString()) {
      text.assign(v->GetString(), v->GetStringLength());
    } else {
      good_ = false;
    }
  }
  template <typename T>
  void Number(const char* name, T& n) {
    const Value* v = Find(name);
    if (v == nullptr) return;
    if (v->IsUint64()) {
      n = static_cast<T>(v->GetUint64());
    } else if (v->IsInt64()) {
      n = static_cast<T>(v->GetInt64());
    } else {
      good_ = false;
    }
  }
  void Flag(const char* name, bool& value) {
    const Value* v = Find(name);
    if (v != nullptr && v->IsBool()) value = v->GetBool();
  }
  template <typename T>
  void Enum(const char* name, T& value) {
    int64_t n = static_cast<int64_t>(value);
    Number(name, n);
    value = static_cast<T>(n);
  }
  template <typename T>
  void Whole(const Value& from, T& value) {
    Decoder inner(&from);
    if (from.IsObject()) {
      Members(inner, value, static_cast<const T*>(nullptr));
    } else {
      good_ = false;
    }
    good_ = good_ && inner.good();
  }
  template <typename T>
  void Struct(const char* name, T& value) {
    if (const Value* v = Find(name)) Whole(*v, value);
  }
  template <typename T>
  void Optional(const char* name, std::optional<T>& value) {
    if (const Value* v = Find(name)) Whole(*v, value.emplace());
  }
  template <typename T>
  void List(const char* name, std::vector<T>& items) {
    const Value* v = Find(name);
    if (v == nullptr) return;
    if (!v->IsArray()) {
      good_ = false;
      return;
    }
    for (const Value& item : v->GetArray()) Whole(item, items.emplace_back());
  }
  void Numbers(const char* name, std::map<std::string, uint64_t>& numbers) {
    const Value* v = Find(name);
    if (v == nullptr) return;
    if (!v->IsObject()) {
      good_ = false;
      return;
    }
    for (const auto& member : v->GetObject()) {
      if (member.value.IsUint64()) numbers[member.name.GetString()] = member.value.GetUint64();
    }
  }

 private:
  const Value* Find(const char* name) const {
    const auto found = from_->FindMember(name);
    return found == from_->MemberEnd() ? nullptr : &found->value;
  }

  const Value* from_;
  bool good_ = true;
};

}  // namespace

std::string EncodeRun(const RunRecord& record) {
  rapidjson::StringBuffer buffer;
  Writer writer(buffer);
  Encoder(&writer).Whole(record);
  return {buffer.GetString(), buffer.GetSize()};
}

Result<RunRecord> DecodeRun(const std::string& json) {
  rapidjson::Document document;
  document.Parse(json.data(), json.size());
  RunRecord record;
  bool good = !document.HasParseError() && document.IsObject();
  if (good) {
    Decoder decoder(&document);
    Members(decoder, record, static_cast<const RunRecord*>(nullptr));
    good = decoder.good();
  }
  if (!good) {
    return MakeError("PS-STORE-CORRUPT", "The store is damaged: a run in it cannot be read.",
                     "Put back a backup of the whole .penstock folder.");
  }
  return record;
}

}  // namespace penstock::store
