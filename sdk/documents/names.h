// The words of the closed lists, both ways. For the files of this folder only.
#pragma once

#include <optional>
#include <string_view>

#include "penstock/documents.hpp"

namespace penstock::sdk::documents {

std::optional<FieldType> ParseFieldType(std::string_view name);
std::optional<Normaliser> ParseNormaliser(std::string_view name);

}  // namespace penstock::sdk::documents
