#include "plugins/http/account.h"

#include "plugins/http/answer.h"

namespace penstock::http_plugin {

using sdk::CheckReport;
using sdk::Failure;

namespace {

// "https://api.example.com/v1/" is "api.example.com/v1".
std::string PlaceOf(std::string_view url) {
  const size_t scheme = url.find("://");
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  while (url.ends_with('/')) url.remove_suffix(1);
  return std::string(url);
}

Failure Nothing(const std::string& doing, const char* setting) {
  return {PENSTOCK_E_INVALID_CONFIG, "http.NO_ACCOUNT",
          doing + ": the answer has no text or number where /check/" + setting + " points", 0};
}

sdk::Status Read(const sdk::HttpResponse& response, const CheckConfig& check,
                 const std::string& doing, CheckReport* report) {
  if (!response.success()) return RunFailure(response, doing);
  if (!check.id && !check.name) return {};
  rapidjson::Document document;
  if (!sdk::ParseJsonNumbersAsText(response.body(), &document)) {
    return Failure{PENSTOCK_E_INTERNAL, "http.BAD_ANSWER",
                   doing + ": the answer is not JSON, so \"id\" and \"name\" point nowhere", 0};
  }
  if (check.id) {
    report->account_id = TextAt(check.id, &document);
    if (report->account_id.empty()) return Nothing(doing, "id");
  }
  if (check.name) {
    report->account_name = TextAt(check.name, &document);
    if (report->account_name.empty()) return Nothing(doing, "name");
  }
  return {};
}

}  // namespace

sdk::Result<CheckReport> CheckAccount(const sdk::Http& http, sdk::Call call, const Config& config) {
  CheckReport report;
  report.account_id = !config.account.empty() ? config.account : PlaceOf(config.base_url);
  if (report.account_id.empty()) report.account_id = "default";
  report.account_name = PlaceOf(config.base_url);
  if (!config.check) return report;
  sdk::HttpRequest request = sdk::HttpRequest::Get(config.check->path);
  request.headers = config.headers;
  const std::string doing = "checking the account (GET " + request.url + ")";
  sdk::Status result;
  sdk::Status performed = http.Perform(call, request, [&](const sdk::HttpResponse& response) {
    result = Read(response, *config.check, doing, &report);
  });
  if (!performed.ok()) return performed.failure();
  if (!result.ok()) return result.failure();
  return report;
}

}  // namespace penstock::http_plugin
