// The append-only logs that account and jobs live in.
#pragma once

#include <string>
#include <vector>

namespace penstock::testing {

inline constexpr char kTab = '\t';

/// One write(2): whole, or cut off where its process dies in it, which is not at all.
void AppendToLog(const std::string& path, const std::string& line);
/// What was appended whole. Safe beside whoever appends.
std::vector<std::string> ReadLog(const std::string& path);
/// The parts of a line between tabs.
std::vector<std::string> Split(const std::string& line);

}  // namespace penstock::testing
