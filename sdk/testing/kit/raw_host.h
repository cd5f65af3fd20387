// The C side of a host, made by hand: for checks about the ABI itself. Every struct lies at the end
// of a page behind which nothing may be read.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "penstock/connector.h"
#include "penstock/testing/fixture.hpp"
#include "sdk/testing/kit/blobs.h"
#include "sdk/testing/kit/transcript.h"

namespace penstock::kit {

/// Memory that ends where the next page begins, which faults when touched.
class Guarded {
 public:
  explicit Guarded(size_t n);
  ~Guarded();
  Guarded(const Guarded&) = delete;
  Guarded& operator=(const Guarded&) = delete;
  void* data() const { return data_; }
  void MakeReadOnly();

 private:
  void* pages_;
  size_t length_;
  size_t inner_;
  void* data_;
};

/// How the host's structs are.
enum class Shape {
  kFull,       // as the header says
  kBare,       // no extension at all
  kTruncated,  // each table holds its size and its first function, nothing behind
  kLonger,     // tails that this header does not know, filled with noise
};

/// One call: counts what fail() is told.
class RawCall {
 public:
  /// `of_writer`: a call of a writer or the one that makes it; others have no blobs and no journal.
  explicit RawCall(Shape shape = Shape::kFull, bool of_writer = false);
  /// Null when it is not one of these.
  static const RawCall* From(const penstock_call* call);
  bool of_writer() const { return of_writer_; }
  const penstock_call* c() const { return static_cast<const penstock_call*>(memory_->data()); }
  int fails = 0;
  std::string code, message;
  bool cancelled = false;
  /// Empty when `status` and what fail() was told fit together, else one sentence.
  std::string Verdict(penstock_status status) const;

 private:
  static int32_t Cancelled(const penstock_call* call);
  static void Fail(const penstock_call* call, const penstock_error* error);
  const bool of_writer_;
  std::unique_ptr<Guarded> memory_;
};

/// Judges calls as our own host does (sdk/runtime, host/engine): what that refuses is refused.
class RawHost {
 public:
  explicit RawHost(Shape shape, Transcript* transcript = nullptr);
  RawHost(const RawHost&) = delete;
  RawHost& operator=(const RawHost&) = delete;

  const penstock_host* c() const { return static_cast<const penstock_host*>(host_->data()); }
  /// Answers of the http service; without it nothing is sent.
  std::function<PeerAnswer(const PeerRequest&)> answer;
  int requests = 0;
  int logs = 0;
  const Blobs& blobs() const { return blobs_; }

 private:
  static RawHost* Self(const penstock_host* host);
  static const void* GetExtension(const penstock_host* host, const char* id);
  static penstock_status Perform(const penstock_host* host, const penstock_call* call,
                                 const penstock_http_request* requests, size_t n, size_t stride,
                                 penstock_http_on_response on_response, void* user);
  static penstock_status Note(const penstock_host* host, const penstock_call* call,
                              const uint64_t* seqs, size_t n, penstock_str token);
  static penstock_host_blob BlobTable();
  penstock_status Prepare(const RawCall& call, const penstock_http_request& from,
                          PeerRequest* request);
  PeerAnswer Send(const PeerRequest& request);
  std::unique_ptr<Guarded> Table(const void* table, size_t size, size_t first);

  Shape shape_;
  Transcript* transcript_;
  Blobs blobs_;
  std::unique_ptr<Guarded> host_, http_, log_, clock_, journal_, blob_;
};

/// A sink of the host.
class RawSink {
 public:
  explicit RawSink(Shape shape = Shape::kFull);
  const penstock_sink* c() const { return static_cast<const penstock_sink*>(memory_->data()); }
  std::string text;

 private:
  std::unique_ptr<Guarded> memory_;
};

}  // namespace penstock::kit
