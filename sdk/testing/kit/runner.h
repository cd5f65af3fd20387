// Runs checks, each in a process of its own.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "penstock/testing/fixture.hpp"
#include "sdk/testing/kit/check.h"
#include "sdk/testing/kit/subject.h"
#include "sdk/testing/kit/trial.h"

namespace penstock::kit {

/// Everything that a run of checks works with.
struct Bench {
  const Subject& subject;
  const Settings& settings;
  const Facts& facts;
  Destination* destination = nullptr;  // null: checks that need one are skipped
};

/// In this process: for a debugger. A crash takes the process along.
Outcome RunHere(const Check& check, const Bench& bench);

/// In a child process that is killed when its time is up. The caller has one thread.
Outcome RunApart(const Check& check, const Bench& bench);

}  // namespace penstock::kit
