#include <string_view>
#include <vector>

#include "penstock/result.hpp"
#include "sdk/documents/reader.h"

namespace penstock::sdk::boundary {

Result<std::vector<std::string>> ParseDiscoverRequest(std::string_view json);

Result<std::vector<std::string>> ParseDiscoverRequest(std::string_view json) {
  static constexpr char kSchema[] =
      R"({"type": "object", "properties": {"objects": {"type": "array", "items": {"type": "string"}}}})";
  rapidjson::Document root;
  Status status = documents::ParseChecked(json, kSchema, "the request of discover", &root);
  if (!status.ok()) return status.failure();
  return documents::Texts(root, "objects");
}

}  // namespace penstock::sdk::boundary
