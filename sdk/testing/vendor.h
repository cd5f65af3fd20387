// What the author of a sandbox writes: one class with the vendor's routes and manners.
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/testing/clock.h"
#include "sdk/testing/faults.h"
#include "sdk/testing/http.h"
#include "sdk/testing/options.h"
#include "sdk/testing/router.h"
#include "sdk/testing/stats.h"
#include "sdk/testing/store.h"

namespace penstock::sandbox {

// The options that every sandbox has.
struct Options {
  std::uint16_t port = 0;
  std::string data_directory;  // "": nothing is kept
  std::uint32_t seed = 1;
  std::int64_t latency_ms = 0;
  std::string profile;  // "": the vendor's first
  bool no_limits = false;
  std::string tls_certificate, tls_key;  // files, both or none
  std::string account;                   // "": the vendor's default
  bool die_with_parent = false;
};

// The parts that a vendor's handlers share with the server. Thread-safe after Start().
struct Sandbox {
  Options options;
  Clock clock;
  Router router;
  Store store;
  Stats stats;
  Faults faults;
  std::atomic<std::int64_t> latency_ms{0};  // of every answer
  std::atomic<bool> limits{true};           // rate limits are enforced

  // A number from 0 to `below` - 1 of the seeded sequence.
  std::uint32_t Random(std::uint32_t below);

 private:
  std::mutex random_mutex_;
  std::optional<std::mt19937> random_;
};

// A vendor's API. Every call but AddOptions() and Start() may come from several threads at once.
class Vendor {
 public:
  virtual ~Vendor() = default;

  // Name of the vendor, e.g. "hubspot"; its program is NAME-sandbox.
  virtual std::string Name() const = 0;
  // Profiles of --profile, the first is the default; none: the option is refused.
  virtual std::vector<std::string> Profiles() const { return {}; }
  // Example commands for --help, one a line.
  virtual std::string Examples() const { return ""; }
  // Lines for a person who has started it: how a project reaches it.
  virtual std::string Usage(const std::string& /*url*/) const { return ""; }
  // Adds options of its own.
  virtual void AddOptions(CommandLine& /*line*/) {}
  // Adds tables and routes. Called once, options are known. False with a sentence in `error`.
  virtual bool Start(Sandbox& sandbox, std::string* error) = 0;
  // A setting read back from the data directory.
  virtual void OnSetting(const std::string& /*key*/, const JsonValue& /*value*/) {}

  // Name of a table for the name a path uses ("0-1" -> "contacts").
  virtual std::string TableName(const std::string& path_name) const { return path_name; }
  // How much body a request may have, and where it goes. Asked when only the head is there.
  struct Body {
    std::int64_t limit = 64LL << 20;  // bytes; more is a 413
    // Not "": the directory in which the body becomes a file, Request::body_file, instead of text
    // in memory. Whoever wants the file moves it; else it goes with the request.
    std::string spool;
  };
  virtual Body BodyOf(const Request& /*request*/) { return {}; }
  // Before a handler: tokens, limits. An answer ends the request. May leave notes for Finish().
  virtual std::optional<Response> Admit(Request& /*request*/) { return std::nullopt; }
  // After a handler or a fault's answer: headers that every answer has.
  virtual void Finish(const Request& /*request*/, Response* /*response*/) {}
  // The vendor's error body for a status; also of faults, unknown paths (404) and methods (405).
  virtual Response Error(const Request& request, int status, std::string_view message);
  // A success that says nothing: body of the fault "empty".
  virtual std::string EmptyBody(const Request& /*request*/) { return "{}"; }

  // PUT /_sandbox/config: a member that the server does not know. False: unknown or wrong.
  virtual bool Configure(std::string_view /*name*/, const JsonValue& /*value*/) { return false; }
  // POST /_sandbox/objects/…: brings values into the form the vendor keeps.
  virtual void Normalise(const Table& /*table*/, Values* /*values*/) {}
  // GET /_sandbox/stats: members of the vendor's own, into an open object.
  virtual void WriteStats(JsonWriter& /*json*/) {}
  // The server is about to stop: ends threads of the vendor's own, and handlers that wait.
  virtual void Stop() {}
  // POST /_sandbox/reset: the store is empty now; back to the state after Start().
  virtual void Reset() {}
};

// The whole program: reads the options, serves until SIGTERM or SIGINT, returns the exit code.
int SandboxMain(int argc, char** argv, Vendor& vendor);

}  // namespace penstock::sandbox
