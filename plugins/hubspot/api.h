// Paths and limits of the part of HubSpot's API that this connector uses.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace penstock::hubspot {

// HubSpot's limit of every batch endpoint.
inline constexpr size_t kMaxInputs = 100;

inline constexpr char kAccountDetails[] = "/account-info/v3/details";

inline std::string ObjectPath(std::string_view object) {
  return "/crm/v3/objects/" + std::string(object);
}
inline std::string BatchPath(std::string_view object, std::string_view verb) {
  return ObjectPath(object) + "/batch/" + std::string(verb);
}
inline std::string PropertiesPath(std::string_view object) {
  return "/crm/v3/properties/" + std::string(object);
}

}  // namespace penstock::hubspot
