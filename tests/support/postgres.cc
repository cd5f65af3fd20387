#include "tests/support/postgres.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>
#include <vector>

namespace penstock::testing {
namespace {

namespace fs = std::filesystem;
constexpr char kCode[] = "PS-TEST-POSTGRES";
constexpr auto kStartTimeout = std::chrono::seconds(60);

std::string FindBinDir() {
  if (const char* set = std::getenv("PENSTOCK_PG_BIN")) return set;
  std::string best;
  int best_version = 0;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", ignored)) {
    const int version = std::atoi(entry.path().filename().c_str());
    if (version > best_version && fs::exists(entry.path() / "bin/initdb")) {
      best_version = version;
      best = entry.path() / "bin";
    }
  }
  return best;
}

// PostgreSQL refuses to run as root: then it runs as `postgres`.
const passwd* ServerUser() { return geteuid() == 0 ? getpwnam("postgres") : nullptr; }

pid_t Spawn(const std::vector<std::string>& args, const std::string& log) {
  const passwd* user = ServerUser();
  std::vector<char*> argv;
  for (const std::string& arg : args) argv.push_back(const_cast<char*>(arg.c_str()));
  argv.push_back(nullptr);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid != 0) return pid;
  const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  const int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
  dup2(in, 0);
  dup2(out, 1);
  dup2(out, 2);
  if (user != nullptr && (setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0)) _exit(126);
  prctl(PR_SET_PDEATHSIG, SIGQUIT);  // an immediate shutdown when the test dies
  if (getppid() != parent) _exit(126);
  setenv("LC_ALL", "C.UTF-8", 1);
  execv(argv[0], argv.data());
  _exit(127);
}

std::string ReadAll(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

uint16_t FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  uint16_t port = 0;
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
      getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0) {
    port = ntohs(address.sin_port);
  }
  close(fd);
  return port;
}

}  // namespace

Result<std::unique_ptr<PostgresServer>> PostgresServer::Start() {
  std::unique_ptr<PostgresServer> server(new PostgresServer());
  server->bin_dir_ = FindBinDir();
  if (server->bin_dir_.empty()) {
    return MakeError(kCode, "No PostgreSQL server was found in /usr/lib/postgresql.",
                     "Install the package postgresql, or set PENSTOCK_PG_BIN to its bin folder.");
  }
  if (geteuid() == 0 && ServerUser() == nullptr) {
    return MakeError(kCode, "PostgreSQL cannot run as root, and there is no user `postgres`.");
  }
  PENSTOCK_RETURN_IF_ERROR(server->InitCluster());
  // Another process may take the free port before the server does: then it is tried with another.
  Status launched;
  for (int attempt = 0; attempt < 5; ++attempt) {
    server->port_ = FreePort();
    launched = server->Launch();
    if (launched.ok()) return server;
  }
  return launched;
}

Status PostgresServer::InitCluster() {
  std::string pattern = (fs::temp_directory_path() / "penstock-pg-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) {
    return MakeError(kCode, "No temporary folder can be made at " + pattern + ".");
  }
  dir_ = pattern;
  if (const passwd* user = ServerUser()) {
    if (chown(dir_.c_str(), user->pw_uid, user->pw_gid) != 0) {
      return MakeError(kCode, "The folder " + dir_ + " cannot be given to the user postgres.");
    }
  }
  // Others must reach the socket in it.
  fs::permissions(dir_, fs::perms::owner_all | fs::perms::group_exec | fs::perms::others_exec |
                            fs::perms::group_read | fs::perms::others_read);
  const std::string log = dir_ + "/initdb.log";
  const pid_t pid = Spawn({bin_dir_ + "/initdb", "-D", dir_ + "/data", "-U", "postgres",
                           "--auth=trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"},
                          log);
  int status = 0;
  waitpid(pid, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  return MakeError(kCode, "initdb failed: " + ReadAll(log));
}

Status PostgresServer::Launch() {
  const std::string log = dir_ + "/server.log";
  pid_ =
      Spawn({bin_dir_ + "/postgres", "-D", dir_ + "/data", "-p", std::to_string(port_), "-k", dir_,
             "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "full_page_writes=off",
             "-c", "synchronous_commit=off", "-c", "jit=off", "-c", "max_connections=50"},
            log);
  const auto deadline = std::chrono::steady_clock::now() + kStartTimeout;
  while (std::chrono::steady_clock::now() < deadline) {
    int status = 0;
    if (waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      return MakeError(kCode, "The PostgreSQL server ended at once: " + ReadAll(log));
    }
    if (PQping(url().c_str()) == PQPING_OK) return {};
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  Stop();
  return MakeError(kCode, "The PostgreSQL server was not ready in time: " + ReadAll(log));
}

PostgresServer::~PostgresServer() {
  Stop();
  std::error_code ignored;
  if (!dir_.empty()) fs::remove_all(dir_, ignored);
}

std::string PostgresServer::url(const std::string& user, const std::string& database) const {
  return "postgresql://" + user + "@127.0.0.1:" + std::to_string(port_) + "/" + database;
}

std::string PostgresServer::socket_url(const std::string& user, const std::string& database) const {
  return "postgresql:///" + database + "?user=" + user + "&host=" + dir_ +
         "&port=" + std::to_string(port_);
}

Status PostgresServer::Exec(const std::string& sql) { return Query(sql).status(); }

Result<std::string> PostgresServer::Query(const std::string& sql) {
  std::unique_ptr<PGconn, decltype(&PQfinish)> connection(PQconnectdb(url().c_str()), &PQfinish);
  if (PQstatus(connection.get()) != CONNECTION_OK) {
    return MakeError(kCode, PQerrorMessage(connection.get()));
  }
  std::unique_ptr<PGresult, decltype(&PQclear)> result(PQexec(connection.get(), sql.c_str()),
                                                       &PQclear);
  const ExecStatusType status = PQresultStatus(result.get());
  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY) {
    return MakeError(kCode, PQerrorMessage(connection.get()));
  }
  if (PQntuples(result.get()) == 0 || PQnfields(result.get()) == 0) return std::string();
  return std::string(PQgetvalue(result.get(), 0, 0));
}

Result<int> PostgresServer::KillBackends() {
  PENSTOCK_ASSIGN_OR_RETURN(
      const std::string count,
      Query("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
            "WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"));
  return std::atoi(count.c_str());
}

void PostgresServer::Stop() {
  if (pid_ <= 0) return;
  kill(pid_, SIGINT);
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = -1;
}

Status PostgresServer::Restart() {
  Stop();
  return Launch();
}

}  // namespace penstock::testing
