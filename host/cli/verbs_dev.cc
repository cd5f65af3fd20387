// connector dev: shows what a connector does, again after each build.
#include <poll.h>
#include <rapidjson/document.h>
#include <sys/inotify.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <memory>
#include <sstream>

#include "core/file/file.h"
#include "host/cli/context.h"
#include "host/cli/dev_view.h"
#include "host/cli/verbs.h"
#include "host/engine/tryout.h"

namespace penstock::cli {
namespace {

namespace fs = std::filesystem;

// A build writes its files in several steps: it is over when nothing happened for so long.
constexpr int kSettledMs = 300;
// How often a folder that is gone is looked for: `rm -r build` is the beginning of a build.
constexpr int kGoneMs = 500;

// The text of a JSON object.
Result<std::string> ReadConfig(const std::string& path) {
  if (path.empty()) return std::string("{}");
  auto text = file::ReadAll(path);
  if (!text.ok()) return UsageError("PS-CONF-READ", text.error().message + ".");
  rapidjson::Document config;
  config.Parse(*text);
  if (config.HasParseError() || !config.IsObject()) {
    return UsageError(
        "PS-CONF-CONFIG", "What is in " + path + " is no JSON object.",
        R"(It holds what would stand under config: in a project, e.g. {"token": "x"}.)");
  }
  return text;
}

// Everything that a look says: printed at once, or gathered for --json.
class Report {
 public:
  Report(Context* context, const std::string& library) : context_(context), library_(library) {
    if (context->json()) record_ = std::make_unique<DevRecord>();
  }
  std::unique_ptr<engine::TryoutView> MakeView() {
    return record_ ? record_->MakeView() : MakeDevText(context_);
  }
  void Print(const std::string& text) {
    if (!record_) context_->Print(text);
  }
  /// Returns the exit code that goes with it.
  int Fail(const Error& error) {
    record_ ? record_->AddError(error) : context_->Fail(error);
    return static_cast<int>(error.exit);
  }
  void End() {
    if (record_) context_->Print(record_->Document(library_) + "\n");
  }

 private:
  Context* context_;
  std::string library_;
  std::unique_ptr<DevRecord> record_;
};

// In a process of its own, so that each look begins with nothing known, and that whatever goes
// wrong ends nothing but that process. Returns its exit code.
int TryApart(const engine::TryoutOptions& options, Report* report) {
  const pid_t child = ::fork();
  if (child < 0) {
    const std::string why = std::strerror(errno);
    return report->Fail(MakeError("PS-CLI-DEFECT", "No process can be started: " + why + "."));
  }
  if (child == 0) {
    for (const int signal : {SIGINT, SIGTERM}) std::signal(signal, SIG_DFL);
    const auto view = report->MakeView();
    const Status status = engine::Tryout(options, view.get());
    if (!status.ok()) report->Print("\n");
    // The parent's objects are not this process's to destroy.
    std::_Exit(status.ok() ? 0 : report->Fail(status.error()));
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status)) return WEXITSTATUS(status);
  if (Cancelled()) return static_cast<int>(ExitCode::kCancelled);
  return report->Fail(MakeError("PS-CLI-DEFECT", std::string("The look ended with a signal: ") +
                                                     ::strsignal(WTERMSIG(status)) + "."));
}

// One look; returns its exit code. The config is read anew each time, as the library is.
int Look(Context* context, engine::TryoutOptions options) {
  Report report(context, options.library);
  char time[16] = "";
  const std::time_t now = std::time(nullptr);
  std::strftime(time, sizeof time, "%H:%M:%S", std::localtime(&now));
  report.Print(context->paint().Bold("== " + options.library) + ", " + time + "\n");
  int exit = 0;
  std::error_code ignored;
  if (!fs::exists(options.library, ignored)) {
    exit =
        report.Fail(UsageError("PS-CONN-NOT-FOUND", "There is no library " + options.library + ".",
                               "Build it first: cmake --build build"));
  } else if (auto config = ReadConfig(options.config_file); config.ok()) {
    options.config = *std::move(config);
    exit = TryApart(options, &report);
  } else {
    exit = report.Fail(config.error());
  }
  report.End();
  return exit;
}

// Tells when a file, or its sidecar, was written again.
class Watcher {
 public:
  Watcher(fs::path directory, const std::string& id)
      : directory_(std::move(directory)), library_(id + ".so"), sidecar_(id + ".connector.json") {
    fd_ = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    watched_ = Watch();
  }
  ~Watcher() {
    if (fd_ >= 0) ::close(fd_);
  }
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;
  bool ok() const { return watched_; }

  /// Returns once the files have changed and nothing happens to them any more; false when the
  /// program is to end.
  bool Wait() {
    bool changed = false;
    while (!Cancelled()) {
      pollfd poll{fd_, POLLIN, 0};
      const int ready = ::poll(&poll, 1, !watched_ ? kGoneMs : changed ? kSettledMs : -1);
      if (ready > 0) changed = Read() || changed;
      if (ready == 0 && watched_) return true;
      if (!watched_) watched_ = changed = Watch();  // what is in it is new, too
    }
    return false;
  }

 private:
  bool Watch() {
    return fd_ >= 0 &&
           ::inotify_add_watch(fd_, directory_.c_str(), IN_CLOSE_WRITE | IN_MOVED_TO) >= 0;
  }
  bool Read() {
    alignas(inotify_event) char buffer[4096];
    bool ours = false;
    for (ssize_t n = 0; (n = ::read(fd_, buffer, sizeof buffer)) > 0;) {
      for (ssize_t at = 0; at < n;) {
        const auto* event = reinterpret_cast<const inotify_event*>(buffer + at);
        const std::string name = event->len > 0 ? event->name : "";
        ours = ours || name == library_ || name == sidecar_;
        if ((event->mask & IN_IGNORED) != 0) watched_ = false;  // the folder was removed
        at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
      }
    }
    return ours;
  }

  fs::path directory_;
  std::string library_, sidecar_;
  int fd_ = -1;
  bool watched_ = false;
};

struct DevOptions {
  std::string library, config, base_url, object;
  bool send = false, once = false;
};

void DevVerb(Context* context, const DevOptions& dev) {
  const fs::path library(dev.library);
  if (library.extension() != ".so") {
    return context->Fail(UsageError(
        "PS-CLI-USAGE", "The file " + dev.library + " is no connector: its name must end in .so.",
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
        "The folder " + directory.string() + " cannot be watched: " + std::strerror(errno) + ".",
        "Build the connector first, or name the library where it is."));
  }
  do {
    context->exit = Look(context, options);
    if (dev.once) return;
    if (!context->json()) {
      context->Print("\nWaiting for the next build of " + dev.library + "; Ctrl-C ends.\n\n");
    }
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
              "JSON file with the destination's config; texts may hold ${env:NAME}, ${file:PATH}");
  verb.Option("--base-url", &dev->base_url, "The destination's address, e.g. of a sandbox");
  verb.Option("--object", &dev->object, "Which object the sample record is for");
  verb.Flag("--send", &dev->send, "Send the sample record; without it, it is only shown");
  verb.Flag("--once", &dev->once, "Once, without watching; the exit code tells how it went");
  verb.Do([context, dev] { DevVerb(context, *dev); });
}

}  // namespace penstock::cli
