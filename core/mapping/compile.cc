#include <algorithm>

#include "core/base/suggest.h"
#include "core/mapping/compiled.h"

namespace penstock {
namespace {

class Compiler {
 public:
  Compiler(const Integration& integration, const std::vector<Column>& columns,
           const sdk::Object& object, const RunVariables& variables)
      : integration_(integration), columns_(columns), object_(object), variables_(variables) {}

  Result<CompiledMapping> Run() {
    const auto zone = TimeZone::Load(integration_.time_zone);
    if (!zone) {
      return At(
          integration_, "source",
          UsageError("PS-MAP-ZONE", "There is no time zone \"" + integration_.time_zone + "\".",
                     "Write a name such as Europe/Berlin, or an offset such as +02:00."));
    }
    zone_ = *zone;
    PENSTOCK_RETURN_IF_ERROR(CheckOperations(integration_, object_));
    out_.fixed = std::make_unique<Arena>();
    out_.columns = columns_.size();
    PENSTOCK_RETURN_IF_ERROR(AddKey());
    for (const FieldMapping& mapping : integration_.mapping) {
      PENSTOCK_RETURN_IF_ERROR(AddField(mapping));
    }
    return Sorted();
  }

 private:
  Status AddKey() {
    const KeyMapping& key = integration_.key;
    if (key.columns.empty()) {
      return KeyError("The key names no column.", "Write key: {" + key.field + ": column}.");
    }
    for (const std::string& column : key.columns) {
      PENSTOCK_ASSIGN_OR_RETURN(const size_t index, FindColumn(column, "key"));
      out_.key_columns.push_back(index);
      out_.key_column_names.push_back(column);
    }
    if (!key.text_template.empty()) {
      auto parsed = KeyTemplate::Parse(key.text_template, key.columns);
      if (!parsed.ok()) return At(integration_, "key", parsed.error());
      out_.key_template = *std::move(parsed);
    } else if (key.columns.size() > 1) {
      return KeyError("The key has several columns and no template.",
                      "Write how they are joined, such as template: \"{a}:{b}\".");
    }
    PENSTOCK_ASSIGN_OR_RETURN(const sdk::Field field, KeyField());
    MappedField mapped = Mapped(field);
    mapped.key = true;
    mapped.normalisers = field.normalisers;
    out_.fields.push_back({std::move(mapped), Coercer(field, true, false, zone_)});
    return {};
  }

  Result<sdk::Field> KeyField() {
    const std::string& name = integration_.key.field;
    const sdk::Field* found = object_.FindField(name);
    sdk::Field field;
    if (found != nullptr) {
      field = *found;
    } else if (name == "id") {
      field.name = name;  // the destination's own id, which catalogs need not list
    } else {
      return At(integration_, "key", UnknownField(name));
    }
    if (!out_.key_template) return field;
    if (field.type != sdk::FieldType::kString) {
      return Status(KeyError("A key of several columns is text, and \"" + name + "\" is of type " +
                                 std::string(sdk::FieldTypeName(field.type)) + ".",
                             "Use a text field as the key."));
    }
    for (const sdk::Normaliser normaliser : field.normalisers) {
      if (normaliser == sdk::Normaliser::kDigits || normaliser == sdk::Normaliser::kE164) {
        return Status(
            KeyError("The destination keeps only the digits of \"" + name +
                         "\", so that keys joined from several columns would run together.",
                     "Use one column, or another field as the key."));
      }
    }
    return field;
  }

  Status AddField(const FieldMapping& mapping) {
    const std::string place = "mapping." + mapping.field;
    const sdk::Field* field = object_.FindField(mapping.field);
    if (field == nullptr) return At(integration_, place, UnknownField(mapping.field));
    PENSTOCK_RETURN_IF_ERROR(CheckAlone(*field, place));
    PENSTOCK_RETURN_IF_ERROR(CheckWritable(*field, place));
    MappedField mapped = Mapped(*field);
    mapped.sensitive = mapping.sensitive;
    mapped.null = mapping.null;
    if (field->unique) mapped.normalisers = field->normalisers;
    CompiledField compiled{std::move(mapped),
                           Coercer(*field, field->unique, mapping.sensitive, zone_)};
    if (!mapping.column.empty()) {
      PENSTOCK_ASSIGN_OR_RETURN(compiled.column, FindColumn(mapping.column, place));
    } else if (!mapping.run_variable.empty()) {
      compiled.mapped.hashed = false;
      PENSTOCK_RETURN_IF_ERROR(SetVariable(mapping, &compiled));
    } else if (!mapping.constant_null) {
      PENSTOCK_RETURN_IF_ERROR(SetConstant(mapping, &compiled));
    }
    out_.fields.push_back(std::move(compiled));
    return {};
  }

  /// Nothing else that is mapped sets what this field sets.
  Status CheckAlone(const sdk::Field& field, const std::string& place) {
    for (const CompiledField& other : out_.fields) {
      const std::string& name = other.mapped.name;
      const sdk::Field* known = object_.FindField(name);
      if ((known == nullptr ? name : known->target()) != field.target()) continue;
      const std::string quoted = "\"" + field.name + "\"";
      std::string message = quoted + " is mapped twice.";
      if (name != field.name) {
        message = "\"" + name + "\" and " + quoted + " both set " + field.target() + ".";
      } else if (other.mapped.key) {
        message = quoted + " is the key and is mapped a second time.";
      }
      return At(integration_, place, UsageError("PS-MAP-FIELD", message, "Drop one of the two."));
    }
    return {};
  }

  Status CheckWritable(const sdk::Field& field, const std::string& place) {
    const Mode mode = integration_.mode;
    const bool creates = mode != Mode::kUpdateOnly && mode != Mode::kDeleteOnly;
    const bool updates = mode != Mode::kInsertOnly && mode != Mode::kDeleteOnly;
    if ((!creates || field.createable) && (!updates || field.updateable)) return {};
    if (!field.createable && !field.updateable) {
      return At(
          integration_, place,
          UsageError(
              "PS-MAP-FIELD",
              "\"" + field.name + "\" of " + object_.name + " is read-only" +
                  (field.read_only_because.empty() ? "." : ": " + field.read_only_because + "."),
              "Drop it from the mapping."));
    }
    const bool only_created = field.createable;
    return At(integration_, place,
              UsageError("PS-MAP-FIELD",
                         "\"" + field.name + "\" of " + object_.name +
                             " can be written only when a "
                             "record is " +
                             (only_created ? "created" : "updated") + ", and mode " +
                             std::string(ModeName(mode)) + " also " +
                             (only_created ? "updates." : "creates."),
                         std::string("Drop it from the mapping, or use mode ") +
                             (only_created ? "insert_only." : "update_only.")));
  }

  Status SetConstant(const FieldMapping& mapping, CompiledField* out) {
    const std::string place = "mapping." + mapping.field + ".const";
    if (!mapping.constant) {
      return At(integration_, "mapping." + mapping.field,
                UsageError("PS-MAP-CONST",
                           "\"" + mapping.field + "\" has neither a column nor a constant.",
                           "Write " + mapping.field + ": column, or {const: value}."));
    }
    return SetFixed(StringValue(*mapping.constant), place, "The constant does not fit: ", out);
  }

  Status SetVariable(const FieldMapping& mapping, CompiledField* out) {
    const std::string place = "mapping." + mapping.field;
    const std::string& name = mapping.run_variable;
    Value value;
    if (name == "run_id") {
      value = StringValue(variables_.run_id);
    } else if (name == "run_started_at") {
      value = TimestampValue(variables_.started_us);
    } else {
      return At(integration_, place,
                UsageError("PS-MAP-CONST", "There is no run variable \"" + name + "\".",
                           "There are run_id and run_started_at."));
    }
    return SetFixed(value, place, "The run variable does not fit: ", out);
  }

  Status SetFixed(const Value& value, const std::string& place, const std::string& prefix,
                  CompiledField* out) {
    CoerceScratch scratch;
    Value coerced;
    if (!out->coercer.Apply(value, &scratch, &coerced)) {
      return At(integration_, place,
                UsageError("PS-MAP-CONST", prefix + scratch.message, "Change the value."));
    }
    out->fixed = out_.fixed->Own(coerced);
    return {};
  }

  Result<size_t> FindColumn(const std::string& name, const std::string& place) {
    size_t found = kNoColumn;
    std::vector<std::string> names;
    for (size_t i = 0; i < columns_.size(); ++i) {
      names.push_back(columns_[i].name);
      if (columns_[i].name != name) continue;
      if (found != kNoColumn) {
        return At(integration_, place,
                  UsageError("PS-MAP-COLUMN", "The model has two columns named \"" + name + "\".",
                             "Give one of them another name with AS."));
      }
      found = i;
    }
    if (found != kNoColumn) return found;
    std::string hint = DidYouMean(name, names);
    if (hint.empty()) {
      hint = "Its columns are:";
      for (const std::string& column : names) hint += (&column == &names[0] ? " " : ", ") + column;
      hint += ".";
    }
    return At(integration_, place,
              UsageError("PS-MAP-COLUMN", "The model has no column \"" + name + "\".", hint));
  }

  Error UnknownField(const std::string& name) const {
    std::vector<std::string> names;
    for (const sdk::Field& field : object_.fields) names.push_back(field.name);
    std::string hint = DidYouMean(name, names);
    if (hint.empty())
      hint = "`penstock check` fetches the catalog; catalog/NAME.json lists the fields of " +
             object_.name + ".";
    return UsageError("PS-MAP-FIELD", object_.name + " has no field \"" + name + "\".", hint);
  }

  Error KeyError(const std::string& message, const std::string& hint) const {
    return At(integration_, "key", UsageError("PS-MAP-KEY", message, hint));
  }

  static MappedField Mapped(const sdk::Field& field) {
    MappedField out;
    out.name = field.name;
    out.type = field.type;
    return out;
  }

  Result<CompiledMapping> Sorted() {
    std::sort(out_.fields.begin(), out_.fields.end(),
              [](const CompiledField& a, const CompiledField& b) {
                return a.mapped.name < b.mapped.name;
              });
    for (size_t i = 0; i < out_.fields.size(); ++i) {
      if (out_.fields[i].mapped.key) out_.key = i;
    }
    return std::move(out_);
  }

  const Integration& integration_;
  const std::vector<Column>& columns_;
  const sdk::Object& object_;
  const RunVariables& variables_;
  TimeZone zone_;
  CompiledMapping out_;
};

}  // namespace

Error At(const Integration& integration, std::string key, Error error) {
  while (!key.empty()) {
    const auto place = integration.places.find(key);
    if (place != integration.places.end()) {
      error.file = place->second.file;
      error.line = place->second.line;
      error.column = place->second.column;
      return error;
    }
    const size_t dot = key.rfind('.');
    key.resize(dot == std::string::npos ? 0 : dot);
  }
  return error;
}

Result<CompiledMapping> CompileMapping(const Integration& integration,
                                       const std::vector<Column>& columns,
                                       const sdk::Object& object, const RunVariables& variables) {
  return Compiler(integration, columns, object, variables).Run();
}

}  // namespace penstock
