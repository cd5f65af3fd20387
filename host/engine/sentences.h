// The rule that decides about a key, in words.
#pragma once

#include "host/engine/inquiry.h"

namespace penstock::engine {

/// Fills inquiry->rule and inquiry->next from everything else in it. [thread-safe]
void Explain(const Integration& integration, int64_t now_us, Inquiry* inquiry);

/// A word as a shell takes it: quoted where it has to be. [thread-safe]
std::string ShellWord(const std::string& word);

/// "2026-11-22 10:00:00 UTC". [thread-safe]
std::string TimeText(int64_t unix_us);

/// Whether two keys are the same but for the case of letters a to z. [thread-safe]
bool DifferInCase(const std::string& key, const std::string& other);

}  // namespace penstock::engine
