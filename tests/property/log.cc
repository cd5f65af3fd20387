#include "tests/property/log.h"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

namespace penstock::testing {
namespace {

constexpr char kStart = '\x02';  // of a line: what stands before it was cut off

}  // namespace

void AppendToLog(const std::string& path, const std::string& line) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const std::string text = kStart + line + "\n";
  [[maybe_unused]] const ssize_t written = ::write(fd, text.data(), text.size());
  ::close(fd);
}

std::vector<std::string> ReadLog(const std::string& path) {
  std::vector<std::string> lines;
  std::ifstream log(path);
  for (std::string line; std::getline(log, line);) {
    if (!log.eof()) lines.push_back(line.substr(line.rfind(kStart) + 1));
  }
  return lines;
}

std::vector<std::string> Split(const std::string& line) {
  std::vector<std::string> parts;
  std::stringstream stream(line);
  for (std::string part; std::getline(stream, part, kTab);) parts.push_back(part);
  return parts;
}

}  // namespace penstock::testing
