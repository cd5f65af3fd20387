#include <sys/types.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <iostream>

#include "sdk/testing/options.h"
#include "sdk/testing/server.h"

namespace penstock::sandbox {
namespace {

void AddOptions(CommandLine* line, const Vendor& vendor, Options* options) {
  line->Add("--port", &options->port, "Port on 127.0.0.1; 0 takes a free one").ShowDefault();
  line->Add("--data", &options->data_directory,
            "Directory that keeps the objects over a restart (default: memory only)");
  line->Add("--seed", &options->seed, "Seed of everything random").ShowDefault();
  line->Add("--latency", &options->latency_ms, "Milliseconds before each answer").ShowDefault();
  auto profiles = vendor.Profiles();
  if (!profiles.empty()) {
    options->profile = profiles.front();
    line->Add("--profile", &options->profile, "Rate limits of this plan")
        .OneOf(profiles)
        .ShowDefault();
  }
  line->AddFlag("--no-limits", &options->no_limits, "Enforce no rate limits");
  auto certificate =
      line->Add("--tls-cert", &options->tls_certificate, "Serve https with this PEM certificate");
  auto key = line->Add("--tls-key", &options->tls_key, "Its PEM key");
  certificate.Needs(key).ExistingFile();
  key.Needs(certificate).ExistingFile();
  line->Add("--account", &options->account, "Id of the account the token opens");
  line->AddFlag("--die-with-parent", &options->die_with_parent,
                "Stop when the process that started this one ends");
  std::string examples = vendor.Examples();
  line->Ending("The first line printed is \"listening on http://127.0.0.1:PORT\".\n\nExamples:\n" +
               (examples.empty() ? "  " + vendor.Name() + "-sandbox --port 0\n" : examples));
}

// Waits for a signal to stop, or for the parent's end if it matters.
void Wait(const sigset_t& signals, bool die_with_parent) {
  const pid_t parent = getppid();
  const timespec pause{0, 200'000'000};
  while (!die_with_parent || getppid() == parent) {
    if (sigtimedwait(&signals, nullptr, &pause) > 0) return;
  }
}

int Fail(const Vendor& vendor, const std::string& error) {
  std::cerr << vendor.Name() << "-sandbox: " << error << "\n";
  return 1;
}

}  // namespace

std::uint32_t Sandbox::Random(std::uint32_t below) {
  std::lock_guard lock(random_mutex_);
  if (!random_) random_.emplace(options.seed);
  return static_cast<std::uint32_t>((*random_)() % below);
}

Response Vendor::Error(const Request& /*request*/, int status, std::string_view message) {
  return Response::Json(status, [&](JsonWriter& json) {
    json.StartObject();
    PutMember(json, "message", message);
    json.EndObject();
  });
}

int SandboxMain(int argc, char** argv, Vendor& vendor) {
  // Blocked before any thread starts, so that only Wait() sees them.
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);

  Sandbox sandbox;
  CommandLine line(vendor.Name() + "-sandbox", "A local stand-in of the part of " + vendor.Name() +
                                                   "'s API that Penstock uses");
  AddOptions(&line, vendor, &sandbox.options);
  vendor.AddOptions(line);
  if (const auto exit = line.Read(argc, argv)) return *exit;
  sandbox.latency_ms.store(sandbox.options.latency_ms);
  sandbox.limits.store(!sandbox.options.no_limits);
  std::string error;
  if (!vendor.Start(sandbox, &error)) return Fail(vendor, error);
  if (!sandbox.options.data_directory.empty() &&
      !sandbox.store.Open(
          sandbox.options.data_directory,
          [&](const std::string& key, const JsonValue& value) { vendor.OnSetting(key, value); },
          &error)) {
    vendor.Stop();
    return Fail(vendor, error);
  }
  Server server(sandbox, vendor);
  if (!server.Start(&error)) {
    vendor.Stop();
    return Fail(vendor, error);
  }
  const std::string url = std::string(sandbox.options.tls_certificate.empty() ? "http" : "https") +
                          "://127.0.0.1:" + std::to_string(server.port());
  std::cout << "listening on " << url << "\n" << vendor.Usage(url) << std::flush;
  Wait(signals, sandbox.options.die_with_parent);
  vendor.Stop();
  server.Stop();
  return 0;
}

}  // namespace penstock::sandbox
