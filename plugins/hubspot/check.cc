#include "plugins/hubspot/check.h"

#include "plugins/hubspot/answers.h"
#include "plugins/hubspot/api.h"

namespace penstock::hubspot {

using sdk::CheckReport;
using sdk::Failure;
using sdk::HttpRequest;
using sdk::HttpResponse;
using sdk::JsonValue;
using sdk::Status;

namespace {

// The id is a number in HubSpot's answers.
std::string IdText(const JsonValue* value) {
  if (value == nullptr) return {};
  if (value->IsInt64()) return std::to_string(value->GetInt64());
  return std::string(sdk::JsonText(*value));
}

std::string AccountName(const std::string& id, const JsonValue& details) {
  const std::string type(sdk::TextMember(details, "accountType"));
  return "HubSpot portal " + id + (type.empty() ? "" : " (" + type + ")");
}

// One read that needs `scope`: notes whether the token has it. Other failures end the check.
Status Probe(const sdk::Http& http, sdk::Call call, const std::string& url, const char* scope,
             const char* needed_for, CheckReport* report) {
  Status result;
  Status performed = http.Perform(call, HttpRequest::Get(url), [&](const HttpResponse& response) {
    if (response.success()) {
      report->scopes.emplace_back(scope);
      return;
    }
    const ApiError error = ReadError(response);
    if (!response.answered() || response.status() != 403) {
      result = RunFailure(response, error, "checking the account");
    } else {
      report->missing.push_back({error.scopes.empty() ? scope : ScopeText(error), needed_for});
    }
  });
  return performed.ok() ? result : performed;
}

}  // namespace

sdk::Result<CheckReport> CheckAccount(const sdk::Http& http, sdk::Call call) {
  rapidjson::Document details;
  Status status =
      Read(http, call, HttpRequest::Get(kAccountDetails), "reading the account", &details);
  if (!status.ok()) return status.failure();
  CheckReport report;
  report.account_id = IdText(sdk::Member(details, "portalId"));
  if (report.account_id.empty()) {
    return Failure{PENSTOCK_E_INTERNAL, "hubspot.BAD_ANSWER",
                   "reading the account: the answer has no portalId", 0};
  }
  report.account_name = AccountName(report.account_id, details);
  status = Probe(http, call, PropertiesPath("contacts") + "/email", "crm.schemas.contacts.read",
                 "reading the properties of contacts", &report);
  if (!status.ok()) return status.failure();
  status = Probe(http, call, ObjectPath("contacts") + "?limit=1", "crm.objects.contacts.read",
                 "finding contacts by their key", &report);
  if (!status.ok()) return status.failure();
  return report;
}

}  // namespace penstock::hubspot
