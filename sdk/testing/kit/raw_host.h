// The C side of a host, made by hand: for checks about the ABI itself. Every struct lies at the end
// of a page behind which nothing may be read.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "penstock/connector.h"
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
  explicit RawCall(Shape shape = Shape::kFull);
  const penstock_call* c() const { return static_cast<const penstock_call*>(memory_->data()); }
  int fails = 0;
  std::string code, message;
  bool cancelled = false;
  /// Empty when `status` and what fail() was told fit together, else one sentence.
  std::string Verdict(penstock_status status) const;

 private:
  static int32_t Cancelled(const penstock_call* call);
  static void Fail(const penstock_call* call, const penstock_error* error);
  std::unique_ptr<Guarded> memory_;
};

class RawHost {
 public:
  explicit RawHost(Shape shape, Transcript* transcript = nullptr);
  RawHost(const RawHost&) = delete;
  RawHost& operator=(const RawHost&) = delete;

  const penstock_host* c() const { return static_cast<const penstock_host*>(host_->data()); }
  /// Answers of the http service; without it nothing is sent.
  std::function<void(const penstock_http_request&, penstock_http_response*)> answer;
  int requests = 0;
  int logs = 0;

 private:
  static RawHost* Self(const penstock_host* host);
  static const void* GetExtension(const penstock_host* host, const char* id);
  static penstock_status Perform(const penstock_host* host, const penstock_call* call,
                                 const penstock_http_request* requests, size_t n, size_t stride,
                                 penstock_http_on_response on_response, void* user);
  std::unique_ptr<Guarded> Answer(const penstock_http_request& request);
  std::unique_ptr<Guarded> Table(const void* table, size_t size, size_t first);

  Shape shape_;
  Transcript* transcript_;
  std::unique_ptr<Guarded> host_, http_, log_, clock_, journal_;
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
