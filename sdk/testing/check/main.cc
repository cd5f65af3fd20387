// penstock-check: runs the table of checks against one connector.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <iostream>

#include "sdk/runtime/loader.h"
#include "sdk/testing/check/options.h"
#include "sdk/testing/kit/fixture_file.h"
#include "sdk/testing/kit/live.h"
#include "sdk/testing/kit/opener.h"
#include "sdk/testing/kit/recording.h"
#include "sdk/testing/kit/report.h"
#include "sdk/testing/kit/runner.h"
#include "sdk/testing/kit/sign.h"

namespace penstock::kit {
namespace {

constexpr std::string_view kGolden = "write.golden";

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
  if (options.settings.fuzz_rounds != Settings().fuzz_rounds) {
    line += " --fuzz-rounds " + std::to_string(options.settings.fuzz_rounds);
  }
  return line + " --seed " + std::to_string(options.settings.seed);
}

// The checks that were asked for; false when one of them is not known. Of a recording, the round
// trip that it was made by too.
bool Select(const Options& options, bool recorded, std::vector<const Check*>* selected,
            std::string* unknown) {
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
    const bool wanted =
        options.live ? check.level == 5
                     : check.level <= options.settings.level || (check.level == 5 && recorded);
    if (wanted) selected->push_back(&check);
  }
  return true;
}

// Why --write-golden could not do what it says, before anything has run; empty: it can.
std::string WhyNoGolden(const Options& options, const std::vector<const Check*>& selected,
                        bool has_destination) {
  const std::string& path = options.settings.write_golden;
  if (path.empty()) return {};
  const bool runs = std::any_of(selected.begin(), selected.end(),
                                [](const Check* check) { return check->id == kGolden; });
  if (!runs) {
    return "--write-golden is done by write.golden, which is not among the checks to run; leave "
           "--check, --level and --live out, or add --check write.golden";
  }
  if (!has_destination) return "--write-golden needs a destination (--fixture FILE)";
  std::error_code ignored;
  const bool there = std::filesystem::exists(path, ignored);
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
  if (file < 0) return path + " cannot be written: " + std::strerror(errno);
  ::close(file);
  if (!there) ::unlink(path.c_str());
  return {};
}

bool GoldenIsWritten(const Options& options, const std::vector<Reported>& all) {
  if (options.settings.write_golden.empty()) return true;
  const bool written = std::any_of(all.begin(), all.end(), [](const Reported& r) {
    return r.check->id == kGolden && r.outcome.verdict == Verdict::kPass;
  });
  if (!written) {
    std::cerr << "penstock-check: nothing is written to " << options.settings.write_golden
              << ", because write.golden did not pass\n";
  }
  return written;
}

int Run(const Options& options, const Subject& subject, const Facts& facts,
        Destination* destination, const std::vector<const Check*>& selected) {
  const Bench bench{subject, options.settings, facts, destination};
  const sdk::Result<std::string> digest = sdk::Sha256OfFile(subject.path);
  const RunInfo info{subject.id,
                     subject.manifest ? subject.manifest->version : "?",
                     options.live ? 5 : options.settings.level,
                     options.settings.seed,
                     Again(options),
                     digest.ok() ? *digest : "",
                     options.verbose};
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
  return bad || !GoldenIsWritten(options, all) ? 1 : 0;
}

int RunLive(const Options& options, const Subject& subject, const FileFixture& account, Facts facts,
            const std::vector<const Check*>& selected) {
  if (facts.base_url.empty() && subject.manifest) facts.base_url = subject.manifest->base_url;
  sdk::Result<Address> address = ParseBaseUrl(facts.base_url);
  if (!address.ok()) {
    return Usage("--live needs the account's base URL: " + address.failure().message);
  }
  if (const std::string missing = MissingSecret(subject, facts); !missing.empty()) {
    return Usage("--live needs the account's credentials: " + options.live_config +
                 " has no secret \"" + missing + "\"; put it under `secrets`");
  }
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  facts.recorded = static_cast<uint64_t>(
      std::chrono::duration_cast<std::chrono::milliseconds>(now).count());  // a key nobody has used
  std::unique_ptr<Destination> destination = std::make_unique<LiveDestination>(*std::move(address));
  if (options.record.empty()) return Run(options, subject, facts, destination.get(), selected);
  sdk::Result<std::unique_ptr<Recording>> recording =
      Recording::Create(options.record, facts.secrets);
  if (!recording.ok()) return Usage(recording.failure().message);
  destination = (*recording)->Around(std::move(destination));
  if (const int code = Run(options, subject, facts, destination.get(), selected); code != 0) {
    std::cerr << "penstock-check: nothing is recorded, because the check failed\n";
    return code;
  }
  const sdk::Status written = (*recording)->Write(account, facts, subject);
  if (!written.ok()) {
    std::cerr << "penstock-check: nothing is recorded: " << written.failure().message << "\n";
    return 1;
  }
  std::cerr << "penstock-check: recorded " << (*recording)->requests() << " requests in "
            << options.record << "; look through it before you share it\n";
  return 0;
}

int Main(int argc, char** argv) {
  Options options;
  int exit_code = 0;
  if (!ReadOptions(argc, argv, &options, &exit_code)) return exit_code;
  if (options.list) return List();
  if (options.settings.worker && !HasWorker()) {
    return Usage(
        "the program penstock-worker is not beside this one or in ../lib/penstock; install it, or "
        "leave --worker out");
  }
  sdk::Result<Subject> subject = ReadSubject(options.connector);
  if (!subject.ok()) return Usage(subject.failure().message);
  options.connector = subject->path;
  sdk::Result<FileFixture> fixture =
      FileFixture::Read(options.live ? options.live_config : options.fixture, *subject);
  if (!fixture.ok()) return Usage(fixture.failure().message);
  std::vector<const Check*> selected;
  std::string unknown;
  if (!Select(options, fixture->Declare().recorded != 0, &selected, &unknown)) {
    return Usage("there is no check " + unknown + "; penstock-check --list shows all");
  }
  if (const std::string why = WhyNoGolden(options, selected, fixture->has_destination());
      !why.empty()) {
    return Usage(why);
  }
  if (options.settings.readme.empty()) options.settings.readme = fixture->readme();
  Facts facts = fixture->Declare();
  if (!options.base_url.empty()) facts.base_url = options.base_url;
  std::unique_ptr<Destination> destination;
  if (fixture->has_destination() && !options.live) {
    sdk::Result<std::unique_ptr<Destination>> started = fixture->Start();
    if (!started.ok()) return Usage(started.failure().message);
    destination = *std::move(started);
  }
  if (options.live) return RunLive(options, *subject, *fixture, facts, selected);
  return Run(options, *subject, facts, destination.get(), selected);
}

}  // namespace
}  // namespace penstock::kit

int main(int argc, char** argv) { return penstock::kit::Main(argc, argv); }
