// The options of a sandbox's program. Only options.cc knows the library behind it, whose header
// takes longer to compile than a sandbox.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace penstock::sandbox {

// What an option has besides its name and text. A handle: copies mean the same option, and the
// CommandLine owns it.
class Option {
 public:
  explicit Option(CLI::Option* option) : option_(option) {}
  // --help shows the value that the variable has now.
  Option& ShowDefault();
  // Any other value is wrong usage; --help lists these.
  Option& OneOf(const std::vector<std::string>& values);
  // The name of a file that is there.
  Option& ExistingFile();
  // "a,b" are two values.
  Option& SplitAt(char delimiter);
  // Wrong usage without that one.
  Option& Needs(const Option& other);

 private:
  CLI::Option* option_;
};

// One thread. Variables must live until Read() has returned; what is not given keeps its value.
class CommandLine {
 public:
  // `program` and `about` stand above the help.
  CommandLine(const std::string& program, const std::string& about);
  ~CommandLine();
  CommandLine(const CommandLine&) = delete;
  CommandLine& operator=(const CommandLine&) = delete;

  // An option with a value, e.g. "--port". A list may be given several times.
  Option Add(const std::string& name, std::string* value, const std::string& what);
  Option Add(const std::string& name, std::vector<std::string>* values, const std::string& what);
  Option Add(const std::string& name, std::uint16_t* value, const std::string& what);
  Option Add(const std::string& name, std::uint32_t* value, const std::string& what);
  Option Add(const std::string& name, std::int64_t* value, const std::string& what);
  // An option without a value.
  Option AddFlag(const std::string& name, bool* value, const std::string& what);
  // Stands below the help.
  void Ending(const std::string& text);

  // Fills the variables. Else the exit code to end with: 0 after --help, 2 after wrong usage, which
  // standard error has been told.
  std::optional<int> Read(int argc, const char* const* argv);

 private:
  std::unique_ptr<CLI::App> app_;
};

}  // namespace penstock::sandbox
