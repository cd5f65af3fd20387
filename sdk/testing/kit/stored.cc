#include "sdk/testing/kit/stored.h"

#include <algorithm>

#include "sdk/testing/kit/exact_json.h"

namespace penstock::kit {

sdk::Result<std::vector<StoredRecord>> ReadRecordLines(std::string_view lines) {
  std::vector<StoredRecord> records;
  while (!lines.empty()) {
    const size_t end = std::min(lines.find('\n'), lines.size());
    const std::string_view line = lines.substr(0, end);
    lines.remove_prefix(std::min(end + 1, lines.size()));
    if (line.empty()) continue;
    rapidjson::Document json;
    const Json* properties = ParseExact(line, &json) ? Find(json, "properties") : nullptr;
    if (properties == nullptr || !properties->IsObject()) {
      return sdk::Failure{PENSTOCK_E_INTERNAL, "KIT-SANDBOX",
                          "the sandbox shows a record that cannot be read", 0};
    }
    StoredRecord record;
    record.id = TextOf(json, "id");
    const Json* archived = Find(json, "archived");
    record.archived = archived != nullptr && archived->IsTrue();
    for (const auto& property : properties->GetObject()) {
      record.fields[std::string(Plain(property.name))] = ExactText(property.value);
    }
    records.push_back(std::move(record));
  }
  return records;
}

}  // namespace penstock::kit
