// The command line as the verbs describe it. Only verb.cc knows the library behind it, whose header
// takes longer to compile than a verb.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace penstock::cli {

/// What an option or positional has besides its name and text. A handle: copies mean the same
/// option, and the program owns it.
class VerbOption {
 public:
  explicit VerbOption(CLI::Option* option) : option_(option) {}
  VerbOption& Required();
  /// Any other value is wrong usage; --help lists these.
  VerbOption& OneOf(const std::vector<std::string>& values);
  /// Anything but a number above 0 is wrong usage.
  VerbOption& Positive();
  /// Anything but a number from `least` to `most` is wrong usage.
  VerbOption& Between(int least, int most);
  /// --help shows the value that the variable has now.
  VerbOption& ShowDefault();

 private:
  CLI::Option* option_;
};

/// Names and text of one option, for completion.
struct OptionNames {
  std::vector<std::string> longs, shorts;  // without dashes; both empty: a positional
  std::string what;
  bool takes_value = false;
};

/// A command, or the program itself. A handle: copies mean the same command, and the program owns
/// it. Variables must live as long as the program; they are written before the callback runs.
class Verb {
 public:
  explicit Verb(CLI::App* app) : app_(app) {}

  /// A command below this one, with its examples, one a line, below its help. It takes the options
  /// of this one too.
  Verb AddVerb(const std::string& name, const std::string& what, const std::string& examples);
  /// One of the commands below must be given.
  void RequireVerb();
  /// It does not take the options of the command above.
  void RefuseOuterOptions();
  /// What to do when this command is the one that was given.
  void Do(std::function<void()> work);

  /// A word by its place. `name` is what --help calls it; a list takes all words that follow.
  VerbOption Positional(const std::string& name, std::string* value, const std::string& what);
  VerbOption Positional(const std::string& name, std::vector<std::string>* values,
                        const std::string& what);
  /// An option with a value; `names` as "-C,--directory". A list takes all words that follow, and
  /// may be repeated.
  VerbOption Option(const std::string& names, std::string* value, const std::string& what);
  VerbOption Option(const std::string& names, std::vector<std::string>* values,
                    const std::string& what);
  VerbOption Option(const std::string& names, uint64_t* value, const std::string& what);
  VerbOption Option(const std::string& names, int64_t* value, const std::string& what);
  /// An option without a value.
  VerbOption Flag(const std::string& names, bool* value, const std::string& what);

  std::string name() const;
  std::string what() const;
  /// The commands below and the options, --help among them, in the order they were added.
  std::vector<Verb> Verbs() const;
  std::vector<OptionNames> Options() const;

 private:
  CLI::App* app_;
};

/// What became of a command line.
struct CommandLine {
  bool said = false;                 // --help or --version was asked for and printed
  std::optional<std::string> wrong;  // what is wrong, as a sentence; nothing was done
  std::vector<std::string> verbs;    // the commands that were given, outermost first
};

/// Owns the whole description. One thread.
class Program {
 public:
  /// `ending` stands below the help.
  Program(const std::string& name, const std::string& about, const std::string& ending);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  Verb root() const { return Verb(app_.get()); }
  /// Adds --version, which prints this text.
  void AddVersion(const std::string& text);
  std::string Help() const;
  /// Reads the command line and does the work of its command. Exceptions of that work pass through.
  CommandLine Run(int argc, const char* const* argv);

 private:
  std::unique_ptr<CLI::App> app_;
};

}  // namespace penstock::cli
