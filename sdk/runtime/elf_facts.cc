#include "sdk/runtime/elf_facts.h"

#include <elf.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <string_view>

#include "sdk/runtime/files.h"

namespace penstock::sdk {
namespace {

// Debian 12, the oldest system that is supported.
constexpr std::array<int, 3> kGlibc = {2, 36, 0};
constexpr std::array<int, 3> kGlibcxx = {3, 4, 30};
constexpr std::array<int, 3> kCxxAbi = {1, 3, 13};

// Reads structs at offsets without trusting either.
class Reader {
 public:
  explicit Reader(std::string bytes) : bytes_(std::move(bytes)) {}

  template <typename T>
  bool At(uint64_t offset, T* out) const {
    if (offset > bytes_.size() || sizeof(T) > bytes_.size() - offset) return false;
    std::memcpy(out, bytes_.data() + offset, sizeof(T));
    return true;
  }
  std::string Text(uint64_t offset) const {
    if (offset >= bytes_.size()) return {};
    const size_t end = bytes_.find('\0', offset);
    return end == std::string::npos ? std::string() : bytes_.substr(offset, end - offset);
  }

 private:
  std::string bytes_;
};

class ElfReader {
 public:
  explicit ElfReader(std::string bytes) : file_(std::move(bytes)) {}

  bool Read(ElfFacts* facts) {
    if (!file_.At(0, &header_) || std::memcmp(header_.e_ident, ELFMAG, SELFMAG) != 0 ||
        header_.e_ident[EI_CLASS] != ELFCLASS64 || header_.e_ident[EI_DATA] != ELFDATA2LSB ||
        header_.e_type != ET_DYN || header_.e_shnum == 0) {
      return false;
    }
    facts->machine = header_.e_machine;
    for (uint16_t i = 0; i < header_.e_shnum; ++i) {
      Elf64_Shdr section{};
      if (!file_.At(header_.e_shoff + uint64_t{i} * sizeof(section), &section)) return false;
      if (section.sh_type == SHT_DYNSYM) Symbols(section, facts);
      if (section.sh_type == SHT_DYNAMIC) Dynamic(section, facts);
      if (section.sh_type == SHT_GNU_verneed) Asked(section, facts);
      if (section.sh_type == SHT_GNU_verdef) Offered(section, facts);
    }
    Segments(facts);
    return true;
  }

 private:
  uint64_t Strings(const Elf64_Shdr& section) const {
    Elf64_Shdr strings{};
    file_.At(header_.e_shoff + uint64_t{section.sh_link} * sizeof(strings), &strings);
    return strings.sh_offset;
  }

  void Symbols(const Elf64_Shdr& section, ElfFacts* facts) const {
    const uint64_t strings = Strings(section);
    for (uint64_t at = sizeof(Elf64_Sym); at < section.sh_size; at += sizeof(Elf64_Sym)) {
      Elf64_Sym symbol{};
      if (!file_.At(section.sh_offset + at, &symbol)) return;
      const std::string name = file_.Text(strings + symbol.st_name);
      const unsigned binding = ELF64_ST_BIND(symbol.st_info);
      const unsigned visibility = ELF64_ST_VISIBILITY(symbol.st_other);
      if (symbol.st_shndx == SHN_UNDEF) {
        facts->imported.push_back(name);
      } else if (binding != STB_LOCAL && visibility != STV_HIDDEN && visibility != STV_INTERNAL) {
        facts->exported.push_back(name);
        if (binding == STB_GNU_UNIQUE) facts->unique.push_back(name);
      }
    }
  }

  void Dynamic(const Elf64_Shdr& section, ElfFacts* facts) const {
    const uint64_t strings = Strings(section);
    for (uint64_t at = 0; at < section.sh_size; at += sizeof(Elf64_Dyn)) {
      Elf64_Dyn entry{};
      if (!file_.At(section.sh_offset + at, &entry) || entry.d_tag == DT_NULL) return;
      if (entry.d_tag == DT_NEEDED) facts->needed.push_back(file_.Text(strings + entry.d_un.d_val));
      if (entry.d_tag == DT_RUNPATH || entry.d_tag == DT_RPATH) {
        facts->runpath = file_.Text(strings + entry.d_un.d_val);
      }
      if (entry.d_tag == DT_TEXTREL) facts->text_relocations = true;
      if (entry.d_tag == DT_FLAGS && (entry.d_un.d_val & DF_TEXTREL) != 0) {
        facts->text_relocations = true;
      }
    }
  }

  void Offered(const Elf64_Shdr& section, ElfFacts* facts) const {
    const uint64_t strings = Strings(section);
    uint64_t at = section.sh_offset;
    for (uint32_t n = 0; n < section.sh_info; ++n) {
      Elf64_Verdef defined{};
      Elf64_Verdaux name{};  // the first is its own, others are of those it goes on from
      if (!file_.At(at, &defined) || !file_.At(at + defined.vd_aux, &name)) return;
      facts->offered.push_back(file_.Text(strings + name.vda_name));
      if (defined.vd_next == 0) return;
      at += defined.vd_next;
    }
  }

  void Asked(const Elf64_Shdr& section, ElfFacts* facts) const {
    const uint64_t strings = Strings(section);
    uint64_t at = section.sh_offset;
    for (uint32_t n = 0; n < section.sh_info; ++n) {
      Elf64_Verneed need{};
      if (!file_.At(at, &need)) return;
      const std::string library = file_.Text(strings + need.vn_file);
      uint64_t item_at = at + need.vn_aux;
      for (uint16_t i = 0; i < need.vn_cnt; ++i) {
        Elf64_Vernaux item{};
        if (!file_.At(item_at, &item)) return;
        facts->versions.push_back(file_.Text(strings + item.vna_name));
        facts->asked.emplace_back(library, facts->versions.back());
        item_at += item.vna_next;
      }
      at += need.vn_next;
    }
  }

  void Segments(ElfFacts* facts) const {
    for (uint16_t i = 0; i < header_.e_phnum; ++i) {
      Elf64_Phdr segment{};
      if (!file_.At(header_.e_phoff + uint64_t{i} * sizeof(segment), &segment)) return;
      if (segment.p_type == PT_GNU_RELRO) facts->relro = true;
      if (segment.p_type == PT_GNU_STACK) facts->executable_stack = (segment.p_flags & PF_X) != 0;
    }
  }

  Reader file_;
  Elf64_Ehdr header_{};
};

// "2.34" of "GLIBC_2.34" as numbers.
std::array<int, 3> Number(std::string_view text) {
  std::array<int, 3> parts{};
  size_t part = 0;
  for (const char c : text) {
    if (c == '.') {
      if (++part == parts.size()) break;
    } else if (c >= '0' && c <= '9') {
      parts[part] = parts[part] * 10 + (c - '0');
    }
  }
  return parts;
}

}  // namespace

bool ElfFacts::Sanitized() const {
  return std::any_of(needed.begin(), needed.end(), [](const std::string& library) {
    return library.starts_with("libasan") || library.starts_with("libubsan") ||
           library.starts_with("libtsan") || library.starts_with("liblsan") ||
           library.starts_with("libclang_rt");
  });
}

bool ElfFacts::Imports(const std::string& symbol) const {
  return std::find(imported.begin(), imported.end(), symbol) != imported.end();
}

std::vector<std::string> ElfFacts::BeyondBaseline() const {
  std::vector<std::string> newer;
  for (const std::string& version : versions) {
    const bool beyond = (version.starts_with("GLIBC_") && Number(version.substr(6)) > kGlibc) ||
                        (version.starts_with("GLIBCXX_") && Number(version.substr(8)) > kGlibcxx) ||
                        (version.starts_with("CXXABI_") && Number(version.substr(7)) > kCxxAbi);
    if (beyond) newer.push_back(version);
  }
  return newer;
}

Result<ElfFacts> ReadElf(const std::string& path) {
  const auto file = runtime::RegularFile::Open(path);
  if (!file.ok()) return file.failure();
  std::vector<Elf64_Shdr> sections;
  uint16_t machine = 0;
  const std::string why = runtime::WhyNoLibrary(*file, &sections, &machine);
  if (!why.empty()) {
    return runtime::LoadFailure("PS-CONN-NOT-CONNECTOR", path + " is not a connector: " + why);
  }
  std::string bytes(file->size(), '\0');
  if (file->ReadAt(0, bytes.data(), bytes.size()) != bytes.size()) {
    return runtime::LoadFailure("PS-CONN-READ", "the file " + path + " cannot be read to its end");
  }
  ElfFacts facts;
  if (!ElfReader(std::move(bytes)).Read(&facts)) {
    return runtime::LoadFailure("PS-CONN-NOT-CONNECTOR",
                                path + " is not a connector: it is cut short or damaged");
  }
  return facts;
}

std::string MachineName(uint16_t machine) {
  switch (machine) {
    case EM_X86_64:
      return "x86_64";
    case EM_AARCH64:
      return "aarch64";
    case EM_RISCV:
      return "riscv64";
    default:
      return "machine " + std::to_string(machine);
  }
}

uint16_t ThisMachine() {
#if defined(__x86_64__)
  return EM_X86_64;
#elif defined(__aarch64__)
  return EM_AARCH64;
#elif defined(__riscv)
  return EM_RISCV;
#else
#error "name the ELF machine of this processor"
#endif
}

}  // namespace penstock::sdk
