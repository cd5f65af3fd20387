// What the loader asks of files. For the files of this folder only.
#pragma once

#include <elf.h>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "penstock/result.hpp"

namespace penstock::sdk::runtime {

/// INVALID_CONFIG: somebody must change what is installed.
Failure LoadFailure(std::string code, std::string message);

/// Also true when it cannot be told.
bool WritableByAll(const std::filesystem::path& path);
/// By its owner, who can change it whatever its rights say: neither root nor the user of this
/// process. `owner`: his number. False when it cannot be told.
bool OwnedByAnother(const std::filesystem::path& path, unsigned* owner);

/// A file that somebody else has put there, open for reading. Only a regular file is one: opening a
/// pipe or a device, or reading it, could wait for ever. Closes itself.
class RegularFile {
 public:
  /// PS-CONN-READ: "the file /x cannot be read: it is no regular file"; `what` in place of "file".
  static Result<RegularFile> Open(const std::string& path, const std::string& what = "file");
  RegularFile(RegularFile&& other) noexcept;
  RegularFile& operator=(RegularFile&&) = delete;
  ~RegularFile();

  uint64_t size() const { return size_; }
  int fd() const { return fd_; }
  /// The descriptor is the caller's from here on.
  int Release();
  /// Bytes read at `offset`: less than n at the end of the file and when it cannot be read.
  size_t ReadAt(uint64_t offset, void* out, size_t n) const;

 private:
  RegularFile(int fd, uint64_t size) : fd_(fd), size_(size) {}
  int fd_;
  uint64_t size_;
};

/// A library may be this large: more is read into memory by nobody.
inline constexpr uint64_t kLargestLibrary = 1u << 30;

/// What keeps the file from being a whole shared library, of whatever machine: "it is empty"; empty
/// when nothing does. Then its sections, all of which lie inside it.
std::string WhyNoLibrary(const RegularFile& file, std::vector<Elf64_Shdr>* sections,
                         uint16_t* machine);

/// OK when the file looks like a whole shared library of this machine's kind: what a reader of its
/// symbols relies on lies inside it. `reason` otherwise.
bool IsSharedLibrary(const RegularFile& file, std::string* reason);

}  // namespace penstock::sdk::runtime
