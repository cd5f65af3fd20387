// Keeps the exchanges of one run: redacted, cut at a cap, compressed, one file.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "core/base/result.h"
#include "core/file/file.h"
#include "host/exchanges/exchange.h"
#include "host/exchanges/redactor.h"

namespace penstock::exchanges {

/// An exchange as it happened, secrets and all. The views live until Keep returns.
struct Raw {
  Exchange exchange;  // `request` and `response` are left empty, the other texts are as sent
  std::string_view request_body;
  uint64_t request_bytes = 0;  // may be more than request_body when that is not in memory
  std::string_view response_body;
  uint64_t response_bytes = 0;
};

struct WriterOptions {
  size_t body_cap = 64 << 10;               // bytes of each body that are kept
  uint64_t file_cap = uint64_t{256} << 20;  // above it, bodies are left out and only sizes kept
};

/// [thread-safe]. Losing an exchange never fails a run: the first failure is kept and reported by
/// Close, and nothing is written after it.
class Writer {
 public:
  /// Creates the file (0600), or goes on at the end of the good part of an existing one.
  /// PS-FILE-…, PS-EXCHANGES-CORRUPT.
  static Result<std::unique_ptr<Writer>> Open(const std::string& path, Redactor redactor,
                                              WriterOptions options = {});

  /// Redacts and appends. Not durable before Close.
  void Keep(Raw raw);
  /// Makes the file durable; returns the first failure since Open.
  Status Close();

 private:
  Writer(file::Writer file, Redactor redactor, WriterOptions options);
  Body KeptBody(std::string_view text, uint64_t size) const;

  const Redactor redactor_;
  const WriterOptions options_;
  std::mutex mutex_;
  file::Writer file_;
  Status status_;
};

}  // namespace penstock::exchanges
