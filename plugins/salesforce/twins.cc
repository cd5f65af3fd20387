#include "plugins/salesforce/twins.h"

#include "penstock/values.hpp"

namespace penstock::salesforce {

void Twins::Add(std::string_view key) { keys_[sdk::AsciiLower(key)].emplace_back(key); }

std::string_view Twins::Of(std::string_view key) const {
  const auto same = keys_.find(sdk::AsciiLower(key));
  if (same == keys_.end()) return {};
  for (const std::string& other : same->second) {
    if (other != key) return other;
  }
  return {};
}

std::string TwinText(const std::string& field, std::string_view key, std::string_view twin) {
  if (twin.empty()) {
    return "Salesforce takes another row of the same request for this record, by " + field +
           " (it ignores case there, and blanks around it), and refuses both";
  }
  return "Salesforce ignores the case of " + field + ", so \"" + std::string(key) + "\" and \"" +
         std::string(twin) +
         "\" are one record to it, and it refuses both rows; leave one of them out of the model, "
         "or "
         "make the keys differ in more than case";
}

}  // namespace penstock::salesforce
