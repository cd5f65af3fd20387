#include "core/changelog/changelog.h"

#include <array>
#include <chrono>
#include <ctime>

#include "core/changelog/line.h"
#include "core/file/file.h"

namespace penstock {
namespace {

using changelog::Format;
using changelog::Parse;

constexpr size_t kTailBlock = 16u << 10;
constexpr std::chrono::seconds kLockPatience{10};

std::string TimeText(int64_t at_us) {
  const std::time_t seconds = static_cast<std::time_t>(at_us / 1000000);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 64> text{};
  const size_t n = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &utc);
  std::string millis = std::to_string(1000 + at_us / 1000 % 1000);
  return std::string(text.data(), n) + "." + millis.substr(1) + "Z";
}

Error WriteError(const std::string& path, const Error& cause) {
  Error e = cause;
  e.code = "PS-LOG-WRITE";
  e.message = "The changelog cannot be written: " + cause.message;
  e.file = path;
  return e;
}

Error CorruptAt(Error e, const std::string& path, uint64_t line) {
  e.file = path;
  e.line = static_cast<int>(line);
  return e;
}

Result<file::Lock> LockForWriting(const std::string& path) {
  PENSTOCK_ASSIGN_OR_RETURN(file::Lock lock, file::Lock::Open(path + ".lock"));
  PENSTOCK_ASSIGN_OR_RETURN(const bool locked, lock.LockWithin(kLockPatience));
  if (locked) return lock;
  return MakeError("PS-LOG-WRITE", "Another process keeps the changelog locked.",
                   "Try again; penstock itself holds the lock for milliseconds.");
}

// The last complete line and whatever stands behind it.
struct Tail {
  std::string last;       // without newline; empty: there is none
  uint64_t complete = 0;  // bytes up to and with the last newline
  std::string torn;
};

Result<Tail> ReadTail(const file::Writer& file) {
  std::string bytes;
  uint64_t begin = file.size();
  size_t newlines = 0;
  while (begin > 0 && newlines < 2) {
    const uint64_t n = std::min<uint64_t>(kTailBlock, begin);
    std::string block(n, '\0');
    PENSTOCK_ASSIGN_OR_RETURN(const size_t got, file.ReadAt(block.data(), n, begin - n));
    if (got != n) return MakeError("PS-LOG-WRITE", "The changelog changed while it was read.");
    begin -= n;
    bytes.insert(0, block);
    newlines = 0;
    for (const char c : bytes) newlines += c == '\n' ? 1 : 0;
  }
  Tail tail;
  const size_t end = bytes.rfind('\n');
  if (end == std::string::npos) {
    tail.torn = bytes;
    return tail;
  }
  tail.complete = begin + end + 1;
  tail.torn = bytes.substr(end + 1);
  const size_t before = end == 0 ? std::string::npos : bytes.rfind('\n', end - 1);
  const size_t start = before == std::string::npos ? 0 : before + 1;
  tail.last = bytes.substr(start, end - start);
  return tail;
}

// Appends lines in one write, each chained onto the one before.
class Appender {
 public:
  Appender(int64_t at_us, std::string actor, ChangelogHead head)
      : time_(TimeText(at_us)), actor_(std::move(actor)), head_(std::move(head)) {}

  void Add(const std::string& kind, const std::string& integration, const std::string& data) {
    ChangelogLine line;
    line.seq = head_.seq + 1;
    line.time = time_;
    line.kind = kind;
    line.actor = actor_;
    line.integration = integration;
    line.data = data;
    line.previous = head_.seq == 0 ? changelog::kGenesis : head_.hash;
    bytes_ += Format(&line);
    head_ = {line.seq, line.hash};
  }
  const std::string& bytes() const { return bytes_; }
  const ChangelogHead& head() const { return head_; }

 private:
  std::string time_, actor_;
  ChangelogHead head_;
  std::string bytes_;
};

// Keeps the torn bytes beside the changelog and takes them off its end.
Status SetAside(const std::string& path, file::Writer* file, const Tail& tail, uint64_t seq) {
  const std::string aside = path + ".torn-" + std::to_string(seq);
  PENSTOCK_RETURN_IF_ERROR(file::WriteAll(aside, tail.torn));
  PENSTOCK_RETURN_IF_ERROR(file->Truncate(tail.complete));
  return file->Sync();
}

Result<ChangelogHead> AppendLocked(const std::string& path, const ChangelogEntry& entry) {
  const bool fresh = !file::Exists(path);
  PENSTOCK_ASSIGN_OR_RETURN(file::Writer file,
                            fresh ? file::Writer::Create(path) : file::Writer::Append(path));
  PENSTOCK_ASSIGN_OR_RETURN(const Tail tail, ReadTail(file));
  ChangelogHead head;
  if (!tail.last.empty()) {
    auto last = Parse(tail.last);
    if (!last.ok()) return CorruptAt(last.error(), path, 0);
    head = {last->seq, last->hash};
  }
  if (!tail.torn.empty()) {
    PENSTOCK_RETURN_IF_ERROR(SetAside(path, &file, tail, head.seq + 1));
  }
  Appender appender(entry.at_us, entry.actor, head);
  if (head.seq == 0) appender.Add("changelog.started", "", "{\"version\":1}");
  if (!tail.torn.empty()) {
    appender.Add("changelog.repaired", "",
                 "{\"bytes\":" + std::to_string(tail.torn.size()) + ",\"sha256\":\"" +
                     changelog::Sha256(tail.torn) + "\"}");
  }
  appender.Add(entry.kind, entry.integration, entry.data);
  PENSTOCK_RETURN_IF_ERROR(file.Write(appender.bytes()));
  PENSTOCK_RETURN_IF_ERROR(file.Sync());
  if (fresh) PENSTOCK_RETURN_IF_ERROR(file::SyncDirectory(file::DirectoryOf(path)));
  return appender.head();
}

}  // namespace

Result<ChangelogHead> AppendChangelog(const std::string& path, const ChangelogEntry& entry) {
  if (!changelog::IsJsonObject(entry.data)) {
    return MakeError("PS-LOG-DATA", "An entry of the changelog must carry a JSON object.");
  }
  const Status made = file::MakeDirectories(file::DirectoryOf(path));
  if (!made.ok()) return WriteError(path, made.error());
  auto lock = LockForWriting(path);
  if (!lock.ok()) return WriteError(path, lock.error());
  auto head = AppendLocked(path, entry);
  if (!head.ok() && head.error().code != "PS-LOG-CORRUPT") return WriteError(path, head.error());
  return head;
}

Status ReadChangelog(const std::string& path,
                     const std::function<Status(const ChangelogLine&)>& visit) {
  bool torn = false;
  return changelog::ForEachLine(
      path,
      [&](std::string_view bytes, uint64_t number) -> Status {
        auto line = Parse(bytes);
        if (!line.ok()) return CorruptAt(line.error(), path, number);
        line->line = number;
        return visit(*line);
      },
      &torn);
}

Result<ChangelogProof> VerifyChangelog(const std::string& path,
                                       const std::optional<ChangelogHead>& expected) {
  ChangelogProof proof;
  const auto bad = [&](uint64_t number, const std::string& why) {
    return CorruptAt(MakeError("PS-LOG-CORRUPT", "The changelog was changed: " + why + ".",
                               "Compare the file with a backup; what it says from this line on "
                               "is not proven."),
                     path, number);
  };
  const Status read = changelog::ForEachLine(
      path,
      [&](std::string_view bytes, uint64_t number) -> Status {
        auto line = Parse(bytes);
        if (!line.ok()) return CorruptAt(line.error(), path, number);
        if (line->seq != number) {
          return bad(number, "entry " + std::to_string(number) + " is missing or moved");
        }
        const std::string& before = number == 1 ? changelog::kGenesis : proof.head.hash;
        if (line->previous != before) {
          return bad(number, "the entry does not follow the one before it");
        }
        if (expected && expected->seq == number && expected->hash != line->hash) {
          return bad(number, "the entry is another one than the store remembers");
        }
        proof.lines = number;
        proof.head = {line->seq, line->hash};
        return {};
      },
      &proof.torn);
  if (!read.ok()) return read.error();
  if (expected && expected->seq > proof.head.seq) {
    return bad(proof.lines + 1, "it ends at entry " + std::to_string(proof.head.seq) +
                                    ", and the store remembers entry " +
                                    std::to_string(expected->seq));
  }
  return proof;
}

}  // namespace penstock
