// What every error code means, for `penstock explain`.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "core/base/error.h"

namespace penstock::cli {

struct CodeEntry {
  std::string_view code;
  std::string_view meaning;  // what happened, and why
  std::string_view remedy;   // what to do
};

/// Sorted by code. Every PS- code of the tree is here: a test looks.
std::span<const CodeEntry> Codes();
/// Codes without PS-: what records are told with, and connectors' calls by the SDK's own layer.
/// Sorted; "HTTP_…" stands for every status.
std::span<const CodeEntry> ReasonCodes();
/// Null when there is none among Codes().
const CodeEntry* FindCode(std::string_view code);
/// What to do about an error: its own hint, else what its code says.
std::string HintOf(const Error& error);

/// "penstock.yaml:9:5: ", or nothing of an error that is about no file.
std::string PlaceText(const Error& error);

}  // namespace penstock::cli
