// penstock-worker: one connector in a process without rights. Started by penstock, never by people.
#include <malloc.h>
#include <poll.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <thread>

#include "sdk/runtime/messages.h"
#include "sdk/worker/confine.h"
#include "sdk/worker/serve.h"
#include "sdk/worker/session.h"

namespace penstock::sdk::worker {
namespace {

constexpr int kControlFd = 3;
constexpr int kArguments = 8;  // program, directory, id, digest, memory, host, its version, blobs

/// A connector that loops does not see that its host is gone; this does.
void EndWithHost() {
  std::thread([] {
    pollfd item{kControlFd, POLLRDHUP, 0};
    while (::poll(&item, 1, -1) < 0 || (item.revents & (POLLRDHUP | POLLHUP | POLLERR)) == 0) {
    }
    ::_exit(0);
  }).detach();
}

int Run(char** arguments) {
  ::mallopt(M_ARENA_MAX, 2);  // an arena reserves much of what the limit allows
  wire::Channel control(kControlFd);
  Session session(&control);
  Confinement confinement;
  ConfineBeforeLoad(arguments[1], &confinement);
  EndWithHost();  // after it: some of it holds a thread and those that it starts
  LoadOptions load;
  if (std::string_view(arguments[3]) != "-") load.expected_sha256 = arguments[3];
  const auto library = LoadConnector(arguments[1], arguments[2], load);
  TellCrashes();
  ConfineAfterLoad(std::strtoull(arguments[4], nullptr, 10), &confinement);
  wire::Packer out;
  if (!library.ok()) {
    wire::PutStatus(library.failure(), &out);
    session.Send(wire::Kind::kReady, out.bytes());
    return 1;
  }
  wire::PutStatus({}, &out);
  wire::PutReady(
      {(*library)->has_lookup(), (*library)->sha256(), confinement.confined, confinement.refused},
      &out);
  session.Send(wire::Kind::kReady, out.bytes());
  static ProxyServices services(arguments[5], arguments[6], arguments[7][0] == '1');
  ServeDestination(&control, **library, &services);
}

}  // namespace
}  // namespace penstock::sdk::worker

int main(int argc, char** argv) {
  if (argc != penstock::sdk::worker::kArguments) {
    std::fputs("penstock-worker is started by penstock: it runs one connector, confined.\n",
               stderr);
    return 2;
  }
  return penstock::sdk::worker::Run(argv);
}
