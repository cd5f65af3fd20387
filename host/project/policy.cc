// The section "policy" of the project file.
#include "core/base/suggest.h"
#include "host/project/sections.h"

namespace penstock::project {
namespace {

constexpr uint64_t kHighestLevel = 4;  // 5 is a live account, which no report of ours proves

std::optional<int> ReadLevel(MapReader* map, const std::string& key) {
  const auto level = map->Count(key);
  if (!level) return std::nullopt;
  if (*level >= 1 && *level <= kHighestLevel) return static_cast<int>(*level);
  map->complaints()->Fail(
      *map->node().Find(key), "PS-CONF-VALUE",
      "\"" + key + "\" of the " + map->what() + " must be a level of the conformance kit, 1 to 4.",
      "1: static, 2: life cycle, 3: contract, 4: stress.");
  return std::nullopt;
}

void ReadLevels(Complaints* complaints, const YamlNode& node, Policy* into) {
  MapReader map(complaints, node, "levels of the policy");
  std::vector<std::string> modes;
  for (const Mode mode :
       {Mode::kMirror, Mode::kUpsert, Mode::kUpdateOnly, Mode::kInsertOnly, Mode::kDeleteOnly}) {
    modes.emplace_back(ModeName(mode));
  }
  for (const YamlNode::Member& member : map.node().members) {
    const bool alias = member.key == "delete_departed";
    const auto mode = alias ? Mode::kDeleteOnly : ParseMode(member.key);
    map.Take(member.key);
    if (!mode) {
      complaints->FailAt(
          complaints->PlaceOf(member), "PS-CONF-MODE",
          "There is no mode \"" + member.key + "\"; the modes are " + JoinNames(modes) + ".",
          DidYouMean(member.key, modes));
      continue;
    }
    if (const auto level = ReadLevel(&map, member.key)) into->levels[*mode] = *level;
  }
}

}  // namespace

Policy ReadPolicy(Complaints* complaints, const YamlNode::Member& member) {
  Policy policy;
  policy.place = complaints->PlaceOf(member);
  MapReader map(complaints, member.value, "policy");
  policy.locked = map.OneOf("connectors", {"locked", "record"}) == "locked";
  if (const auto level = ReadLevel(&map, "level")) policy.level = *level;
  if (const YamlNode* levels = map.Take("levels")) ReadLevels(complaints, *levels, &policy);
  map.Finish();
  return policy;
}

}  // namespace penstock::project
