// One run of one check: what it may use, and where it says what it saw.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "penstock/testing/fixture.hpp"
#include "sdk/runtime/instance.h"
#include "sdk/testing/kit/check.h"
#include "sdk/testing/kit/subject.h"
#include "sdk/testing/kit/transcript.h"

namespace penstock::kit {

class FakeHost;

/// How checks are run; from the command line.
struct Settings {
  uint32_t seed = 1;
  int level = 3;
  int64_t timeout_ms = 60000;  // of one check
  bool worker = false;         // level 3 and 4 go through the worker process
  bool live = false;           // a real account is behind it: waiting takes its time
  std::string readme;          // of the connector; empty: README.md beside the library
  std::string previous;        // manifest of the last release
  uint32_t fuzz_rounds = 200;
  std::string write_golden;  // file that write.golden writes instead of comparing
};

/// The address that a connector is told where no account has another one.
std::string DefaultBaseUrl(const Subject& subject);

class Trial {
 public:
  /// `destination` may be null. All outlive the trial.
  Trial(const Subject& subject, const Settings& settings, const Facts& facts,
        Destination* destination, Transcript* transcript);
  ~Trial();
  Trial(const Trial&) = delete;
  Trial& operator=(const Trial&) = delete;

  const Subject& subject() const { return subject_; }
  const Settings& settings() const { return settings_; }
  const Facts& facts() const { return facts_; }
  /// The fixture's configuration as the host hands it over: with the destination's address.
  std::string config() const;
  Destination* destination() const { return destination_; }
  Transcript& transcript() const { return *transcript_; }

  /// The rule is broken; one sentence of what was seen. May be called several times.
  void Fail(std::string saw);
  void Warn(std::string saw);
  /// The check does not apply; `why` is shown.
  void Skip(std::string why);
  /// The check applies, and there is nothing to run it against.
  void Unable(std::string why);
  bool failed() const { return outcome_.verdict == Verdict::kFail; }
  /// Record `seq` has this key, as text: a failure that names the record shows its exchanges.
  void Know(uint64_t seq, std::string key) { keys_[seq] = std::move(key); }
  Outcome Take();

  /// A host in front of the destination, one a trial.
  FakeHost& host();
  /// The connector with the fixture's configuration, in process or in the worker. On failure null,
  /// and the check has failed.
  sdk::ConnectorInstance* instance();
  /// As if the process had ended and another one begun: a new instance, a host that has forgotten.
  void Restart();
  /// Another one, with a host of its own. Null on failure.
  std::unique_ptr<sdk::ConnectorInstance> Open(FakeHost* host);
  /// The catalog; read once. Null on failure, and the check has failed.
  const sdk::Catalog* catalog();
  /// The catalog that was read elsewhere; before anybody asks for it.
  void UseCatalog(sdk::Catalog catalog);

 private:
  const Subject& subject_;
  const Settings& settings_;
  const Facts& facts_;
  Destination* destination_;
  Transcript* transcript_;
  Outcome outcome_;
  std::map<uint64_t, std::string> keys_;
  std::unique_ptr<FakeHost> host_;
  std::unique_ptr<sdk::ConnectorInstance> instance_;
  std::unique_ptr<sdk::Catalog> catalog_;
};

}  // namespace penstock::kit
