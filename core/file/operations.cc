// Names: rename, remove, directories; and whole small files.
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>

#include "core/file/file.h"
#include "core/file/internal.h"

namespace penstock::file {
namespace {

using internal::Done;
using internal::FromErrno;
using internal::MayGoOn;

Status MakeDirectory(const std::string& path) {
  int result = -1;
  if (MayGoOn(Op::kCreate, path)) result = ::mkdir(path.c_str(), 0700);
  if (result != 0) {
    if (errno == EEXIST) return Status();  // another process was faster
    return FromErrno("PS-FILE-CREATE", path, "cannot be created", errno);
  }
  Done(Op::kCreate, path);
  return SyncDirectory(DirectoryOf(path));
}

}  // namespace

std::string DirectoryOf(const std::string& path) {
  const size_t end = path.find_last_not_of('/');
  if (end == std::string::npos) return path.empty() ? "." : "/";
  const size_t slash = path.rfind('/', end);
  if (slash == std::string::npos) return ".";
  const size_t last = path.find_last_not_of('/', slash);
  return last == std::string::npos ? "/" : path.substr(0, last + 1);
}

Status SyncDirectory(const std::string& directory) {
  Descriptor fd(internal::OpenAgain(directory.c_str(), O_RDONLY | O_DIRECTORY));
  int result = -1;
  if (fd.get() >= 0 && MayGoOn(Op::kSyncDirectory, directory)) {
    do {
      result = ::fsync(fd.get());
    } while (result != 0 && errno == EINTR);
  }
  if (result != 0) return FromErrno("PS-FILE-SYNC", directory, "cannot be made durable", errno);
  Done(Op::kSyncDirectory, directory);
  return Status();
}

Status RenameDurably(const std::string& from, const std::string& to) {
  int result = -1;
  if (MayGoOn(Op::kRename, from, to)) result = std::rename(from.c_str(), to.c_str());
  if (result != 0) return FromErrno("PS-FILE-RENAME", from, "cannot be renamed to " + to, errno);
  Done(Op::kRename, from, to);
  PENSTOCK_RETURN_IF_ERROR(SyncDirectory(DirectoryOf(to)));
  if (DirectoryOf(from) != DirectoryOf(to)) return SyncDirectory(DirectoryOf(from));
  return Status();
}

Status Remove(const std::string& path) {
  int result = -1;
  if (MayGoOn(Op::kRemove, path)) result = ::unlink(path.c_str());
  if (result != 0) {
    if (errno == ENOENT) return Status();
    return FromErrno("PS-FILE-REMOVE", path, "cannot be removed", errno);
  }
  Done(Op::kRemove, path);
  return Status();
}

Status MakeDirectories(const std::string& path) {
  struct stat info;
  if (::stat(path.c_str(), &info) == 0) {
    if (S_ISDIR(info.st_mode)) return Status();
    return FromErrno("PS-FILE-CREATE", path, "cannot be made a directory", ENOTDIR);
  }
  if (const std::string parent = DirectoryOf(path); parent != "." && parent != "/") {
    PENSTOCK_RETURN_IF_ERROR(MakeDirectories(parent));
  }
  return MakeDirectory(path);
}

Result<std::vector<std::string>> List(const std::string& directory) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir(directory.c_str()), ::closedir);
  if (!open) {
    if (errno == ENOENT) return names;
    return FromErrno("PS-FILE-READ", directory, "cannot be listed", errno);
  }
  errno = 0;
  while (const dirent* entry = ::readdir(open.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
    errno = 0;
  }
  if (errno != 0) return FromErrno("PS-FILE-READ", directory, "cannot be listed", errno);
  std::sort(names.begin(), names.end());
  return names;
}

bool Exists(const std::string& path) {
  struct stat info;
  return ::stat(path.c_str(), &info) == 0;
}

Result<int64_t> ModifiedUnixMicros(const std::string& path) {
  struct stat info;
  if (::stat(path.c_str(), &info) != 0)
    return FromErrno("PS-FILE-READ", path, "cannot be looked at", errno);
  return int64_t{info.st_mtim.tv_sec} * 1'000'000 + info.st_mtim.tv_nsec / 1000;
}

Result<std::string> ReadAll(const std::string& path, uint64_t limit) {
  PENSTOCK_ASSIGN_OR_RETURN(Reader reader, Reader::Open(path));
  if (reader.size() > limit) {
    Error error = MakeError("PS-FILE-READ", path + " has " + std::to_string(reader.size()) +
                                                " bytes, more than the " + std::to_string(limit) +
                                                " that such a file may have");
    error.file = path;
    return error;
  }
  std::string content(reader.size(), '\0');
  PENSTOCK_RETURN_IF_ERROR(reader.ReadAt(content.data(), content.size(), 0));
  return content;
}

Status WriteAll(const std::string& path, std::string_view content, Readers readers) {
  // The process's id keeps two writers of one file apart; the last rename wins.
  const std::string temporary = path + "." + std::to_string(::getpid()) + ".tmp";
  PENSTOCK_RETURN_IF_ERROR(Remove(temporary));
  Status status = [&]() -> Status {
    PENSTOCK_ASSIGN_OR_RETURN(Writer writer, Writer::Create(temporary));
    PENSTOCK_RETURN_IF_ERROR(writer.Write(content));
    if (readers == Readers::kEverybody && ::chmod(temporary.c_str(), 0644) != 0) {
      return FromErrno("PS-FILE-WRITE", temporary, "cannot be made readable", errno);
    }
    PENSTOCK_RETURN_IF_ERROR(writer.Sync());
    return RenameDurably(temporary, path);
  }();
  if (!status.ok() && Exists(temporary)) {
    if (Status removed = Remove(temporary); !removed.ok()) return status;
  }
  return status;
}

}  // namespace penstock::file
