// Blobs of a run as the gateway takes them: bodies of requests, and where answers go.
#pragma once

#include <memory>
#include <string>

#include "host/blobs/blobs.h"
#include "host/exchanges/redactor.h"
#include "host/http/types.h"
#include "penstock/result.hpp"

namespace penstock::engine {

/// What a connector is told when a blob service fails: a full disk is UNAVAILABLE.
sdk::Failure BlobFailure(const Error& error);

/// The body of a request, read from disk for each attempt anew.
class BlobBody final : public http::BodyReader {
 public:
  explicit BlobBody(std::shared_ptr<blobs::Blob> blob)
      : blob_(std::move(blob)), size_(blob_->size()) {}
  uint64_t size() const override { return size_; }
  Result<size_t> Read(uint64_t offset, std::span<char> out) override {
    return blob_->Read(offset, out);
  }

 private:
  const std::shared_ptr<blobs::Blob> blob_;
  const uint64_t size_;  // as the Content-Length says
};

/// The body of an answer, on its way to disk. A destination may echo a credential, in any part of
/// it: as in answers that are handed over in memory, no connector sees it.
class BlobSink final : public http::BodySink {
 public:
  /// `redactor` outlives it.
  BlobSink(std::shared_ptr<blobs::Blob> blob, const exchanges::Redactor& redactor)
      : blob_(std::move(blob)), redactor_(redactor) {}
  Status Start(int status) override;
  Status Write(std::string_view bytes) override;
  /// After the answer: what was held back. Only of an answer that began.
  Status Finish();
  bool began() const { return began_; }

 private:
  const std::shared_ptr<blobs::Blob> blob_;
  const exchanges::Redactor& redactor_;
  std::string held_;  // its end may be the beginning of a secret
  bool began_ = false;
};

}  // namespace penstock::engine
