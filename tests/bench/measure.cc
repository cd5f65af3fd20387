// Runs a command and writes what it used, as JSON, to a file:
//   bench_measure FILE COMMAND ARGUMENT...
// The command has this program's input and output; its exit code becomes this program's. Memory is
// the command's own: this program is small, so nothing of a large parent is counted with it.
#include <cerrno>
#include <csignal>
#include <cstdio>

#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/usage.h"

namespace penstock::bench {
namespace {

pid_t child = -1;

void PassOn(int signal) { kill(child, signal); }

int Measure(const char* file, char** command) {
  const double begun = UsageNow().wall_s;
  child = fork();
  if (child == 0) {
    execvp(command[0], command);
    std::perror(command[0]);
    _exit(127);
  }
  if (child < 0) return 1;
  signal(SIGINT, PassOn);
  signal(SIGTERM, PassOn);
  int status = 0;
  rusage used{};
  while (wait4(child, &status, 0, &used) != child) {
    if (errno != EINTR) return 1;
  }
  const Usage usage = UsageOf(used);
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  std::FILE* out = std::fopen(file, "w");
  if (out == nullptr) {
    std::perror(file);
    return 1;
  }
  std::fprintf(out, "{\"wall_s\": %.4f, \"cpu_s\": %.4f, \"peak_mib\": %.1f, \"exit\": %d}\n",
               usage.wall_s - begun, usage.cpu_s, usage.peak_mib, code);
  std::fclose(out);
  return code;
}

}  // namespace
}  // namespace penstock::bench

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "usage: bench_measure FILE COMMAND [ARGUMENT...]\n");
    return 2;
  }
  return penstock::bench::Measure(argv[1], argv + 2);
}
