#include "plugins/salesforce/check.h"

#include <charconv>

#include "plugins/salesforce/answers.h"

namespace penstock::salesforce {

using sdk::CheckReport;
using sdk::HttpRequest;
using sdk::JsonValue;
using sdk::Status;
using sdk::TextMember;

namespace {

// A share of its requests that leaves little for a large sync.
constexpr int64_t kWarnPercent = 90;

// "api-usage=18/15000".
std::string UsageWarning(std::string_view info) {
  constexpr std::string_view kMark = "api-usage=";
  const size_t at = info.find(kMark);
  if (at == std::string_view::npos) return {};
  const char* end = info.data() + info.size();
  int64_t used = 0, most = 0;
  const auto first = std::from_chars(info.data() + at + kMark.size(), end, used);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '/') return {};
  const auto second = std::from_chars(first.ptr + 1, end, most);
  if (second.ec != std::errc() || most <= 0 || used < most / 100 * kWarnPercent) return {};
  return "the organization has used " + std::to_string(used) + " of its " + std::to_string(most) +
         " API requests of the last 24 hours";
}

std::string NameOf(const JsonValue& organization) {
  std::string name(TextMember(organization, "Name"));
  if (name.empty()) name = "Salesforce organization";
  const std::string_view type = TextMember(organization, "OrganizationType");
  if (!type.empty()) name += " (" + std::string(type) + ")";
  if (sdk::TrueMember(organization, "IsSandbox")) name += ", sandbox";
  return name;
}

}  // namespace

sdk::Result<CheckReport> CheckAccount(const sdk::Http& http, const Api& api, Schemas* schemas,
                                      sdk::Call call) {
  const std::string doing = "reading the organization";
  rapidjson::Document answer;
  std::string limit_info;
  Status status = Read(
      http, call,
      HttpRequest::Get(api.Query("SELECT Id, Name, OrganizationType, IsSandbox FROM Organization")),
      doing, &answer, &limit_info);
  if (!status.ok() && status.failure().status == PENSTOCK_E_NOT_FOUND) {
    const sdk::Status offered = schemas->CheckVersion(call);
    if (!offered.ok()) status = offered;
  }
  if (!status.ok()) return status.failure();
  const JsonValue* records = sdk::ArrayMember(answer, "records");
  if (records == nullptr || records->Empty() || TextMember((*records)[0], "Id").empty()) {
    return BadAnswer(doing, "the answer has no organization");
  }
  CheckReport report;
  report.account_id = TextMember((*records)[0], "Id");
  report.account_name = NameOf((*records)[0]);
  const std::string usage = UsageWarning(limit_info);
  if (!usage.empty()) report.warnings.push_back(usage);
  sdk::Result<std::vector<std::string>> writable = schemas->WritableObjects(call);
  if (!writable.ok()) return writable.failure();
  if (writable->empty()) {
    report.missing.push_back({"Create or Edit on an object", "writing any record at all"});
  }
  return report;
}

}  // namespace penstock::salesforce
