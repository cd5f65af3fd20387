// SQLite's files behind core/file's seam: writes, syncs, truncations and removals of the store can
// fail, or end the process, like those of every other file.
#pragma once

namespace penstock::store {

/// Registers the file system "penstock" with SQLite, once: the machine's own, asking the seam
/// first. Returns its name, or null when SQLite has none to build on. [thread-safe]
const char* RegisterSeam();

}  // namespace penstock::store
