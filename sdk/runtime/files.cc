#include "sdk/runtime/files.h"

#include <elf.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>
#include <utility>
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

bool OwnedByAnother(const std::filesystem::path& path, unsigned* owner) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return false;
  *owner = info.st_uid;
  return info.st_uid != 0 && info.st_uid != ::geteuid();
}

Result<RegularFile> RegularFile::Open(const std::string& path, const std::string& what) {
  const auto unreadable = [&](const std::string& why) {
    return LoadFailure("PS-CONN-READ", "the " + what + " " + path + " cannot be read: " + why);
  };
  int fd = -1;
  do {
    fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  } while (fd < 0 && errno == EINTR);
  const int error = errno;
  struct stat info {};
  if (fd < 0 && (error == ENXIO || error == ENODEV)) return unreadable("it is no regular file");
  if (fd < 0 || ::fstat(fd, &info) != 0) {
    const std::string why = std::generic_category().message(fd < 0 ? error : errno);
    if (fd >= 0) ::close(fd);
    return unreadable(why);
  }
  RegularFile file(fd, static_cast<uint64_t>(info.st_size));
  if (!S_ISREG(info.st_mode)) return unreadable("it is no regular file");
  return file;
}

RegularFile::RegularFile(RegularFile&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), size_(other.size_) {}

RegularFile::~RegularFile() {
  if (fd_ >= 0) ::close(fd_);
}

int RegularFile::Release() { return std::exchange(fd_, -1); }

size_t RegularFile::ReadAt(uint64_t offset, void* out, size_t n) const {
  size_t done = 0;
  while (done < n) {
    const ssize_t got =
        ::pread(fd_, static_cast<char*>(out) + done, n - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    done += static_cast<size_t>(got);
  }
  return done;
}

namespace {

bool Inside(uint64_t offset, uint64_t size, uint64_t total) {
  return offset <= total && size <= total - offset;
}

bool ReadAt(const RegularFile& file, uint64_t offset, void* out, size_t n) {
  return file.ReadAt(offset, out, n) == n;
}

}  // namespace

std::string WhyNoLibrary(const RegularFile& file, std::vector<Elf64_Shdr>* sections,
                         uint16_t* machine) {
  const uint64_t size = file.size();
  if (size == 0) return "it is empty";
  if (size > kLargestLibrary) {
    return "it has " + std::to_string(size >> 20) + " MiB, and a connector at most " +
           std::to_string(kLargestLibrary >> 20);
  }
  Elf64_Ehdr header{};
  const size_t got = file.ReadAt(0, &header, sizeof(header));
  if (got < SELFMAG || std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) {
    return "it is no shared library at all: it does not begin as an ELF file does";
  }
  std::string damaged = "it is cut short or damaged";
  if (got < sizeof(header)) return damaged;
  if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB) {
    return "it is no shared library of this machine's kind: those have 64 bits, little end first";
  }
  if (header.e_type != ET_DYN) return "it is an ELF file, but no shared library";
  *machine = header.e_machine;
  const uint64_t table = uint64_t{header.e_shnum} * sizeof(Elf64_Shdr);
  if (header.e_shnum == 0 || header.e_shentsize != sizeof(Elf64_Shdr) ||
      !Inside(header.e_shoff, table, size) || header.e_shstrndx >= header.e_shnum) {
    return damaged;
  }
  sections->resize(header.e_shnum);
  if (!ReadAt(file, header.e_shoff, sections->data(), table)) return damaged;
  for (const Elf64_Shdr& section : *sections) {
    if (section.sh_type == SHT_NOBITS || section.sh_type == SHT_NULL) continue;
    if (!Inside(section.sh_offset, section.sh_size, size)) return damaged;
  }
  return {};
}

bool IsSharedLibrary(const RegularFile& file, std::string* reason) {
  std::vector<Elf64_Shdr> sections;
  uint16_t machine = 0;
  *reason = WhyNoLibrary(file, &sections, &machine);
  if (!reason->empty()) return false;
  if (machine != ThisMachine()) {
    *reason = "it is built for " + MachineName(machine) + ", this program runs on " +
              MachineName(ThisMachine());
    return false;
  }
  const bool has_symbols =
      std::any_of(sections.begin(), sections.end(), [](const Elf64_Shdr& section) {
        return section.sh_type == SHT_DYNSYM && section.sh_size >= sizeof(Elf64_Sym);
      });
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
  const Result<runtime::RegularFile> file = runtime::RegularFile::Open(path);
  if (!file.ok()) return file.failure();
  Digest digest;
  std::vector<char> block(1 << 16);
  uint64_t done = 0;
  while (const size_t got = file->ReadAt(done, block.data(), block.size())) {
    digest.Add({block.data(), got});
    done += got;
  }
  std::string text = done == file->size() ? digest.Text() : std::string();
  if (text.empty()) {
    return runtime::LoadFailure("PS-CONN-READ", "the file " + path + " cannot be read to its end");
  }
  return text;
}

std::string Sha256OfBytes(std::string_view bytes) {
  Digest digest;
  digest.Add(bytes);
  return digest.Text();
}

}  // namespace penstock::sdk
