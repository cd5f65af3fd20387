// POST /composite: the subrequests run one after the other under one lock; with allOrNone all of
// them are taken back when one fails.
#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

#include "plugins/salesforce/sandbox/endpoints.h"
#include "plugins/salesforce/sandbox/errors.h"
#include "plugins/salesforce/sandbox/json.h"

namespace penstock::sandbox::salesforce {
namespace {

constexpr std::size_t kMaxRequests = 25, kMaxHeavy = 5;

// One subrequest's answer.
struct Answered {
  std::string reference;
  int status = 0;
  std::string body;  // JSON or ""
  std::string location;
};

ApiError InvalidInput(std::string message) { return Invalid("INVALID_INPUT", std::move(message)); }

// The value that "ref.a[0].b" means in the earlier answers, as text; nullopt if there is none.
std::optional<std::string> Resolve(std::string_view path, const std::vector<Answered>& earlier) {
  const std::size_t end = std::min(path.find('.'), path.find('['));
  Json json;
  std::string error;
  bool found = false;
  for (const Answered& answer : earlier) {
    if (answer.reference != path.substr(0, end)) continue;
    found = answer.status < 400 && ParseJson(answer.body, &json, &error);
  }
  if (!found) return std::nullopt;
  const Json* at = &json;
  std::string_view rest = end == path.npos ? std::string_view() : path.substr(end);
  while (!rest.empty() && at != nullptr) {
    if (rest.front() == '[') {
      std::size_t index = 0;
      std::from_chars(rest.data() + 1, rest.data() + rest.size(), index);
      at = index < at->items.size() ? &at->items[index] : nullptr;
      rest.remove_prefix(std::min(rest.find(']'), rest.size() - 1) + 1);
    } else {
      rest.remove_prefix(1);
      const std::size_t stop = rest.find_first_of(".[");
      at = at->Find(rest.substr(0, stop));
      rest = stop == rest.npos ? std::string_view() : rest.substr(stop);
    }
  }
  if (at == nullptr || (!at->IsString() && at->kind != Json::Kind::kNumber)) return std::nullopt;
  return at->text;
}

// Replaces each @{…} of a text. False if one means nothing.
bool Fill(std::string* text, const std::vector<Answered>& earlier) {
  for (std::size_t start = 0; (start = text->find("@{", start)) != text->npos;) {
    const std::size_t end = text->find('}', start);
    if (end == text->npos) return false;
    const auto value = Resolve(std::string_view(*text).substr(start + 2, end - start - 2), earlier);
    if (!value) return false;
    text->replace(start, end + 1 - start, *value);
    start += value->size();
  }
  return true;
}

bool Fill(Json* json, const std::vector<Answered>& earlier) {
  if (json->IsString()) return Fill(&json->text, earlier);
  for (Json& item : json->items) {
    if (!Fill(&item, earlier)) return false;
  }
  for (auto& [name, value] : json->members) {
    if (!Fill(&value, earlier)) return false;
  }
  return true;
}

Answered Refused(const std::string& reference, const ApiError& error) {
  return {reference, error.status, ErrorResponse(error).body, ""};
}

Answered Halted(const std::string& reference) {
  return Refused(reference, {400,
                             "PROCESSING_HALTED",
                             "The transaction was rolled back since another operation in the same "
                             "transaction failed.",
                             {}});
}

Answered Run(const Org& org, const Request& outer, const Json& json,
             const std::vector<Answered>& earlier) {
  const std::string reference = *json.FindText("referenceId");
  Request request;
  request.now_ms = outer.now_ms;
  request.method = *json.FindText("method");
  std::string url = *json.FindText("url");
  std::optional<Json> body;
  for (const auto& [name, value] : json.members) {
    if (name == "body") body = value;
    if (name != "httpHeaders") continue;
    for (const auto& [header, text] : value.members)
      request.headers.emplace_back(header, text.text);
  }
  if (!Fill(&url, earlier) || (body && !Fill(&*body, earlier))) {
    return Refused(reference, {400,
                               "PROCESSING_HALTED",
                               "Invalid reference specified. No value for a reference was found.",
                               {}});
  }
  const std::size_t question = url.find('?');
  request.path = url.substr(0, question);
  if (question != url.npos) request.query = ReadForm(std::string_view(url).substr(question + 1));
  if (body) {
    request.body = WriteJson([&](JsonWriter& out) { body->Write(out); });
  }
  request.headers.emplace_back("Content-Type", "application/json");
  bool known = false;
  const Handler* handler = org.sandbox().router.Find(&request, &known);
  const bool inside = request.route.find("/sobjects") != std::string::npos ||
                      request.route.find("/query") != std::string::npos;
  if (handler == nullptr || !inside || !IsVersion(request.Param("version"))) {
    return Refused(reference, NotFound());
  }
  const Response response = (*handler)(request);
  Answered answer{reference, response.status, response.body, ""};
  for (const auto& [name, value] : response.headers) {
    if (name == "Location") answer.location = value;
  }
  return answer;
}

std::optional<ApiError> Check(const Json& json, std::size_t* heavy) {
  const Json* requests = json.Find("compositeRequest");
  if (requests == nullptr || !requests->IsArray() || requests->items.empty()) {
    return InvalidInput("compositeRequest must be a list of requests.");
  }
  if (requests->items.size() > kMaxRequests) {
    return ApiError{400, "LIMIT_EXCEEDED", "Limit reached: 25 subrequests in one request.", {}};
  }
  std::set<std::string> references;
  for (const Json& item : requests->items) {
    for (const char* name : {"method", "url", "referenceId"}) {
      if (item.FindText(name) == nullptr) {
        return InvalidInput(std::string("Each subrequest needs a value for ") + name + ".");
      }
    }
    if (!references.insert(*item.FindText("referenceId")).second) {
      return InvalidInput("Duplicate referenceId: " + *item.FindText("referenceId"));
    }
    const std::string& url = *item.FindText("url");
    const bool many = url.find("/composite/sobjects") != url.npos || url.find("/query") != url.npos;
    if (many && ++*heavy > kMaxHeavy) {
      return ApiError{
          400, "LIMIT_EXCEEDED", "Limit reached: 5 subrequests of collections or queries.", {}};
    }
  }
  return std::nullopt;
}

}  // namespace

Response Composite(const Org& org, const Request& request) {
  Json json;
  std::string error;
  if (!ParseJson(request.body, &json, &error)) return ErrorResponse(BadJson(error));
  std::size_t heavy = 0;
  if (auto refused = Check(json, &heavy)) return ErrorResponse(*refused);
  const Json* all = json.Find("allOrNone");
  const bool all_or_none = all != nullptr && all->IsTrue();
  const auto& requests = json.Find("compositeRequest")->items;

  const Org::Guard guard(org);
  Transaction transaction;
  std::vector<Answered> answers;
  bool failed = false;
  {
    const Org::Undo undo(org, all_or_none ? &transaction : nullptr);
    for (const Json& item : requests) {
      if (failed && all_or_none) {
        answers.push_back(Halted(*item.FindText("referenceId")));
        continue;
      }
      answers.push_back(Run(org, request, item, answers));
      failed = failed || answers.back().status >= 400;
    }
  }
  if (failed && all_or_none) {
    transaction.RollBack();
    for (Answered& answer : answers) {
      if (answer.status < 400) answer = Halted(answer.reference);
    }
  }
  return Response::Json(200, [&](JsonWriter& out) {
    out.StartObject();
    out.Key("compositeResponse");
    out.StartArray();
    for (const Answered& answer : answers) {
      out.StartObject();
      out.Key("body");
      if (answer.body.empty()) {
        out.Null();
      } else {
        out.RawValue(answer.body.data(), answer.body.size(), rapidjson::kObjectType);
      }
      out.Key("httpHeaders");
      out.StartObject();
      if (!answer.location.empty()) PutMember(out, "Location", answer.location);
      out.EndObject();
      out.Key("httpStatusCode");
      out.Int(answer.status);
      PutMember(out, "referenceId", answer.reference);
      out.EndObject();
    }
    out.EndArray();
    out.EndObject();
  });
}

}  // namespace penstock::sandbox::salesforce
