#include "host/sources/postgres_session.h"

#include <poll.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "host/sources/sql_text.h"

namespace penstock::sources {
namespace {

constexpr int kPollMs = 100;
constexpr char kUrlHint[] =
    "Write postgresql://user:password@host:port/database; in the password, write @ as %40, : as "
    "%3A, / as %2F, ? as %3F and % as %25.";

struct FreeConnInfo {
  void operator()(PQconninfoOption* options) const { PQconninfoFree(options); }
};
using ConnInfo = std::unique_ptr<PQconninfoOption, FreeConnInfo>;

// The URL taken apart; null when libpq cannot read it. Its own message may quote the password, so
// that it is dropped.
ConnInfo ParseUrl(const std::string& url) {
  char* message = nullptr;
  ConnInfo info(PQconninfoParse(url.c_str(), &message));
  if (message != nullptr) PQfreemem(message);
  return info;
}

std::string Option(const ConnInfo& info, std::string_view keyword) {
  for (PQconninfoOption* o = info.get(); o != nullptr && o->keyword != nullptr; ++o) {
    if (keyword == o->keyword && o->val != nullptr) return o->val;
  }
  return {};
}

// Where a character of the password stands unescaped, libpq takes parts of the password for host,
// port or database, and those are in messages.
bool Ambiguous(const std::string& url, const ConnInfo& info) {
  if (Option(info, "host").find('@') != std::string::npos) return true;
  const size_t scheme = url.find("://");
  if (scheme == std::string::npos) return false;
  const std::string port = Option(info, "port");
  if (port.find_first_not_of("0123456789,") != std::string::npos) return true;
  const std::string rest = url.substr(scheme + 3, url.find('?') - scheme - 3);
  const size_t slash = rest.find('/');
  return slash != std::string::npos && rest.find('@', slash) != std::string::npos;
}

std::string SetZone(const std::string& zone) {
  if (zone.front() == '+' || zone.front() == '-') {
    // A bare offset would be taken with the opposite sign.
    return "SET LOCAL TIME ZONE INTERVAL '" + zone + "' HOUR TO MINUTE;";
  }
  return "SET LOCAL TIME ZONE '" + zone + "';";
}

std::string Field(const PGresult* result, int code) {
  const char* text = PQresultErrorField(result, code);
  return text == nullptr ? std::string() : std::string(text);
}

}  // namespace

Status CheckPostgresUrl(const std::string& url) {
  const ConnInfo info = ParseUrl(url);
  if (!info) {
    return UsageError("PS-SRC-URL", "The source's url is not a PostgreSQL URL.", kUrlHint);
  }
  if (Ambiguous(url, info)) {
    return UsageError("PS-SRC-URL", "The source's url can be read in more than one way.", kUrlHint);
  }
  return {};
}

std::string RedactPostgresUrl(const std::string& url) {
  const ConnInfo info = ParseUrl(url);
  if (!info || Ambiguous(url, info)) return "a PostgreSQL URL";
  const std::string host = Option(info, "host");
  const std::string user = Option(info, "user");
  const std::string port = Option(info, "port");
  std::string out = "postgresql://" + (user.empty() ? "" : user + "@") + host;
  if (!port.empty()) out += ":" + port;
  return out + "/" + Option(info, "dbname");
}

Result<std::unique_ptr<PostgresSession>> PostgresSession::Open(const PostgresOptions& options,
                                                               std::function<bool()> cancelled) {
  std::unique_ptr<PostgresSession> session(new PostgresSession(options, std::move(cancelled)));
  PENSTOCK_RETURN_IF_ERROR(session->Connect(options));
  std::string begin =
      "BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY;"
      "SET LOCAL default_transaction_read_only = on; SET LOCAL DateStyle = 'ISO, YMD';"
      "SET LOCAL IntervalStyle = 'postgres'; SET LOCAL extra_float_digits = 1;" +
      SetZone(options.time_zone);
  if (options.statement_timeout_ms > 0) {
    begin += "SET LOCAL statement_timeout = " + std::to_string(options.statement_timeout_ms) + ";";
  }
  PENSTOCK_RETURN_IF_ERROR(session->Run(begin).status());
  return session;
}

Status PostgresSession::Connect(const PostgresOptions& options) {
  PENSTOCK_RETURN_IF_ERROR(CheckPostgresUrl(options.url));
  const ConnInfo info = ParseUrl(options.url);
  password_ = Option(info, "password");
  const std::string timeout = std::to_string(options.connect_timeout_s);
  // What stands before dbname is a default, what stands after it overrides the URL.
  const std::vector<std::pair<const char*, const char*>> parameters = {
      {"connect_timeout", timeout.c_str()},
      {"keepalives_idle", "30"},
      {"keepalives_interval", "10"},
      {"keepalives_count", "6"},
      {"application_name", options.application_name.c_str()},
      {"dbname", options.url.c_str()},
      {"client_encoding", "UTF8"},
  };
  std::vector<const char*> keywords, values;
  for (const auto& [keyword, value] : parameters) {
    keywords.push_back(keyword);
    values.push_back(value);
  }
  keywords.push_back(nullptr);
  values.push_back(nullptr);
  connection_ = PQconnectdbParams(keywords.data(), values.data(), 1);
  if (PQstatus(connection_) != CONNECTION_OK) {
    return MakeError("PS-SRC-CONNECT",
                     "PostgreSQL at " + where_ +
                         " cannot be reached: " + Clean(PQerrorMessage(connection_)) + ".",
                     "Check the url, the network and the credentials of the source.");
  }
  PQsetNoticeProcessor(
      connection_, [](void*, const char*) {}, nullptr);
  return {};
}

PostgresSession::~PostgresSession() {
  if (connection_ == nullptr) return;
  Cancel();
  PQfinish(connection_);
}

void PostgresSession::Cancel() {
  if (!busy_ || PQstatus(connection_) != CONNECTION_OK) return;
  busy_ = false;
  PGcancel* cancel = PQgetCancel(connection_);
  if (cancel == nullptr) return;
  char ignored[256];
  PQcancel(cancel, ignored, sizeof ignored);
  PQfreeCancel(cancel);
}

Error PostgresSession::CancelledError() const {
  Error error = MakeError("PS-RUN-CANCELLED", "Reading from " + where_ + " was cancelled.");
  error.exit = ExitCode::kCancelled;
  return error;
}

void PostgresSession::SetModel(std::string sql, size_t offset) {
  model_ = std::move(sql);
  model_offset_ = offset;
}

Status PostgresSession::WaitForInput() {
  pollfd wait{PQsocket(connection_), POLLIN, 0};
  const int ready = poll(&wait, 1, kPollMs);
  if (ready < 0 && errno != EINTR) return Lost();
  if (ready <= 0 && cancelled_ && cancelled_()) {
    Cancel();
    return CancelledError();
  }
  // Also when nothing came: TLS may hold what it has taken from the socket before.
  return PQconsumeInput(connection_) == 1 ? Status() : Status(Lost());
}

Result<ResultHandle> PostgresSession::Next() {
  while (PQisBusy(connection_)) PENSTOCK_RETURN_IF_ERROR(WaitForInput());
  ResultHandle result(PQgetResult(connection_));
  if (!result) {
    busy_ = false;
    if (PQstatus(connection_) != CONNECTION_OK) return Lost();
    return result;
  }
  const ExecStatusType status = PQresultStatus(result.get());
  if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_COPY_OUT) {
    return result;
  }
  return FromResult(result.get());
}

Result<ResultHandle> PostgresSession::Last() {
  ResultHandle last;
  while (true) {
    PENSTOCK_ASSIGN_OR_RETURN(ResultHandle result, Next());
    if (!result) return last;
    last = std::move(result);
  }
}

Result<ResultHandle> PostgresSession::Run(const std::string& sql) {
  busy_ = true;
  if (PQsendQuery(connection_, sql.c_str()) == 0) return Lost();
  return Last();
}

Result<ResultHandle> PostgresSession::Prepare(const std::string& sql) {
  busy_ = true;
  if (PQsendPrepare(connection_, "", sql.c_str(), 0, nullptr) == 0) return Lost();
  PENSTOCK_RETURN_IF_ERROR(Last().status());
  busy_ = true;
  if (PQsendDescribePrepared(connection_, "") == 0) return Lost();
  return Last();
}

Status PostgresSession::Copy(const std::string& sql) {
  busy_ = true;
  // With parameters, of which there are none, libpq takes a single statement only.
  if (PQsendQueryParams(connection_, sql.c_str(), 0, nullptr, nullptr, nullptr, nullptr, 0) == 0) {
    return Lost();
  }
  copying_ = false;
  return {};
}

Result<std::string_view> PostgresSession::NextCopied() {
  if (!copying_) {
    PENSTOCK_RETURN_IF_ERROR(Next().status());
    copying_ = true;
  }
  char* bytes = nullptr;
  int size = 0;
  copied_.reset();
  while ((size = PQgetCopyData(connection_, &bytes, 1)) == 0) {
    PENSTOCK_RETURN_IF_ERROR(WaitForInput());
  }
  if (size == -2) return Lost();
  if (size == -1) {
    // Ended, well or not.
    PENSTOCK_RETURN_IF_ERROR(Last().status());
    return std::string_view();
  }
  copied_.reset(bytes);
  return std::string_view(bytes, static_cast<size_t>(size));
}

Error PostgresSession::Lost() {
  return MakeError(
      "PS-SRC-LOST",
      "The connection to " + where_ + " was lost: " + Clean(PQerrorMessage(connection_)) + ".",
      "Nothing was sent. Run it again; if it happens again, look into the server's log.");
}

std::string PostgresSession::Clean(std::string_view message) const {
  std::string out = OneLine(message);
  for (size_t at = 0; !password_.empty() && (at = out.find(password_, at)) != std::string::npos;) {
    out.replace(at, password_.size(), "***");
    at += 3;
  }
  return out.empty() ? "no reason given" : out;
}

Error PostgresSession::FromResult(const PGresult* result) {
  const std::string state = Field(result, PG_DIAG_SQLSTATE);
  const std::string text = Clean(Field(result, PG_DIAG_MESSAGE_PRIMARY));
  if (state.empty() || state.starts_with("08") || state.starts_with("57P") ||
      PQstatus(connection_) != CONNECTION_OK) {
    Error lost = Lost();
    if (!state.empty()) {
      lost.message = "The connection to " + where_ + " was lost: " + text + ".";
    }
    return lost;
  }
  Error error = MakeError("PS-SRC-QUERY", "PostgreSQL refuses the model's SQL: " + text + ".",
                          OneLine(Field(result, PG_DIAG_MESSAGE_HINT)));
  if (state == "57014") {
    error.code = "PS-SRC-TIMEOUT";
    error.message = "PostgreSQL at " + where_ + " ended the query: " + text + ".";
    error.hint = "Raise the source's statement timeout, or make the model faster.";
  } else if (state.starts_with("40") || state.starts_with("53") || state.starts_with("58") ||
             state.starts_with("XX")) {
    // The server's own troubles: a standby's conflict with recovery, no memory, a bad disk.
    error.code = "PS-SRC-LOST";
    error.message = "PostgreSQL at " + where_ + " ended the query: " + text + ".";
    if (error.hint.empty()) error.hint = "Nothing was sent. Run it again.";
  } else if (state == "25006") {
    error.message = "The model's SQL writes, and Penstock only reads: " + text + ".";
    error.hint = "Write a SELECT.";
  } else if (state == "42601" && HasSeveralStatements(model_)) {
    error.message = "The model's SQL has more than one statement.";
    error.hint = "Keep one SELECT; what prepares tables belongs elsewhere.";
  } else if (state == "42501" && error.hint.empty()) {
    error.hint = "GRANT SELECT on what the model reads to the source's user is enough.";
  }
  const long position = std::strtol(Field(result, PG_DIAG_STATEMENT_POSITION).c_str(), nullptr, 10);
  if (position > 0 && static_cast<size_t>(position) > model_offset_ && !model_.empty()) {
    const SqlPlace place =
        PlaceOfCharacter(model_, static_cast<size_t>(position) - 1 - model_offset_);
    error.line = place.line;
    error.column = place.column;
  }
  return error;
}

}  // namespace penstock::sources
