// Requests and answers as payloads. For the files of this folder and of sdk/worker only.
#pragma once

#include <string>
#include <vector>

#include "sdk/runtime/services.h"
#include "sdk/runtime/wire.h"

namespace penstock::sdk::wire {

/// With what it borrows, but for the payload.
struct StoredRequest {
  HostRequest request;
  std::vector<HostHeader> headers;
  std::vector<uint64_t> seqs;
};
void PutRequest(const HostRequest& request, Packer* out);
/// Stays where it is: `out->request` points into `*out`.
void TakeRequest(Unpacker* in, StoredRequest* out);
/// The least bytes that a request takes.
inline constexpr size_t kRequestBytes = 64;

struct StoredResponse {
  HostResponse response;
  std::vector<HostHeader> headers;
};
void PutResponse(const HostResponse& response, Packer* out);
void TakeResponse(Unpacker* in, StoredResponse* out);

/// What the worker says of itself once it has loaded its connector.
struct Ready {
  bool has_lookup = false;
  std::string sha256;                 // of the library
  std::vector<std::string> confined;  // "seccomp", "landlock 7", "memory 1024 MiB", …
  std::vector<std::string> refused;   // "landlock: …": what the kernel did not give
};
void PutReady(const Ready& ready, Packer* out);
bool TakeReady(Unpacker* in, Ready* out);

}  // namespace penstock::sdk::wire
