// The built program on wrong usage and bad projects: exit codes, streams, JSON, help.
#include <gtest/gtest.h>
#include <pty.h>
#include <rapidjson/document.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace penstock::cli {
namespace {

namespace fs = std::filesystem;

struct Ran {
  int exit = -1;
  std::string out, err;
};

std::string Read(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

class ProgramTest : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ = fs::temp_directory_path() / ("program-" + std::to_string(::getpid()));
    fs::remove_all(directory_);
    fs::create_directories(directory_);
  }
  void TearDown() override { fs::remove_all(directory_); }

  void Write(const std::string& name, const std::string& text) {
    std::ofstream(directory_ / name) << text;
  }
  Ran Run(const std::string& arguments) {
    const fs::path out = directory_ / "out.txt", err = directory_ / "err.txt";
    const std::string command =
        "cd '" + directory_.string() +
        "' && PENSTOCK_CONNECTORS='" PENSTOCK_TEST_CONNECTOR_DIR "' PENSTOCK_SHARED_DIR='" +
        directory_.string() + "/shared' '" PENSTOCK_TEST_BIN_DIR "/penstock' " + arguments + " >'" +
        out.string() + "' 2>'" + err.string() + "' </dev/null";
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, Read(out), Read(err)};
  }
  void WriteProject(const std::string& config, const std::string& more = "") {
    Write("penstock.yaml", R"(sources:
  warehouse: {type: sqlite, path: shop.db}
destinations:
  crm: {connector: loopback, base_url: "http://127.0.0.1:1", config: {)" +
                               config + R"(}}
integrations:
  contacts:
    source: warehouse
    model: {sql: "SELECT 'a@example.com' AS email, 2 AS name"}
    destination: crm
    object: contacts
    mode: upsert
    key: {email: email}
    mapping: {name: name}
)" + more);
  }
  // The one error of a --json answer.
  std::string JsonCode(const Ran& ran) {
    rapidjson::Document d;
    d.Parse(ran.out);
    if (d.HasParseError() || !d.HasMember("errors") || d["errors"].Empty()) return ran.out;
    return d["errors"][0]["code"].GetString();
  }

  fs::path directory_;
};

TEST_F(ProgramTest, WrongUsageIsExit2AndSuggests) {
  const Ran unknown = Run("snyc");
  EXPECT_EQ(unknown.exit, 2);
  EXPECT_NE(unknown.err.find("Did you mean \"sync\"?"), std::string::npos) << unknown.err;
  EXPECT_TRUE(unknown.out.empty());
  EXPECT_EQ(Run("plan --nonsense").exit, 2);
  EXPECT_EQ(Run("why contacts").exit, 2);
  EXPECT_EQ(Run("").exit, 2);
  EXPECT_EQ(JsonCode(Run("snyc --json")), "PS-CLI-USAGE");
  EXPECT_EQ(JsonCode(Run("why --json")), "PS-CLI-USAGE");
}

TEST_F(ProgramTest, LaterVerbsAreRefusedWithASentence) {
  for (const char* verb : {"init", "map", "adopt", "resend", "purge", "repair", "state", "serve",
                           "secret", "token", "catalog"}) {
    const Ran ran = Run(std::string(verb) + " contacts");
    EXPECT_EQ(ran.exit, 2) << verb;
    EXPECT_NE(ran.err.find("PS-CLI-LATER"), std::string::npos) << ran.err;
    EXPECT_NE(ran.err.find("not built yet"), std::string::npos) << ran.err;
  }
}

TEST_F(ProgramTest, EveryVerbHasHelpWithExamples) {
  for (const char* verb : {"validate",
                           "check",
                           "preview",
                           "plan",
                           "apply",
                           "discard",
                           "sync",
                           "test",
                           "status",
                           "runs",
                           "show",
                           "records",
                           "why",
                           "retry",
                           "settle",
                           "forget",
                           "changelog",
                           "changelog show",
                           "changelog verify",
                           "connector",
                           "connector list",
                           "connector show",
                           "connector new",
                           "connector dev",
                           "connector install",
                           "connector uninstall",
                           "connector trust",
                           "explain",
                           "completion",
                           "version"}) {
    const Ran ran = Run(std::string(verb) + " --help");
    EXPECT_EQ(ran.exit, 0) << verb;
    EXPECT_NE(ran.out.find("Examples:\n  "), std::string::npos) << verb;
  }
  EXPECT_EQ(Run("--help").exit, 0);
  EXPECT_NE(Run("--version").out.find("penstock 0."), std::string::npos);
}

TEST_F(ProgramTest, AMissingProjectIsNamed) {
  const Ran ran = Run("validate");
  EXPECT_EQ(ran.exit, 2);
  EXPECT_NE(ran.err.find("PS-CONF-MISSING"), std::string::npos) << ran.err;
  EXPECT_EQ(JsonCode(Run("sync --json")), "PS-CONF-MISSING");
}

TEST_F(ProgramTest, ErrorsHaveFileLineAndColumn) {
  WriteProject("tokne: \"${env:T}\"");
  const Ran ran = Run("validate");
  EXPECT_EQ(ran.exit, 2);
  EXPECT_NE(ran.err.find("penstock.yaml:4:"), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find("Did you mean \"token\"?"), std::string::npos) << ran.err;
}

TEST_F(ProgramTest, ALiteralSecretIsRefusedAndNotPrinted) {
  WriteProject("token: hunter2hunter2");
  for (const char* verb : {"validate", "sync", "plan --json", "check"}) {
    const Ran ran = Run(verb);
    EXPECT_EQ(ran.exit, 2) << verb;
    EXPECT_NE((ran.err + ran.out).find("PS-CONF-SECRET"), std::string::npos) << ran.err;
    EXPECT_EQ((ran.err + ran.out).find("hunter2"), std::string::npos) << verb;
  }
}

TEST_F(ProgramTest, AnUnsetVariableMattersWhenItIsUsed) {
  WriteProject("token: \"${env:PENSTOCK_TEST_NOT_SET}\"");
  const Ran valid = Run("validate");
  EXPECT_EQ(valid.exit, 0) << valid.err;
  EXPECT_NE(valid.err.find("warning PS-CONF-ENV"), std::string::npos) << valid.err;
  EXPECT_EQ(Run("runs").exit, 0);
  const Ran sync = Run("sync");
  EXPECT_EQ(sync.exit, 2);
  EXPECT_NE(sync.err.find("PENSTOCK_TEST_NOT_SET"), std::string::npos) << sync.err;
}

TEST_F(ProgramTest, UnknownConnectorIntegrationAndEnvironment) {
  WriteProject("token: \"${env:T}\"");
  const Ran integration = Run("sync contcts");
  EXPECT_EQ(integration.exit, 2);
  EXPECT_NE(integration.err.find("Did you mean \"contacts\"?"), std::string::npos);
  EXPECT_EQ(JsonCode(Run("validate --env prod --json")), "PS-CONF-NAME");
  Write("penstock.yaml", "destinations: {crm: {connector: hubspto}}\n");
  const Ran connector = Run("validate");
  EXPECT_NE(connector.err.find("PS-CONF-CONNECTOR"), std::string::npos) << connector.err;
  EXPECT_NE(connector.err.find("Did you mean \"hubspot\"?"), std::string::npos) << connector.err;
}

TEST_F(ProgramTest, TwoWritersOfOneObject) {
  WriteProject("token: \"${env:T}\"", R"(  people:
    source: warehouse
    model: {sql: SELECT 1}
    destination: crm
    object: contacts
    mode: mirror
    key: {email: email}
    mapping: {name: name}
)");
  EXPECT_NE(Run("validate").err.find("PS-CONF-SHARED"), std::string::npos);
}

TEST_F(ProgramTest, AnUnreachableDestinationIsNamedAndNothingIsLost) {
  WriteProject("token: \"${env:HOME}\"");
  const Ran ran = Run("sync --json");
  EXPECT_EQ(ran.exit, 1) << ran.out << ran.err;
  rapidjson::Document d;
  d.Parse(ran.out);
  ASSERT_FALSE(d.HasParseError()) << ran.out;
  EXPECT_STREQ(d["runs"][0]["status"].GetString(), "failed");
  EXPECT_TRUE(d["runs"][0]["error"]["message"].IsString());
}

TEST_F(ProgramTest, StatusRunsAndChangelogOfANewProject) {
  WriteProject("token: \"${env:T}\"");
  EXPECT_EQ(Run("status").exit, 0);
  EXPECT_NE(Run("status").out.find("never ran"), std::string::npos);
  EXPECT_EQ(Run("runs --json").out, "{\"runs\":[]}\n");
  EXPECT_EQ(Run("changelog verify").exit, 0);
  EXPECT_EQ(JsonCode(Run("show contacts-1 --json")), "PS-CLI-NO-RUN");
  EXPECT_EQ(JsonCode(Run("apply 123456 --json")), "PS-PLAN-MISSING");
  EXPECT_EQ(JsonCode(Run("settle contacts x --json")), "PS-CLI-USAGE");
  EXPECT_EQ(JsonCode(Run("retry contacts x --json")), "PS-CLI-NO-KEY");
  EXPECT_EQ(JsonCode(Run("forget contacts --json")), "PS-CLI-CONFIRM");
  EXPECT_EQ(JsonCode(Run("sync --allow updates=1 --json")), "PS-CLI-USAGE");
  EXPECT_EQ(JsonCode(Run("sync --wait 10 --json")), "PS-CLI-USAGE");
}

TEST_F(ProgramTest, AnEditedChangelogIsExit1) {
  WriteProject("token: \"${env:HOME}\"");
  Run("sync");
  const fs::path log = directory_ / ".penstock" / "default" / "changelog.jsonl";
  std::string text = Read(log);
  ASSERT_FALSE(text.empty());
  const size_t at = text.find("upsert");
  ASSERT_NE(at, std::string::npos);
  text[at] = 'U';
  std::ofstream(log, std::ios::trunc) << text;
  const Ran ran = Run("changelog verify");
  EXPECT_EQ(ran.exit, 1);
  EXPECT_NE(ran.err.find("changelog.jsonl:2"), std::string::npos) << ran.err;
}

TEST_F(ProgramTest, ALostSecretIsRefused) {
  WriteProject("token: \"${env:T}\"");
  EXPECT_EQ(Run("status").exit, 0);
  fs::remove(directory_ / ".penstock" / "default" / "secret");
  const Ran ran = Run("status");
  EXPECT_EQ(ran.exit, 1);
  EXPECT_NE(ran.err.find("PS-SECRET-CHANGED"), std::string::npos) << ran.err;
  EXPECT_FALSE(fs::exists(directory_ / ".penstock" / "default" / "secret"));
}

TEST_F(ProgramTest, ExplainsCodes) {
  const Ran ran = Run("explain ps-plan-stale");
  EXPECT_EQ(ran.exit, 0);
  EXPECT_NE(ran.out.find("PS-PLAN-STALE"), std::string::npos);
  EXPECT_EQ(Run("explain PS-NO-SUCH").exit, 2);
  EXPECT_GT(Run("explain").out.size(), 2000u);
}

TEST_F(ProgramTest, CompletionScriptsAreValid) {
  for (const char* shell : {"bash", "zsh", "fish"}) {
    const Ran ran = Run(std::string("completion ") + shell);
    EXPECT_EQ(ran.exit, 0);
    EXPECT_NE(ran.out.find("changelog"), std::string::npos);
  }
  for (const char* shell : {"bash", "fish"}) {
    EXPECT_NE(Run(std::string("completion ") + shell).out.find("base-url"), std::string::npos)
        << shell << ": options of an inner command";
  }
  Write("completion.bash", Run("completion bash").out);
  EXPECT_EQ(std::system(("bash -n '" + (directory_ / "completion.bash").string() + "'").c_str()),
            0);
}

TEST_F(ProgramTest, ConnectorsAreListedWithoutRunningThem) {
  const Ran list = Run("connector list --json");
  EXPECT_EQ(list.exit, 0);
  EXPECT_NE(list.out.find("\"id\":\"loopback\""), std::string::npos) << list.out;
  const Ran show = Run("connector show hubspot");
  EXPECT_NE(show.out.find("bearer, from the setting access_token; or OAuth 2.0: refresh_token from "
                          "the settings client_id, client_secret"),
            std::string::npos)
      << show.out;
  EXPECT_NE(show.out.find("secret"), std::string::npos) << show.out;
  EXPECT_EQ(show.out.find("pat-"), std::string::npos);
  EXPECT_EQ(Run("connector show none").exit, 2);
  EXPECT_EQ(JsonCode(Run("connector list --json --connectors /nowhere")), "PS-CONN-DIR");
}

TEST_F(ProgramTest, ANewConnectorIsWrittenOnceAndNeverOverWork) {
  const Ran made = Run("connector new big_crm");
  EXPECT_EQ(made.exit, 0) << made.err;
  EXPECT_NE(made.out.find("penstock connector dev build/big_crm.so"), std::string::npos);
  const std::string manifest = Read(directory_ / "big_crm/manifest.json");
  EXPECT_NE(manifest.find(R"("id": "big_crm")"), std::string::npos) << manifest;
  EXPECT_NE(manifest.find(R"("name": "Big Crm")"), std::string::npos);
  EXPECT_NE(manifest.find("@PENSTOCK_DRAFT_ID@"), std::string::npos);
  EXPECT_NE(Read(directory_ / "big_crm/README.md").find("BIG_CRM_TOKEN"), std::string::npos);
  for (const auto& entry : fs::recursive_directory_iterator(directory_ / "big_crm")) {
    if (!entry.is_regular_file()) continue;
    const std::string text = Read(entry.path());
    EXPECT_EQ(text.find("acme"), std::string::npos) << entry.path();
    EXPECT_EQ(text.find("Acme"), std::string::npos) << entry.path();
  }
  const auto mode = fs::status(directory_ / "big_crm/check.sh").permissions();
  EXPECT_NE(mode & fs::perms::owner_exec, fs::perms::none);

  const Ran again = Run("connector new big_crm --json");
  EXPECT_EQ(again.exit, 2);
  EXPECT_EQ(JsonCode(again), "PS-CLI-EXISTS");
  EXPECT_EQ(Run("connector new big_crm --directory elsewhere").exit, 0);
  EXPECT_TRUE(fs::exists(directory_ / "elsewhere/big_crm.cc"));
  Write("file", "mine");
  EXPECT_EQ(JsonCode(Run("connector new acme --directory file --json")), "PS-CLI-EXISTS");
  fs::create_directory(directory_ / "empty");
  EXPECT_EQ(Run("connector new acme --directory empty").exit, 0);
  EXPECT_EQ(JsonCode(Run("connector new acme --directory file/below --json")), "PS-CLI-WRITE");
}

TEST_F(ProgramTest, ANewConnectorNeedsAUsableName) {
  for (const char* name : {"Acme", "9lives", "a-b", "a.b", "a__b", "a_", "../x", "''",
                           "a2345678901234567890123456789012345678901"}) {
    const Ran ran = Run("connector new " + std::string(name) + " --json");
    EXPECT_EQ(ran.exit, 2) << name;
    EXPECT_EQ(JsonCode(ran), "PS-CLI-NAME") << name;
  }
  // The header of every connector has penstock_connector already.
  const Ran own = Run("connector new penstock");
  EXPECT_EQ(own.exit, 2);
  EXPECT_NE(own.err.find("it is Penstock's own"), std::string::npos) << own.err;
  for (const auto& [name, near] :
       {std::pair{"my-crm", "such as my_crm."}, {"Big.CRM-", "such as big_crm."}, {"9", "acme"}}) {
    const Ran ran = Run("connector new " + std::string(name));
    EXPECT_NE(ran.err.find(near), std::string::npos) << name << ": " << ran.err;
  }
  EXPECT_EQ(Run("connector new").exit, 2);
}

TEST_F(ProgramTest, ConnectorDevSaysWhatIsWrong) {
  const std::string library = PENSTOCK_TEST_CONNECTOR_DIR "/loopback.so";
  Write("config.json", R"({"token": "hush-hush"})");
  // Nobody listens there.
  const std::string dev = "connector dev " + library + " --once --config config.json ";
  const Ran down = Run(dev + "--base-url http://127.0.0.1:1");
  EXPECT_EQ(down.exit, 1) << down.out << down.err;
  EXPECT_NE(down.out.find("no answer"), std::string::npos) << down.out;
  EXPECT_EQ(down.out.find("hush-hush"), std::string::npos) << down.out;

  const Ran json = Run(dev + "--base-url http://127.0.0.1:1 --json");
  EXPECT_EQ(json.exit, 1);
  EXPECT_EQ(JsonCode(json), "PS-CONN-FAILED") << json.err;
  rapidjson::Document document;
  document.Parse(json.out);
  ASSERT_TRUE(document.IsObject() && document["events"].IsArray()) << json.out;
  EXPECT_NE(json.out.find(R"({"event":"step","text":"check"})"), std::string::npos) << json.out;
  EXPECT_NE(json.out.find(R"("method":"GET","url":"http://127.0.0.1:1/)"), std::string::npos)
      << json.out;
  EXPECT_EQ(json.out.find("hush-hush"), std::string::npos) << json.out;

  const std::string once = "connector dev " + library + " --once --json ";
  EXPECT_EQ(JsonCode(Run(once)), "PS-CONF-CONFIG");
  EXPECT_EQ(JsonCode(Run(once + "--config nowhere.json")), "PS-CONF-READ");
  for (const char* config : {"{nope", "[]", ""}) {
    Write("bad.json", config);
    EXPECT_EQ(JsonCode(Run(once + "--config bad.json")), "PS-CONF-CONFIG") << config;
  }
  EXPECT_EQ(JsonCode(Run(once + "--config .")), "PS-CONF-READ");
  EXPECT_EQ(JsonCode(Run("connector dev build/acme.so --once --json")), "PS-CONN-NOT-FOUND");
  EXPECT_EQ(JsonCode(Run("connector dev build/acme.so --json")), "PS-CONN-DIR");
  EXPECT_EQ(JsonCode(Run("connector dev config.json --json")), "PS-CLI-USAGE");
  EXPECT_EQ(Run("connector dev build/acme.so --once").exit, 2);
  EXPECT_EQ(Run("connector dev").exit, 2);
}

TEST_F(ProgramTest, NoEscapesOffATerminal) {
  WriteProject("token: \"${env:T}\"");
  for (const char* verb : {"validate", "status", "connector list", "snyc", "explain"}) {
    const Ran ran = Run(verb);
    EXPECT_EQ((ran.out + ran.err).find('\x1b'), std::string::npos) << verb;
  }
}

/// What a command prints on a terminal of so many columns.
std::string OnTerminal(const std::string& directory, const char* verb, unsigned short columns) {
  winsize size{};
  size.ws_col = columns;
  size.ws_row = 24;
  int terminal = -1;
  const pid_t child = ::forkpty(&terminal, nullptr, nullptr, &size);
  if (child == 0) {
    if (::chdir(directory.c_str()) != 0) ::_exit(99);
    ::setenv("NO_COLOR", "1", 1);
    ::setenv("PENSTOCK_CONNECTORS", PENSTOCK_TEST_CONNECTOR_DIR, 1);
    ::execl(PENSTOCK_TEST_BIN_DIR "/penstock", "penstock", verb, nullptr);
    ::_exit(99);
  }
  std::string out;
  char buffer[4096];
  for (ssize_t n = 0; (n = ::read(terminal, buffer, sizeof buffer)) > 0;) {
    out.append(buffer, static_cast<size_t>(n));
  }
  ::close(terminal);
  ::waitpid(child, nullptr, 0);
  return out;
}

TEST_F(ProgramTest, ATerminalGetsLinesThatFitAndAFileWholeSentences) {
  WriteProject("token: \"${env:T}\"", "    options: {path: a, and_another: 1}\n");
  for (const char* verb : {"explain", "validate", "status"}) {
    const std::string page = OnTerminal(directory_, verb, 80);
    std::istringstream lines(page);
    for (std::string line; std::getline(lines, line);) {
      size_t columns = 0;  // of text in UTF-8
      for (const char c : line)
        columns += c != '\r' && (static_cast<unsigned char>(c) & 0xC0) != 0x80;
      EXPECT_LE(columns, 80u) << verb << ": " << line;
    }
    EXPECT_FALSE(page.empty()) << verb;
  }
  EXPECT_EQ(Run("explain").out.find("…\n"), std::string::npos) << "nothing is cut";
}

}  // namespace
}  // namespace penstock::cli
