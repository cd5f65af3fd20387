#include "host/store/database.h"

#include <Poco/Data/RecordSet.h>
#include <Poco/Data/SQLite/Connector.h>
#include <Poco/Data/SQLite/SQLiteException.h>
#include <Poco/Data/Session.h>
#include <sys/stat.h>

#include "core/file/file.h"
#include "host/store/sqlite_seam.h"

namespace penstock::store {

struct Database::Session {
  explicit Session(const std::string& path) : poco("SQLite", path) {}
  Poco::Data::Session poco;
};

namespace {

using Poco::Data::Keywords::bind;
using Poco::Data::Keywords::now;

Error Explained(const std::string& path, const std::exception& cause, const char* code) {
  Error e = MakeError(code, "The store cannot be used: " + std::string(cause.what()) + ".",
                      "Check the folder's permissions and the disk.");
  if (const auto* poco = dynamic_cast<const Poco::Exception*>(&cause)) {
    e.message = "The store cannot be used: " + poco->displayText() + ".";
  }
  namespace sqlite = Poco::Data::SQLite;
  const bool damaged = dynamic_cast<const sqlite::CorruptImageException*>(&cause) != nullptr ||
                       e.message.find("not a database") != std::string::npos ||
                       e.message.find("malformed") != std::string::npos ||
                       e.message.find("code: 26") != std::string::npos;
  if (damaged) {
    e.code = "PS-STORE-CORRUPT";
    e.message = "The store is damaged: SQLite cannot read it.";
    e.hint =
        "Put back a backup of the whole .penstock folder. The state of every integration is in "
        "files of its own and is not touched.";
  } else if (dynamic_cast<const sqlite::DatabaseFullException*>(&cause) != nullptr) {
    e.code = "PS-STORE-FULL";
    e.message = "The store cannot be written: the disk is full.";
    e.hint = "Free space on the file system that holds it, then run the command again.";
  } else if (dynamic_cast<const sqlite::DBLockedException*>(&cause) != nullptr ||
             dynamic_cast<const sqlite::TableLockedException*>(&cause) != nullptr) {
    e.code = "PS-STORE-BUSY";
    e.message = "Another process keeps the store locked.";
    e.hint = "Try again; penstock itself holds it for milliseconds.";
  }
  e.file = path;
  return e;
}

// The file as an address for SQLite, through the seam.
std::string Address(const std::string& path) {
  const char* seam = RegisterSeam();
  std::string address = "file:";
  for (const char c : path) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '/' || c == '.' || c == '_' || c == '-';
    if (plain) {
      address += c;
    } else {
      static constexpr char kHex[] = "0123456789ABCDEF";
      const auto byte = static_cast<unsigned char>(c);
      address += '%';
      address += kHex[byte >> 4];
      address += kHex[byte & 15];
    }
  }
  return seam == nullptr ? address : address + "?vfs=" + seam;
}

// Binds every parameter; they outlive the statement.
void Bind(Poco::Data::Statement* statement, const std::vector<Parameter>& parameters) {
  for (const Parameter& parameter : parameters) {
    if (const auto* number = std::get_if<int64_t>(&parameter)) {
      *statement, bind(static_cast<Poco::Int64>(*number));
    } else {
      *statement, bind(std::get<std::string>(parameter));
    }
  }
}

}  // namespace

Database::Database(std::string path, std::unique_ptr<Session> session)
    : path_(std::move(path)), session_(std::move(session)) {}

Database::~Database() = default;

Result<std::unique_ptr<Database>> Database::Open(const std::string& path) {
  PENSTOCK_RETURN_IF_ERROR(file::MakeDirectories(file::DirectoryOf(path)));
  std::unique_ptr<Session> session;
  try {
    Poco::Data::SQLite::Connector::registerConnector();
    session = std::make_unique<Session>(Address(path));
  } catch (const std::exception& e) {
    return Explained(path, e, "PS-STORE-OPEN");
  }
  ::chmod(path.c_str(), 0600);
  std::unique_ptr<Database> database(new Database(path, std::move(session)));
  for (const char* pragma : {"PRAGMA busy_timeout = 10000", "PRAGMA journal_mode = WAL",
                             "PRAGMA synchronous = FULL", "PRAGMA foreign_keys = ON"}) {
    const auto set = database->Query(pragma);
    if (!set.ok()) {
      Error e = set.error();
      if (e.code == "PS-STORE-WRITE") e.code = "PS-STORE-OPEN";
      return e;
    }
  }
  return database;
}

Status Database::Execute(const std::string& sql, const std::vector<Parameter>& parameters) {
  const std::lock_guard<std::recursive_mutex> lock(mutex_);
  try {
    Poco::Data::Statement statement(session_->poco);
    statement << sql;
    Bind(&statement, parameters);
    statement.execute();
  } catch (const std::exception& e) {
    return Explained(path_, e, "PS-STORE-WRITE");
  }
  return {};
}

Result<std::vector<Row>> Database::Query(const std::string& sql,
                                         const std::vector<Parameter>& parameters) {
  const std::lock_guard<std::recursive_mutex> lock(mutex_);
  std::vector<Row> rows;
  try {
    Poco::Data::Statement statement(session_->poco);
    statement << sql;
    Bind(&statement, parameters);
    statement.execute();
    if (statement.columnsExtracted() == 0) return rows;  // a pragma without an answer
    Poco::Data::RecordSet records(statement);
    for (size_t i = 0; i < records.rowCount(); ++i) {
      Row row;
      for (size_t c = 0; c < records.columnCount(); ++c) {
        const Poco::Dynamic::Var value = records.value(c, i);
        row.push_back(value.isEmpty() ? std::string() : value.convert<std::string>());
      }
      rows.push_back(std::move(row));
    }
  } catch (const std::exception& e) {
    return Explained(path_, e, "PS-STORE-WRITE");
  }
  return rows;
}

Status Database::Transaction(const std::function<Status()>& work) {
  const std::lock_guard<std::recursive_mutex> lock(mutex_);
  PENSTOCK_RETURN_IF_ERROR(Execute("BEGIN IMMEDIATE"));
  Status done = work();
  if (done.ok()) done = Execute("COMMIT");
  if (!done.ok()) {
    const Status ignored = Execute("ROLLBACK");
    (void)ignored;  // the first error is the one to tell
  }
  return done;
}

}  // namespace penstock::store
