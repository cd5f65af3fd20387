// The changelog: who changed what and what every run did, one JSON line each, chained by hashes so
// that an edit shows.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "core/base/result.h"

namespace penstock {

/// What is to be written. `data` is a JSON object (checked).
struct ChangelogEntry {
  int64_t at_us = 0;        // unix time
  std::string kind;         // "run.finished", "setting.changed", ...
  std::string actor;        // who: "anna@host"
  std::string integration;  // empty: of the project
  std::string data = "{}";
};

/// What was written.
struct ChangelogLine {
  uint64_t seq = 0;  // 1, 2, 3 … without gaps
  std::string time;  // RFC 3339, UTC
  std::string kind, actor, integration, data;
  std::string previous, hash;  // SHA-256, lower-case hex; the first one's previous is 64 zeros
  uint64_t line = 0;           // in the file, 1-based
};

/// The newest line: to be kept elsewhere, so that a cut-off end shows too.
struct ChangelogHead {
  uint64_t seq = 0;  // 0: there is none
  std::string hash;
};

/// Appends the entry: durable on return. Writers of other processes wait for each other (flock on
/// `<path>.lock`). The first entry ever is a genesis line of kind "changelog.started". A torn last
/// line (a crash in mid-write) is set aside into `<path>.torn-<seq>` and a line of kind
/// "changelog.repaired" says so. PS-LOG-WRITE, PS-LOG-DATA; PS-LOG-CORRUPT when the last line is
/// damaged otherwise: nothing is chained onto it. [thread-safe]
Result<ChangelogHead> AppendChangelog(const std::string& path, const ChangelogEntry& entry);

/// Every line in order, in bounded memory; nothing is verified beyond its form. A missing file has
/// no lines. Stops at the first error of `visit`. PS-LOG-CORRUPT names the line. A torn last line
/// is left out.
Status ReadChangelog(const std::string& path,
                     const std::function<Status(const ChangelogLine&)>& visit);

struct ChangelogProof {
  uint64_t lines = 0;
  ChangelogHead head;
  bool torn = false;  // a last line without its end, left by a crash: the next append sets it aside
};

/// Proves that no line was edited, dropped, added or moved: every hash, every link, every number;
/// and, when `expected` is given, that the line of that number is still there with that hash (the
/// end was not cut off). PS-LOG-CORRUPT names the first bad line.
Result<ChangelogProof> VerifyChangelog(const std::string& path,
                                       const std::optional<ChangelogHead>& expected);

}  // namespace penstock
