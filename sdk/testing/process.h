// Runs a sandbox program beside a test, and asks it things.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace penstock::sandbox {

// An answer. Header names are in lower case.
struct Reply {
  int status = 0;  // 0: no whole answer came
  std::map<std::string, std::string> headers;
  std::string body;
};

// A sandbox that runs as a process of its own and ends with this object. Call() may come from
// several threads, each call has a connection of its own.
class SandboxProcess {
 public:
  // Starts the program with `--port 0` and these arguments and waits until it listens (10 s).
  // nullptr with a sentence in `error` if it does not.
  static std::unique_ptr<SandboxProcess> Start(const std::string& program,
                                               std::vector<std::string> arguments,
                                               std::string* error);
  ~SandboxProcess();  // SIGKILL
  SandboxProcess(const SandboxProcess&) = delete;
  SandboxProcess& operator=(const SandboxProcess&) = delete;

  // "http://127.0.0.1:PORT", without a slash at the end.
  const std::string& url() const { return url_; }
  std::uint16_t port() const { return port_; }
  pid_t pid() const { return pid_; }
  // Sends a signal and waits for the end; the exit code, or -SIGNAL if one ended it.
  int Stop(int signal);

  // Sends a request over plain HTTP and waits for the answer, 30 s at most. Bodies are sent as
  // JSON unless `headers` say otherwise. `token` becomes the Authorization header if it is not
  // empty.
  Reply Call(const std::string& method, const std::string& path, const std::string& body = "",
             const std::string& token = "",
             const std::vector<std::pair<std::string, std::string>>& headers = {}) const;

 private:
  SandboxProcess() = default;

  pid_t pid_ = -1;
  std::uint16_t port_ = 0;
  std::string url_;
};

}  // namespace penstock::sandbox
