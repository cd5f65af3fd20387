// What a real account answered, as a fixture file that can be replayed without it.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "penstock/testing/fixture.hpp"
#include "sdk/testing/kit/fixture_file.h"
#include "sdk/testing/kit/subject.h"

namespace penstock::kit {

class Recording {
 public:
  /// Makes the file, which must not be there yet. KIT-RECORD when it cannot be made, or when a
  /// secret could not be taken out: before anything is sent.
  static sdk::Result<std::unique_ptr<Recording>> Create(
      const std::string& path, const std::map<std::string, std::string>& secrets);
  /// Takes the file away unless it was written.
  ~Recording();
  Recording(const Recording&) = delete;
  Recording& operator=(const Recording&) = delete;

  /// The account, with what is asked of it kept; also what child processes ask.
  std::unique_ptr<Destination> Around(std::unique_ptr<Destination> account) const;

  /// Writes the fixture: `account` is the fixture file of --config, `facts` what the round trip
  /// used. Secrets are taken out. KIT-RECORD when that cannot be done, or not be replayed.
  sdk::Status Write(const FileFixture& account, const Facts& facts, const Subject& subject);
  size_t requests() const { return requests_; }

 private:
  explicit Recording(std::string path) : path_(std::move(path)) {}

  std::string path_;
  int file_ = -1;  // the fixture
  int kept_ = -1;  // what was asked, a line each
  bool written_ = false;
  size_t requests_ = 0;
};

}  // namespace penstock::kit
