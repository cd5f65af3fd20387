#include "core/run/modes.h"

#include <algorithm>
#include <set>

namespace penstock {
namespace {

Error At(const Integration& integration, const std::string& place, Error error) {
  const auto at = integration.places.find(place);
  if (at != integration.places.end()) {
    error.file = at->second.file;
    error.line = at->second.line;
    error.column = at->second.column;
  }
  return error;
}

template <typename Names>
std::string Join(const Names& names) {
  std::string text;
  for (const auto& name : names) {
    if (!text.empty()) text += ", ";
    text += name;
  }
  return text;
}

}  // namespace

std::vector<Mode> SupportedModes(const sdk::Object& object) {
  const auto has = [&](const char* operation) { return object.operations.contains(operation); };
  const bool writes = has("upsert") || (has("insert") && has("update"));
  std::vector<Mode> modes;
  if (writes && has("delete")) modes.push_back(Mode::kMirror);
  if (writes) modes.push_back(Mode::kUpsert);
  if (has("update")) modes.push_back(Mode::kUpdateOnly);
  if (has("insert")) modes.push_back(Mode::kInsertOnly);
  if (has("delete")) modes.push_back(Mode::kDeleteOnly);
  return modes;
}

Status CheckMode(const Integration& integration, const sdk::Object& object) {
  const std::vector<Mode> modes = SupportedModes(object);
  if (std::find(modes.begin(), modes.end(), integration.mode) != modes.end()) return {};
  std::vector<std::string_view> names;
  for (const Mode mode : modes) names.push_back(ModeName(mode));
  return At(integration, "mode",
            UsageError("PS-MAP-MODE",
                       "integration " + integration.id + ": mode " +
                           std::string(ModeName(integration.mode)) + " is not supported for " +
                           object.name + " of destination " + integration.destination,
                       "use one of: " + Join(names)));
}

Status CheckKey(const Integration& integration, const sdk::Object& object) {
  std::set<std::string> keys;
  for (const auto& [name, operation] : object.operations) {
    for (const auto& identifier : operation.identifiers) {
      if (identifier.size() == 1 && identifier[0] != "id") keys.insert(identifier[0]);
    }
  }
  if (keys.contains(integration.key.field)) return {};
  return At(integration, "key",
            UsageError("PS-MAP-KEY",
                       "integration " + integration.id + ": field " + integration.key.field +
                           " of " + object.name + " cannot identify a record",
                       keys.empty() ? "this object has no field that can be a key"
                                    : "use one of: " + Join(keys)));
}

}  // namespace penstock
