// The account of a test: a sandbox program, asked over its control paths.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sdk/testing/process.h"
#include "tests/e2e/json.h"

namespace penstock::e2e {

inline constexpr char kToken[] = "pat-sandbox";

struct Contact {
  std::string id;
  std::map<std::string, std::string> properties;  // without NULLs
  bool archived = false;
};

/// One sandbox at a time. Failures of the sandbox itself fail the test.
class Account {
 public:
  /// `vendor`: of the program; `object`: the one that the tests write.
  explicit Account(std::string vendor = "hubspot", std::string object = "contacts")
      : vendor_(std::move(vendor)), object_(std::move(object)) {}

  /// Starts the sandbox; again: a new process on a new port. `--data` keeps objects over that.
  void Start(const std::vector<std::string>& options = {"--no-limits"});
  void Stop();
  const std::string& url() const { return process_->url(); }

  /// POST /crm/v3/properties/contacts.
  void MakeProperty(const std::string& name, const std::string& type, const std::string& field_type,
                    bool unique = false);
  /// A contact that was there before, without a write count; its id must be new.
  void Put(const std::string& id, const std::map<std::string, std::string>& properties);
  std::vector<Contact> Contacts() const;  // archived ones, too
  /// Live contacts by e-mail.
  std::map<std::string, Contact> ByEmail() const;
  /// Writes of each record by id.
  std::map<std::string, int64_t> Writes() const;
  Json Stats() const;
  /// Calls that write, however they ended.
  int64_t WriteCalls() const;
  /// Calls that ended with this status, of all routes or of one ("POST /oauth/v1/token").
  int64_t Ended(const std::string& status, const std::string& route = "") const;
  /// All calls.
  int64_t Calls() const { return Stats()["total"].Int(); }
  void ResetStats();
  void Faults(const std::string& json);
  void Config(const std::string& json);
  sandbox::Reply Call(const std::string& method, const std::string& path,
                      const std::string& body = "") const;

 private:
  std::string vendor_, object_;
  std::unique_ptr<sandbox::SandboxProcess> process_;
};

/// Text in a JSON string.
std::string Quoted(const std::string& text);

}  // namespace penstock::e2e
