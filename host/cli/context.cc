#include "host/cli/context.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "host/cli/codes.h"
#include "host/cli/json.h"
#include "host/engine/offline.h"
#include "host/project/connectors.h"
#include "host/project/reading.h"
#include "host/trust/found.h"

namespace penstock::cli {
namespace {

volatile std::sig_atomic_t cancelled = 0;

void OnSignal(int signal) {
  if (cancelled != 0) {
    std::signal(signal, SIG_DFL);
    std::raise(signal);
    return;
  }
  cancelled = 1;
  static const char kSaid[] =
      "\npenstock: finishing what is under way; again to stop at once (then some records may be in "
      "doubt)\n";
  const ssize_t ignored = ::write(STDERR_FILENO, kSaid, sizeof kSaid - 1);
  (void)ignored;
}

bool ColoursWanted(bool terminal) {
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  const bool dumb = term != nullptr && std::string(term) == "dumb";
  return terminal && !dumb && (no_color == nullptr || *no_color == '\0');
}

constexpr size_t kUsualWidth = 80, kNarrowest = 40;

// Columns of the terminal that `fd` is; 0: it is none.
size_t TerminalWidth(int fd) {
  if (::isatty(fd) != 1) return 0;
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return kUsualWidth;
  return std::max<size_t>(size.ws_col, kNarrowest);
}

std::string ErrorText(const Error& error, const Paint& paint, const char* word, bool red) {
  std::string text = PlaceText(error);
  text += red ? paint.Red(word) : paint.Yellow(word);
  text += " " + error.code + ": " + Printable(AsSentence(error.message));
  text = Wrapped(text, paint.width(), 2) + "\n";
  const std::string hint = HintOf(error);
  if (!hint.empty()) {
    text += "  " + Wrapped(Printable(AsSentence(hint)), paint.width(), 2) + "\n";
  }
  return text;
}

}  // namespace

std::string Become(const std::string& program, const std::vector<std::string>& arguments) {
  std::vector<std::string> words = {program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  ::execv(program.c_str(), argv.data());
  return std::strerror(errno);
}

bool Cancelled() { return cancelled != 0; }

void InstallSignalHandlers() {
  struct sigaction action {};
  action.sa_handler = OnSignal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

Context::Context()
    : out_terminal_(::isatty(STDOUT_FILENO) == 1),
      err_terminal_(::isatty(STDERR_FILENO) == 1),
      out_paint_(ColoursWanted(out_terminal_), TerminalWidth(STDOUT_FILENO)),
      err_paint_(ColoursWanted(err_terminal_), TerminalWidth(STDERR_FILENO)) {}

void Context::Print(const std::string& text) {
  const bool written =
      std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0;
  if (written || output_lost_) return;
  output_lost_ = true;
  if (errno == EPIPE) return;  // the reader has had enough, as `head` has
  PrintError(ErrorText(
      MakeError("PS-CLI-OUTPUT",
                std::string("Standard output cannot be written: ") + std::strerror(errno) + ".",
                "What was done is done; `penstock show` tells of a run again."),
      err_paint_, "error", true));
}

void Context::PrintError(const std::string& text) {
  std::fwrite(text.data(), 1, text.size(), stderr);
}

void Context::Fail(const std::vector<Error>& errors) {
  if (errors.empty()) return;
  exit = static_cast<int>(errors.front().exit);
  if (json()) {
    Print(ErrorsJson(errors) + "\n");
    return;
  }
  std::string text;
  for (const Error& error : errors) text += ErrorText(error, err_paint_, "error", true);
  PrintError(text);
}

void Context::Warn(const Error& warning) {
  if (!json()) PrintError(ErrorText(warning, err_paint_, "warning", false));
}

void Context::Note(const std::string& sentence) {
  PrintError(Wrapped("penstock: " + Printable(sentence), err_paint_.width(), 2) + "\n");
}

std::string Context::ConnectorDirectory() const {
  if (!options.connectors.empty()) return options.connectors;
  const char* set = std::getenv("PENSTOCK_CONNECTORS");
  if (set != nullptr && *set != '\0') return set;
  return trust::InstalledConnectors();
}

std::string Context::ProjectDirectory() const {
  return project::FindProjectDirectory(LoadOptions());
}

project::ConnectorFolders Context::ConnectorFolders() const {
  const char* set = std::getenv("PENSTOCK_CONNECTORS");
  const bool named = !options.connectors.empty() || (set != nullptr && *set != '\0');
  const std::string home = named ? "" : ProjectDirectory();
  return {home.empty() ? "" : home + "/connectors", ConnectorDirectory()};
}

project::LoadOptions Context::LoadOptions() const {
  project::LoadOptions load;
  load.directory = options.directory;
  load.file = options.project_file;
  load.environment = options.environment;
  return load;
}

Result<project::LoadedProject> Context::ReadProject() const {
  auto loaded = project::LoadProject(LoadOptions());
  if (loaded.ok() && options.locked) loaded->project.policy.locked = true;
  return loaded;
}

std::optional<project::LoadedProject> Context::LoadProject() {
  auto loaded = ReadProject();
  if (!loaded.ok()) {
    Fail(loaded.error());
    return std::nullopt;
  }
  project::CheckConnectors(ConnectorFolders(), secrets::ProcessEnvironment(), &*loaded);
  project::CheckNeighbours(&*loaded);
  if (!loaded->errors.empty()) {
    Fail(loaded->errors);
    return std::nullopt;
  }
  return *std::move(loaded);
}

engine::Engine* Context::OpenEngine() {
  if (engine_ != nullptr) return engine_.get();
  auto loaded = LoadProject();
  if (!loaded) return nullptr;
  engine::EngineOptions open;
  open.connectors = ConnectorFolders();
  open.lookup = secrets::ProcessEnvironment();
  open.version = kVersion;
  open.cancelled = Cancelled;
  open.log = [this](int32_t level, const std::string& message) {
    if (level >= PENSTOCK_LOG_WARN || options.verbose) {
      Note(message);
    }
  };
  open.notice = [this](const std::string& sentence) { Note(sentence); };
  auto engine = engine::Engine::Open(std::move(loaded->project), std::move(open));
  if (!engine.ok()) {
    Fail(engine.error());
    return nullptr;
  }
  engine_ = *std::move(engine);
  return engine_.get();
}

std::optional<std::vector<std::string>> Context::Select(const std::vector<std::string>& names) {
  engine::Engine* engine = OpenEngine();
  if (engine == nullptr) return std::nullopt;
  std::vector<std::string> known;
  for (const auto& [id, settings] : engine->project().integrations) known.push_back(id);
  for (const std::string& name : names) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    Fail(project::UnknownName("integration", name, known));
    return std::nullopt;
  }
  if (known.empty()) {
    Error e = UsageError("PS-CONF-NAME", "The project has no integrations yet.",
                         "Add one under integrations: in the project file.");
    e.file = engine->project().file;
    Fail(e);
    return std::nullopt;
  }
  std::vector<std::string> once;
  for (const std::string& name : names) {
    if (std::find(once.begin(), once.end(), name) == once.end()) once.push_back(name);
  }
  return once.empty() ? known : once;
}

}  // namespace penstock::cli
