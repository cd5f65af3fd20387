#include "core/push/cost.h"

#include <rapidjson/document.h>

#include <algorithm>

#include "sdk/documents/validate.h"

namespace penstock {
namespace {

uint64_t Parts(uint64_t all, uint64_t size) { return (all + size - 1) / size; }

rapidjson::Document Parsed(const std::string& json) {
  rapidjson::Document document;
  document.Parse(json.data(), json.size());
  if (document.HasParseError() || !document.IsObject()) document.SetObject();
  return document;
}

// The value of a whole-numbered option; without one its default, which the catalog's reader has
// made sure of.
uint64_t ValueOf(const std::string& option, const sdk::Object& object, const std::string& options) {
  const rapidjson::Document given = Parsed(options);
  const auto own = given.FindMember(option);
  if (own != given.MemberEnd() && own->value.IsUint64()) return own->value.GetUint64();
  const rapidjson::Document schema = Parsed(object.options_schema);
  const auto properties = schema.FindMember("properties");
  if (properties == schema.MemberEnd() || !properties->value.IsObject()) return 0;
  const auto property = properties->value.FindMember(option);
  if (property == properties->value.MemberEnd() || !property->value.IsObject()) return 0;
  const auto usual = property->value.FindMember("default");
  return usual != property->value.MemberEnd() && usual->value.IsUint64() ? usual->value.GetUint64()
                                                                         : 0;
}

// How so many records of one operation are written by jobs; null: they are not.
const sdk::JobsWay* WayOf(uint64_t records, const sdk::Object& object, const std::string& options) {
  for (const sdk::JobsWay& way : object.jobs) {
    const bool above = way.above.empty() || records > ValueOf(way.above, object, options);
    if (!above) continue;
    if (way.options.empty() || sdk::ValidateJson(way.options, options, "options").ok()) return &way;
  }
  return nullptr;
}

// Each writer makes jobs of its own.
uint64_t JobsOf(uint64_t records, const sdk::Object& object, const sdk::JobsWay& way) {
  const uint64_t batches = Parts(records, BatchRecords(object.limits, records));
  const uint64_t writers =
      std::min<uint64_t>(std::max<uint32_t>(1, object.limits.max_parallel_writers), batches);
  const uint64_t share = records / writers, longer = records % writers;
  const uint64_t most = std::max<uint32_t>(1, way.max_records);
  return longer * Parts(share + 1, most) + (writers - longer) * Parts(share, most);
}

}  // namespace

size_t BatchRecords(const sdk::ObjectLimits& limits, uint64_t expected) {
  const size_t request = std::max<uint32_t>(1, limits.max_request_records);
  const size_t writers = std::max<uint32_t>(1, limits.max_parallel_writers);
  const size_t fair = (expected / writers + request - 1) / request * request;
  const size_t most = std::max<size_t>(limits.max_batch_records / request * request, 1);
  return std::clamp(fair, std::min(request, most), most);
}

PlanCost EstimateCost(const PlanCounts& counts, const sdk::Object& object,
                      const std::string& options) {
  const std::string given = options.empty() ? "{}" : options;
  PlanCost cost;
  const auto add = [&](uint64_t records) {
    if (records == 0) return;
    if (const sdk::JobsWay* way = WayOf(records, object, given)) {
      const uint64_t jobs = JobsOf(records, object, *way);
      cost.jobs += jobs;
      cost.requests += jobs * way->requests;
    } else {
      cost.requests += Parts(records, std::max<uint32_t>(1, object.limits.max_request_records));
    }
  };
  // As the push does it: what is known is updated by its id where the object can do that.
  if (object.operations.contains("update")) {
    add(counts.insert);
    add(counts.update);
  } else {
    add(counts.row_changes);
  }
  add(counts.remove);
  return cost;
}

}  // namespace penstock
