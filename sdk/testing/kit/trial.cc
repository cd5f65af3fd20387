#include "sdk/testing/kit/trial.h"

#include "sdk/testing/kit/exact_json.h"
#include "sdk/testing/kit/fake_host.h"
#include "sdk/testing/kit/named.h"
#include "sdk/testing/kit/opener.h"

namespace penstock::kit {

std::string_view VerdictName(Verdict verdict) {
  switch (verdict) {
    case Verdict::kPass:
      return "pass";
    case Verdict::kFail:
      return "fail";
    case Verdict::kCrash:
      return "crash";
    case Verdict::kTimeout:
      return "timeout";
    case Verdict::kSkip:
      return "skip";
    case Verdict::kWarn:
      return "warn";
  }
  return "fail";
}

Trial::Trial(const Subject& subject, const Settings& settings, const Facts& facts,
             Destination* destination, Transcript* transcript)
    : subject_(subject),
      settings_(settings),
      facts_(facts),
      destination_(destination),
      transcript_(transcript) {}

Trial::~Trial() = default;

void Trial::Fail(std::string saw) {
  if (outcome_.verdict != Verdict::kFail) outcome_.seen.clear();
  outcome_.verdict = Verdict::kFail;
  outcome_.seen.push_back(std::move(saw));
}

void Trial::Warn(std::string saw) {
  if (outcome_.verdict == Verdict::kFail) return;
  if (outcome_.verdict != Verdict::kWarn) outcome_.seen.clear();
  outcome_.verdict = Verdict::kWarn;
  outcome_.seen.push_back(std::move(saw));
}

void Trial::Skip(std::string why) {
  if (outcome_.verdict == Verdict::kFail || outcome_.verdict == Verdict::kWarn) return;
  outcome_.verdict = Verdict::kSkip;
  outcome_.seen = {std::move(why)};
}

void Trial::Unable(std::string why) {
  Skip(std::move(why));
  outcome_.unable = true;
}

Outcome Trial::Take() {
  if (failed() && host_) {
    outcome_.named = NamedExchanges(outcome_.seen, keys_, host_->exchanges());
  }
  return std::move(outcome_);
}

FakeHost& Trial::host() {
  if (!host_) {
    host_ = std::make_unique<FakeHost>(subject_, facts_, destination_, transcript_);
    host_->real_time = settings_.live;
  }
  return *host_;
}

std::string DefaultBaseUrl(const Subject& subject) {
  if (subject.manifest && !subject.manifest->base_url.empty()) return subject.manifest->base_url;
  return "https://destination.example.com";
}

std::string Trial::config() const {
  const std::string base = facts_.base_url.empty() ? DefaultBaseUrl(subject_) : facts_.base_url;
  return WithMember(facts_.config_json, "$base_url", base);
}

std::unique_ptr<sdk::ConnectorInstance> Trial::Open(FakeHost* host) {
  auto opened = OpenInstance(subject_, settings_, host, config());
  if (!opened.ok()) {
    Fail("the connector does not open: " + opened.failure().code + ": " + opened.failure().message);
    return nullptr;
  }
  return *std::move(opened);
}

sdk::ConnectorInstance* Trial::instance() {
  if (!instance_) instance_ = Open(&host());
  return instance_.get();
}

void Trial::Restart() {
  instance_.reset();
  host().Revive();
}

const sdk::Catalog* Trial::catalog() {
  if (catalog_) return catalog_.get();
  sdk::ConnectorInstance* opened = instance();
  if (opened == nullptr) return nullptr;
  sdk::Result<sdk::Catalog> found = opened->Discover({}, host().Context());
  if (!found.ok()) {
    Fail("discover fails: " + found.failure().code + ": " + found.failure().message);
    return nullptr;
  }
  catalog_ = std::make_unique<sdk::Catalog>(*std::move(found));
  return catalog_.get();
}

void Trial::UseCatalog(sdk::Catalog catalog) {
  if (!catalog_) catalog_ = std::make_unique<sdk::Catalog>(std::move(catalog));
}

}  // namespace penstock::kit
