#include "host/blobs/blobs.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace penstock::blobs {
namespace {

/// Of the process: a handle of an earlier run must not be taken for one of this.
std::atomic<uint64_t> last_handle{0};

std::optional<uint64_t> NumberIn(std::string_view text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = !text.empty() && error == std::errc() && end == text.data() + text.size();
  return whole && std::to_string(number) == text ? std::optional(number) : std::nullopt;
}

/// The ordinal in "contacts-12", if it is a run of `integration`.
std::optional<uint64_t> OrdinalIn(std::string_view run, const std::string& integration) {
  const std::string prefix = integration + "-";
  return run.starts_with(prefix) ? NumberIn(run.substr(prefix.size())) : std::nullopt;
}

std::string SizeText(uint64_t bytes) {
  return bytes >> 20 == 0 ? std::to_string(bytes) + " bytes" : std::to_string(bytes >> 20) + " MiB";
}

Error TooLarge(const std::string& what, uint64_t limit) {
  return MakeError("PS-BLOB-LIMIT",
                   what + " would be larger than " + SizeText(limit) + ", the most that is kept",
                   "report this to the connector's publisher: it has to send smaller parts");
}

/// Runs of the integration that have blobs, as folders.
Result<std::vector<std::string>> RunsOf(const std::string& directory,
                                        const std::string& integration) {
  PENSTOCK_ASSIGN_OR_RETURN(std::vector<std::string> runs, file::List(directory));
  std::erase_if(runs, [&](const std::string& run) { return !OrdinalIn(run, integration); });
  return runs;
}

}  // namespace

Blob::Blob(file::Writer file, std::string name, std::shared_ptr<std::atomic<uint64_t>> used,
           Limits limits)
    : file_(std::move(file)),
      name_(std::move(name)),
      used_(std::move(used)),
      limits_(limits),
      size_(file_.size()) {
  *used_ += size_;
}

Blob::~Blob() { *used_ -= size_; }

Status Blob::Append(std::string_view bytes) {
  const uint64_t before = size_;
  if (before + bytes.size() > limits_.blob_bytes) {
    return TooLarge("blob " + name_, limits_.blob_bytes);
  }
  if (*used_ + bytes.size() > limits_.run_bytes) {
    return TooLarge("the blobs of a run (" + name_ + ")", limits_.run_bytes);
  }
  Status written = file_.WriteAt(bytes, before);
  if (!written.ok()) {
    (void)file_.Truncate(before).ok();  // what was written of it is behind the end, if it stays
    return written;
  }
  *used_ += bytes.size();
  size_ = before + bytes.size();
  return {};
}

Result<size_t> Blob::Read(uint64_t offset, std::span<char> out) const {
  const uint64_t end = size_;
  if (offset >= end) return size_t{0};
  return file_.ReadAt(out.data(), static_cast<size_t>(std::min<uint64_t>(out.size(), end - offset)),
                      offset);
}

Status Blob::Sync() {
  PENSTOCK_RETURN_IF_ERROR(file_.Sync());
  const std::string folder = file::DirectoryOf(path());
  return file::SyncDirectory(folder);
}

Status Blob::Restart() {
  PENSTOCK_RETURN_IF_ERROR(file_.Truncate(0));
  *used_ -= size_;
  size_ = 0;
  return {};
}

Store::Store(std::string directory, std::string integration, std::string run, Limits limits)
    : directory_(std::move(directory)),
      integration_(std::move(integration)),
      run_(std::move(run)),
      limits_(limits),
      used_(std::make_shared<std::atomic<uint64_t>>(0)) {}

uint64_t Store::Take(file::Writer file, std::string name) {
  auto blob = std::make_shared<Blob>(std::move(file), std::move(name), used_, limits_);
  const uint64_t handle = ++last_handle;
  open_[handle] = std::move(blob);
  return handle;
}

Result<uint64_t> Store::Create() {
  const std::string folder = directory_ + "/" + run_;
  std::string number;
  const std::lock_guard lock(mutex_);
  if (last_number_ == 0) PENSTOCK_RETURN_IF_ERROR(file::MakeDirectories(folder));
  do {  // a run that was killed before it had a journal may have had the same name
    number = std::to_string(++last_number_);
  } while (file::Exists(folder + "/" + number));
  PENSTOCK_ASSIGN_OR_RETURN(file::Writer file, file::Writer::Create(folder + "/" + number));
  return Take(std::move(file), run_ + "/" + number);
}

Result<uint64_t> Store::Open(std::string_view name) {
  const size_t slash = name.find('/');
  const std::string_view run = name.substr(0, slash);
  const std::string path = directory_ + "/" + std::string(name);
  const bool ours = slash != std::string_view::npos && OrdinalIn(run, integration_) &&
                    NumberIn(name.substr(slash + 1));
  if (!ours || !file::Exists(path)) {
    return MakeError("PS-BLOB-MISSING",
                     "there is no blob of that name any more for " + integration_,
                     "its job is settled without it, or shown by `penstock status`");
  }
  const std::lock_guard lock(mutex_);
  for (const auto& [handle, blob] : open_) {
    if (blob->name() == name) return handle;
  }
  PENSTOCK_ASSIGN_OR_RETURN(file::Writer file, file::Writer::Append(path));
  return Take(std::move(file), std::string(name));
}

std::shared_ptr<Blob> Store::Find(uint64_t handle) const {
  const std::lock_guard lock(mutex_);
  const auto at = open_.find(handle);
  return at == open_.end() ? nullptr : at->second;
}

void Store::Discard(uint64_t handle) {
  std::shared_ptr<Blob> blob;
  {
    const std::lock_guard lock(mutex_);
    const auto at = open_.find(handle);
    if (at == open_.end()) return;
    blob = std::move(at->second);
    open_.erase(at);
  }
  (void)file::Remove(blob->path()).ok();  // what cannot be removed now goes with its run
}

Result<bool> Any(const std::string& directory, const std::string& integration) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto runs, RunsOf(directory, integration));
  return !runs.empty();
}

Status Sweep(const std::string& directory, const std::string& integration,
             const std::vector<uint32_t>& keep) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto runs, RunsOf(directory, integration));
  bool removed = false;
  for (const std::string& run : runs) {
    const uint64_t ordinal = *OrdinalIn(run, integration);
    if (std::find(keep.begin(), keep.end(), ordinal) != keep.end()) continue;
    const std::string folder = directory + "/" + run;
    PENSTOCK_ASSIGN_OR_RETURN(const std::vector<std::string> names, file::List(folder));
    for (const std::string& name : names)
      PENSTOCK_RETURN_IF_ERROR(file::Remove(folder + "/" + name));
    (void)::rmdir(folder.c_str());
    removed = true;
  }
  return removed ? file::SyncDirectory(directory) : Status();
}

}  // namespace penstock::blobs
