// Finding records by their key, with SOQL.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/http.hpp"
#include "plugins/salesforce/schema.h"

namespace penstock::salesforce {

struct FoundRecord {
  std::string id;
  std::vector<std::optional<std::string>> values;  // of the fields asked for, in their order
  size_t others = 0;                               // further records with the same key
};

// What records are found by: a field, or the record id (`field` null).
struct KeyField {
  std::string object;
  const FieldInfo* field = nullptr;
};

// The text of a SOQL string literal, quotes included.
std::string SoqlString(std::string_view text);

// A number without zeros at its ends and without exponent: "1.0E7" is "10000000". Other text as it
// is.
std::string PlainNumber(std::string_view text);

// The record of each key, in the order of the keys; nothing where there is none. `fields`: to read
// besides, names of fields or of relations ("Account.Ext__c"). As many requests as the length of
// addresses asks for, at once. Blocks. [thread-safe]
sdk::Result<std::vector<std::optional<FoundRecord>>> FindByKey(
    const sdk::Http& http, sdk::Call call, const Api& api, const KeyField& key,
    const std::vector<std::string>& keys, const std::vector<std::string>& fields);

}  // namespace penstock::salesforce
