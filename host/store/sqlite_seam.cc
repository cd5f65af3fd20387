#include "host/store/sqlite_seam.h"

#include <sqlite3.h>

#include <cerrno>
#include <mutex>
#include <new>
#include <string>

#include "core/file/file.h"

namespace penstock::store {
namespace {

constexpr char kName[] = "penstock";

// The file that SQLite sees; the machine's own file lies behind it in the same memory.
struct SeamFile {
  sqlite3_file base;
  const char* path;  // SQLite keeps it as long as the file is open; null: a temporary file
};

sqlite3_vfs* Machine() {
  static sqlite3_vfs* const machine = sqlite3_vfs_find(nullptr);
  return machine;
}

sqlite3_file* Inner(sqlite3_file* file) {
  return reinterpret_cast<sqlite3_file*>(reinterpret_cast<SeamFile*>(file) + 1);
}

// SQLITE_OK, or what the double's errno means to SQLite.
int Ask(file::Op op, sqlite3_file* file, std::string_view bytes, uint64_t offset, int failure) {
  file::Hooks* hooks = file::CurrentHooks();
  const char* path = reinterpret_cast<SeamFile*>(file)->path;
  if (hooks == nullptr || path == nullptr) return SQLITE_OK;
  const int error = hooks->Before(op, path, bytes, offset);
  if (error == 0) return SQLITE_OK;
  return error == ENOSPC || error == EDQUOT ? SQLITE_FULL : failure;
}

int Tell(file::Op op, sqlite3_file* file, int result) {
  file::Hooks* hooks = file::CurrentHooks();
  const char* path = reinterpret_cast<SeamFile*>(file)->path;
  if (hooks != nullptr && path != nullptr && result == SQLITE_OK) hooks->After(op, path, "");
  return result;
}

int Close(sqlite3_file* file) { return Inner(file)->pMethods->xClose(Inner(file)); }

int Read(sqlite3_file* file, void* out, int n, sqlite3_int64 offset) {
  return Inner(file)->pMethods->xRead(Inner(file), out, n, offset);
}

int Write(sqlite3_file* file, const void* bytes, int n, sqlite3_int64 offset) {
  const int asked =
      Ask(file::Op::kWrite, file, {static_cast<const char*>(bytes), static_cast<size_t>(n)},
          static_cast<uint64_t>(offset), SQLITE_IOERR_WRITE);
  if (asked != SQLITE_OK) return asked;
  return Tell(file::Op::kWrite, file, Inner(file)->pMethods->xWrite(Inner(file), bytes, n, offset));
}

int Truncate(sqlite3_file* file, sqlite3_int64 size) {
  const int asked =
      Ask(file::Op::kTruncate, file, {}, static_cast<uint64_t>(size), SQLITE_IOERR_TRUNCATE);
  if (asked != SQLITE_OK) return asked;
  return Tell(file::Op::kTruncate, file, Inner(file)->pMethods->xTruncate(Inner(file), size));
}

int Sync(sqlite3_file* file, int flags) {
  const int asked = Ask(file::Op::kSync, file, {}, 0, SQLITE_IOERR_FSYNC);
  if (asked != SQLITE_OK) return asked;
  return Tell(file::Op::kSync, file, Inner(file)->pMethods->xSync(Inner(file), flags));
}

int FileSize(sqlite3_file* file, sqlite3_int64* size) {
  return Inner(file)->pMethods->xFileSize(Inner(file), size);
}
int LockFile(sqlite3_file* file, int level) {
  return Inner(file)->pMethods->xLock(Inner(file), level);
}
int Unlock(sqlite3_file* file, int level) {
  return Inner(file)->pMethods->xUnlock(Inner(file), level);
}
int CheckReservedLock(sqlite3_file* file, int* out) {
  return Inner(file)->pMethods->xCheckReservedLock(Inner(file), out);
}
int FileControl(sqlite3_file* file, int op, void* argument) {
  return Inner(file)->pMethods->xFileControl(Inner(file), op, argument);
}
int SectorSize(sqlite3_file* file) { return Inner(file)->pMethods->xSectorSize(Inner(file)); }
int DeviceCharacteristics(sqlite3_file* file) {
  return Inner(file)->pMethods->xDeviceCharacteristics(Inner(file));
}
int ShmMap(sqlite3_file* file, int page, int size, int extend, void volatile** out) {
  return Inner(file)->pMethods->xShmMap(Inner(file), page, size, extend, out);
}
int ShmLock(sqlite3_file* file, int offset, int n, int flags) {
  return Inner(file)->pMethods->xShmLock(Inner(file), offset, n, flags);
}
void ShmBarrier(sqlite3_file* file) { Inner(file)->pMethods->xShmBarrier(Inner(file)); }
int ShmUnmap(sqlite3_file* file, int remove) {
  return Inner(file)->pMethods->xShmUnmap(Inner(file), remove);
}

// Version 2: without memory-mapped reads, so that every read passes here.
constexpr sqlite3_io_methods kMethods = {2,
                                         Close,
                                         Read,
                                         Write,
                                         Truncate,
                                         Sync,
                                         FileSize,
                                         LockFile,
                                         Unlock,
                                         CheckReservedLock,
                                         FileControl,
                                         SectorSize,
                                         DeviceCharacteristics,
                                         ShmMap,
                                         ShmLock,
                                         ShmBarrier,
                                         ShmUnmap,
                                         nullptr,
                                         nullptr};

int Open(sqlite3_vfs*, const char* name, sqlite3_file* file, int flags, int* out_flags) {
  auto* seam = new (file) SeamFile{{nullptr}, name};
  const int opened = Machine()->xOpen(Machine(), name, Inner(file), flags, out_flags);
  if (Inner(file)->pMethods != nullptr) seam->base.pMethods = &kMethods;
  return opened;
}

int Delete(sqlite3_vfs*, const char* name, int sync_directory) {
  file::Hooks* hooks = file::CurrentHooks();
  if (hooks != nullptr && hooks->Before(file::Op::kRemove, name, {}, 0) != 0) {
    return SQLITE_IOERR_DELETE;
  }
  const int deleted = Machine()->xDelete(Machine(), name, sync_directory);
  if (hooks != nullptr && deleted == SQLITE_OK) hooks->After(file::Op::kRemove, name, "");
  return deleted;
}

}  // namespace

const char* RegisterSeam() {
  static std::once_flag once;
  static sqlite3_vfs seam;
  static bool registered = false;
  std::call_once(once, [] {
    if (Machine() == nullptr) return;
    seam = *Machine();
    seam.pNext = nullptr;
    seam.zName = kName;
    seam.szOsFile += static_cast<int>(sizeof(SeamFile));
    seam.xOpen = Open;
    seam.xDelete = Delete;
    registered = sqlite3_vfs_register(&seam, 0) == SQLITE_OK;
  });
  return registered ? kName : nullptr;
}

}  // namespace penstock::store
