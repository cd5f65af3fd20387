#include "sdk/testing/check/options.h"

#include <CLI/CLI.hpp>

namespace penstock::kit {

namespace {

constexpr char kExamples[] =
    "Examples:\n"
    "  penstock-check build/acme.so                                levels 1 and 2: no fixture "
    "needed\n"
    "  penstock-check build/acme.so --fixture fixture.yaml         level 3, the bar for listing\n"
    "  penstock-check build/acme.so --fixture fixture.yaml --level 4 --junit > report.xml\n"
    "  penstock-check build/acme.so --fixture fixture.yaml --check write.mapping --verbose\n"
    "  penstock-check build/acme.so --live --config account.yaml --record recorded.yaml\n"
    "  penstock-check --list\n\n"
    "Exit code: 0 nothing failed, 1 something failed, 2 wrong usage.";

CLI::Option* AddSelection(CLI::App& app, Options* options) {
  app.add_option("connector", options->connector, "The connector's library, its sidecar beside it");
  app.add_option("--fixture", options->fixture,
                 "File (YAML or JSON) that describes configuration and destination");
  app.add_option("--level", options->settings.level,
                 "Checks up to this level: 1 static, 2 life cycle, 3 contract, 4 stress")
      ->check(CLI::Range(1, 4))
      ->capture_default_str();
  app.add_flag("--list", options->list, "List the checks and stop");
  return app.add_option("--check", options->checks, "Only this check; may be repeated");
}

void AddSettings(CLI::App& app, Options* options) {
  app.add_option("--seed", options->settings.seed, "Seed of everything random")
      ->capture_default_str();
  app.add_option("--timeout", options->settings.timeout_ms, "Milliseconds that one check may take")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--fuzz-rounds", options->settings.fuzz_rounds,
                 "Mutated answers and documents of each fuzz check")
      ->capture_default_str();
  app.add_flag("--in-process", options->in_process,
               "Run in this process, for a debugger; a crash ends the program");
  app.add_flag("--verbose", options->verbose,
               "Print requests and answers of checks that pass, too");
  app.add_flag("--worker", options->settings.worker,
               "Run the connector in the worker process from level 3 on");
  app.add_option("--readme", options->settings.readme, "README of the connector");
  app.add_option("--previous", options->settings.previous,
                 "Manifest of the last release, to compare with");
  app.add_option("--write-golden", options->settings.write_golden,
                 "Write the request bodies of write.golden to this file");
}

}  // namespace

bool ReadOptions(int argc, char** argv, Options* options, int* exit_code) {
  CLI::App app{"Proves that a Penstock connector keeps the contract", "penstock-check"};
  app.footer(kExamples);
  CLI::Option* checks = AddSelection(app, options);
  AddSettings(app, options);
  auto* json = app.add_flag("--json", options->json, "Print one JSON document");
  app.add_flag("--junit", options->junit, "Print a JUnit XML document")->excludes(json);
  auto* live = app.add_flag("--live", options->live,
                            "Level 5: write to, read and clean up a real account; needs --config");
  app.add_option("--config", options->live_config,
                 "File with `config`, `secrets` and `base_url` of that account")
      ->needs(live);
  app.add_option("--base-url", options->base_url, "Base URL of that account")->needs(live);
  auto* record = app.add_option("--record", options->record,
                                "Write what the account answered, without secrets, to this new "
                                "file: a fixture that replays it");
  record->needs(live);
  record->excludes(checks);
  try {
    app.parse(argc, argv);
    if (options->connector.empty() && !options->list) {
      throw CLI::RequiredError("connector");
    }
    if (options->live && options->live_config.empty()) throw CLI::RequiredError("--config");
    options->settings.live = options->live;
  } catch (const CLI::ParseError& failure) {
    *exit_code = app.exit(failure) == 0 ? 0 : 2;
    return false;
  }
  return true;
}

}  // namespace penstock::kit
