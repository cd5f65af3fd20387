// What a shared library says of itself, read from the file.
#pragma once

#include <string>
#include <vector>

#include "penstock/result.hpp"

namespace penstock::kit {

struct ElfFacts {
  std::vector<std::string> exported;  // defined, visible symbols
  std::vector<std::string> unique;    // of those, the ones that keep a library from being unloaded
  std::vector<std::string> imported;
  std::vector<std::string> needed;    // DT_NEEDED
  std::string runpath;                // DT_RUNPATH or DT_RPATH
  std::vector<std::string> versions;  // "GLIBC_2.34", "GLIBCXX_3.4.30", ... that it asks for
  bool relro = false;
  bool executable_stack = true;  // until a header says otherwise
  bool text_relocations = false;

  /// Built with a sanitizer: a debug build, whose runtime is one more library.
  bool Sanitized() const;
  bool Imports(const std::string& symbol) const;
};

/// KIT-ELF when the file is no 64-bit little-endian shared library with section headers.
sdk::Result<ElfFacts> ReadElf(const std::string& path);

}  // namespace penstock::kit
