#include "sdk/testing/kit/holdings.h"

#include <algorithm>
#include <cstdlib>
#include <set>

#include "penstock/json.hpp"
#include "sdk/testing/kit/exact_json.h"
#include "sdk/testing/kit/trial.h"

namespace penstock::kit {
namespace {

// -12.50 as sign, digits and exponent without zeros at either end; false when it is no number.
bool Canonical(std::string_view text, std::string* out) {
  bool negative = false;
  std::string digits;
  long exponent = 0;
  size_t i = 0;
  if (i < text.size() && (text[i] == '-' || text[i] == '+')) negative = text[i++] == '-';
  bool point = false, any = false;
  for (; i < text.size() &&
         (std::isdigit(static_cast<unsigned char>(text[i])) != 0 || text[i] == '.');
       ++i) {
    if (text[i] == '.') {
      if (point) return false;
      point = true;
      continue;
    }
    any = true;
    digits += text[i];
    exponent -= point ? 1 : 0;
  }
  if (!any) return false;
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    char* end = nullptr;
    const std::string rest(text.substr(i + 1));
    exponent += std::strtol(rest.c_str(), &end, 10);
    if (rest.empty() || *end != '\0') return false;
    i = text.size();
  }
  if (i != text.size()) return false;
  while (!digits.empty() && digits.back() == '0') {
    digits.pop_back();
    ++exponent;
  }
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  *out = digits.empty() ? "0" : (negative ? "-" : "") + digits + "e" + std::to_string(exponent);
  return true;
}

// The text of a stored scalar, whatever it is kept as.
std::string PlainText(const Json& json) {
  if (json.IsBool()) return json.IsTrue() ? "true" : "false";
  if (json.IsString()) return std::string(Plain(json));
  return ExactText(json);
}

bool SameNumber(const std::string& sent, const Json& json) {
  std::string a, b;
  return Canonical(sent, &a) && Canonical(PlainText(json), &b) && a == b;
}

// A stored time: ISO text at any precision down to milliseconds, or milliseconds since 1970.
bool SameTime(int64_t micros, const Json& json) {
  std::string text = PlainText(json);
  const int64_t ms = micros / 1000 - (micros % 1000 < 0 ? 1 : 0);
  if (text == std::to_string(ms)) return true;
  for (const std::string_view zone : {"+00:00", "+0000"}) {
    if (text.ends_with(zone)) text.replace(text.size() - zone.size(), zone.size(), "Z");
  }
  for (const int digits : {6, 5, 4, 3}) {
    if (text == sdk::TimestampText(micros, digits)) return true;
  }
  // Without a fraction where there is none.
  return micros % 1000000 == 0 && text == sdk::TimestampText(micros, 0);
}

bool SameList(const std::vector<Value>& sent, const Json& json) {
  std::multiset<std::string> want, have;
  for (const Value& item : sent) want.insert(item.text);
  if (json.IsArray()) {
    for (const Json& item : json.GetArray()) have.insert(PlainText(item));
  } else {
    const std::string text = PlainText(json);
    for (size_t at = 0; at <= text.size();) {
      const size_t end = std::min(text.find(';', at), text.size());
      have.insert(text.substr(at, end - at));
      at = end + 1;
    }
  }
  return want == have;
}

bool SameJson(const std::string& sent, const Json& json) {
  rapidjson::Document want, have;
  if (!ParseExact(sent, &want)) return false;
  if (IsText(json) && ParseExact(Plain(json), &have)) return want == have;
  return want == json;
}

bool Same(const Value& sent, const Json& json) {
  switch (sent.type) {
    case PENSTOCK_NULL:
      // A box without a tick is as empty as a box can be.
      return json.IsNull() || PlainText(json) == "false" || (IsText(json) && Plain(json).empty());
    case PENSTOCK_BOOL:
      return PlainText(json) == (sent.number != 0 ? "true" : "false");
    case PENSTOCK_INT64:
      return SameNumber(std::to_string(sent.number), json);
    case PENSTOCK_DOUBLE:
      return std::strtod(PlainText(json).c_str(), nullptr) == sent.real;
    case PENSTOCK_DECIMAL:
      return SameNumber(sent.text, json);
    case PENSTOCK_BYTES:
      return PlainText(json) == sdk::Base64(sent.text);
    case PENSTOCK_DATE:
      return PlainText(json).substr(0, 10) == sdk::DateText(sent.number) ||
             PlainText(json) == std::to_string(sent.number * 86400000);
    case PENSTOCK_TIMESTAMP:
      return SameTime(sent.number, json);
    case PENSTOCK_JSON:
      return SameJson(sent.text, json);
    case PENSTOCK_LIST:
      return SameList(sent.list, json);
    default:
      return IsText(json) && Plain(json) == sent.text;
  }
}

}  // namespace

std::string Difference(const Value& sent, const std::string* stored) {
  if (sent.type == PENSTOCK_ABSENT) return {};
  const bool empty =
      sent.type == PENSTOCK_NULL || (sent.type == PENSTOCK_STRING && sent.text.empty());
  if (stored == nullptr) return empty ? "" : "sent " + sent.Show() + ", nothing is held";
  rapidjson::Document json;
  if (!ParseExact(*stored, &json)) json.SetString(*stored, json.GetAllocator());
  if (empty && json.IsNull()) return {};
  if (Same(sent, json)) return {};
  return "sent " + sent.Show() + ", held is " + Transcript::Short(*stored, 80);
}

std::string Difference(const WritePlan& plan, const Row& row, const StoredRecord& stored) {
  for (size_t f = 0; f < plan.n_fields(); ++f) {
    if (f == plan.key) continue;
    const std::string& name = plan.assignment.fields[f].name;
    const auto it = stored.fields.find(name);
    const std::string difference =
        Difference(row.values[f], it == stored.fields.end() ? nullptr : &it->second);
    if (!difference.empty()) return "field " + name + ": " + difference;
  }
  return {};
}

Holdings Holdings::Of(Trial& trial, const WritePlan& plan) {
  Holdings holdings;
  holdings.key_field_ = plan.assignment.fields[plan.key].name;
  auto records = trial.destination()->Records(plan.assignment.object);
  if (records.ok()) {
    holdings.records_ = *std::move(records);
  } else {
    trial.Fail("the destination does not tell what it holds: " + records.failure().message);
  }
  return holdings;
}

const StoredRecord* Holdings::Find(const Value& key) const {
  for (const StoredRecord& record : records_) {
    const auto it = record.fields.find(key_field_);
    if (record.archived || it == record.fields.end()) continue;
    if (Difference(key, &it->second).empty()) return &record;
    // Keys may be kept as text whatever they were.
    rapidjson::Document json;
    if (ParseExact(it->second, &json) && PlainText(json) == key.Show()) return &record;
  }
  return nullptr;
}

size_t Holdings::Count(const Value& key) const {
  size_t n = 0;
  for (const StoredRecord& record : records_) {
    const auto it = record.fields.find(key_field_);
    n += !record.archived && it != record.fields.end() && Difference(key, &it->second).empty() ? 1
                                                                                               : 0;
  }
  return n;
}

size_t Holdings::live() const {
  return static_cast<size_t>(std::count_if(records_.begin(), records_.end(),
                                           [](const StoredRecord& r) { return !r.archived; }));
}

std::string Holdings::Text() const {
  std::multiset<std::string> lines;
  for (const StoredRecord& record : records_) {
    if (record.archived) continue;
    std::string line = record.id;
    for (const auto& [name, value] : record.fields) {
      // What a destination stamps by itself may differ from write to write.
      if (name.find("date") == std::string::npos && name.find("updated") == std::string::npos) {
        line += " " + name + "=" + value;
      }
    }
    lines.insert(std::move(line));
  }
  std::string text;
  for (const std::string& line : lines) text += line + "\n";
  return text;
}

void ExpectHeld(Trial& trial, const WritePlan& plan, const std::vector<Row>& rows,
                const std::string& what) {
  const Holdings holdings = Holdings::Of(trial, plan);
  for (const Row& row : rows) {
    const StoredRecord* stored = holdings.Find(row.values[plan.key]);
    const std::string difference =
        stored == nullptr ? "the destination does not hold it" : Difference(plan, row, *stored);
    if (!difference.empty()) {
      return trial.Fail(what + ": record " + row.values[plan.key].Show() + ": " + difference);
    }
  }
}

}  // namespace penstock::kit
