// Spools of the host for bodies that are too large for memory.
//
//   Result<Blob> csv = Blob::Create(host, call);
//   csv->Append(lines); ...
//   request.body_blob = csv->handle();
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "penstock/connector.h"
#include "penstock/host.hpp"
#include "penstock/result.hpp"

namespace penstock::sdk {

/// One spool; it goes with this object, and with the run at the latest. [serial:blob]
class Blob {
 public:
  /// A new, empty one. UNAVAILABLE: the disk is full; UNSUPPORTED: this host has no blobs.
  static Result<Blob> Create(Host host, Call call) {
    const penstock_host_blob* table = Table(host);
    if (table == nullptr) return None();
    Blob blob(host, table, 0);
    const Status made = ServiceStatus(table->create(host.c(), call.c(), &blob.handle_), "blob");
    if (!made.ok()) return made.failure();
    return blob;
  }
  /// One that the host made for an answer. 0: none.
  static Blob Adopt(Host host, penstock_blob handle) { return {host, Table(host), handle}; }

  Blob(Blob&& other) noexcept
      : host_(other.host_), table_(other.table_), handle_(std::exchange(other.handle_, 0)) {}
  Blob& operator=(Blob&& other) noexcept {
    if (this == &other) return *this;
    Discard();
    host_ = other.host_;
    table_ = other.table_;
    handle_ = std::exchange(other.handle_, 0);
    return *this;
  }
  Blob(const Blob&) = delete;
  Blob& operator=(const Blob&) = delete;
  ~Blob() { Discard(); }

  bool empty() const { return handle_ == 0; }
  /// For HttpRequest::body_blob.
  penstock_blob handle() const { return handle_; }
  uint64_t size() const { return usable() ? table_->size(host_.c(), handle_) : 0; }

  /// All of it, or nothing of it. UNAVAILABLE: the disk is full, or the host takes no more.
  Status Append(std::string_view bytes) {
    if (!usable()) return None();
    return ServiceStatus(table_->append(host_.c(), handle_, bytes.data(), bytes.size()), "blob");
  }
  /// Bytes read, 0 at the end.
  Result<size_t> Read(uint64_t offset, std::span<char> out) const {
    if (!usable()) return None();
    size_t got = 0;
    const Status read = ServiceStatus(
        table_->read(host_.c(), handle_, offset, out.data(), out.size(), &got), "blob");
    if (!read.ok()) return read.failure();
    return std::min(got, out.size());
  }
  /// All of it, in order, in parts of at most 256 KiB; ends with the first failure of `take`.
  Status ForEachPart(const std::function<Status(std::string_view)>& take) const {
    std::vector<char> part(256u << 10);
    for (uint64_t at = 0;;) {
      const Result<size_t> got = Read(at, part);
      if (!got.ok()) return got.failure();
      if (*got == 0) return {};
      Status taken = take(std::string_view(part.data(), *got));
      if (!taken.ok()) return taken;
      at += *got;
    }
  }
  /// Gives the room back now.
  void Discard() {
    if (usable()) table_->discard(host_.c(), handle_);
    handle_ = 0;
  }

 private:
  Blob(Host host, const penstock_host_blob* table, penstock_blob handle)
      : host_(host), table_(table), handle_(handle) {}

  bool usable() const { return table_ != nullptr && handle_ != 0; }
  static const penstock_host_blob* Table(Host host) {
    return host.Find(PENSTOCK_HOST_BLOB, &penstock_host_blob::discard);
  }
  static Failure None() {
    return {PENSTOCK_E_UNSUPPORTED, "connector.SERVICE", "this host has no such blob", 0};
  }
  Host host_;
  const penstock_host_blob* table_;
  penstock_blob handle_;
};

}  // namespace penstock::sdk
