// Running penstock-check as its users do.
#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace penstock::conformance {

inline std::string ReadFile(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return std::move(text).str();
}
inline void WriteFile(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

inline const std::string kSource = std::string(PENSTOCK_TEST_SOURCE_DIR) + "/tests/conformance/";

/// The fixture of the broken connector, told which rule to break.
inline std::string FixtureFor(const std::string& rule) {
  std::string fixture = ReadFile(kSource + "fixture.yaml");
  fixture.replace(fixture.find("@BREAK@"), 7, rule);
  fixture.replace(fixture.find("golden.jsonl"), 12, kSource + "golden.jsonl");
  return fixture;
}

/// Standard output and error, and exit code, of penstock-check.
struct Ran {
  std::string out;
  int code = -1;
};
inline Ran RunKit(const std::string& arguments) {
  Ran ran;
  const std::string program = PENSTOCK_TEST_BIN_DIR "/penstock-check ";
  FILE* pipe = ::popen((program + arguments + " 2>&1").c_str(), "r");
  if (pipe == nullptr) return ran;
  char block[4096];
  for (size_t n = 0; (n = std::fread(block, 1, sizeof(block), pipe)) > 0;) ran.out.append(block, n);
  const int status = ::pclose(pipe);
  ran.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return ran;
}

/// A folder of its own, gone at the end.
class Room {
 public:
  explicit Room(const std::string& name)
      : path_(std::filesystem::temp_directory_path() /
              ("kit-" + name + "-" + std::to_string(::getpid()))) {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  ~Room() { std::filesystem::remove_all(path_); }
  Room(const Room&) = delete;
  Room& operator=(const Room&) = delete;
  std::filesystem::path operator/(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace penstock::conformance
