// From answers to outcomes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "penstock/http.hpp"
#include "penstock/records.hpp"
#include "plugins/http/request.h"

namespace penstock::http_plugin {

// Why a run cannot go on, from an answer that is not about single records: credentials, limits, the
// server, an address that does not exist. `doing` begins the sentence, e.g. "checking the account".
sdk::Failure RunFailure(const sdk::HttpResponse& response, const std::string& doing);

// Reads the answers to one operation's requests. The operation outlives it.
class AnswerReader {
 public:
  AnswerReader(const OperationConfig* operation, const std::string& object)
      : operation_(operation), object_(object) {}

  // Reports an outcome for each record of `sent`. Not ok when the run should stop.
  sdk::Status Take(const Sent& sent, const sdk::Batch& batch, const Filler& filler,
                   const sdk::HttpResponse& response, sdk::Outcomes& outcomes);

 private:
  bool IsListed(int status) const;
  bool NeedsJson() const;
  // Of a request as a whole: which of these it is.
  enum class Whole { kWritten, kRefused, kUnreadable, kStop };
  Whole Judge(const Said& said, const sdk::HttpResponse& response) const;
  void TakeWritten(const Sent& sent, const sdk::Batch& batch, const Filler& filler,
                   const Said& said, sdk::Outcomes& outcomes) const;
  void TakeResults(const Sent& sent, const sdk::Batch& batch, const Filler& filler,
                   const sdk::JsonValue& list, sdk::Outcomes& outcomes) const;
  void TakeRefused(const Sent& sent, const Said& said, const sdk::HttpResponse& response,
                   sdk::Outcomes& outcomes);
  // Missing and exists, which come before success. True: reported.
  bool TakeAbsence(uint64_t seq, const Reading& reading, const Said& said, bool again,
                   sdk::Outcomes& outcomes) const;
  void Succeed(uint64_t seq, const Reading& reading, const Said& said,
               sdk::Outcomes& outcomes) const;
  void Reject(uint64_t seq, const Reading& reading, const Said& said,
              sdk::Outcomes& outcomes) const;
  // The outcome of one record from its element of a list.
  void TakeOne(uint64_t seq, const sdk::JsonValue& element, sdk::Outcomes& outcomes) const;

  const OperationConfig* operation_;
  std::string object_;
  uint32_t group_ = 0;
};

}  // namespace penstock::http_plugin
