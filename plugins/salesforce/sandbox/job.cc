#include "plugins/salesforce/sandbox/job.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>

namespace penstock::sandbox::salesforce {
namespace {

constexpr std::size_t kBatch = 10'000, kChunk = 200;
constexpr std::size_t kMaxColumns = 5000, kMaxCell = 32'000, kMaxRow = 400'000;

// What a row's size alone refuses.
std::optional<RecordError> CheckSize(const std::vector<std::string>& cells,
                                     const std::vector<Column>& columns) {
  std::size_t all = 0;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::size_t size = Units(cells[i]);
    all += size;
    if (size > kMaxCell) {
      return RecordError{"STRING_TOO_LONG",
                         columns[i].name + ": data value too large (max length=32000)",
                         {columns[i].name}};
    }
  }
  if (all <= kMaxRow) return std::nullopt;
  return RecordError{"STRING_TOO_LONG", "record too large (max length=400000)", {}};
}

}  // namespace

Spool::Spool(const std::string& folder) {
  const int descriptor = open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  file_ = descriptor < 0 ? std::tmpfile() : fdopen(descriptor, "w+");
  if (file_ == nullptr) throw std::runtime_error("no file can be made in " + folder);
}

std::unique_ptr<Spool> Spool::Adopt(const std::string& path) {
  std::FILE* file = std::fopen(path.c_str(), "r");
  if (file == nullptr) throw std::runtime_error("the file " + path + " is gone");
  std::remove(path.c_str());
  return std::unique_ptr<Spool>(new Spool(file));
}

Spool::~Spool() { std::fclose(file_); }

void Spool::Write(std::string_view text) { std::fwrite(text.data(), 1, text.size(), file_); }

void Spool::Stream(std::ostream& out) {
  std::fflush(file_);
  std::vector<char> piece(64 * 1024);
  off_t at = 0;
  ssize_t got = 0;
  while (out && (got = pread(fileno(file_), piece.data(), piece.size(), at)) > 0) {
    out.write(piece.data(), got);
    at += got;
  }
}

const char* StateName(JobState state) {
  switch (state) {
    case JobState::kOpen:
      return "Open";
    case JobState::kUploadComplete:
      return "UploadComplete";
    case JobState::kInProgress:
      return "InProgress";
    case JobState::kJobComplete:
      return "JobComplete";
    case JobState::kFailed:
      return "Failed";
    case JobState::kAborted:
      return "Aborted";
  }
  return "";
}

bool IsOver(JobState state) {
  return state == JobState::kJobComplete || state == JobState::kFailed ||
         state == JobState::kAborted;
}

Work::Work(const Org& org, Job& job, std::mutex& mutex, const std::string& folder)
    : org_(org), job_(job), mutex_(mutex), reader_(job.input->file(), job.form) {
  job_.successful = std::make_unique<Spool>(folder);
  job_.refused = std::make_unique<Spool>(folder);
  job_.unprocessed = std::make_unique<Spool>(folder);
}

bool Work::Stalled() const {
  return job_.fault.kind == JobFault::Kind::kStall && done_ >= job_.fault.at &&
         !job_.released.load() && !job_.abort.load();
}

void Work::AddRow(Spool& to, const std::vector<std::string>& first,
                  const std::vector<std::string>& cells) {
  std::vector<std::string> all = first;
  all.insert(all.end(), cells.begin(), cells.end());
  std::string text;
  WriteCsvRow(all, job_.form, &text);
  to.Write(text);
}

void Work::Finish(JobState state, const std::string& error) {
  {
    const Org::Guard guard(org_);
    org_.locked_parents.erase(job_.id);
  }
  for (Spool* spool : {job_.successful.get(), job_.refused.get(), job_.unprocessed.get()}) {
    std::fflush(spool->file());
  }
  std::lock_guard lock(mutex_);
  job_.state = state;
  job_.error = error;
  job_.changed_ms = org_.sandbox().clock.NowMs();
}

// A file that cannot be read on. One that could not be read at all goes back as it came.
void Work::FailInput(CsvReader::Next why) {
  if (!started_) {
    std::vector<char> piece(64 * 1024);
    off_t at = 0;
    ssize_t got = 0;
    while ((got = pread(fileno(job_.input->file()), piece.data(), piece.size(), at)) > 0) {
      job_.unprocessed->Write({piece.data(), static_cast<std::size_t>(got)});
      at += got;
    }
  }
  std::string error;
  if (why == CsvReader::Next::kWrongLineEnding) {
    error =
        "ClientInputError : LineEnding is invalid on user data. Current LineEnding setting is " +
        std::string(job_.form.crlf ? "CRLF" : "LF");
  } else if (why == CsvReader::Next::kBroken) {
    error =
        "InvalidBatch : Failed to parse CSV. Found unescaped quote. A value with quote should be "
        "within a quote";
  } else {
    error =
        "InvalidBatch : Failed to parse CSV. A row has another number of values than the header";
  }
  Finish(JobState::kFailed, error);
}

bool Work::FailHeader(const std::string& error) {
  AddRow(*job_.unprocessed, {}, header_);
  LeaveRest();
  Finish(JobState::kFailed, error);
  return false;
}

bool Work::ReadHeader() {
  const CsvReader::Next next = reader_.Read(&header_);
  if (next == CsvReader::Next::kEnd) {
    Finish(JobState::kFailed, "InvalidBatch : The 'header' row is missing");
    return false;
  }
  if (next != CsvReader::Next::kRow) {
    FailInput(next);
    return false;
  }
  if (header_.size() > kMaxColumns) return FailHeader("InvalidBatch : Too many columns");
  for (const std::string& name : header_) {
    Column column;
    if (!ReadColumn(org_, *job_.object, name, &column)) {
      return FailHeader("InvalidBatch : Field name not found : " + name);
    }
    for (const Column& other : columns_) {
      if (Lower(other.name) == Lower(name)) {
        return FailHeader("InvalidBatch : Duplicate column name : " + name);
      }
    }
    columns_.push_back(std::move(column));
  }
  const bool deletes =
      job_.operation == Operation::kDelete || job_.operation == Operation::kHardDelete;
  const Field* first = columns_.front().field;
  if (deletes && (columns_.size() != 1 || first == nullptr || first->type != Type::kId)) {
    return FailHeader("InvalidBatch : Only the Id column is allowed in a delete");
  }
  AddRow(*job_.successful, {"sf__Id", "sf__Created"}, header_);
  AddRow(*job_.refused, {"sf__Id", "sf__Error"}, header_);
  AddRow(*job_.unprocessed, {}, header_);
  started_ = true;
  return true;
}

void Work::ReadBatch() {
  rows_.clear();
  at_ = 0;
  std::vector<std::string> cells;
  while (rows_.size() < kBatch) {
    next_ = reader_.Read(&cells);
    if (next_ == CsvReader::Next::kRow && cells.size() != columns_.size()) {
      next_ = CsvReader::Next::kWidth;
    }
    if (next_ != CsvReader::Next::kRow) break;
    rows_.push_back(std::move(cells));
  }
  if (rows_.empty()) return;
  ++batches_;
  if (!org_.switches.shuffle.load()) return;
  // Several work on a batch at once: its rows come in no order that can be relied on.
  const auto turn = org_.sandbox().Random(static_cast<std::uint32_t>(rows_.size()));
  std::rotate(rows_.begin(), rows_.begin() + static_cast<std::ptrdiff_t>(turn), rows_.end());
}

bool Work::FaultDue(JobFault::Kind kind) const {
  return job_.fault.kind == kind && done_ >= job_.fault.at;
}

bool Work::Step() {
  if (!started_ && !ReadHeader()) return false;
  if (at_ == rows_.size()) ReadBatch();
  while (true) {
    const bool fails = FaultDue(JobFault::Kind::kFail);
    const bool aborts = FaultDue(JobFault::Kind::kAbort) || job_.abort.load();
    if (fails || aborts) {
      LeaveRest();
      Finish(aborts ? JobState::kAborted : JobState::kFailed, aborts ? "" : job_.fault.message);
      return false;
    }
    if (Stalled()) return true;
    if (at_ == rows_.size()) break;
    std::size_t end = std::min(at_ + kChunk, rows_.size());
    if (job_.fault.kind != JobFault::Kind::kNone && done_ < job_.fault.at) {
      end = std::min<std::size_t>(end, at_ + (job_.fault.at - done_));
    }
    WorkOn(end);
  }
  if (next_ == CsvReader::Next::kRow) return true;
  if (next_ == CsvReader::Next::kEnd) {
    Finish(JobState::kJobComplete, "");
  } else {
    FailInput(next_);
  }
  return false;
}

void Work::LeaveRest() {
  for (; at_ < rows_.size(); ++at_) AddRow(*job_.unprocessed, {}, rows_[at_]);
  std::vector<std::string> cells;
  while (reader_.Read(&cells) == CsvReader::Next::kRow) AddRow(*job_.unprocessed, {}, cells);
}

// Works on the rows before `end`, unless the fault leaves them out.
void Work::WorkOn(std::size_t end) {
  if (FaultDue(JobFault::Kind::kUnprocessed)) {
    for (; at_ < end && left_ < job_.fault.count; ++at_, ++left_, ++done_) {
      AddRow(*job_.unprocessed, {}, rows_[at_]);
    }
  }
  if (at_ == end) return;
  WriteChunk(end);
  done_ += end - at_;
  at_ = end;
}

void Work::WriteChunk(std::size_t end) {
  std::vector<Draft> drafts;
  std::vector<std::optional<RecordError>> errors;
  for (std::size_t i = at_; i < end; ++i) {
    Draft draft;
    draft.key = job_.key;
    auto error = CheckSize(rows_[i], columns_);
    if (!error) error = ReadRow(columns_, rows_[i], &draft);
    errors.push_back(std::move(error));
    drafts.push_back(std::move(draft));
  }
  const Org::Guard guard(org_);
  WriteOptions options;
  options.assign = !job_.rule.empty();
  Writer writer(org_, *job_.object, job_.operation, options, org_.sandbox().clock.NowMs());
  writer.SetHolder(job_.id);
  writer.SetRepeated(RepeatedKeys(drafts));
  std::uint64_t failed = 0;
  for (std::size_t i = drafts.size(); i-- > 0;) {
    Result result;
    if (errors[i]) {
      result.id = drafts[i].id;
      result.errors.push_back(*errors[i]);
    } else {
      result = writer.Write(drafts[i]);
    }
    if (result.ok()) {
      AddRow(*job_.successful, {result.id, result.created ? "true" : "false"}, rows_[at_ + i]);
    } else {
      ++failed;
      AddRow(*job_.refused, {result.id, CsvError(result.errors)}, rows_[at_ + i]);
    }
  }
  if (org_.switches.row_locks.load()) {
    org_.locked_parents[job_.id].assign(writer.parents().begin(), writer.parents().end());
  }
  org_.sandbox().store.Flush();
  std::lock_guard lock(mutex_);
  job_.processed += drafts.size();
  job_.failed += failed;
}

}  // namespace penstock::sandbox::salesforce
