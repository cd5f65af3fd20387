#include <sys/resource.h>

#include <cstdio>
#include <exception>

#include "host/cli/verbs.h"
#include "sdk/runtime/loader.h"

int main(int argc, char** argv) {
  // Tokens and keys are in memory: no core file of it, nor of what it starts.
  const rlimit none{0, 0};
  (void)::setrlimit(RLIMIT_CORE, &none);
  int exit = 1;
  try {
    exit = penstock::cli::RunProgram(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "error PS-CLI-DEFECT: %s\n  Please report this.\n", e.what());
  }
  return exit;
}
