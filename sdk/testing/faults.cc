#include "sdk/testing/faults.h"

#include <map>

namespace penstock::sandbox {
namespace {

using Kind = Fault::Kind;

const std::map<std::string, Kind, std::less<>>& Kinds() {
  static const std::map<std::string, Kind, std::less<>> kinds = {
      {"delay", Kind::kDelay},
      {"status", Kind::kStatus},
      {"drop_before", Kind::kDropBefore},
      {"drop_after", Kind::kDropAfter},
      {"truncate", Kind::kTruncate},
      {"garbage", Kind::kGarbage},
      {"empty", Kind::kEmpty},
      {"content_type", Kind::kContentType},
      {"drip", Kind::kDrip},
      {"huge", Kind::kHuge},
      {"redirect", Kind::kRedirect},
      {"stall", Kind::kStall},
      {"unauthorized", Kind::kUnauthorized},
      {"omit", Kind::kOmit},
  };
  return kinds;
}

// Kinds of which the real thing most often happens after the server did its work.
bool AppliesByDefault(Kind kind) {
  return kind == Kind::kDelay || kind == Kind::kDropAfter || kind == Kind::kTruncate ||
         kind == Kind::kContentType || kind == Kind::kDrip || kind == Kind::kOmit;
}

// Reads members of an object, remembering which are known.
class Reader {
 public:
  explicit Reader(const JsonValue& object) : object_(object) {}

  void Get(const char* name, std::int64_t* to) {
    if (const JsonValue* value = Find(name)) {
      if (value->IsInt64()) {
        *to = value->GetInt64();
      } else {
        Wrong(name, "a whole number");
      }
    }
  }
  void Get(const char* name, std::string* to) {
    if (const JsonValue* value = Find(name)) {
      if (value->IsString()) {
        *to = Text(*value);
      } else {
        Wrong(name, "a string");
      }
    }
  }
  void Get(const char* name, bool* to) {
    if (const JsonValue* value = Find(name)) {
      if (value->IsBool()) {
        *to = value->GetBool();
      } else {
        Wrong(name, "true or false");
      }
    }
  }
  void Get(const char* name, double* to) {
    if (const JsonValue* value = Find(name)) {
      if (value->IsNumber()) {
        *to = value->GetDouble();
      } else {
        Wrong(name, "a number");
      }
    }
  }
  // A member of any type, nullptr if missing.
  const JsonValue* Find(const char* name) {
    known_.insert({name, true});
    return Member(object_, name);
  }
  // False, with a sentence, if a member had the wrong type or is not known.
  bool Done(std::string* error) {
    for (const auto& member : object_.GetObject()) {
      if (!known_.contains(std::string(Text(member.name))) && error_.empty()) {
        error_ = "\"" + std::string(Text(member.name)) + "\" is not known here.";
      }
    }
    if (!error_.empty()) *error = error_;
    return error_.empty();
  }

 private:
  void Wrong(const char* name, const char* wanted) {
    error_ = "\"" + std::string(name) + "\" must be " + wanted + ".";
  }
  const JsonValue& object_;
  std::map<std::string, bool> known_;
  std::string error_;
};

bool GlobMatches(std::string_view pattern, std::string_view text) {
  std::size_t p = 0, t = 0, star = pattern.npos, mark = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      mark = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != pattern.npos) {
      p = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

}  // namespace

bool PathMatches(std::string_view pattern, std::string_view path) {
  if (pattern.find('*') == pattern.npos) return path.starts_with(pattern);
  return GlobMatches(pattern, path);
}

bool Faults::ParseFault(const JsonValue& json, Fault* fault, std::string* error) {
  if (!json.IsObject()) {
    *error = "\"fault\" must be an object.";
    return false;
  }
  Reader reader(json);
  std::string kind;
  std::int64_t status = 0;
  reader.Get("kind", &kind);
  reader.Get("status", &status);
  if (kind.empty()) kind = status != 0 ? "status" : "delay";
  auto found = Kinds().find(kind);
  if (found == Kinds().end()) {
    *error = "There is no fault of kind \"" + kind + "\".";
    return false;
  }
  fault->kind = found->second;
  fault->status = static_cast<int>(status);
  fault->apply = AppliesByDefault(fault->kind);
  reader.Get("apply", &fault->apply);
  reader.Get("reset", &fault->reset);
  reader.Get("delay_ms", &fault->delay_ms);
  reader.Get("retry_after", &fault->retry_after);
  reader.Get("retry_after_date", &fault->retry_after_date);
  reader.Get("bytes", &fault->bytes);
  reader.Get("count", &fault->count);
  reader.Get("interval_ms", &fault->interval_ms);
  reader.Get("seconds", &fault->seconds);
  reader.Get("array", &fault->array);
  reader.Get("location", &fault->location);
  reader.Get("content_type", &fault->content_type);
  if (const JsonValue* body = reader.Find("body")) {
    fault->body = body->IsString() ? std::string(Text(*body)) : ToJson(*body);
  }
  if (const JsonValue* headers = reader.Find("headers"); headers != nullptr) {
    if (!headers->IsObject()) {
      *error = "\"headers\" must be an object.";
      return false;
    }
    for (const auto& header : headers->GetObject()) {
      fault->headers.emplace_back(Text(header.name), header.value.IsString()
                                                         ? std::string(Text(header.value))
                                                         : ToJson(header.value));
    }
  }
  if (fault->kind == Kind::kStatus && (status < 100 || status > 599)) {
    *error = "A fault of kind \"status\" needs a \"status\" from 100 to 599.";
    return false;
  }
  return reader.Done(error);
}

bool Faults::ParseRule(const JsonValue& json, Rule* rule, std::string* error) {
  if (!json.IsObject()) {
    *error = "Each item must be an object.";
    return false;
  }
  Reader reader(json);
  std::int64_t after = 0, every = 1;
  reader.Get("after", &after);
  reader.Get("times", &rule->times);
  reader.Get("every", &every);
  reader.Get("probability", &rule->probability);
  rule->after = static_cast<std::uint64_t>(std::max<std::int64_t>(after, 0));
  rule->every = static_cast<std::uint64_t>(std::max<std::int64_t>(every, 1));
  const JsonValue* match = reader.Find("match");
  const JsonValue* fault = reader.Find("fault");
  if (!reader.Done(error)) return false;
  if (match != nullptr) {
    if (!match->IsObject()) {
      *error = "\"match\" must be an object.";
      return false;
    }
    Reader members(*match);
    members.Get("method", &rule->method);
    members.Get("path", &rule->path);
    members.Get("body_contains", &rule->body_contains);
    if (!members.Done(error)) return false;
  }
  if (fault == nullptr) {
    *error = "Each item needs a \"fault\".";
    return false;
  }
  rule->text = ToJson(*fault);
  return ParseFault(*fault, &rule->fault, error);
}

bool Faults::Set(const std::string& json, std::uint32_t seed, std::string* error) {
  JsonDocument document;
  document.Parse(json.data(), json.size());
  if (document.HasParseError() || !document.IsArray()) {
    *error = "The body must be a JSON array of faults.";
    return false;
  }
  std::vector<Rule> rules;
  for (const JsonValue& item : document.GetArray()) {
    Rule rule;
    if (!ParseRule(item, &rule, error)) {
      *error = "Fault " + std::to_string(rules.size() + 1) + ": " + *error;
      return false;
    }
    rules.push_back(std::move(rule));
  }
  std::lock_guard lock(mutex_);
  rules_ = std::move(rules);
  random_.seed(seed);
  return true;
}

std::optional<Fault> Faults::Hit(const Request& request) {
  std::lock_guard lock(mutex_);
  std::optional<Fault> hit;
  for (Rule& rule : rules_) {
    if (!rule.method.empty() && rule.method != "*" && rule.method != request.method) continue;
    if (!PathMatches(rule.path, request.path)) continue;
    if (!rule.body_contains.empty() && request.body.find(rule.body_contains) == std::string::npos) {
      continue;
    }
    ++rule.seen;
    if (hit || rule.seen <= rule.after) continue;
    if ((rule.seen - rule.after - 1) % rule.every != 0) continue;
    if (rule.times >= 0 && rule.fired >= static_cast<std::uint64_t>(rule.times)) continue;
    if (rule.probability < 1.0 &&
        std::uniform_real_distribution<double>(0, 1)(random_) >= rule.probability) {
      continue;
    }
    ++rule.fired;
    hit = rule.fault;
  }
  return hit;
}

bool Faults::needs_body() const {
  std::lock_guard lock(mutex_);
  for (const Rule& rule : rules_) {
    if (!rule.body_contains.empty()) return true;
  }
  return false;
}

std::string Faults::Json() const {
  std::lock_guard lock(mutex_);
  return WriteJson([&](JsonWriter& json) {
    json.StartArray();
    for (const Rule& rule : rules_) {
      json.StartObject();
      json.Key("match");
      json.StartObject();
      PutMember(json, "method", rule.method);
      PutMember(json, "path", rule.path);
      if (!rule.body_contains.empty()) PutMember(json, "body_contains", rule.body_contains);
      json.EndObject();
      json.Key("fault");
      json.RawValue(rule.text.data(), rule.text.size(), rapidjson::kObjectType);
      json.Key("after");
      json.Uint64(rule.after);
      json.Key("times");
      json.Int64(rule.times);
      json.Key("seen");
      json.Uint64(rule.seen);
      json.Key("fired");
      json.Uint64(rule.fired);
      json.EndObject();
    }
    json.EndArray();
  });
}

void Faults::Clear() {
  std::lock_guard lock(mutex_);
  rules_.clear();
}

}  // namespace penstock::sandbox
