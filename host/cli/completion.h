// Shell completion scripts, made from the program's own commands and options.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace penstock::cli {

/// For "bash", "zsh" or "fish". Pure.
std::string CompletionScript(const CLI::App& app, const std::string& shell);

}  // namespace penstock::cli
