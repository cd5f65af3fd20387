#include "plugins/salesforce/soql.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <unordered_map>

#include "plugins/salesforce/answers.h"

namespace penstock::salesforce {

using sdk::ArrayMember;
using sdk::JsonValue;
using Records = std::vector<std::optional<FoundRecord>>;

namespace {

constexpr char kDoing[] = "finding records";

bool IsNumber(const KeyField& key) {
  return key.field != nullptr && TypeOf(*key.field) == sdk::FieldType::kInteger;
}

const std::string& NameOf(const KeyField& key) {
  static const std::string id = "Id";
  return key.field == nullptr ? id : key.field->name;
}

// A key as Salesforce compares it.
std::string Folded(const KeyField& key, std::string_view text) {
  if (key.field == nullptr) return std::string(text.substr(0, 15));
  if (IsNumber(key)) return PlainNumber(text);
  return key.field->case_sensitive ? std::string(text) : sdk::AsciiLower(text);
}

std::string Select(const KeyField& key, const std::vector<std::string>& fields) {
  // No column twice: Salesforce refuses that.
  std::set<std::string> columns(fields.begin(), fields.end());
  columns.insert(NameOf(key));
  columns.erase("id");
  columns.insert("Id");
  std::string text = "SELECT ";
  for (const std::string& column : columns) {
    if (text.size() > 7) text += ", ";
    text += column;
  }
  return text + " FROM " + key.object + " WHERE " + NameOf(key) + " IN (";
}

// The member behind a dotted name; null where there is none on the way.
const JsonValue* Reach(const JsonValue& record, std::string_view path) {
  const JsonValue* at = &record;
  while (at != nullptr && !path.empty()) {
    const size_t dot = std::min(path.find('.'), path.size());
    at = sdk::Member(*at, std::string(path.substr(0, dot)).c_str());
    path.remove_prefix(std::min(dot + 1, path.size()));
  }
  return at;
}

std::optional<std::string> TextOf(const JsonValue* value) {
  if (value == nullptr) return std::nullopt;
  if (value->IsString()) return std::string(sdk::JsonText(*value));  // numbers are text, too
  if (value->IsBool()) return value->IsTrue() ? "true" : "false";
  return std::nullopt;
}

class Finder {
 public:
  Finder(const KeyField& key, const std::vector<std::string>& keys,
         const std::vector<std::string>& fields)
      : key_(key), fields_(fields), found_(keys.size()) {
    for (size_t i = 0; i < keys.size(); ++i) places_[Folded(key, keys[i])].push_back(i);
  }

  // Takes one page; `*next` becomes the address of the page behind it, if there is one.
  sdk::Status Take(const sdk::HttpResponse& response, std::string* next) {
    rapidjson::Document answer;
    if (!response.success()) return RunFailure(response, ReadError(response), kDoing);
    const JsonValue* records = sdk::ParseJsonNumbersAsText(response.body(), &answer)
                                   ? ArrayMember(answer, "records")
                                   : nullptr;
    if (records == nullptr) return BadAnswer(kDoing, "the answer has no records");
    for (const JsonValue& record : records->GetArray()) {
      sdk::Status placed = Place(record);
      if (!placed.ok()) return placed;
    }
    *next = sdk::TextMember(answer, "nextRecordsUrl");
    const bool expected = next->rfind("/services/data/", 0) == 0 && pages_.insert(*next).second;
    if (!next->empty() && !expected) {
      return BadAnswer(kDoing, "the next page has an unexpected address");
    }
    return {};
  }

  Records Found() { return std::move(found_); }

 private:
  // Not ok when a record belongs to no key: then "not found" would be a guess.
  sdk::Status Place(const JsonValue& record) {
    const std::string id(sdk::TextMember(record, "Id"));
    const std::optional<std::string> value = TextOf(Reach(record, NameOf(key_)));
    const auto at = places_.find(Folded(key_, value.value_or("")));
    if (id.empty() || at == places_.end()) {
      return BadAnswer(kDoing, "record " + id + " was not asked for under its key");
    }
    for (const size_t place : at->second) {
      if (found_[place].has_value()) {
        // Keys that differ in case alone may be asked for by two queries, and find one record.
        if (found_[place]->id != id) ++found_[place]->others;
        continue;
      }
      FoundRecord found{id, {}, 0};
      for (const std::string& field : fields_) {
        found.values.push_back(field == "id" ? std::optional(id) : TextOf(Reach(record, field)));
      }
      found_[place] = std::move(found);
    }
    return {};
  }

  const KeyField& key_;
  const std::vector<std::string>& fields_;
  std::unordered_map<std::string, std::vector<size_t>> places_;
  std::set<std::string> pages_;
  Records found_;
};

std::vector<sdk::HttpRequest> Queries(const Api& api, const KeyField& key,
                                      const std::vector<std::string>& keys,
                                      const std::vector<std::string>& fields) {
  const std::string select = Select(key, fields);
  const size_t start = sdk::UrlText(select).size();
  std::vector<sdk::HttpRequest> requests;
  std::string soql;
  size_t length = 0, n = 0;
  const auto flush = [&] {
    if (n > 0) requests.push_back(sdk::HttpRequest::Get(api.Query(soql + ")")));
    n = 0;
  };
  std::set<std::string_view> asked;
  for (const std::string& text : keys) {
    // An id of another form is nobody's, and Salesforce would refuse the whole query for it.
    if (text.empty() || (key.field == nullptr && !IsRecordId(text))) continue;
    if (!asked.insert(text).second) continue;
    const std::string literal = IsNumber(key) ? text : SoqlString(text);
    const size_t more = sdk::UrlText(literal).size() + 3;
    if (n == kMaxRecords || (n > 0 && length + more > kMaxQueryText)) flush();
    if (n == 0) {
      soql = select;
      length = start;
    }
    if (n > 0) soql += ',';
    soql += literal;
    length += more;
    ++n;
  }
  flush();
  return requests;
}

}  // namespace

std::string SoqlString(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    switch (c) {
      case '\'':
      case '\\':
        out += '\\';
        out += c;
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        out += c;
    }
  }
  return out + "'";
}

std::string PlainNumber(std::string_view text) {
  std::string sign, digits;
  int64_t point = -1, exponent = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c >= '0' && c <= '9') {
      digits += c;
    } else if (c == '-' && i == 0) {
      sign = "-";
    } else if (c == '.' && point < 0) {
      point = static_cast<int64_t>(digits.size());
    } else if ((c == 'e' || c == 'E') && !digits.empty()) {
      const char* begin = text.data() + i + 1 + (i + 1 < text.size() && text[i + 1] == '+' ? 1 : 0);
      const auto [end, error] = std::from_chars(begin, text.data() + text.size(), exponent);
      if (error != std::errc() || end != text.data() + text.size()) return std::string(text);
      break;
    } else {
      return std::string(text);
    }
  }
  if (digits.empty() || exponent > 400 || exponent < -400) return std::string(text);
  if (point < 0) point = static_cast<int64_t>(digits.size());
  point += exponent;
  if (point <= 0) {
    digits.insert(0, static_cast<size_t>(1 - point), '0');
    point = 1;
  }
  if (point > static_cast<int64_t>(digits.size())) {
    digits.append(static_cast<size_t>(point) - digits.size(), '0');
  }
  std::string whole = digits.substr(0, static_cast<size_t>(point));
  std::string rest = digits.substr(static_cast<size_t>(point));
  whole.erase(0, std::min(whole.find_first_not_of('0'), whole.size() - 1));
  while (!rest.empty() && rest.back() == '0') rest.pop_back();
  if (whole == "0" && rest.empty()) return whole;
  return sign + whole + (rest.empty() ? "" : "." + rest);
}

sdk::Result<Records> FindByKey(const sdk::Http& http, sdk::Call call, const Api& api,
                               const KeyField& key, const std::vector<std::string>& keys,
                               const std::vector<std::string>& fields) {
  Finder finder(key, keys, fields);
  std::vector<sdk::HttpRequest> requests = Queries(api, key, keys, fields);
  while (!requests.empty()) {
    std::vector<sdk::HttpRequest> pages;
    sdk::Status failed;
    sdk::Status performed =
        http.PerformAll(call, requests, [&](size_t, const sdk::HttpResponse& response) {
          std::string next;
          sdk::Status status = finder.Take(response, &next);
          if (failed.ok() && !status.ok()) failed = std::move(status);
          if (!next.empty()) pages.push_back(sdk::HttpRequest::Get(next));
        });
    if (!performed.ok()) return performed.failure();
    if (!failed.ok()) return failed.failure();
    requests = std::move(pages);
  }
  return finder.Found();
}

}  // namespace penstock::salesforce
