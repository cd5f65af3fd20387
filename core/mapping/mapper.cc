#include <cmath>
#include <cstring>

#include "core/mapping/compiled.h"

namespace penstock {
namespace {

constexpr size_t kPrefix = 16;  // digest of the hashed fields' names, before what is hashed

class CompiledMapper final : public Mapper {
 public:
  CompiledMapper(CompiledMapping mapping, const Hasher& hasher)
      : mapping_(std::move(mapping)), hasher_(hasher), values_(mapping_.fields.size()) {
    std::string names;
    for (const CompiledField& field : mapping_.fields) {
      fields_.push_back(field.mapped);
      all_hashed_ = all_hashed_ && field.mapped.hashed;
      if (!field.mapped.hashed) continue;
      AppendVarint(field.mapped.name.size(), &names);
      names += field.mapped.name;
    }
    const Hash128 digest = hasher_.Bytes(names);
    buffer_.resize(kPrefix);
    std::memcpy(buffer_.data(), &digest.hi, 8);
    std::memcpy(buffer_.data() + 8, &digest.lo, 8);
    hashed_ = buffer_;
    parts_.resize(mapping_.key_columns.size());
    part_texts_.resize(mapping_.key_columns.size());
  }

  const std::vector<MappedField>& fields() const override { return fields_; }
  size_t key_field() const override { return mapping_.key; }

  const Record& Map(std::span<const Value> row) override {
    scratch_.arena.Clear();
    record_ = Record();
    if (row.size() != mapping_.columns) {
      return Invalid({}, "WRONG_TYPE",
                     "The row does not have the columns that the model announced.");
    }
    if (!MapKey(row) || !MapFields(row)) return record_;
    Encode();
    return record_;
  }

 private:
  const Record& Invalid(std::string_view field, std::string_view code, std::string message) {
    record_.valid = false;
    record_.invalid_field = field;
    record_.invalid_code = code;
    message_ = std::move(message);
    record_.invalid_message = message_;
    return record_;
  }

  bool KeyMissing(size_t part, const char* what) {
    Invalid({}, "KEY_MISSING",
            "The key column \"" + mapping_.key_column_names[part] + "\" " + what);
    return false;
  }

  bool KeyFailed() {
    Invalid({}, scratch_.code, "The key " + scratch_.message);
    return false;
  }

  // The value of the key before its field's coercion.
  bool KeySource(std::span<const Value> row, Value* out) {
    for (size_t i = 0; i < mapping_.key_columns.size(); ++i) {
      const Value& v = row[mapping_.key_columns[i]];
      if (v.type == PENSTOCK_NULL || v.type == PENSTOCK_ABSENT) return KeyMissing(i, "is NULL.");
      if (IsText(v) && v.len == 0) return KeyMissing(i, "is empty.");
      if (v.type == PENSTOCK_DOUBLE && !std::isfinite(v.v.f64)) {
        Invalid({}, "NOT_FINITE",
                "The key column \"" + mapping_.key_column_names[i] + "\" is not a finite number.");
        return false;
      }
    }
    if (!mapping_.key_template) {
      *out = row[mapping_.key_columns[0]];
      return true;
    }
    for (size_t i = 0; i < mapping_.key_columns.size(); ++i) {
      Value canonical;
      if (!Canonical(row[mapping_.key_columns[i]], &scratch_, &canonical)) {
        Invalid({}, "NOT_TEXT",
                "The key column \"" + mapping_.key_column_names[i] + "\" is not text in UTF-8.");
        return false;
      }
      if (IsText(canonical) && canonical.type != PENSTOCK_BYTES) {
        parts_[i] = TextOf(canonical);
        continue;
      }
      part_texts_[i].clear();
      AppendText(canonical, &part_texts_[i]);
      parts_[i] = part_texts_[i];
    }
    *out = StringValue(mapping_.key_template->Join(parts_, &scratch_.arena));
    return true;
  }

  bool MapKey(std::span<const Value> row) {
    Value source;
    if (!KeySource(row, &source)) return false;
    Value& key = values_[mapping_.key];
    if (!mapping_.fields[mapping_.key].coercer.Apply(source, &scratch_, &key)) return KeyFailed();
    if (IsText(key) && key.len == 0) {
      return KeyMissing(0, "is empty once it is written as the destination compares it.");
    }
    key_.clear();
    EncodeValue(key, &key_);
    record_.key = key_;
    if (IsText(key) && key.type != PENSTOCK_BYTES) {
      record_.key_text = TextOf(key);
    } else {
      key_text_.clear();
      AppendText(key, &key_text_);
      record_.key_text = key_text_;
    }
    record_.key_hash = hasher_.Bytes(key_);
    return true;
  }

  bool MapFields(std::span<const Value> row) {
    for (size_t i = 0; i < mapping_.fields.size(); ++i) {
      if (i == mapping_.key) continue;
      const CompiledField& field = mapping_.fields[i];
      Value& out = values_[i];
      out = field.fixed;
      if (field.column != kNoColumn) {
        const Value& in = row[field.column];
        if (in.type == PENSTOCK_NULL || in.type == PENSTOCK_ABSENT) {
          out = NullValue();
        } else if (!field.coercer.Apply(in, &scratch_, &out)) {
          record_.valid = false;
          record_.invalid_field = field.mapped.name;
          record_.invalid_code = scratch_.code;
          record_.invalid_message = scratch_.message;
          return false;
        }
      }
      if (out.type == PENSTOCK_NULL && field.mapped.null == NullPolicy::kLeave) {
        out = AbsentValue();
        record_.has_absent = true;
      }
    }
    return true;
  }

  void Encode() {
    buffer_.resize(kPrefix);
    for (const Value& value : values_) EncodeValue(value, &buffer_);
    record_.values = values_;
    record_.payload = std::string_view(buffer_).substr(kPrefix);
    if (all_hashed_) {
      record_.fingerprint = hasher_.Bytes(buffer_);
      return;
    }
    hashed_.resize(kPrefix);
    for (size_t i = 0; i < values_.size(); ++i) {
      if (fields_[i].hashed) EncodeValue(values_[i], &hashed_);
    }
    record_.fingerprint = hasher_.Bytes(hashed_);
  }

  CompiledMapping mapping_;
  Hasher hasher_;
  std::vector<MappedField> fields_;
  bool all_hashed_ = true;

  std::vector<Value> values_;
  CoerceScratch scratch_;
  std::vector<std::string_view> parts_;
  std::vector<std::string> part_texts_;
  std::string key_;
  std::string key_text_;
  std::string buffer_;
  std::string hashed_;
  std::string message_;
  Record record_;
};

}  // namespace

Result<std::unique_ptr<Mapper>> Mapper::Compile(const Integration& integration,
                                                const std::vector<Column>& columns,
                                                const sdk::Object& object, const Hasher& hasher,
                                                const RunVariables& variables) {
  PENSTOCK_ASSIGN_OR_RETURN(CompiledMapping mapping,
                            CompileMapping(integration, columns, object, variables));
  return std::unique_ptr<Mapper>(new CompiledMapper(std::move(mapping), hasher));
}

}  // namespace penstock
