// A program run beside a test, with its output kept.
#pragma once

#include <sys/types.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/e2e/json.h"

namespace penstock::e2e {

/// What a finished program left.
struct Output {
  int exit = -1;  // -N: ended by signal N
  std::string out, err;
  Json json;  // of `out`; missing when that is not one document
  /// For messages of failed expectations.
  std::string Text() const;
};

struct Command {
  std::string program;  // a path, or a name to look for in PATH
  std::vector<std::string> arguments;
  std::map<std::string, std::string> environment;  // over the test's own; "" unsets
  std::string directory;
};

/// Ends with this object (SIGKILL), and with the test's process.
class Child {
 public:
  /// `files`: an existing folder for what the program writes.
  static std::unique_ptr<Child> Start(const Command& command, const std::string& files);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  bool Running();
  /// What it has written to standard error up to now; before Wait.
  std::string Err() const;
  void Signal(int signal) const;
  /// Ends the programs that it has started itself, its workers, with SIGKILL. How many there were.
  int KillWorkers() const;
  /// Waits for the end; after 180 s the program is killed and the test fails.
  Output Wait();

 private:
  Child() = default;
  bool Reap(bool wait);

  pid_t pid_ = -1;
  bool ended_ = false;
  int exit_ = -1;
  std::string out_, err_, name_;
};

/// The whole file; "" when it cannot be read.
std::string ReadText(const std::string& path);
void WriteText(const std::string& path, const std::string& text);

}  // namespace penstock::e2e
