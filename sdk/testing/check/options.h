// The command line of penstock-check.
#pragma once

#include <string>
#include <vector>

#include "sdk/testing/kit/trial.h"

namespace penstock::kit {

struct Options {
  std::string connector;
  std::string fixture;
  std::vector<std::string> checks;  // --check; empty: all up to the level
  Settings settings;
  bool json = false, junit = false, list = false, in_process = false, verbose = false;
  std::string live_config, base_url;  // --live
  bool live = false;
  std::string record;
};

/// True when the program should go on; else `exit_code` is what to return (help, wrong usage).
bool ReadOptions(int argc, char** argv, Options* options, int* exit_code);

}  // namespace penstock::kit
