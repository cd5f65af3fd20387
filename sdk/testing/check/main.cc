// penstock-check: runs the table of checks against one connector.
#include <unistd.h>

#include <algorithm>
#include <iostream>

#include "sdk/testing/check/options.h"
#include "sdk/testing/kit/fixture_file.h"
#include "sdk/testing/kit/live.h"
#include "sdk/testing/kit/opener.h"
#include "sdk/testing/kit/report.h"
#include "sdk/testing/kit/runner.h"

namespace penstock::kit {
namespace {

int Usage(const std::string& sentence) {
  std::cerr << "penstock-check: " << sentence << "\n";
  return 2;
}

int List() {
  for (const Check& check : AllChecks()) {
    std::cout << check.level << "  " << check.id
              << std::string(26 - std::min<size_t>(25, std::string(check.id).size()), ' ')
              << check.rule << "\n";
  }
  return 0;
}

std::string Shell(const std::string& word) {
  if (word.find_first_of(" '\"$&|;<>()*?") == std::string::npos) return word;
  std::string quoted = "'";
  for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string Again(const Options& options) {
  std::string line = "penstock-check " + Shell(options.connector);
  if (!options.fixture.empty()) line += " --fixture " + Shell(options.fixture);
  if (!options.settings.readme.empty()) line += " --readme " + Shell(options.settings.readme);
  if (!options.settings.previous.empty()) line += " --previous " + Shell(options.settings.previous);
  if (options.settings.worker) line += " --worker";
  if (options.live) {
    line += " --live --config " + Shell(options.live_config);
    if (!options.base_url.empty()) line += " --base-url " + Shell(options.base_url);
  }
  return line + " --seed " + std::to_string(options.settings.seed);
}

// The checks that were asked for; false when one of them is not known.
bool Select(const Options& options, std::vector<const Check*>* selected, std::string* unknown) {
  for (const std::string& id : options.checks) {
    const Check* check = FindCheck(id);
    if (check == nullptr) {
      *unknown = id;
      return false;
    }
    selected->push_back(check);
  }
  if (!options.checks.empty()) return true;
  for (const Check& check : AllChecks()) {
    const bool wanted = options.live ? check.level == 5 : check.level <= options.settings.level;
    if (wanted) selected->push_back(&check);
  }
  return true;
}

int Run(const Options& options, const Subject& subject, const Facts& facts,
        Destination* destination, const std::vector<const Check*>& selected) {
  const Bench bench{subject, options.settings, facts, destination};
  const RunInfo info{subject.id, subject.manifest ? subject.manifest->version : "?",
                     options.live ? 5 : options.settings.level, options.settings.seed,
                     Again(options)};
  const bool text = !options.json && !options.junit;
  std::vector<Reported> all;
  std::unique_ptr<TextReport> report;
  if (text) report = std::make_unique<TextReport>(std::cout, info, ::isatty(STDOUT_FILENO) == 1);
  for (const Check* check : selected) {
    if (report) report->Begin(*check, all.size() + 1, selected.size());
    all.push_back({check, options.in_process ? RunHere(*check, bench) : RunApart(*check, bench)});
    if (report) report->Add(all.back());
  }
  if (report) report->End(all);
  if (options.json) std::cout << JsonReport(info, all);
  if (options.junit) std::cout << JUnitReport(info, all);
  const bool bad = std::any_of(all.begin(), all.end(),
                               [](const Reported& r) { return IsBad(r.outcome.verdict); });
  return bad ? 1 : 0;
}

int Main(int argc, char** argv) {
  Options options;
  int exit_code = 0;
  if (!ReadOptions(argc, argv, &options, &exit_code)) return exit_code;
  if (options.list) return List();
  if (!options.record.empty()) {
    return Usage("--record is not built yet; describe the destination in a fixture file by hand");
  }
  if (options.settings.worker && !HasWorker()) {
    return Usage(
        "the program penstock-worker is not beside this one or in ../lib/penstock; install it, or "
        "leave --worker out");
  }
  std::vector<const Check*> selected;
  std::string unknown;
  if (!Select(options, &selected, &unknown)) {
    return Usage("there is no check " + unknown + "; penstock-check --list shows all");
  }
  sdk::Result<Subject> subject = ReadSubject(options.connector);
  if (!subject.ok()) return Usage(subject.failure().message);
  options.connector = subject->path;
  sdk::Result<FileFixture> fixture =
      FileFixture::Read(options.live ? options.live_config : options.fixture, *subject);
  if (!fixture.ok()) return Usage(fixture.failure().message);
  if (options.settings.readme.empty()) options.settings.readme = fixture->readme();
  Facts facts = fixture->Declare();
  if (!options.base_url.empty()) facts.base_url = options.base_url;
  std::unique_ptr<Destination> destination;
  if (fixture->has_destination() && !options.live) {
    sdk::Result<std::unique_ptr<Destination>> started = fixture->Start();
    if (!started.ok()) return Usage(started.failure().message);
    destination = *std::move(started);
  }
  if (options.live) {
    if (facts.base_url.empty() && subject->manifest) facts.base_url = subject->manifest->base_url;
    sdk::Result<Address> address = ParseBaseUrl(facts.base_url);
    if (!address.ok())
      return Usage("--live needs the account's base URL: " + address.failure().message);
    destination = std::make_unique<LiveDestination>(*std::move(address));
  }
  return Run(options, *subject, facts, destination.get(), selected);
}

}  // namespace
}  // namespace penstock::kit

int main(int argc, char** argv) { return penstock::kit::Main(argc, argv); }
