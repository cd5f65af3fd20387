#include "host/engine/run_log.h"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace penstock::engine {

std::string RunLogJson(const RunRecord& record) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> out(buffer);
  const auto counts = [&](const char* name,
                          std::initializer_list<std::pair<const char*, uint64_t>> members) {
    out.Key(name);
    out.StartObject();
    for (const auto& [key, n] : members) {
      out.Key(key);
      out.Uint64(n);
    }
    out.EndObject();
  };
  out.StartObject();
  const std::pair<const char*, const std::string*> texts[] = {{"run", &record.run},
                                                              {"trigger", &record.trigger},
                                                              {"status", &record.status},
                                                              {"plan_hash", &record.plan_hash}};
  for (const auto& [key, text] : texts) {
    out.Key(key);
    out.String(*text);
  }
  counts("rows", {{"read", record.plan.read},
                  {"unchanged", record.plan.unchanged},
                  {"invalid", record.plan.invalid},
                  {"quarantined", record.plan.quarantined}});
  counts("changes", {{"insert", record.plan.insert},
                     {"update", record.plan.update},
                     {"delete", record.plan.remove}});
  counts("outcomes", {{"succeeded", record.outcomes.succeeded},
                      {"rejected", record.outcomes.rejected},
                      {"skipped", record.outcomes.skipped},
                      {"in_doubt", record.outcomes.in_doubt},
                      {"unsent", record.outcomes.unsent}});
  if (record.error) {
    out.Key("error");
    out.String(record.error->code);
  }
  out.EndObject();
  return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace penstock::engine
