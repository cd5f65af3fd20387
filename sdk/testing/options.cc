// The one file here that knows CLI11: each function is one call of it.
#include "sdk/testing/options.h"

#include <CLI/CLI.hpp>

namespace penstock::sandbox {

Option& Option::ShowDefault() {
  option_->capture_default_str();
  return *this;
}

Option& Option::OneOf(const std::vector<std::string>& values) {
  option_->check(CLI::IsMember(values));
  return *this;
}

Option& Option::ExistingFile() {
  option_->check(CLI::ExistingFile);
  return *this;
}

Option& Option::SplitAt(char delimiter) {
  option_->delimiter(delimiter);
  return *this;
}

Option& Option::Needs(const Option& other) {
  option_->needs(other.option_);
  return *this;
}

CommandLine::CommandLine(const std::string& program, const std::string& about)
    : app_(std::make_unique<CLI::App>(about, program)) {}

CommandLine::~CommandLine() = default;

Option CommandLine::Add(const std::string& name, std::string* value, const std::string& what) {
  return Option(app_->add_option(name, *value, what));
}

Option CommandLine::Add(const std::string& name, std::vector<std::string>* values,
                        const std::string& what) {
  return Option(app_->add_option(name, *values, what));
}

Option CommandLine::Add(const std::string& name, std::uint16_t* value, const std::string& what) {
  return Option(app_->add_option(name, *value, what));
}

Option CommandLine::Add(const std::string& name, std::uint32_t* value, const std::string& what) {
  return Option(app_->add_option(name, *value, what));
}

Option CommandLine::Add(const std::string& name, std::int64_t* value, const std::string& what) {
  return Option(app_->add_option(name, *value, what));
}

Option CommandLine::AddFlag(const std::string& name, bool* value, const std::string& what) {
  return Option(app_->add_flag(name, *value, what));
}

void CommandLine::Ending(const std::string& text) { app_->footer(text); }

std::optional<int> CommandLine::Read(int argc, const char* const* argv) {
  try {
    app_->parse(argc, argv);
  } catch (const CLI::ParseError& failure) {
    return app_->exit(failure) == 0 ? 0 : 2;
  }
  return std::nullopt;
}

}  // namespace penstock::sandbox
