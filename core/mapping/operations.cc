// Does the object do what the mode needs, by this key?
#include <algorithm>
#include <array>

#include "core/base/suggest.h"
#include "core/mapping/compiled.h"
#include "sdk/documents/validate.h"

namespace penstock {
namespace {

constexpr std::array<Mode, 5> kModes = {Mode::kMirror, Mode::kUpsert, Mode::kUpdateOnly,
                                        Mode::kDeleteOnly, Mode::kInsertOnly};

std::vector<std::string> NeededOperations(Mode mode) {
  switch (mode) {
    case Mode::kMirror:
      return {"upsert", "delete"};
    case Mode::kUpsert:
      return {"upsert"};
    case Mode::kUpdateOnly:
      return {"update"};
    case Mode::kDeleteOnly:
      return {"delete"};
    case Mode::kInsertOnly:
      return {"insert"};
  }
  return {};
}

bool Creates(Mode mode) {
  return mode == Mode::kMirror || mode == Mode::kUpsert || mode == Mode::kInsertOnly;
}

std::string Join(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ", ") + name;
  return out;
}

Status CheckMode(const Integration& integration, const sdk::Object& object) {
  const auto supports = [&](Mode mode) {
    const auto needed = NeededOperations(mode);
    return std::all_of(needed.begin(), needed.end(),
                       [&](const std::string& op) { return object.operations.contains(op); });
  };
  if (supports(integration.mode)) return {};
  std::vector<std::string> missing, modes;
  for (const std::string& operation : NeededOperations(integration.mode)) {
    if (!object.operations.contains(operation)) missing.push_back(operation);
  }
  for (const Mode mode : kModes) {
    if (supports(mode)) modes.emplace_back(ModeName(mode));
  }
  return At(integration, "mode",
            UsageError("PS-MAP-MODE",
                       "Mode " + std::string(ModeName(integration.mode)) + " needs " +
                           Join(missing) + ", which " + object.name + " does not support.",
                       modes.empty() ? "The object supports no mode."
                                     : "Modes that work here: " + Join(modes) + "."));
}

bool Takes(const sdk::Operation& declared, const std::string& key) {
  for (const std::vector<std::string>& set : declared.identifiers) {
    if (set.size() == 1 && set.front() == key) return true;
  }
  return false;
}

// May records be found by `key` for this operation?
bool Identifies(const std::string& key, const std::string& operation,
                const sdk::Operation& declared, const sdk::Object& object) {
  // What does not exist yet need not be found.
  if (operation == "insert" && declared.identifiers.empty()) return true;
  if (Takes(declared, key)) return true;
  // An operation by destination id: the push knows the id, or looks the key up.
  if (!Takes(declared, "id")) return false;
  for (const auto& [name, other] : object.operations) {
    if (Takes(other, key)) return true;
  }
  return false;
}

Status CheckKey(const Integration& integration, const sdk::Object& object) {
  for (const std::string& operation : NeededOperations(integration.mode)) {
    const sdk::Operation& declared = object.operations.at(operation);
    if (Identifies(integration.key.field, operation, declared, object)) continue;
    std::vector<std::string> usable;
    for (const auto& set : declared.identifiers) {
      if (set.size() == 1) usable.push_back(set.front());
    }
    std::string hint = DidYouMean(integration.key.field, usable);
    if (hint.empty()) {
      hint =
          usable.empty()
              ? "The object is identified only by several fields at once, which is not built yet."
              : "Fields that can be the key: " + Join(usable) + ".";
    }
    return At(integration, "key",
              UsageError("PS-MAP-KEY",
                         "\"" + integration.key.field + "\" cannot identify " + object.name +
                             " for " + operation + ".",
                         hint));
  }
  return {};
}

// Itself, or another field that sets it.
std::string WithThoseThatSet(const sdk::Field& field, const sdk::Object& object) {
  std::vector<std::string> others;
  for (const sdk::Field& other : object.fields) {
    if (other.sets == field.name) others.push_back(other.name);
  }
  return field.name + (others.empty() ? "" : " (or " + Join(others) + ")");
}

Status CheckRequired(const Integration& integration, const sdk::Object& object) {
  if (!Creates(integration.mode)) return {};
  const auto sets = [&](const FieldMapping& mapping, const sdk::Field& field) {
    const sdk::Field* mapped = object.FindField(mapping.field);
    return mapped != nullptr && mapped->target() == field.name && !mapping.constant_null;
  };
  std::vector<std::string> missing;
  for (const sdk::Field& field : object.fields) {
    if (!field.required || !field.createable || field.name == integration.key.field) continue;
    const bool mapped =
        std::any_of(integration.mapping.begin(), integration.mapping.end(),
                    [&](const FieldMapping& mapping) { return sets(mapping, field); });
    if (!mapped) missing.push_back(WithThoseThatSet(field, object));
  }
  if (missing.empty()) return {};
  return At(
      integration, "mapping",
      UsageError("PS-MAP-REQUIRED",
                 object.name + " cannot be created without " + Join(missing) +
                     ", and the mapping does not set " + (missing.size() == 1 ? "it." : "them."),
                 "Map it to a column or a constant, or use mode update_only."));
}

Error OptionError(const Integration& integration, const sdk::Object& object,
                  const sdk::BrokenSetting& broken) {
  constexpr const char* kWhere = "`penstock connector show NAME` describes the options.";
  const std::string option = "Option \"" + broken.name + "\" of " + integration.id;
  if (!broken.unknown.empty()) {
    std::string hint = DidYouMean(broken.unknown, broken.known);
    if (hint.empty()) hint = "It has " + Join(broken.known) + ".";
    const std::string whose = broken.name.empty() ? "Object " + object.name : option;
    return UsageError("PS-MAP-OPTIONS", whose + " has no option \"" + broken.unknown + "\".",
                      hint + " " + kWhere);
  }
  if (broken.name.empty() || broken.together) {
    return UsageError("PS-MAP-OPTIONS",
                      "`options:` of " + integration.id + " " +
                          (broken.together ? "contradict each other: " : "") + broken.rule + ".",
                      kWhere);
  }
  std::string given = broken.given;
  if (given.size() > 1 && given.starts_with('"')) given = given.substr(1, given.size() - 2);
  std::string hint = DidYouMean(given, broken.known);
  if (hint.empty()) hint = broken.about;
  if (!hint.empty()) hint += hint.ends_with('.') || hint.ends_with('?') ? " " : ". ";
  if (!broken.usual.empty()) hint += "Without it: " + broken.usual + ".";
  return UsageError("PS-MAP-OPTIONS",
                    option + " is " + broken.given +
                        (broken.rule == "does not take" ? ", which it " : ", and ") + broken.rule +
                        ".",
                    hint.empty() ? kWhere : hint);
}

Status CheckOptions(const Integration& integration, const sdk::Object& object) {
  if (integration.options.empty() || integration.options == "{}") return {};
  if (object.options_schema.empty()) {
    return At(integration, "options",
              UsageError("PS-MAP-OPTIONS", object.name + " takes no options here.",
                         "Take `options:` out of the integration."));
  }
  const auto broken = sdk::FindBrokenSetting(object.options_schema, integration.options);
  if (broken) {
    const std::string top =
        broken->name.empty() ? broken->unknown : broken->name.substr(0, broken->name.find('.'));
    const bool placed = integration.places.contains("options." + top);
    return At(integration, placed ? "options." + top : "options",
              OptionError(integration, object, *broken));
  }
  // What is left: a schema that cannot be read.
  const sdk::Status valid =
      sdk::ValidateJson(object.options_schema, integration.options, "options");
  if (valid.ok()) return {};
  return At(integration, "options", UsageError("PS-MAP-OPTIONS", valid.failure().message + "."));
}

}  // namespace

Status CheckOperations(const Integration& integration, const sdk::Object& object) {
  PENSTOCK_RETURN_IF_ERROR(CheckMode(integration, object));
  PENSTOCK_RETURN_IF_ERROR(CheckKey(integration, object));
  PENSTOCK_RETURN_IF_ERROR(CheckOptions(integration, object));
  return CheckRequired(integration, object);
}

}  // namespace penstock
