#include "plugins/salesforce/sandbox/values.h"

#include <algorithm>
#include <chrono>

#include "plugins/salesforce/sandbox/decimal.h"

namespace penstock::sandbox::salesforce {
namespace {

constexpr std::int64_t kDay = 86'400;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

bool Take(std::string_view* text, char c) {
  if (text->empty() || text->front() != c) return false;
  text->remove_prefix(1);
  return true;
}

// Takes exactly `digits` digits off the front.
bool TakeDigits(std::string_view* text, std::size_t digits, int* number) {
  if (text->size() < digits) return false;
  *number = 0;
  for (char c : text->substr(0, digits)) {
    if (!IsDigit(c)) return false;
    *number = *number * 10 + (c - '0');
  }
  text->remove_prefix(digits);
  return true;
}

// Days since 1970 of YYYY-MM-DD at the front.
bool TakeDate(std::string_view* text, std::int64_t* days) {
  int year = 0, month = 0, day = 0;
  if (!TakeDigits(text, 4, &year) || !Take(text, '-') || !TakeDigits(text, 2, &month) ||
      !Take(text, '-') || !TakeDigits(text, 2, &day)) {
    return false;
  }
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return false;
  *days = std::chrono::sys_days(date).time_since_epoch().count();
  return true;
}

// Seconds of hh:mm:ss[.fraction] at the front; the fraction is cut off.
bool TakeTime(std::string_view* text, std::int64_t* seconds) {
  int hour = 0, minute = 0, second = 0;
  if (!TakeDigits(text, 2, &hour) || !Take(text, ':') || !TakeDigits(text, 2, &minute) ||
      !Take(text, ':') || !TakeDigits(text, 2, &second)) {
    return false;
  }
  if (Take(text, '.')) {
    if (text->empty() || !IsDigit(text->front())) return false;
    while (!text->empty() && IsDigit(text->front())) text->remove_prefix(1);
  }
  if (hour > 23 || minute > 59 || second > 59) return false;
  *seconds = (hour * 60LL + minute) * 60 + second;
  return true;
}

// Seconds that a zone is ahead of UTC: Z, +hhmm, +hh:mm.
bool TakeZone(std::string_view* text, std::int64_t* seconds) {
  *seconds = 0;
  if (Take(text, 'Z')) return true;
  const int sign = Take(text, '+') ? 1 : Take(text, '-') ? -1 : 0;
  int hour = 0, minute = 0;
  if (sign == 0 || !TakeDigits(text, 2, &hour)) return false;
  Take(text, ':');
  if (!TakeDigits(text, 2, &minute) || hour > 14 || minute > 59) return false;
  *seconds = sign * (hour * 60LL + minute) * 60;
  return true;
}

bool TakeDateText(std::string_view text, std::string* kept) {
  std::int64_t days = 0;
  if (!TakeDate(&text, &days) || !text.empty()) return false;
  *kept = IsoTime(days * kDay * 1000).substr(0, 10);
  return true;
}

bool TakeDateTimeText(std::string_view text, std::string* kept) {
  std::int64_t days = 0, time = 0, zone = 0;
  if (!TakeDate(&text, &days) || !Take(&text, 'T') || !TakeTime(&text, &time) ||
      !TakeZone(&text, &zone) || !text.empty()) {
    return false;
  }
  *kept = WriteDateTime((days * kDay + time - zone) * 1000);
  return true;
}

// The types whose form is checked when a value is taken.
bool TakeScalar(const Field& field, std::string_view text, std::string* kept) {
  switch (field.type) {
    case Type::kDate:
      return TakeDateText(text, kept);
    case Type::kDateTime:
      return TakeDateTimeText(text, kept);
    case Type::kInt:
    case Type::kDouble:
    case Type::kCurrency:
    case Type::kPercent:
      return ReadDecimal(text, kept);
    default:
      *kept = text;
      return true;
  }
}

bool IsEmail(std::string_view text) {
  const std::size_t at = text.find('@');
  if (at == text.npos || at == 0 || at > 64 || text.find('@', at + 1) != text.npos) return false;
  const std::string_view local = text.substr(0, at), domain = text.substr(at + 1);
  auto plain = [](char c) {
    return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  };
  if (!std::all_of(local.begin(), local.end(), [&](char c) {
        return plain(c) ||
               std::string_view("!#$%&'*+-/=?^_`{|}~.").find(c) != std::string_view::npos;
      })) {
    return false;
  }
  if (local.front() == '.' || local.back() == '.') return false;
  if (domain.find('.') == domain.npos || domain.front() == '.' || domain.back() == '.')
    return false;
  if (domain.find("..") != domain.npos) return false;
  return std::all_of(domain.begin(), domain.end(),
                     [&](char c) { return plain(c) || c == '.' || c == '-'; });
}

RecordError Bad(const Field& field, const char* code, const std::string& what) {
  return {code, field.label + ": " + what, {field.name}};
}

bool IsChoice(const Field& field, std::string_view value) {
  return std::any_of(field.choices.begin(), field.choices.end(),
                     [&](const Choice& choice) { return choice.active && choice.value == value; });
}

// Values in the order of the picklist, each once; others behind them.
std::optional<RecordError> CheckChoices(const Field& field, std::string* text) {
  std::vector<std::string> given;
  std::string_view rest = *text;
  while (!rest.empty()) {
    const std::size_t end = rest.find(';');
    const std::string one(Trim(rest.substr(0, end)));
    rest = end == rest.npos ? std::string_view() : rest.substr(end + 1);
    if (one.empty() || std::find(given.begin(), given.end(), one) != given.end()) continue;
    if (field.restricted && !IsChoice(field, one)) {
      return Bad(field, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
                 "bad value for restricted picklist field: " + one);
    }
    given.push_back(one);
  }
  auto place = [&](const std::string& value) {
    return std::find_if(field.choices.begin(), field.choices.end(),
                        [&](const Choice& choice) { return choice.value == value; });
  };
  std::stable_sort(given.begin(), given.end(),
                   [&](const std::string& a, const std::string& b) { return place(a) < place(b); });
  text->clear();
  for (const std::string& one : given) *text += (text->empty() ? "" : ";") + one;
  return std::nullopt;
}

std::optional<RecordError> CheckText(const Field& field, std::optional<std::string>* text) {
  std::string value(Trim(**text));
  if (value.empty()) {
    text->reset();
    return std::nullopt;
  }
  if (field.type == Type::kEmail) {
    value = Lower(value);
    if (!IsEmail(value)) {
      return Bad(field, "INVALID_EMAIL_ADDRESS", "invalid email address: " + **text);
    }
  }
  if (Units(value) > static_cast<std::size_t>(field.length)) {
    return Bad(
        field, "STRING_TOO_LONG",
        "data value too large: " + value + " (max length=" + std::to_string(field.length) + ")");
  }
  if (field.type == Type::kPicklist && field.restricted && !IsChoice(field, value)) {
    return Bad(field, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
               "bad value for restricted picklist field: " + value);
  }
  if (field.type == Type::kMultiPicklist) {
    if (auto error = CheckChoices(field, &value)) return error;
  }
  *text = std::move(value);
  return std::nullopt;
}

std::optional<RecordError> CheckNumber(const Field& field, std::string* text) {
  const std::string given = *text;
  const bool fits =
      field.type == Type::kInt ? FitsInt(*text) : RoundDecimal(text, field.precision, field.scale);
  if (fits) return std::nullopt;
  return Bad(field, "NUMBER_OUTSIDE_VALID_RANGE",
             "value outside of valid range on numeric field: " + given);
}

// Salesforce keeps dates of the years 1700 to 4000.
std::optional<RecordError> CheckDate(const Field& field, const std::string& text) {
  const std::string year = text.substr(0, 4);
  if (year >= "1700" && year <= "4000") return std::nullopt;
  return Bad(field, "FIELD_INTEGRITY_EXCEPTION", "invalid date: " + text);
}

}  // namespace

std::size_t Units(std::string_view text) {
  std::size_t units = 0;
  for (char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0) != 0x80) units += byte >= 0xF0 ? 2 : 1;
  }
  return units;
}

std::string WriteDateTime(std::int64_t ms) {
  return IsoTime(ms - (ms % 1000 + 1000) % 1000).substr(0, 19) + ".000+0000";
}

bool TakeJson(const Field& field, const Json& json, std::optional<std::string>* text) {
  if (json.IsNull()) {
    text->reset();
    return true;
  }
  if (field.type == Type::kBoolean) {
    *text = json.IsTrue() ? "true" : "false";
    return json.IsBool();
  }
  if (json.kind != (IsNumber(field.type) ? Json::Kind::kNumber : Json::Kind::kString)) return false;
  std::string kept;
  if (!TakeScalar(field, json.text, &kept)) return false;
  if (field.type == Type::kInt && kept.find('.') != kept.npos) return false;
  *text = std::move(kept);
  return true;
}

bool TakeCsv(const Field& field, std::string_view cell, std::string* text) {
  if (field.type == Type::kBoolean) {
    const std::string word = Lower(Trim(cell));
    text->clear();
    for (const char* yes : {"true", "1", "yes", "y", "on"}) {
      if (word == yes) *text = "true";
    }
    for (const char* no : {"false", "0", "no", "n", "off"}) {
      if (word == no) *text = "false";
    }
    return !text->empty();
  }
  if (!IsText(field.type)) cell = Trim(cell);
  if (!TakeScalar(field, cell, text)) return false;
  return field.type != Type::kInt || text->find('.') == text->npos;
}

std::optional<RecordError> CheckValue(const Field& field, std::optional<std::string>* text) {
  if (!*text) return std::nullopt;
  if (IsText(field.type)) return CheckText(field, text);
  if (IsNumber(field.type)) return CheckNumber(field, &**text);
  if (field.type == Type::kDate || field.type == Type::kDateTime) return CheckDate(field, **text);
  return std::nullopt;
}

void WriteValue(JsonWriter& json, const Field& field, std::string_view text) {
  if (field.type == Type::kBoolean) {
    json.Bool(text == "true");
  } else if (IsNumber(field.type)) {
    std::string number(text);
    if (field.type != Type::kInt && number.find('.') == number.npos) number += ".0";
    json.RawValue(number.data(), number.size(), rapidjson::kNumberType);
  } else {
    PutString(json, text);
  }
}

RecordError MissingFields(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list += (list.empty() ? "" : ", ") + name;
  return {"REQUIRED_FIELD_MISSING", "Required fields are missing: [" + list + "]", names};
}

}  // namespace penstock::sandbox::salesforce
