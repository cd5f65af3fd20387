// Paths and limits of the part of Salesforce's API that this connector uses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "penstock/values.hpp"

namespace penstock::salesforce {

// Salesforce's limit of a request to sObject Collections.
inline constexpr size_t kMaxRecords = 200;

// Of one job: here and in the host, memory holds a little of each record until it is settled. Five
// of Salesforce's own batches.
inline constexpr size_t kMaxJobRecords = 50'000;
// Of one job that is soon over: create, upload, complete, two looks, three files of results.
inline constexpr uint32_t kJobRequests = 8;

// Encoded characters of a query in an address: Salesforce takes about 16,000 of all headers and the
// address together.
inline constexpr size_t kMaxQueryText = 11000;

// A name of an object or field: it can stand in a path and in SOQL as it is.
inline bool IsApiName(std::string_view name) {
  if (name.empty() || name.size() > 255) return false;
  for (const char c : name) {
    const bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!good && c != '_') return false;
  }
  return true;
}

// A record id: 15 characters, or 18 where case must not matter.
inline bool IsRecordId(std::string_view id) {
  return (id.size() == 15 || id.size() == 18) && IsApiName(id) &&
         id.find('_') == std::string_view::npos;
}

// The addresses of one API version.
class Api {
 public:
  explicit Api(std::string version)
      : version_(std::move(version)), root_("/services/data/" + version_) {}

  const std::string& version() const { return version_; }
  static std::string Versions() { return "/services/data"; }
  std::string Objects() const { return root_ + "/sobjects"; }
  std::string Describe(std::string_view object) const {
    return Objects() + "/" + std::string(object) + "/describe";
  }
  std::string Query(std::string_view soql) const {
    return root_ + "/query?q=" + sdk::UrlText(soql);
  }
  std::string Collections() const { return root_ + "/composite/sobjects"; }
  std::string CollectionsBy(std::string_view object, std::string_view external_id) const {
    return Collections() + "/" + std::string(object) + "/" + std::string(external_id);
  }
  std::string Jobs() const { return root_ + "/jobs/ingest"; }
  std::string Job(std::string_view id) const { return Jobs() + "/" + std::string(id); }

 private:
  std::string version_, root_;
};

}  // namespace penstock::salesforce
