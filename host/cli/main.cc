#include <cstdio>
#include <exception>

#include "host/cli/verbs.h"
#include "sdk/runtime/loader.h"

int main(int argc, char** argv) {
  int exit = 1;
  try {
    exit = penstock::cli::RunProgram(argc, argv);
  } catch (const std::exception& e) {
    std::fprintf(stderr, "error PS-CLI-DEFECT: %s\n  Please report this.\n", e.what());
  }
  penstock::sdk::ShutDownConnectors();
  return exit;
}
