// connector new and conform: for the authors of connectors.
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>

#include "host/cli/context.h"
#include "host/cli/json.h"
#include "host/cli/verbs.h"
#include "sdk/template/connector_template.h"

namespace penstock::cli {
namespace {

namespace fs = std::filesystem;

// A folder that is there and not empty is somebody's work.
Status CheckTarget(const fs::path& folder) {
  std::error_code error;
  const bool there = fs::exists(fs::symlink_status(folder, error));
  if (!there || (fs::is_directory(folder, error) && fs::is_empty(folder, error))) return {};
  return UsageError("PS-CLI-EXISTS", "There is something at " + folder.string() + " already.",
                    "Name another folder with --directory, or take this one away; nothing is "
                    "overwritten.");
}

Status WriteFile(const fs::path& path, const sdk::TemplateFile& file) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  errno = 0;
  std::ofstream out(path, std::ios::binary);
  out << file.text;
  out.close();
  if (error || !out) {
    const std::string why = error ? error.message() : std::strerror(errno);
    return MakeError(
        "PS-CLI-WRITE", path.string() + " cannot be written: " + why + ".",
        "Name a folder that you may write to with --directory; what was written before "
        "this is still there.");
  }
  if (file.executable) {
    fs::permissions(path, fs::perms::owner_exec | fs::perms::group_exec | fs::perms::others_exec,
                    fs::perm_options::add, error);
  }
  return {};
}

// As a word for a shell.
std::string ShellWord(const std::string& text) {
  const bool plain = std::all_of(text.begin(), text.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || std::strchr("_./+-", c) != nullptr;
  });
  if (plain) return text;
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? "'\\''" : std::string(1, c);
  return out + "'";
}

std::string NextSteps(const std::string& id, const std::string& folder) {
  const std::string dev = "penstock connector dev build/" + id + ".so";
  const auto step = [&](const std::string& command, const std::string& what) {
    return "  " + command + std::string(dev.size() - command.size() + 2, ' ') + what + "\n";
  };
  return "Next:\n  cd " + Printable(ShellWord(folder)) + "\n" +
         step(
             "./check.sh [SDK]",
             "builds it and runs the conformance kit; SDK: its folder, if CMake does not find it") +
         step(dev, "shows its requests while you work on it") + "Read " + id +
         ".cc from top to bottom, then make it yours: README.md has the steps.\n";
}

void NewVerb(Context* context, const std::string& id, std::string folder) {
  const std::string why = sdk::WhyNoConnectorName(id);
  if (!why.empty()) {
    const std::string near = sdk::NearestConnectorName(id);
    return context->Fail(UsageError(
        "PS-CLI-NAME", "\"" + id + "\" cannot be the name of a connector: it " + why + ".",
        "Choose one such as " + (near.empty() ? "acme or big_crm" : near) + "."));
  }
  if (folder.empty()) folder = id;
  const Status free = CheckTarget(folder);
  if (!free.ok()) return context->Fail(free.error());
  Json json;
  json.Begin().Text("connector", id).Text("directory", folder).BeginList("files");
  std::string said = "Wrote the connector " + id + " to " + Printable(folder) + ":\n";
  for (const sdk::TemplateFile& file : sdk::ConnectorTemplate(id)) {
    const Status written = WriteFile(fs::path(folder) / file.path, file);
    if (!written.ok()) return context->Fail(written.error());
    json.Text(file.path);
    said += "  " + file.path + "\n";
  }
  json.EndList().End();
  context->Print(context->json() ? json.Take() + "\n" : said + NextSteps(id, folder));
}

// Beside this program, as both are installed.
void ConformVerb(Context* context, const std::vector<std::string>& arguments) {
  std::error_code ignored;
  const fs::path self = fs::read_symlink("/proc/self/exe", ignored);
  if (!self.is_absolute()) {  // never a program of the folder that we happen to be in
    return context->Fail(
        MakeError("PS-CLI-NO-CHECK",
                  "The conformance kit cannot be started: this program does not "
                  "know where it lies itself, since /proc/self/exe cannot be read.",
                  "Mount /proc, or start penstock-check by its path."));
  }
  const std::string program = (self.parent_path() / "penstock-check").string();
  const std::string why = Become(program, arguments);
  context->Fail(MakeError("PS-CLI-NO-CHECK",
                          "The conformance kit cannot be started: " + program + ": " + why + "."));
}

}  // namespace

void AddAuthorVerbs(Verb connector, Context* context) {
  Verb create = connector.AddVerb("new", "Write the folder of a new connector",
                                  "penstock connector new acme\n"
                                  "penstock connector new acme --directory ~/src/acme-connector");
  auto id = std::make_shared<std::string>();
  auto folder = std::make_shared<std::string>();
  create.Positional("NAME", id.get(), "Its id: letters from a to z, digits and _").Required();
  create.Option("--directory", folder.get(), "The folder to write (default: NAME)");
  create.Do([context, id, folder] { NewVerb(context, *id, *folder); });

  Verb conform = connector.AddVerb(
      "conform", "Prove that a connector keeps the contract (penstock-check)",
      "penstock connector conform build/acme.so --fixture fixture.yaml --level 3\n"
      "penstock connector conform --list\npenstock connector conform --help");
  conform.Do([context] { ConformVerb(context, context->rest); });
}

}  // namespace penstock::cli
