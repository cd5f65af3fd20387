#include "plugins/salesforce/sandbox/query.h"

#include <algorithm>
#include <charconv>

#include "plugins/salesforce/sandbox/decimal.h"
#include "plugins/salesforce/sandbox/endpoints.h"
#include "plugins/salesforce/sandbox/ids.h"
#include "plugins/salesforce/sandbox/values.h"

namespace penstock::sandbox::salesforce {
namespace {

constexpr std::size_t kBatch = 2000, kSmallestBatch = 200;
constexpr std::size_t kCursors = 50;  // more are forgotten, oldest first

using Value = std::optional<std::string>;

// The row that a relationship leads to.
const Record* Follow(const Org& org, const Object& object, const Record& record,
                     const Field& relationship, const Object** target) {
  const Value id = org.Value(object, record, relationship);
  if (!id) return nullptr;
  *target = org.FindByPrefix(*id);
  return *target == nullptr ? nullptr : org.FindRow(*id);
}

Value ValueOf(const Org& org, const Object& object, const Record& record, const Path& path) {
  if (path.relationship == nullptr) return org.Value(object, record, *path.field);
  const Object* target = nullptr;
  const Record* row = Follow(org, object, record, *path.relationship, &target);
  const Field* field = row == nullptr ? nullptr : target->schema.Find(path.name);
  return field == nullptr ? Value() : org.Value(*target, *row, *field);
}

// < 0, 0, > 0; texts are equal in any case.
int Compare(const Field& field, const std::string& a, const std::string& b) {
  if (IsNumber(field.type)) return CompareDecimals(a, b);
  if (IsText(field.type)) return Lower(a).compare(Lower(b));
  return a.compare(b);
}

// LIKE: % is any text, _ one character.
bool Like(std::string_view text, std::string_view pattern) {
  if (pattern.empty()) return text.empty();
  if (pattern.front() == '%') {
    for (std::size_t skip = 0; skip <= text.size(); ++skip) {
      if (Like(text.substr(skip), pattern.substr(1))) return true;
    }
    return false;
  }
  if (text.empty() || (pattern.front() != '_' && pattern.front() != text.front())) return false;
  return Like(text.substr(1), pattern.substr(1));
}

bool Holds(const Condition& condition, const Value& value) {
  const Field& field = *condition.path.field;
  auto equals = [&](const Value& other) {
    return value.has_value() == other.has_value() &&
           (!value || Compare(field, *value, *other) == 0);
  };
  const Value& first = condition.values.front();
  switch (condition.comparison) {
    case Comparison::kEqual:
      return equals(first);
    case Comparison::kNotEqual:
      return !equals(first);
    case Comparison::kIn:
      return std::any_of(condition.values.begin(), condition.values.end(), equals);
    case Comparison::kNotIn:
      return std::none_of(condition.values.begin(), condition.values.end(), equals);
    case Comparison::kLike:
      return value && first && Like(Lower(*value), Lower(*first));
    default:
      break;
  }
  if (!value || !first) return false;
  const int order = Compare(field, *value, *first);
  switch (condition.comparison) {
    case Comparison::kLess:
      return order < 0;
    case Comparison::kLessEqual:
      return order <= 0;
    case Comparison::kMore:
      return order > 0;
    default:
      return order >= 0;
  }
}

bool Matches(const Org& org, const Object& object, const Record& record,
             const Condition& condition) {
  auto matches = [&](const Condition& part) { return Matches(org, object, record, part); };
  switch (condition.kind) {
    case Condition::Kind::kAnd:
      return std::all_of(condition.parts.begin(), condition.parts.end(), matches);
    case Condition::Kind::kOr:
      return std::any_of(condition.parts.begin(), condition.parts.end(), matches);
    case Condition::Kind::kNot:
      return !matches(condition.parts.front());
    case Condition::Kind::kCompare:
      return Holds(condition, ValueOf(org, object, record, condition.path));
  }
  return false;
}

// The comparison whose index finds all rows that can match, nullptr if there is none.
const Condition* Indexed(const Object& object, const Condition& condition) {
  if (condition.kind == Condition::Kind::kAnd) {
    for (const Condition& part : condition.parts) {
      if (const Condition* found = Indexed(object, part)) return found;
    }
    return nullptr;
  }
  if (condition.kind != Condition::Kind::kCompare || condition.path.relationship != nullptr) {
    return nullptr;
  }
  if (condition.comparison != Comparison::kEqual && condition.comparison != Comparison::kIn) {
    return nullptr;
  }
  const Field& field = *condition.path.field;
  if (field.type != Type::kId && !object.table->IsUnique(field.name)) return nullptr;
  const bool null = std::any_of(condition.values.begin(), condition.values.end(),
                                [](const Value& value) { return !value; });
  return null ? nullptr : &condition;
}

std::vector<std::uint64_t> FindRows(const Org& org, const Soql& soql) {
  Object& object = *soql.object;
  std::vector<std::uint64_t> rows;
  auto take = [&](const Record& record) {
    if (record.archived()) return;
    if (soql.where && !Matches(org, object, record, *soql.where)) return;
    rows.push_back(object.table->Row(record));
  };
  const Condition* indexed = soql.where ? Indexed(object, *soql.where) : nullptr;
  if (indexed == nullptr) {
    for (std::uint64_t row = 0; row < object.table->size(); ++row) take(object.table->At(row));
    return rows;
  }
  for (const Value& value : indexed->values) {
    for (const Record* record : org.FindAll(object, *indexed->path.field, *value)) take(*record);
  }
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  return rows;
}

void Sort(const Org& org, const Soql& soql, std::vector<std::uint64_t>* rows) {
  Object& object = *soql.object;
  if (soql.order.empty()) {
    if (!org.switches.shuffle.load()) return;
    for (std::size_t left = rows->size(); left > 1; --left) {
      std::swap((*rows)[left - 1], (*rows)[org.sandbox().Random(static_cast<std::uint32_t>(left))]);
    }
    return;
  }
  std::stable_sort(rows->begin(), rows->end(), [&](std::uint64_t a, std::uint64_t b) {
    for (const Order& order : soql.order) {
      const Value x = ValueOf(org, object, object.table->At(a), order.path);
      const Value y = ValueOf(org, object, object.table->At(b), order.path);
      if (x.has_value() != y.has_value()) return x.has_value() == order.nulls_last;
      const int way = x ? Compare(*order.path.field, *x, *y) : 0;
      if (way != 0) return order.descending ? way > 0 : way < 0;
    }
    return false;
  });
}

void WriteValueOf(JsonWriter& json, const Field& field, const Value& value) {
  json.Key(field.name.c_str());
  if (value) {
    WriteValue(json, field, *value);
  } else {
    json.Null();
  }
}

// The selected fields; those of one relationship are an object of their own.
void WriteRecord(JsonWriter& json, const Org& org, const Soql& soql, const Record& record,
                 const std::string& version) {
  json.StartObject();
  WriteAttributes(json, *soql.object, &record, version);
  std::vector<const Field*> done;
  for (const Path& path : soql.fields) {
    if (path.relationship == nullptr) {
      WriteValueOf(json, *path.field, org.Value(*soql.object, record, *path.field));
      continue;
    }
    if (std::find(done.begin(), done.end(), path.relationship) != done.end()) continue;
    done.push_back(path.relationship);
    json.Key(path.relationship->relationship.c_str());
    const Object* target = nullptr;
    const Record* row = Follow(org, *soql.object, record, *path.relationship, &target);
    if (row == nullptr) {
      json.Null();
      continue;
    }
    json.StartObject();
    WriteAttributes(json, *target, row, version);
    for (const Path& other : soql.fields) {
      if (other.relationship != path.relationship) continue;
      const Field* field = target->schema.Find(other.name);
      WriteValueOf(json, *field, org.Value(*target, *row, *field));
    }
    json.EndObject();
  }
  json.EndObject();
}

std::size_t BatchOf(const Request& request) {
  const std::string options = Lower(request.Header("Sforce-Query-Options"));
  const std::size_t place = options.find("batchsize=");
  std::size_t size = kBatch;
  if (place != options.npos) {
    std::from_chars(options.data() + place + 10, options.data() + options.size(), size);
  }
  return std::clamp(size, kSmallestBatch, kBatch);
}

}  // namespace

void Queries::AddRoutes() {
  Router& router = org_.sandbox().router;
  for (const char* path : {"/services/data/{version}/query", "/services/data/{version}/query/"}) {
    router.Add("GET", path, [this](const Request& request) { return Query(request); });
  }
  router.Add("GET", "/services/data/{version}/query/{locator}",
             [this](const Request& request) { return QueryMore(request); });
}

void Queries::Reset() {
  std::lock_guard lock(mutex_);
  cursors_.clear();
}

Response Queries::Query(const Request& request) {
  Cursor cursor;
  if (auto error = ReadSoql(org_, request.Query("q"), &cursor.soql)) return ErrorResponse(*error);
  const Org::Guard guard(org_);
  cursor.rows = FindRows(org_, cursor.soql);
  if (cursor.soql.count) {
    return Response::Json(200, [&](JsonWriter& json) {
      json.StartObject();
      json.Key("totalSize");
      json.Uint64(cursor.rows.size());
      json.Key("done");
      json.Bool(true);
      json.Key("records");
      json.StartArray();
      json.EndArray();
      json.EndObject();
    });
  }
  Sort(org_, cursor.soql, &cursor.rows);
  const auto skipped = std::min<std::size_t>(cursor.soql.offset, cursor.rows.size());
  cursor.rows.erase(cursor.rows.begin(),
                    cursor.rows.begin() + static_cast<std::ptrdiff_t>(skipped));
  if (cursor.soql.limit && *cursor.soql.limit < cursor.rows.size()) {
    cursor.rows.resize(*cursor.soql.limit);
  }
  cursor.batch = BatchOf(request);
  std::lock_guard lock(mutex_);
  cursor.id = WriteId("01g", next_++);
  Response answer = Page(cursor, 0, request);
  if (cursor.rows.size() > cursor.batch) {
    cursors_.push_back(std::move(cursor));
    if (cursors_.size() > kCursors) cursors_.pop_front();
  }
  return answer;
}

Response Queries::QueryMore(const Request& request) {
  const std::string& locator = request.Param("locator");
  const std::size_t dash = locator.find('-');
  std::size_t from = 0;
  if (dash != locator.npos) {
    std::from_chars(locator.data() + dash + 1, locator.data() + locator.size(), from);
  }
  const Org::Guard guard(org_);
  std::lock_guard lock(mutex_);
  for (const Cursor& cursor : cursors_) {
    if (cursor.id == locator.substr(0, dash) && from > 0 && from < cursor.rows.size()) {
      return Page(cursor, from, request);
    }
  }
  return ErrorResponse({400, "INVALID_QUERY_LOCATOR", "invalid query locator", {}});
}

Response Queries::Page(const Cursor& cursor, std::size_t from, const Request& request) const {
  const std::string& version = request.Param("version");
  const std::size_t end = std::min(from + cursor.batch, cursor.rows.size());
  return Response::Json(200, [&](JsonWriter& json) {
    json.StartObject();
    json.Key("totalSize");
    json.Uint64(cursor.rows.size());
    json.Key("done");
    json.Bool(end == cursor.rows.size());
    if (end < cursor.rows.size()) {
      PutMember(json, "nextRecordsUrl",
                "/services/data/" + version + "/query/" + cursor.id + "-" + std::to_string(end));
    }
    json.Key("records");
    json.StartArray();
    for (std::size_t i = from; i < end; ++i) {
      if (cursor.rows[i] >= cursor.soql.object->table->size()) continue;  // rolled back meanwhile
      WriteRecord(json, org_, cursor.soql, cursor.soql.object->table->At(cursor.rows[i]), version);
    }
    json.EndArray();
    json.EndObject();
  });
}

}  // namespace penstock::sandbox::salesforce
