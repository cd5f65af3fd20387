// Faults that a test asks a sandbox for: what goes wrong, for which requests, how often.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "sdk/testing/http.h"

namespace penstock::sandbox {

// What goes wrong. README.md says what each kind does and which parameters it reads.
struct Fault {
  enum class Kind {
    kDelay,
    kStatus,
    kDropBefore,
    kDropAfter,
    kTruncate,
    kGarbage,
    kEmpty,
    kContentType,
    kDrip,
    kHuge,
    kRedirect,
    kStall,
    kUnauthorized,
    kOmit,
  };
  Kind kind = Kind::kDelay;
  bool apply = false;  // the request takes effect before the fault
  bool reset = false;  // drops: RST instead of FIN
  int status = 0;      // 0: the kind's own
  std::int64_t delay_ms = 0;
  std::int64_t retry_after = -1;                 // seconds; < 0: no header
  std::int64_t retry_after_date = -1;            // seconds from now, sent as a date
  std::int64_t bytes = 0;                        // truncate: kept; drip: a piece; huge: in all
  std::int64_t count = 1;                        // omit
  std::int64_t interval_ms = 50;                 // drip: between pieces
  std::int64_t seconds = 0;                      // stall; 0: until the client gives up
  std::string array = "results";                 // omit
  std::string location = "http://127.0.0.2:9/";  // redirect
  std::optional<std::string> body;
  std::string content_type;
  Headers headers;
};

// The list of faults. Thread-safe.
class Faults {
 public:
  // Replaces the list by a JSON array. On bad input nothing changes: false, with a sentence.
  bool Set(const std::string& json, std::uint32_t seed, std::string* error);
  // The fault that hits this request, if any. Every rule that matches counts the request; the
  // first one that is due fires.
  std::optional<Fault> Hit(const Request& request);
  // Whether a rule looks into bodies (the server then reads the body before it asks).
  bool needs_body() const;
  // The list as JSON, each rule with "seen" and "fired".
  std::string Json() const;
  void Clear();

 private:
  struct Rule {
    std::string method;         // "" or "*": any
    std::string path;           // prefix, or glob if it has '*'; "": any
    std::string body_contains;  // "": any
    std::uint64_t after = 0;    // this many matching requests pass first
    std::int64_t times = 1;     // then this many are hit; -1: all
    std::uint64_t every = 1;    // of those only each n-th
    double probability = 1.0;
    Fault fault;
    std::string text;  // the fault as given
    std::uint64_t seen = 0;
    std::uint64_t fired = 0;
  };
  static bool ParseRule(const JsonValue& json, Rule* rule, std::string* error);
  static bool ParseFault(const JsonValue& json, Fault* fault, std::string* error);

  mutable std::mutex mutex_;
  std::vector<Rule> rules_;
  std::mt19937 random_;
};

// Whether `path` matches a prefix, or a glob in which '*' stands for any text. For tests too.
bool PathMatches(std::string_view pattern, std::string_view path);

}  // namespace penstock::sandbox
