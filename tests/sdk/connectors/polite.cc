// A connector in the C++ layer that uses every service of the host; records say which.
#include <stdexcept>

#include "penstock/connector.hpp"
#include "penstock_manifest.h"

namespace polite {

using namespace penstock::sdk;  // NOLINT(google-build-using-namespace)

class Writer {
 public:
  Writer(Host host, std::span<const Note> notes) : host_(host) {
    for (const Note& note : notes) {
      for (size_t i = 0; i < note.records.size(); ++i) {
        open_.push_back({note.records.seq(i), std::string(note.token)});
      }
    }
  }

  Status Write(Call call, const Batch& batch, Outcomes& outcomes) {
    for (size_t i = 0; i < batch.size(); ++i) {
      Result<std::string> id = Obey(call, TextOf(batch.value(i, 0)), batch.seq(i));
      if (!id.ok()) return id.failure();
      outcomes.Created(batch.seq(i), *id, "a warning");
    }
    return {};
  }

  // Settles what an earlier run left open.
  Status Finish(Call, Outcomes& outcomes) {
    for (const auto& [seq, token] : open_) outcomes.Updated(seq, token);
    return {};
  }

 private:
  Result<std::string> Obey(Call call, std::string_view order, uint64_t seq) {
    if (order == "throw") throw std::runtime_error("thrown by the writer");
    if (order == "throw in response") return Request(call, true);
    if (order == "request") return Request(call, false);
    if (order == "blob") return Blob(call);
    if (order == "clock") return std::to_string(host_.MonotonicMicros() + call.deadline_us());
    if (order == "log") host_.Log(99, "unknown level");
    Status status;
    if (order == "note") status = host_.Note(call, {&seq, 1}, "job-1");
    if (order == "sleep") status = host_.Sleep(call, 10);
    if (!status.ok()) return status.failure();
    return std::string(order);
  }

  Result<std::string> Request(Call call, bool throws) {
    std::string said;
    Status status = Http(host_).Perform(call, HttpRequest::Get("/x"), [&](const HttpResponse& r) {
      if (throws) throw std::runtime_error("thrown in the answer");
      said = std::string(r.body());
    });
    if (!status.ok()) return status.failure();
    return said;
  }

  Result<std::string> Blob(Call call) {
    const auto* blobs = host_.Find(PENSTOCK_HOST_BLOB, &penstock_host_blob::discard);
    if (blobs == nullptr) return std::string("no blobs");
    penstock_blob blob = 0;
    penstock_status status = blobs->create(host_.c(), call.c(), &blob);
    if (status == PENSTOCK_OK) status = blobs->append(host_.c(), blob, "hello", 5);
    char text[8];
    size_t got = 0;
    if (status == PENSTOCK_OK) {
      status = blobs->read(host_.c(), blob, 1, text, blobs->size(host_.c(), blob) - 1, &got);
    }
    blobs->discard(host_.c(), blob);
    if (status != PENSTOCK_OK) return ServiceStatus(status, "blob").failure();
    return std::string(text, got);
  }

  Host host_;
  std::vector<std::pair<uint64_t, std::string>> open_;
};

class Polite {
 public:
  using Writer = polite::Writer;

  explicit Polite(Host host) : host_(host) {}
  static Result<std::unique_ptr<Polite>> Open(Host host, Call, std::string_view) {
    return std::make_unique<Polite>(host);
  }
  Result<CheckReport> Check(Call) {
    CheckReport report;
    report.account_id = host_.name();
    return report;
  }
  Result<Catalog> Discover(Call, const std::vector<std::string>& objects) {
    Catalog catalog;
    for (const std::string& name : objects) catalog.objects.emplace_back().name = name;
    return catalog;
  }
  Result<std::unique_ptr<Writer>> Begin(Call, const Assignment& assignment,
                                        std::span<const Note> notes) {
    if (assignment.options != R"({"all":true})") {
      return Failure{PENSTOCK_E_INVALID_CONFIG, "polite.OPTIONS", "options got lost", 0};
    }
    return std::make_unique<Writer>(host_, notes);
  }

 private:
  Host host_;
};

}  // namespace polite

PENSTOCK_CONNECTOR(polite::Polite, kManifest)
