#include "plugins/http/sandbox/records.h"

namespace penstock::sandbox::receiver {
namespace {

Fate Rejected(const char* code, const char* message, std::string_view field) {
  return {"rejected", "", code, message, std::string(field)};
}

bool LooksLikeAddress(std::string_view text) {
  std::size_t at = text.find('@');
  return at != text.npos && at > 0 && text.find('@', at + 1) == text.npos &&
         text.find('.', at) != text.npos && text.back() != '.' && text.find(' ') == text.npos;
}

}  // namespace

std::optional<Fate> Records::Refuse(const JsonValue& record, bool whole) const {
  if (!record.IsObject()) return Rejected("BAD_RECORD", "A record must be an object.", "");
  const JsonValue* key = Member(record, key_);
  bool good_key = key != nullptr && ((key->IsString() && key->GetStringLength() > 0) ||
                                     key->IsInt64() || key->IsUint64());
  if (key == nullptr ? whole : !good_key) {
    return Rejected("BAD_KEY", "The key must be a text that is not empty or a whole number.", key_);
  }
  for (const auto& member : record.GetObject()) {
    std::string_view name = Text(member.name);
    const JsonValue& value = member.value;
    if (name == "email" && !value.IsNull() &&
        !(value.IsString() && LooksLikeAddress(Text(value)))) {
      return Rejected("INVALID_EMAIL", "That is no e-mail address.", name);
    }
    if (name == "amount" && !value.IsNull() && !value.IsNumber()) {
      return Rejected("BAD_TYPE", "The amount must be a number.", name);
    }
    if (name != "extra" && (value.IsObject() || value.IsArray())) {
      return Rejected("BAD_TYPE", "The value must be a text, a number, true, false or null.", name);
    }
  }
  return std::nullopt;
}

Fate Records::Apply(Table& table, const std::string& operation, const JsonValue& record,
                    std::int64_t now_ms) const {
  if (auto refused = Refuse(record, /*whole=*/true)) return *refused;
  Values values;
  for (const auto& member : record.GetObject()) {
    values.push_back({std::string(Text(member.name)), ToJson(member.value)});
    if (member.value.IsNull()) values.back().value.reset();
  }
  const Record* known = table.FindByKey(key_, ToJson(*Member(record, key_)));
  if (known == nullptr && (operation == "update" || operation == "delete")) {
    return {"missing", "", "NOT_FOUND", "There is no record with this key.", ""};
  }
  Fate fate;
  if (known == nullptr) {
    fate.id = table.Id(table.Create(values, now_ms));
    fate.status = "created";
    return fate;
  }
  fate.id = table.Id(*known);
  if (operation == "insert") {
    fate.status = "exists";
    fate.code = "EXISTS";
    fate.message = "There is a record with this key.";
  } else if (operation == "delete") {
    table.Archive(*known, now_ms);
    fate.status = "deleted";
  } else {
    fate.status = table.Update(*known, values, now_ms) ? "updated" : "unchanged";
  }
  return fate;
}

}  // namespace penstock::sandbox::receiver
