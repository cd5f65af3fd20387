// connector dev: shows what a connector does, again after each build.
#include <poll.h>
#include <sys/inotify.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include "host/cli/context.h"
#include "host/cli/verbs.h"
#include "host/engine/tryout.h"

namespace penstock::cli {
namespace {

namespace fs = std::filesystem;

// A build writes its files in several steps: it is over when nothing happened for so long.
constexpr int kSettledMs = 300;

std::string Indented(const std::string& text, size_t indent) {
  std::istringstream lines(text);
  std::string out;
  for (std::string line; std::getline(lines, line);) {
    out += std::string(indent, ' ') + Printable(line) + "\n";
  }
  return out;
}

// Headers that every request has say nothing of this one.
bool IsOwnHeader(const std::string& name) {
  for (const char* common :
       {"Host", "User-Agent", "Content-Length", "Connection", "Accept", "Accept-Encoding"}) {
    if (name == common) return false;
  }
  return true;
}

class DevView final : public engine::TryoutView {
 public:
  explicit DevView(Context* context) : context_(context), paint_(context->paint()) {}

  void Step(const std::string& what) override {
    context_->Print("\n" + paint_.Bold(Printable(what)) + "\n");
  }
  void Request(const engine::ShownRequest& request) override {
    std::string text = "  " + request.method + " " + Printable(request.url) + "\n";
    for (const auto& [name, value] : request.headers) {
      if (IsOwnHeader(name)) text += paint_.Dim("      " + Printable(name + ": " + value)) + "\n";
    }
    context_->Print(text + Indented(request.body, 6));
  }
  void Answer(const engine::ShownAnswer& answer) override {
    std::string text = "  → ";
    if (answer.held) {
      text += paint_.Yellow("not sent") + " (--send sends it)\n";
    } else if (answer.status == 0) {
      text += paint_.Red("no answer") + ": " + Printable(answer.error) + "\n";
    } else {
      const std::string status = std::to_string(answer.status);
      text += (answer.status < 400 ? paint_.Green(status) : paint_.Red(status)) + " in " +
              DurationText(answer.seconds) + "\n";
    }
    context_->Print(text + Indented(answer.body, 6));
  }
  void Result(const std::string& line) override {
    const bool failed = line.starts_with("failed: ");
    context_->Print("  " + (failed ? paint_.Red(Printable(line)) : Printable(line)) + "\n");
  }
  void Log(const std::string& line) override {
    context_->Print("  " + paint_.Dim("log: " + Printable(line)) + "\n");
  }

 private:
  Context* context_;
  const Paint& paint_;
};

Result<std::string> ReadConfig(const std::string& path) {
  if (path.empty()) return std::string("{}");
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) {
    return UsageError("PS-CONF-READ", path + " cannot be read: " + std::strerror(errno) + ".");
  }
  return text.str();
}

// One look, in a process of its own: a library that was loaded is never loaded again, and a crash
// ends nothing but that process. True when all went well.
bool Look(Context* context, const engine::TryoutOptions& options) {
  const pid_t child = ::fork();
  if (child < 0) {
    context->Fail(MakeError(
        "PS-CLI-DEFECT", std::string("No process can be started: ") + std::strerror(errno) + "."));
    return false;
  }
  if (child == 0) {
    DevView view(context);
    const Status status = engine::Tryout(options, &view);
    if (!status.ok()) {
      context->Print("\n");
      context->Fail(status.error());
    }
    std::_Exit(status.ok() ? 0 : 1);  // the parent's objects are not this process's to destroy
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFSIGNALED(status)) {
    context->Fail(
        MakeError("PS-CONN-CRASHED",
                  std::string("The connector crashed: ") + ::strsignal(WTERMSIG(status)) + ".",
                  "Run it under a debugger: penstock-check LIBRARY --check ID --in-process."));
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

// Tells when a file, or its sidecar, was written again.
class Watcher {
 public:
  Watcher(const fs::path& directory, const std::string& id)
      : library_(id + ".so"), sidecar_(id + ".connector.json") {
    fd_ = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (fd_ >= 0 && ::inotify_add_watch(fd_, directory.c_str(), IN_CLOSE_WRITE | IN_MOVED_TO) < 0) {
      ::close(fd_);
      fd_ = -1;
    }
  }
  ~Watcher() {
    if (fd_ >= 0) ::close(fd_);
  }
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;
  bool ok() const { return fd_ >= 0; }

  /// Returns once the files have changed and nothing happens to them any more; false when the
  /// program is to end.
  bool Wait() {
    bool changed = false;
    while (!Cancelled()) {
      pollfd poll{fd_, POLLIN, 0};
      const int ready = ::poll(&poll, 1, changed ? kSettledMs : -1);
      if (ready == 0) return true;
      if (ready > 0) changed = Read() || changed;
    }
    return false;
  }

 private:
  bool Read() {
    alignas(inotify_event) char buffer[4096];
    bool ours = false;
    for (ssize_t n = 0; (n = ::read(fd_, buffer, sizeof buffer)) > 0;) {
      for (ssize_t at = 0; at < n;) {
        const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
        const std::string name = event->len > 0 ? event->name : "";
        ours = ours || name == library_ || name == sidecar_;
        at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
      }
    }
    return ours;
  }

  std::string library_, sidecar_;
  int fd_ = -1;
};

struct DevOptions {
  std::string library, config, base_url, object;
  bool send = false, once = false;
};

void DevVerb(Context* context, const DevOptions& dev) {
  const fs::path library(dev.library);
  if (library.extension() != ".so") {
    return context->Fail(UsageError("PS-CLI-USAGE",
                                    dev.library + " is no connector: its name must end in .so.",
                                    "Name the library that the build made: build/acme.so."));
  }
  engine::TryoutOptions options;
  options.library = dev.library;
  options.config_file = dev.config;
  options.base_url = dev.base_url;
  options.object = dev.object;
  options.send = dev.send;
  options.lookup = secrets::ProcessEnvironment();
  options.version = kVersion;
  const fs::path directory = library.has_parent_path() ? library.parent_path() : fs::path(".");
  Watcher watcher(directory, library.stem().string());  // before the first look: none is missed
  if (!dev.once && !watcher.ok()) {
    return context->Fail(UsageError(
        "PS-CONN-DIR",
        "The folder " + directory.string() + " cannot be watched: " + std::strerror(errno) + "."));
  }
  do {
    char time[16] = "";
    const std::time_t now = std::time(nullptr);
    std::strftime(time, sizeof time, "%H:%M:%S", std::localtime(&now));
    context->Print(context->paint().Bold("== " + dev.library) + ", " + time + "\n");
    auto config = ReadConfig(dev.config);  // anew each time, as the library is
    bool good = config.ok();
    if (good) {
      options.config = *std::move(config);
      good = Look(context, options);
    } else {
      context->Fail(config.error());
    }
    if (dev.once) {
      context->exit = good ? 0 : static_cast<int>(ExitCode::kFailed);
      return;
    }
    context->Print("\nWaiting for the next build of " + dev.library + "; Ctrl-C ends.\n\n");
  } while (watcher.Wait());
  context->exit = 0;
}

}  // namespace

void AddDevVerb(Verb connector, Context* context) {
  Verb verb =
      connector.AddVerb("dev", "Show what a connector does, again after each build",
                        "penstock connector dev build/acme.so --config config.json\n"
                        "penstock connector dev build/acme.so --config config.json --base-url "
                        "http://127.0.0.1:8089 --send\n"
                        "penstock connector dev build/acme.so --config config.json --once");
  auto dev = std::make_shared<DevOptions>();
  verb.Positional("LIBRARY", &dev->library, "The connector, its sidecar beside it").Required();
  verb.Option("--config", &dev->config,
              "JSON file with the destination's config; texts may hold ${env:NAME}");
  verb.Option("--base-url", &dev->base_url, "The destination's address, e.g. of a sandbox");
  verb.Option("--object", &dev->object, "Which object the sample record is for");
  verb.Flag("--send", &dev->send, "Send the sample record; without it, it is only shown");
  verb.Flag("--once", &dev->once, "Once, without watching; exit 1 if something went wrong");
  verb.Do([context, dev] { DevVerb(context, *dev); });
}

}  // namespace penstock::cli
