// A look at a connector under development: check, discover, and a sample record, with every request
// and answer shown.
#pragma once

#include <string>

#include "core/base/result.h"
#include "host/engine/shown_request.h"
#include "host/secrets/references.h"

namespace penstock::engine {

struct TryoutOptions {
  std::string library;        // path of the connector, its sidecar beside it
  std::string config = "{}";  // JSON object as in a project; texts may hold ${env:NAME}
  std::string config_file;    // where it is from, for messages
  std::string base_url;       // empty: the manifest's
  std::string object;         // that the sample is written to; empty: the first that takes one
  bool send = false;          // the sample's writes go out; otherwise they are shown only
  secrets::Lookup lookup;
  std::string version;  // of penstock
};

/// An answer, or why there is none.
struct ShownAnswer {
  int status = 0;  // 0: none
  double seconds = 0;
  std::string body;   // JSON is indented; secrets removed
  std::string error;  // one sentence without a status
  bool held = false;  // the request was not sent on purpose
};

/// Where a tryout tells what happens. Request and Answer come from other threads, never two at
/// once.
class TryoutView {
 public:
  virtual ~TryoutView() = default;
  /// A step begins: "check", "discover", "upsert of one sample record into contacts".
  virtual void Step(const std::string& what) = 0;
  virtual void Request(const ShownRequest& request) = 0;
  virtual void Answer(const ShownAnswer& answer) = 0;
  /// What the connector made of it; one line.
  virtual void Result(const std::string& line) = 0;
  /// What the connector logs.
  virtual void Log(const std::string& line) = 0;
};

/// Loads and opens the connector, then check, discover and write. Not ok: the first thing that went
/// wrong; what does not depend on it was tried all the same. To be called in a process of its own:
/// a loaded library is never loaded again.
Status Tryout(const TryoutOptions& options, TryoutView* view);

}  // namespace penstock::engine
