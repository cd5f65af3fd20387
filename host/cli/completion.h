// Shell completion scripts, made from the program's own commands and options.
#pragma once

#include <string>

#include "host/cli/verb.h"

namespace penstock::cli {

/// For "bash", "zsh" or "fish". Pure.
std::string CompletionScript(const Verb& program, const std::string& shell);

}  // namespace penstock::cli
