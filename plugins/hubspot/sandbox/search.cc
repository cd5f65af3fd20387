// POST /crm/v3/objects/{object}/search: filters on stored values, newest writes not found yet.
#include <algorithm>
#include <charconv>

#include "plugins/hubspot/sandbox/objects.h"
#include "plugins/hubspot/sandbox/values.h"

namespace penstock::sandbox::hubspot {
namespace {

constexpr std::int64_t kMaxPage = 200;
constexpr std::int64_t kMaxHits = 10'000;
constexpr rapidjson::SizeType kMaxGroups = 5;

struct Filter {
  std::string property;
  std::string op;
  std::string value;
  std::vector<std::string> values;
};
using Group = std::vector<Filter>;

struct Query {
  std::vector<Group> groups;
  std::string properties;
  std::int64_t after = 0;
  std::int64_t limit = 10;
};

std::string StringOf(const JsonValue& object, const char* name) {
  const JsonValue* value = Member(object, name);
  return value != nullptr && value->IsString() ? std::string(Text(*value)) : std::string();
}

std::optional<ApiError> ReadFilter(const Object& object, const JsonValue& json, Filter* filter) {
  filter->property = StringOf(json, "propertyName");
  filter->op = StringOf(json, "operator");
  filter->value = StringOf(json, "value");
  if (const JsonValue* values = Member(json, "values"); values != nullptr && values->IsArray()) {
    for (const JsonValue& value : values->GetArray()) {
      if (value.IsString()) filter->values.emplace_back(Text(value));
    }
  }
  static const std::vector<std::string> ops = {
      "EQ", "NEQ", "LT", "LTE", "GT", "GTE", "IN", "NOT_IN", "HAS_PROPERTY", "NOT_HAS_PROPERTY"};
  if (std::find(ops.begin(), ops.end(), filter->op) == ops.end()) {
    return Invalid("The operator \"" + filter->op + "\" is not one that this sandbox searches by.");
  }
  if (object.schema.Find(filter->property) == nullptr) {
    return Invalid("There was a problem with the request: property " + filter->property +
                   " does not exist.");
  }
  return std::nullopt;
}

bool ReadNumber(const JsonValue& json, std::int64_t* number) {
  if (json.IsInt64()) {
    *number = json.GetInt64();
    return true;
  }
  if (!json.IsString()) return false;
  std::string_view text = Text(json);
  if (text.empty()) return true;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *number);
  return error == std::errc() && end == text.data() + text.size();
}

std::optional<ApiError> ReadQuery(const Object& object, const JsonValue& body, Query* query) {
  std::string missing;
  for (const char* name : {"after", "filterGroups", "limit", "properties", "sorts"}) {
    if (Member(body, name) == nullptr) missing += (missing.empty() ? "" : ", ") + std::string(name);
  }
  if (!missing.empty()) {
    return Invalid("Invalid input JSON: Some required fields were not set: [" + missing + "]");
  }
  const JsonValue& groups = *Member(body, "filterGroups");
  const JsonValue& properties = *Member(body, "properties");
  if (!groups.IsArray() || !properties.IsArray() || groups.Size() > kMaxGroups) {
    return Invalid("filterGroups and properties must be lists, the former of at most 5 groups.");
  }
  if (!ReadNumber(*Member(body, "after"), &query->after) || query->after < 0 ||
      !ReadNumber(*Member(body, "limit"), &query->limit) || query->limit < 1 ||
      query->limit > kMaxPage) {
    return Invalid("after must be a number, limit one from 1 to 200.");
  }
  if (query->after + query->limit > kMaxHits) {
    return Invalid("A search ends at 10,000 results.");
  }
  for (const JsonValue& name : properties.GetArray()) {
    if (name.IsString()) query->properties += std::string(Text(name)) + ",";
  }
  for (const JsonValue& json : groups.GetArray()) {
    const JsonValue* filters = Member(json, "filters");
    if (filters == nullptr || !filters->IsArray()) return Invalid("A filter group needs filters.");
    Group& group = query->groups.emplace_back();
    for (const JsonValue& filter : filters->GetArray()) {
      if (auto error = ReadFilter(object, filter, &group.emplace_back())) return error;
    }
  }
  return std::nullopt;
}

// Numbers by size, everything else by text.
int Compare(const std::string& a, const std::string& b) {
  if (IsNumber(a) && IsNumber(b)) {
    double x = std::stod(a), y = std::stod(b);
    return x < y ? -1 : x > y ? 1 : 0;
  }
  return a.compare(b);
}

bool Matches(const Object& object, const Record& record, const Filter& filter) {
  auto value = PropertyValue(object, record, filter.property);
  if (filter.op == "HAS_PROPERTY") return value.has_value();
  if (filter.op == "NOT_HAS_PROPERTY") return !value.has_value();
  std::string mine = Lower(value.value_or(""));  // search ignores case
  std::string other = Lower(filter.value);
  bool listed = std::any_of(filter.values.begin(), filter.values.end(),
                            [&](const std::string& one) { return Lower(one) == mine; });
  if (filter.op == "EQ") return value && mine == other;
  if (filter.op == "NEQ") return !value || mine != other;
  if (filter.op == "IN") return value && listed;
  if (filter.op == "NOT_IN") return !value || !listed;
  if (!value) return false;
  int order = Compare(mine, other);
  if (filter.op == "LT") return order < 0;
  if (filter.op == "LTE") return order <= 0;
  if (filter.op == "GT") return order > 0;
  return order >= 0;
}

bool Matches(const Object& object, const Record& record, const Query& query) {
  if (query.groups.empty()) return true;
  return std::any_of(query.groups.begin(), query.groups.end(), [&](const Group& group) {
    return std::all_of(group.begin(), group.end(),
                       [&](const Filter& filter) { return Matches(object, record, filter); });
  });
}

// The records to look at: those that unique values name, if every group has such a filter.
std::optional<std::vector<const Record*>> ByIndex(const Object& object, const Query& query) {
  std::vector<const Record*> records;
  if (query.groups.empty()) return std::nullopt;
  for (const Group& group : query.groups) {
    auto filter = std::find_if(group.begin(), group.end(), [&](const Filter& one) {
      return (one.op == "EQ" || one.op == "IN") && object.table->IsUnique(one.property);
    });
    if (filter == group.end()) return std::nullopt;
    std::vector<std::string> values =
        filter->op == "EQ" ? std::vector<std::string>{filter->value} : filter->values;
    for (const std::string& value : values) {
      const Record* record =
          object.table->FindByKey(filter->property, NormalId(filter->property, value));
      if (record != nullptr && std::find(records.begin(), records.end(), record) == records.end()) {
        records.push_back(record);
      }
    }
  }
  return records;
}

std::vector<const Record*> Find(const Portal& portal, const Object& object, const Query& query) {
  std::int64_t indexed_ms = portal.sandbox->clock.NowMs() - portal.switches.search_lag_ms.load();
  std::vector<const Record*> hits;
  auto consider = [&](const Record& record) {
    if (record.archived() || record.updated_ms() > indexed_ms) return;
    if (Matches(object, record, query)) hits.push_back(&record);
  };
  if (auto records = ByIndex(object, query)) {
    for (const Record* record : *records) consider(*record);
    return hits;
  }
  for (std::uint64_t row = 0; row < object.table->size(); ++row) consider(object.table->At(row));
  return hits;
}

}  // namespace

Response SearchRecords(const Portal& portal, const Request& request) {
  return WithBody(portal, request, [&](Object& object, const JsonValue& body) {
    Query query;
    if (auto error = ReadQuery(object, body, &query)) return ErrorResponse(*error);
    std::vector<const Record*> hits = Find(portal, object, query);
    auto wanted = WantedProperties(object, query.properties);
    auto first = static_cast<std::size_t>(query.after);
    std::size_t end = std::min(hits.size(), first + static_cast<std::size_t>(query.limit));
    return Response::Json(200, [&](JsonWriter& json) {
      json.StartObject();
      json.Key("total");
      json.Uint64(hits.size());
      json.Key("results");
      json.StartArray();
      for (std::size_t i = first; i < end; ++i) {
        json.StartObject();
        WriteRecord(json, object, *hits[i], wanted, false);
        json.EndObject();
      }
      json.EndArray();
      if (end < hits.size()) {
        json.Key("paging");
        json.StartObject();
        json.Key("next");
        json.StartObject();
        PutMember(json, "after", std::to_string(end));
        json.EndObject();
        json.EndObject();
      }
      json.EndObject();
    });
  });
}

}  // namespace penstock::sandbox::hubspot
