#include "sdk/testing/process.h"

#include <Poco/Exception.h>
#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/StreamCopier.h>
#include <Poco/Timespan.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>

#include "sdk/testing/http.h"

extern char** environ;

namespace penstock::sandbox {
namespace {

constexpr auto kStartTimeout = std::chrono::seconds(10);

// The first line that comes out of a pipe, "" if none comes in time.
std::string ReadLine(int descriptor) {
  std::string line;
  auto end = std::chrono::steady_clock::now() + kStartTimeout;
  while (std::chrono::steady_clock::now() < end) {
    pollfd wait{descriptor, POLLIN, 0};
    if (poll(&wait, 1, 100) <= 0) continue;
    char c = 0;
    if (read(descriptor, &c, 1) != 1) return "";
    if (c == '\n') return line;
    line += c;
  }
  return "";
}

pid_t Spawn(const std::string& program, std::vector<std::string> arguments, int output) {
  std::vector<char*> argv;
  arguments.insert(arguments.begin(), program);
  argv.reserve(arguments.size() + 1);
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  pid_t pid = -1;
  int failed = posix_spawn(&pid, program.c_str(), &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  return failed != 0 ? -1 : pid;
}

}  // namespace

std::unique_ptr<SandboxProcess> SandboxProcess::Start(const std::string& program,
                                                      std::vector<std::string> arguments,
                                                      std::string* error) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    *error = "No pipe can be made.";
    return nullptr;
  }
  for (const char* option : {"--port", "0", "--die-with-parent"}) arguments.emplace_back(option);
  std::unique_ptr<SandboxProcess> process(new SandboxProcess);
  process->pid_ = Spawn(program, std::move(arguments), ends[1]);
  close(ends[1]);
  std::string line = process->pid_ > 0 ? ReadLine(ends[0]) : "";
  close(ends[0]);
  constexpr std::string_view kStart = "listening on ";
  if (!line.starts_with(kStart)) {
    *error = program + " does not listen.";
    return nullptr;
  }
  process->url_ = line.substr(kStart.size());
  std::string_view port = std::string_view(process->url_).substr(process->url_.rfind(':') + 1);
  std::from_chars(port.data(), port.data() + port.size(), process->port_);
  return process;
}

SandboxProcess::~SandboxProcess() {
  if (pid_ > 0) Stop(SIGKILL);
}

int SandboxProcess::Stop(int signal) {
  if (pid_ <= 0) return -1;
  kill(pid_, signal);
  int status = 0;
  while (waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
  }
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

Reply SandboxProcess::Call(const std::string& method, const std::string& path,
                           const std::string& body, const std::string& token,
                           const Headers& headers) const {
  Reply reply;
  try {
    Poco::Net::HTTPClientSession session("127.0.0.1", port_);
    session.setTimeout(Poco::Timespan(30, 0));
    Poco::Net::HTTPRequest request(method, path, Poco::Net::HTTPMessage::HTTP_1_1);
    if (!token.empty()) request.set("Authorization", "Bearer " + token);
    request.setContentType("application/json");
    for (const auto& [name, value] : headers) request.set(name, value);
    request.setContentLength64(static_cast<std::int64_t>(body.size()));
    session.sendRequest(request) << body;
    Poco::Net::HTTPResponse response;
    std::istream& in = session.receiveResponse(response);
    Poco::StreamCopier::copyToString(in, reply.body);
    if (response.hasContentLength() &&
        response.getContentLength64() != static_cast<std::int64_t>(reply.body.size())) {
      return {};
    }
    reply.status = response.getStatus();
    for (const auto& [name, value] : response) reply.headers[Lower(name)] = value;
  } catch (const Poco::Exception&) {
    return {};
  }
  return reply;
}

}  // namespace penstock::sandbox
