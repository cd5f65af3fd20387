// What a shared library says of itself, read from the file: nothing of it runs.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "penstock/result.hpp"

namespace penstock::sdk {

struct ElfFacts {
  uint16_t machine = 0;               // EM_X86_64, EM_AARCH64, …
  std::vector<std::string> exported;  // defined, visible symbols
  std::vector<std::string> unique;    // of those, the ones that keep a library from being unloaded
  std::vector<std::string> imported;
  std::vector<std::string> needed;    // DT_NEEDED
  std::string runpath;                // DT_RUNPATH or DT_RPATH
  std::vector<std::string> versions;  // "GLIBC_2.34", "GLIBCXX_3.4.30", ... that it asks for
  /// The same with the library that is to have it: {"libc.so.6", "GLIBC_2.34"}.
  std::vector<std::pair<std::string, std::string>> asked;
  std::vector<std::string> offered;  // versions that it has itself, for libraries that need it
  bool relro = false;
  bool executable_stack = true;  // until a header says otherwise
  bool text_relocations = false;

  /// Built with a sanitizer: a debug build, whose runtime is one more library.
  bool Sanitized() const;
  bool Imports(const std::string& symbol) const;
  /// Versions that it asks for and the oldest supported system (Debian 12) does not have.
  std::vector<std::string> BeyondBaseline() const;
};

/// PS-CONN-READ, or PS-CONN-NOT-CONNECTOR when the file is no 64-bit little-endian shared library
/// with section headers. At most 1 GiB is read. [thread-safe]
Result<ElfFacts> ReadElf(const std::string& path);

/// "x86_64", "aarch64", or "machine 243" for one without a name here. [thread-safe]
std::string MachineName(uint16_t machine);
/// Of the machine that this program is built for.
uint16_t ThisMachine();

}  // namespace penstock::sdk
