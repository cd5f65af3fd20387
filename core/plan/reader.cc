#include <algorithm>
#include <cstring>

#include "core/plan/block.h"
#include "core/plan/codec.h"
#include "core/plan/digest.h"
#include "core/plan/header.h"
#include "core/plan/plan.h"
#include "core/value/encoding.h"

namespace penstock {
namespace {

using namespace plan;  // NOLINT(google-build-using-namespace): this file is its inside

class FilePlanReader : public PlanReader {
 public:
  explicit FilePlanReader(file::Reader in) : in_(std::move(in)) {}

  /// Checks everything, once.
  Status Verify();

  const PlanHeader& header() const override { return header_; }
  Status Changes(uint64_t first_seq, const std::function<Status(const Change&)>& visit) override;
  Status Payloads(std::vector<Change>* changes) const override;
  Status Marks(const std::function<Status(const MarkedKey&)>& visit) override;
  Status InvalidRows(const std::function<Status(const InvalidRow&)>& visit) override;

 private:
  using RecordVisitor = std::function<Status(std::string_view framed, std::string_view record)>;

  Status ReadTrailer();
  Status ReadIndex(std::string_view raw);
  Status ReadHeaderBlock();
  Status CheckIndex() const;
  Status CheckRecords();
  /// All records of a block: `framed` is the record with its length before it.
  Status ForEachRecord(size_t block, const RecordVisitor& visit) {
    return ForEachRecord(&decoder_, block, visit);
  }
  Status ForEachRecord(BlockDecoder* decoder, size_t block, const RecordVisitor& visit) const;
  /// The block of changes that has this seq, or would have it.
  size_t BlockOf(uint64_t seq) const {
    const auto after = std::upper_bound(first_seq_.begin(), first_seq_.end(), seq);
    return after == first_seq_.begin() ? 0 : static_cast<size_t>(after - first_seq_.begin()) - 1;
  }
  Error Bad(const std::string& what) const { return Corrupt(in_.path(), what); }

  file::Reader in_;
  BlockDecoder decoder_;
  uint64_t index_offset_ = 0;
  std::vector<BlockPlace> blocks_;
  std::vector<uint64_t> first_seq_;  // of the change blocks, which come first in blocks_
  PlanHeader header_;
  std::string covered_;
};

Status FilePlanReader::ReadTrailer() {
  if (in_.size() < kMagic.size() + kBlockHeaderSize + kTrailerSize) {
    return Bad("it is cut short");
  }
  char magic[kMagic.size()];
  PENSTOCK_RETURN_IF_ERROR(in_.ReadAt(magic, sizeof(magic), 0));
  if (std::string_view(magic, sizeof(magic)) != kMagic) {
    Error error = Bad("its beginning");
    error.message = "The file " + in_.path() +
                    " does not begin as a plan of this version of Penstock does: another one wrote "
                    "it, or it is damaged.";
    return error;
  }
  char trailer[kTrailerSize];
  PENSTOCK_RETURN_IF_ERROR(in_.ReadAt(trailer, sizeof(trailer), in_.size() - kTrailerSize));
  uint64_t checksum = 0;
  std::memcpy(&index_offset_, trailer, sizeof(index_offset_));
  std::memcpy(&checksum, trailer + sizeof(index_offset_), sizeof(checksum));
  if (checksum != TrailerChecksum(index_offset_)) {
    return Bad("its end is missing or changed");
  }
  return {};
}

Status FilePlanReader::ReadIndex(std::string_view raw) {
  std::string_view record;
  uint64_t n = 0;
  record = raw;
  if (!ReadVarint(&record, &n) || n > record.size()) return Bad("its index is not valid");
  blocks_.reserve(n);
  uint64_t offset = 0;
  for (uint64_t i = 0; i < n; ++i) {
    uint64_t records = 0, step = 0;
    if (record.empty()) return Bad("its index is not valid");
    const auto kind = static_cast<Kind>(record.front());
    record.remove_prefix(1);
    if (!ReadVarint(&record, &records) || records > UINT32_MAX || !ReadVarint(&record, &step)) {
      return Bad("its index is not valid");
    }
    offset += step;
    blocks_.push_back({kind, static_cast<uint32_t>(records), offset});
  }
  if (!record.empty()) return Bad("its index is not valid");
  return {};
}

/// Blocks in the order of their kinds, exactly one header, the last one.
Status FilePlanReader::CheckIndex() const {
  if (blocks_.empty() || blocks_.back().kind != Kind::kHeader) return Bad("it has no header");
  uint8_t before = static_cast<uint8_t>(Kind::kChanges);
  for (size_t i = 0; i < blocks_.size(); ++i) {
    const auto kind = static_cast<uint8_t>(blocks_[i].kind);
    const bool header = blocks_[i].kind == Kind::kHeader;
    if (kind < before || kind > static_cast<uint8_t>(Kind::kHeader) ||
        header != (i + 1 == blocks_.size())) {
      return Bad("its sections are out of order");
    }
    before = kind;
  }
  return {};
}

Status FilePlanReader::ReadHeaderBlock() {
  PENSTOCK_ASSIGN_OR_RETURN(const BlockDecoder::Block block,
                            decoder_.Read(in_, blocks_.back().offset, index_offset_));
  std::string_view raw = block.raw, covered, rest;
  if (block.kind != Kind::kHeader || !ReadText(&raw, &covered) || !ReadText(&raw, &rest) ||
      !raw.empty() || !ParseHeader(covered, rest, &header_)) {
    return Bad("its header cannot be read");
  }
  covered_.assign(covered);
  return {};
}

Status FilePlanReader::ForEachRecord(BlockDecoder* decoder, size_t block_number,
                                     const RecordVisitor& visit) const {
  const BlockPlace& place = blocks_[block_number];
  const uint64_t end =
      block_number + 1 < blocks_.size() ? blocks_[block_number + 1].offset : index_offset_;
  PENSTOCK_ASSIGN_OR_RETURN(const BlockDecoder::Block block, decoder->Read(in_, place.offset, end));
  if (block.kind != place.kind || block.records != place.records || block.end != end) {
    return Bad("a block is not the one that its index names");
  }
  std::string_view raw = block.raw;
  for (uint32_t i = 0; i < block.records; ++i) {
    const std::string_view from = raw;
    std::string_view record;
    if (!ReadText(&raw, &record)) return Bad("a record is cut short");
    PENSTOCK_RETURN_IF_ERROR(visit(from.substr(0, from.size() - raw.size()), record));
  }
  if (!raw.empty()) return Bad("a block holds more than its records");
  return {};
}

Status FilePlanReader::CheckRecords() {
  Digest changes, marks;
  Change change;
  MarkedKey marked;
  InvalidRow invalid;
  bool deletes_begun = false;
  uint64_t seq = 1;
  for (size_t i = 0; i + 1 < blocks_.size(); ++i) {
    const Kind kind = blocks_[i].kind;
    if (kind == Kind::kChanges) {
      first_seq_.push_back(seq);
      seq += blocks_[i].records;
    }
    PENSTOCK_RETURN_IF_ERROR(
        ForEachRecord(i, [&](std::string_view framed, std::string_view record) -> Status {
          bool good = false;
          if (kind == Kind::kChanges) {
            changes.Update(framed);
            good = DecodeChange(record, &change) && (!deletes_begun || change.op == Op::kDelete);
            deletes_begun = change.op == Op::kDelete;
            for (const uint16_t index : change.changed) good &= index < header_.fields.size();
          } else if (kind == Kind::kMarks) {
            marks.Update(framed);
            good = DecodeMark(record, &marked);
          } else {
            good = DecodeInvalid(record, &invalid);
          }
          if (!good) return Bad("a record cannot be read");
          return {};
        }));
  }
  if (PlanHash(changes.Finish(), marks.Finish(), covered_) != header_.hash) {
    return Bad("its content does not match its hash");
  }
  return {};
}

Status FilePlanReader::Verify() {
  PENSTOCK_RETURN_IF_ERROR(ReadTrailer());
  const uint64_t end = in_.size() - kTrailerSize;
  PENSTOCK_ASSIGN_OR_RETURN(const BlockDecoder::Block index,
                            decoder_.Read(in_, index_offset_, end));
  if (index.kind != Kind::kIndex || index.records != 1 || index.end != end) {
    return Bad("its index is not where it should be");
  }
  PENSTOCK_RETURN_IF_ERROR(ReadIndex(index.raw));
  PENSTOCK_RETURN_IF_ERROR(CheckIndex());
  PENSTOCK_RETURN_IF_ERROR(ReadHeaderBlock());
  const BlockPlace& first = blocks_.front();
  if (first.offset != kMagic.size()) return Bad("its first block is not at its beginning");
  PENSTOCK_RETURN_IF_ERROR(CheckRecords());
  // The header block must end where the index begins, as CheckRecords has seen of all others.
  PENSTOCK_ASSIGN_OR_RETURN(const BlockDecoder::Block last,
                            decoder_.Read(in_, blocks_.back().offset, index_offset_));
  if (last.end != index_offset_) return Bad("a block is not the one that its index names");
  return {};
}

Status FilePlanReader::Changes(uint64_t first_seq,
                               const std::function<Status(const Change&)>& visit) {
  Change change;
  for (size_t block = BlockOf(first_seq); block < first_seq_.size(); ++block) {
    uint64_t seq = first_seq_[block];
    PENSTOCK_RETURN_IF_ERROR(
        ForEachRecord(block, [&](std::string_view, std::string_view record) -> Status {
          change.seq = seq++;
          if (change.seq < first_seq) return {};
          if (!DecodeChange(record, &change)) return Bad("a record cannot be read");
          return visit(change);
        }));
  }
  return {};
}

Status FilePlanReader::Payloads(std::vector<Change>* changes) const {
  std::vector<Change*> wanted;
  wanted.reserve(changes->size());
  for (Change& change : *changes) wanted.push_back(&change);
  std::sort(wanted.begin(), wanted.end(),
            [](const Change* a, const Change* b) { return a->seq < b->seq; });
  BlockDecoder decoder;
  Change found;
  auto next = wanted.begin();
  while (next != wanted.end() && !first_seq_.empty()) {
    const size_t block = BlockOf((*next)->seq);
    const auto before = next;
    found.seq = first_seq_[block] - 1;
    const auto take = [&](std::string_view, std::string_view record) -> Status {
      ++found.seq;
      if (next == wanted.end() || (*next)->seq != found.seq) return {};
      if (!DecodeChange(record, &found)) return Bad("a record cannot be read");
      for (; next != wanted.end() && (*next)->seq == found.seq; ++next)
        (*next)->payload = found.payload;
      return {};
    };
    PENSTOCK_RETURN_IF_ERROR(ForEachRecord(&decoder, block, take));
    if (next == before) break;
  }
  if (next != wanted.end()) {
    return Bad("it has no change " + std::to_string((*next)->seq));
  }
  return {};
}

Status FilePlanReader::Marks(const std::function<Status(const MarkedKey&)>& visit) {
  MarkedKey marked;
  for (size_t block = 0; block < blocks_.size(); ++block) {
    if (blocks_[block].kind != Kind::kMarks) continue;
    PENSTOCK_RETURN_IF_ERROR(
        ForEachRecord(block, [&](std::string_view, std::string_view record) -> Status {
          if (!DecodeMark(record, &marked)) return Bad("a record cannot be read");
          return visit(marked);
        }));
  }
  return {};
}

Status FilePlanReader::InvalidRows(const std::function<Status(const InvalidRow&)>& visit) {
  InvalidRow row;
  for (size_t block = 0; block < blocks_.size(); ++block) {
    if (blocks_[block].kind != Kind::kInvalid) continue;
    PENSTOCK_RETURN_IF_ERROR(
        ForEachRecord(block, [&](std::string_view, std::string_view record) -> Status {
          if (!DecodeInvalid(record, &row)) return Bad("a record cannot be read");
          return visit(row);
        }));
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<PlanReader>> PlanReader::Open(const std::string& path) {
  if (!file::Exists(path)) {
    Error error = MakeError("PS-PLAN-MISSING", "There is no plan file " + path + ".",
                            "Make a new plan; an old one is removed when it is applied, discarded "
                            "or expired.");
    error.file = path;
    return error;
  }
  PENSTOCK_ASSIGN_OR_RETURN(file::Reader in, file::Reader::Open(path));
  auto reader = std::make_unique<FilePlanReader>(std::move(in));
  PENSTOCK_RETURN_IF_ERROR(reader->Verify());
  return std::unique_ptr<PlanReader>(std::move(reader));
}

}  // namespace penstock
