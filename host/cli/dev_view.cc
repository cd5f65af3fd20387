#include "host/cli/dev_view.h"

#include <sys/mman.h>
#include <unistd.h>

#include <sstream>

#include "host/cli/json.h"

namespace penstock::cli {
namespace {

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

class DevText final : public engine::TryoutView {
 public:
  explicit DevText(Context* context) : context_(context), paint_(context->paint()) {}

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

// The kinds of lines in a record.
constexpr char kEvent = 'v', kError = 'x';

// A line that does not fit is lost, as everything is then.
void Append(int fd, char kind, const std::string& json) {
  const std::string line = kind + json + "\n";
  const ssize_t ignored = ::write(fd, line.data(), line.size());
  (void)ignored;
}

class DevEvents final : public engine::TryoutView {
 public:
  explicit DevEvents(int fd) : fd_(fd) {}

  void Step(const std::string& what) override { Text("step", what); }
  void Request(const engine::ShownRequest& request) override {
    Json json;
    json.Begin().Text("event", "request").Text("method", request.method).Text("url", request.url);
    json.Begin("headers");
    for (const auto& [name, value] : request.headers) json.Text(name, value);
    json.End().Text("body", request.body).End();
    Append(fd_, kEvent, json.Take());
  }
  void Answer(const engine::ShownAnswer& answer) override {
    Json json;
    json.Begin().Text("event", "answer").Bool("sent", !answer.held);
    if (answer.status != 0) {
      json.Signed("status", answer.status).Real("duration_s", answer.seconds);
      json.Text("body", answer.body);
    }
    if (!answer.error.empty()) json.Text("error", answer.error);
    Append(fd_, kEvent, json.End().Take());
  }
  void Result(const std::string& line) override { Text("result", line); }
  void Log(const std::string& line) override { Text("log", line); }

 private:
  void Text(const char* event, const std::string& text) {
    Json json;
    Append(fd_, kEvent, json.Begin().Text("event", event).Text("text", text).End().Take());
  }

  int fd_;
};

// The lines of one kind, as members of a list.
std::string Listed(const std::string& record, char kind) {
  std::istringstream lines(record);
  std::string out;
  for (std::string line; std::getline(lines, line);) {
    if (line.front() == kind) out += (out.empty() ? "" : ",") + line.substr(1);
  }
  return "[" + out + "]";
}

}  // namespace

std::unique_ptr<engine::TryoutView> MakeDevText(Context* context) {
  return std::make_unique<DevText>(context);
}

DevRecord::DevRecord() : fd_(::memfd_create("penstock-dev", MFD_CLOEXEC)) {}

DevRecord::~DevRecord() {
  if (fd_ >= 0) ::close(fd_);
}

std::unique_ptr<engine::TryoutView> DevRecord::MakeView() {
  return std::make_unique<DevEvents>(fd_);
}

void DevRecord::AddError(const Error& error) {
  Json json;
  PutError(&json, error);
  Append(fd_, kError, json.Take());
}

std::string DevRecord::Document(const std::string& library) const {
  std::string record;
  char buffer[4096];
  for (ssize_t n = 0;
       (n = ::pread(fd_, buffer, sizeof buffer, static_cast<off_t>(record.size()))) > 0;) {
    record.append(buffer, static_cast<size_t>(n));
  }
  // A process that died in the middle of a line leaves its beginning.
  record.resize(record.rfind('\n') == std::string::npos ? 0 : record.rfind('\n') + 1);
  Json json;
  json.Begin().Text("library", library);
  json.Raw("events", Listed(record, kEvent)).Raw("errors", Listed(record, kError)).End();
  return json.Take();
}

}  // namespace penstock::cli
