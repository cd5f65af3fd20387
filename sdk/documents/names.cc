#include "sdk/documents/names.h"

#include <array>

namespace penstock::sdk {
namespace {

// In the order of the enumerators.
constexpr std::array<std::string_view, 10> kTypes = {"string", "boolean", "integer",   "decimal",
                                                     "double", "date",    "timestamp", "json",
                                                     "bytes",  "list"};
constexpr std::array<std::string_view, 4> kNormalisers = {"trim", "lower", "digits", "e164"};

template <typename T, size_t n>
std::optional<T> Parse(const std::array<std::string_view, n>& names, std::string_view name) {
  for (size_t i = 0; i < n; ++i) {
    if (names[i] == name) return static_cast<T>(i);
  }
  return std::nullopt;
}

}  // namespace

std::string_view FieldTypeName(FieldType type) { return kTypes.at(static_cast<size_t>(type)); }

std::string_view NormaliserName(Normaliser normaliser) {
  return kNormalisers.at(static_cast<size_t>(normaliser));
}

namespace documents {

std::optional<FieldType> ParseFieldType(std::string_view name) {
  return Parse<FieldType>(kTypes, name);
}

std::optional<Normaliser> ParseNormaliser(std::string_view name) {
  return Parse<Normaliser>(kNormalisers, name);
}

}  // namespace documents
}  // namespace penstock::sdk
