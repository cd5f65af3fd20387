#include "host/engine/inquiry.h"

#include <algorithm>

#include "core/base/suggest.h"
#include "core/file/file.h"
#include "core/mapping/mapping.h"
#include "core/run/shared_ids.h"
#include "core/state/journal.h"
#include "host/engine/sentences.h"
#include "host/exchanges/reader.h"

namespace penstock::engine {
namespace {

constexpr size_t kNearKeys = 5;

bool Nearer(const std::string& text, const std::string& a, const std::string& b) {
  return Suggest(text, {b, a}) == a;  // of equally near ones, the first of the list
}

// Keeps the few nearest keys, nearest first.
void NoteNear(const std::string& text, const std::string& key, std::vector<std::string>* near) {
  if (near == nullptr || Suggest(text, {key}).empty()) return;
  if (std::find(near->begin(), near->end(), key) != near->end()) return;
  auto at = near->end();
  while (at != near->begin() && Nearer(text, key, *std::prev(at))) --at;
  near->insert(at, key);
  if (near->size() > kNearKeys) near->pop_back();
}

// One key under inquiry.
class KeyInquiry {
 public:
  KeyInquiry(Session* session, std::string text)
      : env_(session->environment()), text_(std::move(text)) {}

  Result<Inquiry> Run() {
    PENSTOCK_ASSIGN_OR_RETURN(object_, FindObject());
    if (const sdk::Field* key = object_.FindField(env_.integration->key.field)) {
      hash_of_text_ = HashOfKeyText(*env_.hasher, *key, text_);
    }
    PENSTOCK_ASSIGN_OR_RETURN(view_, OpenState(env_));
    std::vector<std::string> near;
    PENSTOCK_ASSIGN_OR_RETURN(
        out_.entry, FindByText(env_, view_.get(), object_.FindField(env_.integration->key.field),
                               text_, &near));
    out_.key = out_.entry ? KeyText(out_.entry->key) : text_;
    for (const FieldMapping& field : env_.integration->mapping) {
      if (field.sensitive) out_.sensitive.insert(field.field);
    }
    if (const Status read = ReadModel(&near); !read.ok()) {
      if (env_.cancelled && env_.cancelled()) return read.error();
      Forget(read.error());  // what is known here is told all the same
    }
    if (!out_.entry && out_.rows == 0) out_.near = std::move(near);
    PENSTOCK_RETURN_IF_ERROR(FindShared());
    PENSTOCK_RETURN_IF_ERROR(out_.entry ? FindAttempt() : FindLast());
    Explain(*env_.integration, env_.clock->UnixMicros(), &out_);
    return std::move(out_);
  }

 private:
  Result<sdk::Object> FindObject() {
    const Integration& it = *env_.integration;
    CallLimits limits;
    limits.cancelled = env_.cancelled;
    auto catalog = env_.destination->Discover({it.object}, limits);
    if (!catalog.ok()) {
      return MakeError("PS-DEST-CATALOG", "The catalog of " + it.destination + " cannot be read: " +
                                              catalog.failure().message + ".");
    }
    const sdk::Object* object = catalog->FindObject(it.object);
    if (object == nullptr) {
      return UsageError("PS-MAP-OBJECT",
                        "Destination " + it.destination + " has no object \"" + it.object + "\".");
    }
    return *object;
  }

  bool IsIt(const Record& record) const {
    if (out_.entry && !record.key.empty()) return record.key_hash == out_.entry->key_hash;
    return record.key_text == text_ || (!record.key.empty() && record.key_hash == hash_of_text_);
  }

  Status ReadModel(std::vector<std::string>* near) {
    const Integration& it = *env_.integration;
    ReadOptions read;
    read.cancelled = env_.cancelled;
    PENSTOCK_ASSIGN_OR_RETURN(auto rows, env_.source->Read(it.sql, read));
    RunVariables variables;
    variables.started_us = env_.clock->UnixMicros();
    PENSTOCK_ASSIGN_OR_RETURN(
        mapper_, Mapper::Compile(it, rows->columns(), object_, *env_.hasher, variables));
    while (true) {
      PENSTOCK_ASSIGN_OR_RETURN(const auto row, rows->Next());
      if (row.data() == nullptr) break;
      const Record& record = mapper_->Map(row);
      if (!IsIt(record)) {
        if (!out_.entry) NoteNear(text_, std::string(record.key_text), near);
        continue;
      }
      if (++out_.rows == 1) Keep(record);
    }
    if (out_.rows == 0) DecideWithout();
    return {};
  }

  void Keep(const Record& record) {
    if (!out_.entry && !record.key_text.empty()) out_.key = std::string(record.key_text);
    out_.valid = record.valid;
    out_.invalid_field = std::string(record.invalid_field);
    out_.invalid_code = std::string(record.invalid_code);
    out_.invalid_message = std::string(record.invalid_message);
    if (!record.valid) return;
    RowNow now;
    now.fingerprint = record.fingerprint;
    now.has_absent = record.has_absent;
    const auto& fields = mapper_->fields();
    for (size_t i = 0; i < fields.size(); ++i) {
      const Value& value = record.values[i];
      FieldNow field;
      field.name = fields[i].name;
      field.text = ToText(value);
      field.null = TypeOf(value) == ValueType::kNull;
      field.absent = TypeOf(value) == ValueType::kAbsent;
      field.sensitive = fields[i].sensitive;
      field.key = fields[i].key;
      now.fields.push_back(field.absent ? kFieldAbsent : env_.hasher->Field(value));
      out_.fields.push_back(std::move(field));
    }
    DecideWith(&now);
  }

  // The model broke off: half of it says nothing of the key.
  void Forget(Error error) {
    out_.model_error = std::move(error);
    out_.rows = 0;
    out_.fields.clear();
    out_.decision.reset();
  }

  void DecideWithout() { DecideWith(nullptr); }

  void DecideWith(RowNow* now) {
    std::optional<Entry> before = out_.entry;
    if (before) {
      std::vector<std::string> names;
      for (const MappedField& field : mapper_->fields()) names.push_back(field.name);
      const auto& old = view_->FieldNames(before->fieldset);
      if (now != nullptr) now->same_fields = old == names;
      AlignFields(old, names, &before->fields);
      if (before->pending) AlignFields(old, names, &before->pending->fields);
    }
    if (!before && now == nullptr) return;
    const DecisionContext context = DecisionsFor(env_, object_, *mapper_);
    out_.decision = Decide(context, before ? &*before : nullptr, now);
    for (const uint16_t index : out_.decision->changed) {
      if (index < out_.fields.size()) out_.fields[index].changed = true;
    }
  }

  // Reads the whole state, but only when some keys are known to share a record.
  Status FindShared() {
    if (!out_.entry || !IsLive(*out_.entry) || view_->counts().shared_ids == 0) return {};
    return view_->ForEach([&](const Entry& entry) -> Status {
      const bool other = entry.key_hash != out_.entry->key_hash && IsLive(entry) &&
                         entry.destination_id == out_.entry->destination_id;
      if (other) out_.shared_with.push_back(KeyText(entry.key));
      return {};
    });
  }

  // The newest journalled outcome of the key in the run that touched it last.
  Status FindAttempt() {
    const Entry& entry = *out_.entry;
    LastAttempt attempt;
    PENSTOCK_RETURN_IF_ERROR(ReadAttempt(entry.pending ? entry.pending->run : entry.last_run,
                                         entry.key_hash,
                                         entry.pending ? entry.pending->exchange : 0, &attempt));
    out_.attempt = std::move(attempt);
    return {};
  }

  // A key without an entry may have had one: what the journals that are kept say of it last.
  Status FindLast() {
    for (uint32_t run = view_->last_run(); run > 0; --run) {
      LastAttempt attempt;
      PENSTOCK_RETURN_IF_ERROR(ReadAttempt(run, hash_of_text_, 0, &attempt));
      if (!attempt.outcome) continue;
      out_.attempt = std::move(attempt);
      return {};
    }
    return {};
  }

  Status ReadAttempt(uint32_t run, const Hash128& key_hash, uint64_t exchange,
                     LastAttempt* attempt) {
    attempt->run = env_.integration->id + "-" + std::to_string(run);
    const std::string journal = JournalPath(env_.directory, run);
    if (file::Exists(journal)) {
      JournalVisitor visitor;
      visitor.outcome = [&](const Outcome& outcome) -> Status {
        if (outcome.key_hash != key_hash || outcome.mark != Mark::kNone) return {};
        attempt->outcome = outcome;
        attempt->seq = outcome.seq;
        if (outcome.exchange != 0) exchange = outcome.exchange;
        return {};
      };
      PENSTOCK_RETURN_IF_ERROR(ReadJournal(journal, visitor).status());
    }
    attempt->exchange_known = exchange != 0;
    const std::string path = ExchangesPath(env_.directory, run);
    if (exchange != 0 && file::Exists(path)) {
      PENSTOCK_ASSIGN_OR_RETURN(const exchanges::Reader reader, exchanges::Reader::Open(path));
      PENSTOCK_ASSIGN_OR_RETURN(attempt->exchange, reader.Find(exchange));
    }
    return {};
  }

  const RunEnvironment& env_;
  std::string text_;
  Hash128 hash_of_text_;
  sdk::Object object_;
  std::unique_ptr<StateView> view_;
  std::unique_ptr<Mapper> mapper_;
  Inquiry out_;
};

}  // namespace

std::string KeyText(std::string_view canonical) {
  Arena arena;
  const auto value = DecodeValue(&canonical, &arena);
  return value.ok() ? ToText(*value) : std::string("(unreadable key)");
}

Result<std::optional<Entry>> FindByText(const RunEnvironment& env, StateView* view,
                                        const sdk::Field* key_field, const std::string& text,
                                        std::vector<std::string>* near) {
  if (key_field != nullptr) {
    PENSTOCK_ASSIGN_OR_RETURN(auto entry, view->Find(HashOfKeyText(*env.hasher, *key_field, text)));
    if (entry) return entry;
  }
  std::optional<Entry> found;
  PENSTOCK_RETURN_IF_ERROR(view->ForEach([&](const Entry& entry) -> Status {
    const std::string key = KeyText(entry.key);
    if (key == text) found = entry;
    NoteNear(text, key, near);
    return {};
  }));
  return found;
}

Result<Inquiry> Inquire(Session* session, const std::string& key_text) {
  return KeyInquiry(session, key_text).Run();
}

}  // namespace penstock::engine
