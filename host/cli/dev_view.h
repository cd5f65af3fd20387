// What connector dev says of one look at a connector: text while it happens, or one JSON document.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/base/result.h"
#include "host/cli/context.h"
#include "host/engine/tryout.h"

namespace penstock::cli {

/// Prints each event at once. `context` must outlive it.
std::unique_ptr<engine::TryoutView> MakeDevText(Context* context);

/// Gathers the events of a look for --json. They lie in memory that a child process shares, so that
/// what happened before a crash is told all the same. One thread at a time.
class DevRecord {
 public:
  DevRecord();
  ~DevRecord();
  DevRecord(const DevRecord&) = delete;
  DevRecord& operator=(const DevRecord&) = delete;

  /// Writes events into this record. It must outlive the view.
  std::unique_ptr<engine::TryoutView> MakeView();
  void AddError(const Error& error);
  /// {"library", "events": [...], "errors": [...]}.
  std::string Document(const std::string& library) const;

 private:
  int fd_;
};

}  // namespace penstock::cli
