// time.host_clock, net.none, fs.none, proc.polite: what a connector does beside its calls.
#include "sdk/testing/kit/confined.h"
#include "sdk/testing/kit/opener.h"
#include "sdk/testing/kit/process_state.h"
#include "sdk/testing/kit/text.h"
#include "sdk/testing/kit/writes.h"

namespace penstock::kit {
namespace {

// Everything once: account, catalog, each operation, a failure.
void Everything(Trial& t, FakeHost* host, sdk::ConnectorInstance* instance) {
  (void)instance->Check(host->Context());
  (void)instance->Discover({}, host->Context());
  for (const char* name : {"upsert", "insert", "update", "delete"}) {
    if (!HasOperation(t, name)) continue;
    const auto plan = PlanFor(t, name);
    if (!plan) continue;
    WriteOptions options;
    options.host = host;
    options.instance = instance;
    const std::vector<Row> rows = SampleRows(t, *plan, 1, 3);
    (void)WriteRows(t, *plan, rows, options);
    host->before = [](const PeerRequest& request, size_t) -> std::optional<PeerAnswer> {
      if (request.seqs.empty()) return std::nullopt;
      PeerAnswer answer;
      answer.status = 429;
      answer.retry_after_ms = 1000;
      return answer;
    };
    (void)WriteRows(t, *plan, rows, options);
    host->before = nullptr;
  }
}

void Confined(Trial& t, const std::vector<int>& calls, const std::string& rule) {
  if (t.settings().worker) return t.Skip("the worker process confines the connector by itself");
  // The catalog is read before, so that only the connector's own work is confined.
  if (t.catalog() == nullptr) return;
  RelayedDestination relayed(t.destination());
  FakeHost host(t.subject(), t.facts(), &relayed, &t.transcript());
  const auto library = LoadedLibrary(t.subject());
  if (!library.ok()) return t.Fail(library.failure().message);
  std::string failed, error;
  const std::vector<std::string> made = relayed.Serve(
      calls,
      [&] {
        auto opened = sdk::ConnectorInstance::Open(**library, &host, t.config(), host.Context());
        if (opened.ok()) {
          Everything(t, &host, opened->get());
        } else {
          failed = opened.failure().message;
        }
      },
      &error);
  if (!error.empty()) return t.Skip(error);
  if (!made.empty()) t.Fail(rule + ": it called " + JoinSome(made));
  if (!failed.empty()) t.Fail("it does not open when confined: " + failed);
}

void HostClock(Trial& t) { Confined(t, WaitingCalls(), "only the host's clock waits"); }
void NoNetwork(Trial& t) {
  Confined(t, NetworkCalls(), "only the host's http reaches the network");
}
void NoFiles(Trial& t) { Confined(t, FileCalls(), "only the host's blobs hold data"); }

void Polite(Trial& t) {
  if (t.settings().worker) return t.Skip("the worker process is the connector's own");
  // Once before, so that what the kit and the sanitizers set up is not the connector's.
  if (t.catalog() == nullptr) return;
  const ProcessState before = ProcessState::Take();
  Everything(t, &t.host(), t.instance());
  for (const std::string& change : before.ChangedIn(ProcessState::Take())) t.Fail(change);
}

}  // namespace

std::vector<Check> ConfinedChecks() {
  return {
      {"time.host_clock", 4, "waits by the host's clock only", kDestination, HostClock},
      {"net.none", 4, "opens no socket", kDestination, NoNetwork},
      {"fs.none", 4, "opens no file", kDestination, NoFiles},
      {"proc.polite", 4, "leaves the process as it was: files, threads, signals, environment",
       kDestination, Polite},
  };
}

}  // namespace penstock::kit
