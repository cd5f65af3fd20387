// One immutable file with every entry of a state: FORMAT.md says what it looks like, and why.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/result.h"
#include "core/file/file.h"
#include "core/state/codec.h"
#include "core/state/state.h"

namespace penstock {

inline constexpr uint32_t kMinPartitions = 1024;

/// Partitions of a generation with that many entries: 16,384 entries or fewer in each.
uint32_t PartitionsFor(uint64_t entries);
inline uint32_t PartitionIn(uint32_t partitions, const Hash128& key_hash) {
  return static_cast<uint32_t>(key_hash.hi >> (64 - std::countr_zero(partitions)));
}

/// Adds what one entry counts (or takes it away).
void Count(const Entry& entry, bool add, StateCounts* counts);

/// Last in a file, checksummed.
struct GenerationFooter {
  struct Partition {
    uint64_t at = 0;
    uint64_t checksum = 0;
    uint32_t entries = 0;
  };
  uint64_t last_outcome = 0;
  uint32_t last_run = 0;
  StateCounts counts;
  std::vector<Partition> partitions;
};

/// Writes one file; nothing is durable before Finish. One thread.
class GenerationWriter {
 public:
  static Result<std::unique_ptr<GenerationWriter>> Create(const std::string& path,
                                                          const codec::GenerationHeader& header,
                                                          uint32_t partitions);
  /// In ascending order of key hashes. `side`: what codec::AppendSide made.
  Status Add(const MainEntry& main, std::string_view side);
  /// Writes what is left and syncs. `footer`: its partitions are filled here.
  Status Finish(GenerationFooter footer);

 private:
  GenerationWriter(file::Writer file, uint32_t partitions);
  uint64_t Position() const { return file_.size() + buffer_.size(); }
  Status FlushBuffer();
  void EndBlock();
  Status EndPartition();

  file::Writer file_;
  std::string buffer_;  // not written yet
  std::string block_;   // side records of the open block
  uint64_t block_at_ = 0;
  std::vector<MainEntry> main_;  // of the open partition
  std::vector<GenerationFooter::Partition> partitions_;
};

/// Reads one file; everything that it gives has been verified. [thread-safe]
class GenerationReader {
 public:
  /// PS-STATE-CORRUPT, PS-STATE-VERSION, PS-FILE-READ.
  static Result<std::unique_ptr<GenerationReader>> Open(const std::string& path);

  const codec::GenerationHeader& header() const { return header_; }
  const GenerationFooter& footer() const { return footer_; }
  uint32_t partitions() const { return static_cast<uint32_t>(footer_.partitions.size()); }
  /// Replaces `*out`.
  Status ReadMain(uint32_t partition, std::vector<MainEntry>* out) const;
  /// Bytes that AppendSide made; borrowed from the block kept in `*cache`.
  Result<std::string_view> ReadSide(uint64_t side, PartitionEntries* cache) const;
  const std::string& path() const { return file_.path(); }

 private:
  explicit GenerationReader(file::Reader file) : file_(std::move(file)) {}
  Status ReadHeader();
  Status ReadFooter();
  bool ParseFooter(std::string_view bytes, uint64_t at);
  Status ReadBlock(uint64_t at, std::string* out) const;

  file::Reader file_;
  codec::GenerationHeader header_;
  GenerationFooter footer_;
  uint64_t body_end_ = 0;  // where the footer begins
};

}  // namespace penstock
