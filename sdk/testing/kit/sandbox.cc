#include "sdk/testing/kit/sandbox.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "penstock/json_reader.hpp"
#include "penstock/values.hpp"
#include "sdk/testing/kit/stored.h"

extern char** environ;

namespace penstock::kit {
namespace {

constexpr int kStartMs = 20000;

sdk::Failure Refused(const std::string& sentence) {
  return {PENSTOCK_E_UNAVAILABLE, "KIT-SANDBOX", sentence, 0};
}

// The first line that the program prints.
std::string FirstLine(int descriptor) {
  std::string line;
  char c = 0;
  pollfd wait{descriptor, POLLIN, 0};
  while (::poll(&wait, 1, kStartMs) > 0 && ::read(descriptor, &c, 1) == 1 && c != '\n') line += c;
  return line;
}

}  // namespace

sdk::Result<std::unique_ptr<Destination>> SandboxDestination::Start(const SandboxOptions& options) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return Refused("no pipe can be made");
  std::vector<std::string> arguments = {options.program, "--port", "0", "--die-with-parent",
                                        "--no-limits"};
  arguments.insert(arguments.end(), options.arguments.begin(), options.arguments.end());
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  std::unique_ptr<SandboxDestination> sandbox(new SandboxDestination);
  const int failed = ::posix_spawn(&sandbox->pid_, options.program.c_str(), &actions, nullptr,
                                   argv.data(), environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  sandbox->owner_ = ::getpid();
  const std::string line = failed == 0 ? FirstLine(ends[0]) : "";
  ::close(ends[0]);
  if (failed != 0) sandbox->pid_ = -1;
  constexpr std::string_view kStart = "listening on ";
  if (!line.starts_with(kStart)) {
    return Refused("the sandbox " + options.program + " does not listen" +
                   (line.empty() ? "" : "; it says: " + line));
  }
  sdk::Result<Address> address = ParseBaseUrl(line.substr(kStart.size()));
  if (!address.ok()) return address.failure();
  sandbox->client_ = std::make_unique<HttpClient>(*address);
  sandbox->options_ = options;
  return std::unique_ptr<Destination>(std::move(sandbox));
}

SandboxDestination::~SandboxDestination() {
  if (pid_ <= 0 || owner_ != ::getpid()) return;
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

sdk::Status SandboxDestination::Control(const std::string& method, const std::string& path,
                                        const std::string& body, std::string* answer) {
  PeerRequest request;
  request.method = method;
  request.url = "/_sandbox/" + path;
  request.headers = {{"Content-Type", "application/json"}};
  request.body = body;
  PeerAnswer got = client_->Send(request);
  if (got.transport != PENSTOCK_TRANSPORT_OK) return Refused("the sandbox is gone: " + got.error);
  if (got.status != 200) {
    return Refused("the sandbox answers " + std::to_string(got.status) + " to " + method + " " +
                   request.url + ": " + got.body);
  }
  if (answer != nullptr) *answer = std::move(got.body);
  return {};
}

PeerAnswer SandboxDestination::Answer(const PeerRequest& request) {
  if (options_.base_path.empty()) return client_->Send(request);
  PeerRequest sent = request;
  sent.url = options_.base_path + request.url;
  return client_->Send(sent);
}

sdk::Status SandboxDestination::Reset() {
  sdk::Status status = Control("POST", "reset", "", nullptr);
  if (status.ok() && !options_.config.empty()) {
    status = Control("PUT", "config", options_.config, nullptr);
  }
  return status;
}

bool SandboxDestination::SetJobs(const std::string& mood) {
  const auto it = options_.jobs.find(mood);
  return it != options_.jobs.end() && Control("PUT", "config", it->second, nullptr).ok();
}

sdk::Result<std::vector<StoredRecord>> SandboxDestination::Records(const std::string& object) {
  std::string lines;
  const sdk::Status status = Control("GET", "objects/" + sdk::UrlText(object), "", &lines);
  if (!status.ok()) return status.failure();
  return ReadRecordLines(lines);
}

}  // namespace penstock::kit
