#include "sdk/runtime/files.h"

#include <elf.h>
#include <openssl/evp.h>
#include <sys/stat.h>

#include <array>
#include <cstring>
#include <fstream>
#include <memory>
#include <vector>

#include "sdk/runtime/elf_facts.h"
#include "sdk/runtime/loader.h"

namespace penstock::sdk {
namespace runtime {

Failure LoadFailure(std::string code, std::string message) {
  return Failure{PENSTOCK_E_INVALID_CONFIG, std::move(code), std::move(message), 0};
}

bool WritableByAll(const std::filesystem::path& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return true;
  return (info.st_mode & S_IWOTH) != 0;
}

namespace {

bool Inside(uint64_t offset, uint64_t size, uint64_t total) {
  return offset <= total && size <= total - offset;
}

bool ReadAt(std::ifstream& file, uint64_t offset, void* out, size_t n) {
  file.seekg(static_cast<std::streamoff>(offset));
  file.read(static_cast<char*>(out), static_cast<std::streamsize>(n));
  return static_cast<size_t>(file.gcount()) == n;
}

}  // namespace

bool IsSharedLibrary(const std::string& path, std::string* reason) {
  std::error_code error;
  const uint64_t size = std::filesystem::file_size(path, error);
  std::ifstream file(path, std::ios::binary);
  Elf64_Ehdr header{};
  if (error || !ReadAt(file, 0, &header, sizeof(header)) ||
      std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) {
    *reason = "it is no shared library at all";
    return false;
  }
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
      header.e_type != ET_DYN) {
    *reason = "it is no shared library of this machine's kind";
    return false;
  }
  if (header.e_machine != ThisMachine()) {
    *reason = "it is built for " + MachineName(header.e_machine) + ", this program runs on " +
              MachineName(ThisMachine());
    return false;
  }
  *reason = "it is cut short or damaged";
  const uint64_t table = uint64_t{header.e_shnum} * sizeof(Elf64_Shdr);
  if (header.e_shentsize != sizeof(Elf64_Shdr) || !Inside(header.e_shoff, table, size) ||
      header.e_shstrndx >= header.e_shnum) {
    return false;
  }
  std::vector<Elf64_Shdr> sections(header.e_shnum);
  if (!ReadAt(file, header.e_shoff, sections.data(), table)) return false;
  bool has_symbols = false;
  for (const Elf64_Shdr& section : sections) {
    if (section.sh_type == SHT_NOBITS || section.sh_type == SHT_NULL) continue;
    if (!Inside(section.sh_offset, section.sh_size, size)) return false;
    has_symbols |= section.sh_type == SHT_DYNSYM && section.sh_size >= sizeof(Elf64_Sym);
  }
  if (!has_symbols) *reason = "it exports nothing";
  return has_symbols;
}

}  // namespace runtime

namespace {

/// SHA-256 of bytes that come in parts.
class Digest {
 public:
  Digest() : context_(EVP_MD_CTX_new(), &EVP_MD_CTX_free) {
    good_ = context_ != nullptr && EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr) == 1;
  }
  void Add(std::string_view bytes) {
    good_ = good_ && EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1;
  }
  /// In hexadecimal digits; empty when OpenSSL failed (it had no memory). Once.
  std::string Text() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int n = 0;
    if (!good_ || EVP_DigestFinal_ex(context_.get(), digest.data(), &n) != 1) return {};
    constexpr std::string_view kHex = "0123456789abcdef";
    std::string text;
    for (unsigned int i = 0; i < n; ++i) {
      text += kHex[digest[i] >> 4];
      text += kHex[digest[i] & 15];
    }
    return text;
  }

 private:
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
  bool good_ = false;
};

}  // namespace

Result<std::string> Sha256OfFile(const std::string& path) {
  const Failure unreadable =
      runtime::LoadFailure("PS-CONN-READ", "the file " + path + " cannot be read");
  std::ifstream file(path, std::ios::binary);
  if (!file) return unreadable;
  Digest digest;
  std::vector<char> block(1 << 16);
  while (file) {
    file.read(block.data(), static_cast<std::streamsize>(block.size()));
    digest.Add({block.data(), static_cast<size_t>(file.gcount())});
  }
  if (file.bad() || !file.eof()) return unreadable;
  std::string text = digest.Text();
  if (text.empty()) return unreadable;
  return text;
}

std::string Sha256OfBytes(std::string_view bytes) {
  Digest digest;
  digest.Add(bytes);
  return digest.Text();
}

}  // namespace penstock::sdk
