// A host whose answers a test writes down.
#pragma once

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/runtime/services.h"

namespace penstock::sdk {

/// A request as the host got it.
struct SentRequest {
  std::string method, url, body, limiter;
  std::vector<uint64_t> seqs;
  bool idempotent = false;
  std::vector<std::pair<std::string, std::string>> headers = {};

  /// The first header of exactly this name; "" when there is none.
  std::string Header(std::string_view name) const {
    for (const auto& [header, value] : headers) {
      if (header == name) return value;
    }
    return {};
  }
};

/// What it answers.
struct Reply {
  int status = 200;
  std::string body = {};
  Transport transport = Transport::kOk;
  int64_t retry_after_ms = 0;
  std::string error = {};
  uint32_t attempts = 1;
};

class ScriptedHost : public HostServices {
 public:
  /// Answers every request; the last of a call first when `backwards`.
  std::function<Reply(const SentRequest&)> answer;
  bool backwards = false;
  Status perform_status;  // what Perform returns

  std::vector<SentRequest> sent;
  std::vector<size_t> calls;  // requests of each Perform
  std::vector<std::string> notes, logs;
  std::vector<std::vector<uint64_t>> noted;    // the records of each note
  Status note_status;                          // what Note returns
  std::map<penstock_blob, std::string> blobs;  // those that are held
  void* user = nullptr;                        // of the last call

  std::string Name() const override { return "scripted"; }
  std::string Version() const override { return "1"; }

  Status Perform(const ServiceCall& call, std::span<const HostRequest> requests,
                 const std::function<void(const HostResponse&)>& on_response) override {
    user = call.user();
    calls.push_back(requests.size());
    std::vector<Reply> replies;
    for (const HostRequest& request : requests) {
      sent.push_back({std::string(request.method),
                      std::string(request.url),
                      request.body_blob != 0 ? blobs[request.body_blob] : std::string(request.body),
                      std::string(request.limiter),
                      {request.seqs.begin(), request.seqs.end()},
                      request.idempotent});
      for (const HostHeader& header : request.headers) {
        sent.back().headers.emplace_back(header.name, header.value);
      }
      replies.push_back(answer ? answer(sent.back()) : Reply{});
    }
    for (size_t n = 0; n < requests.size(); ++n) {
      const size_t i = backwards ? requests.size() - 1 - n : n;
      HostResponse response;
      response.tag = requests[i].tag;
      response.status = replies[i].transport == Transport::kOk ? replies[i].status : 0;
      response.transport = replies[i].transport;
      response.attempts = replies[i].attempts;
      response.retry_after_ms = replies[i].retry_after_ms;
      const bool success = response.status >= 200 && response.status < 300;
      if (requests[i].body_to_blob && success) {
        response.blob = next_blob_++;
        blobs[response.blob] = replies[i].body;
      } else {
        response.body = replies[i].body;
      }
      response.error = replies[i].error;
      on_response(response);
    }
    return perform_status;
  }
  Status Note(const ServiceCall&, std::span<const uint64_t> seqs, std::string_view token) override {
    if (!note_status.ok()) return note_status;
    notes.emplace_back(token);
    noted.emplace_back(seqs.begin(), seqs.end());
    return {};
  }
  bool HasBlobs() const override { return true; }
  Result<penstock_blob> CreateBlob(const ServiceCall&) override {
    blobs[next_blob_];
    return next_blob_++;
  }
  Status AppendBlob(penstock_blob blob, std::string_view bytes) override {
    const auto at = blobs.find(blob);
    if (at == blobs.end()) return NoSuchBlob();
    at->second += bytes;
    return {};
  }
  Result<size_t> ReadBlob(penstock_blob blob, uint64_t offset, std::span<char> bytes) override {
    const auto at = blobs.find(blob);
    if (at == blobs.end()) return NoSuchBlob();
    const size_t from = std::min<size_t>(offset, at->second.size());
    return at->second.copy(bytes.data(), bytes.size(), from);
  }
  uint64_t BlobSize(penstock_blob blob) override {
    const auto at = blobs.find(blob);
    return at == blobs.end() ? 0 : at->second.size();
  }
  void DiscardBlob(penstock_blob blob) override { blobs.erase(blob); }
  int64_t UnixMicros() override { return 1000000; }
  int64_t MonotonicMicros() override { return 5000; }
  Status Sleep(const ServiceCall& call, int64_t) override {
    if (!call.cancelled()) return {};
    return Failure{PENSTOCK_E_CANCELLED, "TEST", "cancelled", 0};
  }
  void Log(int32_t level, std::string_view message, std::string_view) override {
    logs.push_back(std::to_string(level) + " " + std::string(message));
  }

 private:
  static Failure NoSuchBlob() { return {PENSTOCK_E_NOT_FOUND, "TEST", "no such blob", 0}; }

  penstock_blob next_blob_ = 1;
};

/// An outcome, kept.
struct KeptOutcome {
  uint64_t seq = 0;
  int32_t outcome = 0;
  int32_t error_class = 0;
  uint32_t group = 0;
  std::string id, code, message, field;
};

inline std::string Kept(penstock_str text) {
  return std::string(text.ptr ? text.ptr : "", text.len);
}

inline KeptOutcome Keep(const penstock_outcome& o) {
  return {o.seq,        o.outcome,       o.error_class, o.group, Kept(o.destination_id),
          Kept(o.code), Kept(o.message), Kept(o.field)};
}

/// Records built by a test. Owns everything; hand c() to a writer.
class TestBatch {
 public:
  explicit TestBatch(size_t n_fields) : n_fields_(n_fields) {}
  TestBatch& Add(uint64_t seq, const std::vector<penstock_value>& values,
                 const std::string& id = {}) {
    seqs_.push_back(seq);
    values_.insert(values_.end(), values.begin(), values.end());
    texts_.push_back(id);
    return *this;
  }
  /// A STRING that lives as long as the batch.
  penstock_value Text(const std::string& text, uint8_t type = PENSTOCK_STRING) {
    texts_of_values_.push_back(text);
    penstock_value value{};
    value.type = type;
    value.len = static_cast<uint32_t>(text.size());
    value.v.text = texts_of_values_.back().data();
    return value;
  }
  static penstock_value Number(uint8_t type, int64_t number) {
    penstock_value value{};
    value.type = type;
    value.v.i64 = number;
    return value;
  }
  static penstock_value Null() { return Number(PENSTOCK_NULL, 0); }
  static penstock_value Absent() { return Number(PENSTOCK_ABSENT, 0); }
  const penstock_batch& c() {
    ids_.clear();
    for (const std::string& id : texts_) ids_.push_back({id.data(), id.size()});
    batch_ = {sizeof(penstock_batch), static_cast<uint32_t>(n_fields_),
              seqs_.size(),           values_.data(),
              seqs_.data(),           ids_.data()};
    return batch_;
  }

 private:
  size_t n_fields_;
  std::vector<penstock_value> values_;
  std::vector<uint64_t> seqs_;
  std::deque<std::string> texts_, texts_of_values_;
  std::vector<penstock_str> ids_;
  penstock_batch batch_{};
};

}  // namespace penstock::sdk
