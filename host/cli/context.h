// What every verb works with: the global options, the two streams, the project and the engine.
#pragma once

#include <functional>
#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/cli/text.h"
#include "host/engine/engine.h"
#include "host/project/connector_folders.h"
#include "host/project/project.h"

namespace penstock::cli {

inline constexpr char kVersion[] = "0.1.0";

struct GlobalOptions {
  std::string directory;     // -C
  std::string project_file;  // --project
  std::string environment = "default";
  std::string connectors;  // --connectors
  bool json = false;
  bool locked = false;
  bool verbose = false;
};

/// Lives for one command. One thread.
class Context {
 public:
  GlobalOptions options;
  int exit = 0;                   // what the verb ends with
  std::vector<std::string> rest;  // of the command line, for another program

  Context();
  bool json() const { return options.json; }
  bool out_is_terminal() const { return out_terminal_; }
  bool err_is_terminal() const { return err_terminal_; }
  /// Colours and widths of standard output and standard error.
  const Paint& paint() const { return out_paint_; }
  const Paint& err_paint() const { return err_paint_; }
  void Print(const std::string& text);
  void PrintError(const std::string& text);
  /// A sentence beside the work, on standard error.
  void Note(const std::string& sentence);

  /// Says what is wrong (standard error, or JSON on standard output) and sets the exit code.
  void Fail(const Error& error) { Fail(std::vector<Error>{error}); }
  void Fail(const std::vector<Error>& errors);
  /// Beside the work: standard error, never with --json.
  void Warn(const Error& warning);

  /// --connectors, PENSTOCK_CONNECTORS, or the folder beside the binary.
  std::string ConnectorDirectory() const;
  /// Where connectors are looked for: the project's own folder first, unless the user named one.
  project::ConnectorFolders ConnectorFolders() const;
  /// The folder of the project here; empty: there is none.
  std::string ProjectDirectory() const;
  project::LoadOptions LoadOptions() const;
  /// Reads the project without checking it; --locked is in its policy.
  Result<project::LoadedProject> ReadProject() const;
  /// Loads and checks the project. Nothing after Fail.
  std::optional<project::LoadedProject> LoadProject();
  /// The engine of the project, opened once. Null after Fail.
  engine::Engine* OpenEngine();
  /// Integrations named, or all; nothing after Fail (an unknown name, an empty project).
  std::optional<std::vector<std::string>> Select(const std::vector<std::string>& names);

  /// Standard output could not be written.
  bool output_lost() const { return output_lost_; }

 private:
  bool out_terminal_, err_terminal_;
  bool output_lost_ = false;
  Paint out_paint_, err_paint_;
  std::unique_ptr<engine::Engine> engine_;
};

/// Runs another program in place of this one; returns only when it cannot, with why.
std::string Become(const std::string& program, const std::vector<std::string>& arguments);

/// True once SIGINT or SIGTERM came; the second one ends the process. [thread-safe]
bool Cancelled();
void InstallSignalHandlers();

}  // namespace penstock::cli
