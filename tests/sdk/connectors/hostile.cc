// A connector that does, record by record, what no connector may: the worker's tests load it.
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <stdexcept>

#include "penstock/connector.hpp"
#include "penstock_manifest.h"

namespace hostile {

using namespace penstock::sdk;  // NOLINT(google-build-using-namespace)

/// "ok" when it worked, else the error's name.
std::string Came(long result) { return result >= 0 ? "ok" : ::strerrorname_np(errno); }

[[gnu::noinline]] int Deeper(volatile char* above, volatile int* left) {
  volatile char here[4096];
  here[0] = above == nullptr ? '\0' : above[0];
  *left = *left - 1;
  return *left == 0 ? 0 : Deeper(here, left) + here[0];
}

std::string Attempt(std::string_view order) {
  if (order == "socket") return Came(::socket(AF_INET, SOCK_STREAM, 0));
  if (order == "read file") return Came(::open("/etc/passwd", O_RDONLY));
  if (order == "read library") return Came(::open("/usr/lib/os-release", O_RDONLY));
  if (order == "write file") return Came(::open("/tmp/hostile", O_CREAT | O_WRONLY, 0600));
  if (order == "fork") {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(0);
    return Came(child);
  }
  if (order == "exec") {
    char program[] = "/bin/true";
    char* arguments[] = {program, nullptr};
    return Came(::execv(program, arguments));
  }
  if (order == "run code") {
    return Came(::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
                        MAP_FAILED
                    ? -1
                    : 0);
  }
  if (order == "eat half") {
    const std::string bytes(128u << 20, 'x');
    return bytes.back() == 'x' ? "ok" : "other";
  }
  if (order == "kill host") return Came(::kill(::getppid(), SIGTERM));
  if (order == "environment") {
    const char* secret = std::getenv("HUBSPOT_TOKEN");
    return secret == nullptr ? "none" : secret;
  }
  return std::string(order);
}

/// What brings the process down.
void Ruin(std::string_view order) {
  if (order == "segv") *reinterpret_cast<volatile int*>(8) = 1;
  if (order == "abort") std::abort();
  if (order == "exit") std::exit(7);
  if (order == "killed") ::raise(SIGKILL);
  volatile int left = 1 << 30;
  if (order == "overflow") Deeper(nullptr, &left);
  if (order == "garbage") (void)!::write(3, "\xFF\xFF\xFF\xFF garbage", 12);
  if (order == "print") std::fputs("printed by the connector\n", stderr);
  while (order == "loop") {
    static volatile int turns = 0;
    turns = turns + 1;
  }
  while (order == "eat") {
    volatile char* bytes = static_cast<char*>(::operator new(1 << 20));
    bytes[0] = 1;
  }
  while (order == "eat pages") {  // and does not look whether it got them
    auto* bytes = static_cast<volatile char*>(
        ::mmap(nullptr, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    bytes[0] = 1;
  }
}

class Writer {
 public:
  explicit Writer(Host host) : http_(host) {}

  // One request for the batch, sent before or after the record that ruins it.
  Status Write(Call call, const Batch& batch, Outcomes& outcomes) {
    HttpRequest request = HttpRequest::Post("/x", "{}");
    request.idempotent = true;
    bool sent_first = false;
    for (size_t i = 0; i < batch.size(); ++i) {
      request.seqs.push_back(batch.seq(i));
      sent_first = sent_first || TextOf(batch.value(i, 0)) == "segv after";
    }
    if (sent_first) {
      return http_.Perform(call, request, [](const HttpResponse&) { Ruin("segv"); });
    }
    std::vector<std::string> ids;
    for (size_t i = 0; i < batch.size(); ++i) {
      Ruin(TextOf(batch.value(i, 0)));
      ids.push_back(Attempt(TextOf(batch.value(i, 0))));
    }
    return http_.Perform(call, request, [&](const HttpResponse&) {
      for (size_t i = 0; i < batch.size(); ++i) outcomes.Created(batch.seq(i), ids[i]);
    });
  }
  Status Finish(Call, Outcomes&) { return {}; }

 private:
  Http http_;
};

class Hostile {
 public:
  using Writer = hostile::Writer;

  explicit Hostile(Host host) : host_(host) {}
  static Result<std::unique_ptr<Hostile>> Open(Host host, Call, std::string_view config) {
    if (config.find("noise") != std::string_view::npos) {
      throw std::runtime_error("\x1b[31m\xff\xfe" + std::string(1 << 20, 'x'));
    }
    if (config.find("loop") != std::string_view::npos) Ruin("loop");
    if (config.find("segv") != std::string_view::npos) Ruin("segv");
    return std::make_unique<Hostile>(host);
  }
  Result<CheckReport> Check(Call) {
    CheckReport report;
    report.account_id = "hostile";
    return report;
  }
  Result<Catalog> Discover(Call, const std::vector<std::string>& objects) {
    for (const std::string& order : objects) Ruin(order);
    return Catalog();
  }
  Result<std::unique_ptr<Writer>> Begin(Call, const Assignment&, std::span<const Note>) {
    return std::make_unique<Writer>(host_);
  }

 private:
  Host host_;
};

}  // namespace hostile

PENSTOCK_CONNECTOR(hostile::Hostile, kManifest)
