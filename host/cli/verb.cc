// The one file that knows CLI11: each function here is one call of it.
#include "host/cli/verb.h"

#include <CLI/CLI.hpp>
#include <utility>

namespace penstock::cli {

VerbOption& VerbOption::Required() {
  option_->required();
  return *this;
}

VerbOption& VerbOption::OneOf(const std::vector<std::string>& values) {
  option_->check(CLI::IsMember(values));
  return *this;
}

VerbOption& VerbOption::Positive() {
  option_->check(CLI::PositiveNumber);
  return *this;
}

VerbOption& VerbOption::Between(int least, int most) {
  option_->check(CLI::Range(least, most));
  return *this;
}

VerbOption& VerbOption::ShowDefault() {
  option_->capture_default_str();
  return *this;
}

Verb Verb::AddVerb(const std::string& name, const std::string& what, const std::string& examples) {
  CLI::App* verb = app_->add_subcommand(name, what);
  std::string footer = "Examples:\n  ";
  for (const char c : examples) {
    footer += c;
    if (c == '\n') footer += "  ";
  }
  verb->footer(footer);
  verb->fallthrough();
  return Verb(verb);
}

void Verb::RequireVerb() { app_->require_subcommand(1); }

void Verb::RefuseOuterOptions() { app_->fallthrough(false); }

void Verb::Do(std::function<void()> work) { app_->callback(std::move(work)); }

VerbOption Verb::Positional(const std::string& name, std::string* value, const std::string& what) {
  return Option(name, value, what);
}

VerbOption Verb::Positional(const std::string& name, std::vector<std::string>* values,
                            const std::string& what) {
  return Option(name, values, what);
}

VerbOption Verb::Option(const std::string& names, std::string* value, const std::string& what) {
  return VerbOption(app_->add_option(names, *value, what));
}

VerbOption Verb::Option(const std::string& names, std::vector<std::string>* values,
                        const std::string& what) {
  return VerbOption(app_->add_option(names, *values, what));
}

VerbOption Verb::Option(const std::string& names, uint64_t* value, const std::string& what) {
  return VerbOption(app_->add_option(names, *value, what));
}

VerbOption Verb::Option(const std::string& names, int64_t* value, const std::string& what) {
  return VerbOption(app_->add_option(names, *value, what));
}

VerbOption Verb::Flag(const std::string& names, bool* value, const std::string& what) {
  return VerbOption(app_->add_flag(names, *value, what));
}

std::string Verb::name() const { return app_->get_name(); }

std::string Verb::what() const { return app_->get_description(); }

std::vector<Verb> Verb::Verbs() const {
  std::vector<Verb> verbs;
  for (CLI::App* verb : app_->get_subcommands({})) verbs.emplace_back(verb);
  return verbs;
}

std::vector<OptionNames> Verb::Options() const {
  std::vector<OptionNames> options;
  for (const CLI::Option* option : std::as_const(*app_).get_options()) {
    options.push_back({option->get_lnames(), option->get_snames(), option->get_description(),
                       option->get_type_size() != 0});
  }
  return options;
}

Program::Program(const std::string& name, const std::string& about, const std::string& ending)
    : app_(std::make_unique<CLI::App>(about, name)) {
  app_->footer(ending);
}

Program::~Program() = default;

void Program::AddVersion(const std::string& text) { app_->set_version_flag("--version", text); }

std::string Program::Help() const { return app_->help(); }

CommandLine Program::Run(int argc, const char* const* argv) {
  CommandLine line;
  try {
    app_->parse(argc, argv);
  } catch (const CLI::Success& asked) {
    app_->exit(asked);
    line.said = true;
  } catch (const CLI::ParseError& error) {
    line.wrong = error.what();
  }
  for (const CLI::App* at = app_.get(); !at->get_subcommands().empty();) {
    at = at->get_subcommands().front();
    line.verbs.push_back(at->get_name());
  }
  return line;
}

}  // namespace penstock::cli
