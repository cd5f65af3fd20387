// Records of one request or job that Salesforce takes for one.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace penstock::salesforce {

// Finds the other record of the same key, where Salesforce does not tell a from A. Of letters
// beyond ASCII the case counts here: then it finds none. [serial]
class Twins {
 public:
  void Add(std::string_view key);
  // Another key that differs from this one in case alone; empty: there is none.
  std::string_view Of(std::string_view key) const;

 private:
  std::unordered_map<std::string, std::vector<std::string>> keys_;
};

// Why both were refused, and what to do. `key`: of the record; `twin`: as Twins found it; or empty.
std::string TwinText(const std::string& field, std::string_view key, std::string_view twin);

}  // namespace penstock::salesforce
