#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <optional>

#include "core/plan/block.h"
#include "core/plan/codec.h"
#include "core/plan/digest.h"
#include "core/plan/header.h"
#include "core/plan/plan.h"
#include "core/value/encoding.h"

namespace penstock {
namespace {

using namespace plan;  // NOLINT(google-build-using-namespace): this file is its inside

constexpr size_t kCopySize = 256u << 10;

/// What went wrong below, said as what it means for the plan.
Error WriteError(const std::string& path, const Error& cause) {
  if (cause.code == "PS-PLAN-WRITE" || cause.code == "PS-PLAN-ORDER") return cause;
  Error error = MakeError("PS-PLAN-WRITE",
                          "The plan " + path + " could not be written: " + cause.message +
                              " Nothing was sent, and the plan was dropped.",
                          cause.hint);
  error.file = path;
  return error;
}

std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

constexpr std::string_view kTemporary = ".new-";  // then the writer's process id

/// Plans that a killed process left unfinished hold payloads: they go when the next one begins.
void SweepAbandoned(const std::string& directory) {
  const Result<std::vector<std::string>> names = file::List(directory);
  if (!names.ok()) return;
  for (const std::string& name : *names) {
    const size_t at = name.rfind(kTemporary);
    if (at == std::string::npos) continue;
    const std::string_view digits = std::string_view(name).substr(at + kTemporary.size());
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(digits.begin(), digits.end(), pid);
    if (error != std::errc() || end != digits.end() || pid <= 0) continue;
    const bool gone = ::kill(pid, 0) != 0 && errno == ESRCH;
    if (gone) (void)file::Remove(directory + "/" + name);
  }
}

class FilePlanWriter : public PlanWriter {
 public:
  FilePlanWriter(std::string path, std::string temporary, file::Writer out, file::Writer marks,
                 file::Writer invalid)
      : path_(std::move(path)),
        temporary_(std::move(temporary)),
        out_(std::move(out)),
        marks_file_(std::move(marks)),
        invalid_file_(std::move(invalid)),
        changes_(Kind::kChanges, &out_, &encoder_),
        marks_(Kind::kMarks, &marks_file_, &encoder_),
        invalid_(Kind::kInvalid, &invalid_file_, &encoder_) {}

  ~FilePlanWriter() override {
    if (!finished_) (void)file::Remove(temporary_);  // nothing can be done about a failure here
  }

  Status Add(Change* change) override { return Wrap(AddChange(change)); }
  Status AddMark(const MarkedKey& marked) override { return Wrap(DoAddMark(marked)); }
  Status AddInvalid(const InvalidRow& row) override { return Wrap(DoAddInvalid(row)); }
  Status Finish(PlanHeader* header) override { return Wrap(DoFinish(header)); }

 private:
  Status AddChange(Change* change);
  Status DoAddMark(const MarkedKey& marked);
  Status DoAddInvalid(const InvalidRow& row);
  Status DoFinish(PlanHeader* header);
  Status Join(const file::Writer& from, BlockWriter* section, std::vector<BlockPlace>* index);
  Status WriteHeader(const PlanHeader& header, const std::string& covered,
                     std::vector<BlockPlace>* index);
  Status WriteIndex(const std::vector<BlockPlace>& index);

  /// Keeps the first failure: after it the plan is lost, whatever the caller does.
  Status Wrap(Status status) {
    if (!status.ok() && !failed_) failed_ = WriteError(path_, status.error());
    if (failed_) return *failed_;
    return {};
  }

  std::string path_, temporary_;
  file::Writer out_, marks_file_, invalid_file_;
  BlockEncoder encoder_;
  BlockWriter changes_, marks_, invalid_;
  Digest changes_digest_, marks_digest_;
  std::string record_, prefix_;
  uint64_t seq_ = 0;
  bool deletes_begun_ = false, finished_ = false;
  std::optional<Error> failed_;
};

void Cover(std::string_view record, std::string* prefix, Digest* digest) {
  prefix->clear();
  AppendVarint(record.size(), prefix);
  digest->Update(*prefix);
  digest->Update(record);
}

Status FilePlanWriter::AddChange(Change* change) {
  if (failed_) return {};
  const bool is_delete = change->op == Op::kDelete;
  if (deletes_begun_ && !is_delete) {
    return MakeError("PS-PLAN-ORDER", "A change was added to the plan after its deletes had begun.",
                     "This is a defect of Penstock: please report it.");
  }
  deletes_begun_ = is_delete;
  change->seq = ++seq_;
  record_.clear();
  EncodeChange(*change, &record_);
  Cover(record_, &prefix_, &changes_digest_);
  return changes_.Add(record_);
}

Status FilePlanWriter::DoAddMark(const MarkedKey& marked) {
  if (failed_) return {};
  record_.clear();
  EncodeMark(marked, &record_);
  Cover(record_, &prefix_, &marks_digest_);
  return marks_.Add(record_);
}

Status FilePlanWriter::DoAddInvalid(const InvalidRow& row) {
  if (failed_) return {};
  record_.clear();
  EncodeInvalid(row, &record_);
  return invalid_.Add(record_);
}

Status FilePlanWriter::Join(const file::Writer& from, BlockWriter* section,
                            std::vector<BlockPlace>* index) {
  PENSTOCK_RETURN_IF_ERROR(section->Flush());
  for (BlockPlace place : section->blocks()) {
    place.offset += out_.size();
    index->push_back(place);
  }
  std::string buffer(std::min<uint64_t>(kCopySize, from.size()), '\0');
  for (uint64_t done = 0; done < from.size();) {
    const size_t n = std::min<uint64_t>(buffer.size(), from.size() - done);
    PENSTOCK_ASSIGN_OR_RETURN(const size_t got, from.ReadAt(buffer.data(), n, done));
    if (got == 0) return MakeError("PS-FILE-READ", "A scratch file ended early.");
    PENSTOCK_RETURN_IF_ERROR(out_.Write({buffer.data(), got}));
    done += got;
  }
  return {};
}

Status FilePlanWriter::WriteHeader(const PlanHeader& header, const std::string& covered,
                                   std::vector<BlockPlace>* index) {
  record_.clear();
  AppendText(covered, &record_);
  AppendText(RestJson(header), &record_);
  index->push_back({Kind::kHeader, 1, out_.size()});
  return out_.Write(encoder_.Encode(Kind::kHeader, record_, 1));
}

Status FilePlanWriter::WriteIndex(const std::vector<BlockPlace>& index) {
  record_.clear();
  AppendVarint(index.size(), &record_);
  uint64_t before = 0;
  for (const BlockPlace& place : index) {
    record_.push_back(static_cast<char>(place.kind));
    AppendVarint(place.records, &record_);
    AppendVarint(place.offset - before, &record_);
    before = place.offset;
  }
  const uint64_t offset = out_.size();
  PENSTOCK_RETURN_IF_ERROR(out_.Write(encoder_.Encode(Kind::kIndex, record_, 1)));
  const uint64_t checksum = TrailerChecksum(offset);
  std::string trailer;
  trailer.append(reinterpret_cast<const char*>(&offset), sizeof(offset));
  trailer.append(reinterpret_cast<const char*>(&checksum), sizeof(checksum));
  return out_.Write(trailer);
}

Status FilePlanWriter::DoFinish(PlanHeader* header) {
  if (failed_) return {};
  PENSTOCK_RETURN_IF_ERROR(changes_.Flush());
  std::vector<BlockPlace> index = changes_.blocks();
  PENSTOCK_RETURN_IF_ERROR(Join(marks_file_, &marks_, &index));
  PENSTOCK_RETURN_IF_ERROR(Join(invalid_file_, &invalid_, &index));
  const std::string covered = CoveredJson(*header);
  header->hash = PlanHash(changes_digest_.Finish(), marks_digest_.Finish(), covered);
  PENSTOCK_RETURN_IF_ERROR(WriteHeader(*header, covered, &index));
  PENSTOCK_RETURN_IF_ERROR(WriteIndex(index));
  PENSTOCK_RETURN_IF_ERROR(out_.Sync());
  Status renamed = file::RenameDurably(temporary_, path_);
  if (!renamed.ok()) {
    if (!file::Exists(temporary_)) (void)file::Remove(path_);  // renamed, but not durably
    return renamed;
  }
  finished_ = true;
  return {};
}

}  // namespace

Result<std::unique_ptr<PlanWriter>> PlanWriter::Create(const std::string& path) {
  const std::string temporary = path + std::string(kTemporary) + std::to_string(::getpid());
  const std::string directory = DirectoryOf(path);
  SweepAbandoned(directory);
  if (file::Exists(temporary)) (void)file::Remove(temporary);  // of a process with this number
  Result<file::Writer> out = file::Writer::Create(temporary);
  if (!out.ok()) return WriteError(path, out.error());
  const auto drop = [&](const Error& cause) {
    (void)file::Remove(temporary);
    return WriteError(path, cause);
  };
  Result<file::Writer> marks = file::Writer::Scratch(directory);
  if (!marks.ok()) return drop(marks.error());
  Result<file::Writer> invalid = file::Writer::Scratch(directory);
  if (!invalid.ok()) return drop(invalid.error());
  Status written = out->Write(kMagic);
  if (!written.ok()) return drop(written.error());
  return std::unique_ptr<PlanWriter>(std::make_unique<FilePlanWriter>(
      path, temporary, *std::move(out), *std::move(marks), *std::move(invalid)));
}

}  // namespace penstock
