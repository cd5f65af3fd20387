#include <sqlite3.h>

#include <algorithm>
#include <filesystem>

#include "core/value/decimal.h"
#include "core/value/json.h"
#include "core/value/time.h"
#include "host/sources/sources.h"
#include "host/sources/sql_text.h"

namespace penstock::sources {
namespace {

constexpr int kStepsBetweenPolls = 20'000;  // of SQLite's machine

struct CloseDatabase {
  void operator()(sqlite3* db) const { sqlite3_close_v2(db); }
};
using Database = std::unique_ptr<sqlite3, CloseDatabase>;
struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};
using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

// What a column was declared as, where SQLite's storage classes say less.
enum class Declared { kOther, kDate, kTimestamp, kBoolean, kDecimal, kJson };

Declared ParseDeclared(std::string type) {
  std::transform(type.begin(), type.end(), type.begin(),
                 [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  if (type.starts_with("DATETIME") || type.starts_with("TIMESTAMP")) return Declared::kTimestamp;
  if (type.starts_with("DATE")) return Declared::kDate;
  if (type.starts_with("BOOL")) return Declared::kBoolean;
  if (type.starts_with("DECIMAL") || type.starts_with("NUMERIC")) return Declared::kDecimal;
  if (type.starts_with("JSON")) return Declared::kJson;
  return Declared::kOther;
}

Error Failure(sqlite3* db, const std::string& path, bool reading) {
  const int code = sqlite3_errcode(db) & 0xFF;
  const std::string text = OneLine(sqlite3_errmsg(db));
  if (code == SQLITE_BUSY || code == SQLITE_LOCKED) {
    return MakeError("PS-SRC-LOCKED", "The SQLite file " + path + " is locked by another program.",
                     "Try again once it has finished writing.");
  }
  if (code == SQLITE_NOTADB || code == SQLITE_CANTOPEN) {
    return MakeError("PS-SRC-CONNECT",
                     "The SQLite file " + path + " cannot be opened: " + text + ".",
                     "Check the path and who may read it.");
  }
  if (reading && code != SQLITE_ERROR) {
    return MakeError("PS-SRC-LOST", "Reading the SQLite file " + path + " broke off: " + text + ".",
                     "Nothing was sent. Check the file with PRAGMA integrity_check.");
  }
  return MakeError("PS-SRC-QUERY", "SQLite refuses the model's SQL: " + text + ".");
}

class SqliteReader final : public RowReader {
 public:
  SqliteReader(std::string path, const TimeZone& zone, const ReadOptions& options)
      : path_(std::move(path)), zone_(zone), cancelled_(options.cancelled), limit_(options.limit) {}

  Status Open(int64_t busy_timeout_ms) {
    std::error_code ignored;
    if (!std::filesystem::exists(path_, ignored)) {
      return MakeError("PS-SRC-CONNECT", "There is no SQLite file at " + path_ + ".",
                       "Check the source's path; it is relative to the project file's folder.");
    }
    if (!std::filesystem::is_regular_file(path_, ignored)) {  // opening a pipe would wait for ever
      return MakeError("PS-SRC-CONNECT", "The SQLite file " + path_ + " is no regular file.",
                       "Check the source's path; it is relative to the project file's folder.");
    }
    sqlite3* db = nullptr;
    const int code =
        sqlite3_open_v2(path_.c_str(), &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX, nullptr);
    db_.reset(db);
    if (code != SQLITE_OK) {
      return MakeError("PS-SRC-CONNECT",
                       "The SQLite file " + path_ + " cannot be opened: " +
                           (db == nullptr ? "out of memory" : OneLine(sqlite3_errmsg(db))) + ".",
                       "Check the path and who may read it.");
    }
    sqlite3_busy_timeout(db, static_cast<int>(busy_timeout_ms));
    if (cancelled_) {
      sqlite3_progress_handler(
          db, kStepsBetweenPolls,
          [](void* self) { return static_cast<SqliteReader*>(self)->cancelled_() ? 1 : 0; }, this);
    }
    return Pragma();
  }

  Status Prepare(const std::string& sql) {
    sqlite3_stmt* raw = nullptr;
    const char* tail = nullptr;
    const char* const end = sql.c_str() + sql.size();
    if (sqlite3_prepare_v2(db_.get(), sql.c_str(), static_cast<int>(sql.size()), &raw, &tail) !=
        SQLITE_OK) {
      return Refused(sql);
    }
    statement_.reset(raw);
    while (raw != nullptr && tail != nullptr && tail < end) {
      sqlite3_stmt* another = nullptr;
      const char* const rest = tail;
      const int code =
          sqlite3_prepare_v2(db_.get(), rest, static_cast<int>(end - rest), &another, &tail);
      const Statement holder(another);
      if (code != SQLITE_OK || another != nullptr) {
        return MakeError("PS-SRC-QUERY", "The model's SQL has more than one statement.",
                         "Keep one SELECT; what prepares tables belongs elsewhere.");
      }
      if (tail == rest) break;
    }
    if (raw == nullptr || sqlite3_column_count(raw) == 0) {
      return MakeError("PS-SRC-QUERY", "The model's SQL returns no columns: it is not a query.",
                       "Write a SELECT.");
    }
    if (sqlite3_stmt_readonly(raw) == 0) {
      return MakeError("PS-SRC-QUERY", "The model's SQL writes, and Penstock only reads.",
                       "Write a SELECT.");
    }
    for (int i = 0; i < sqlite3_column_count(raw); ++i) {
      const char* declared = sqlite3_column_decltype(raw, i);
      columns_.push_back({sqlite3_column_name(raw, i), declared == nullptr ? "any" : declared});
      declared_.push_back(ParseDeclared(columns_.back().type));
    }
    row_.resize(columns_.size());
    return {};
  }

  const std::vector<Column>& columns() const override { return columns_; }

  Result<std::span<const Value>> Next() override {
    if (!failed_.ok()) return failed_;
    if (ended_ || (limit_ > 0 && rows_ == limit_)) return std::span<const Value>();
    if (++rows_ % 1024 == 0 && cancelled_ && cancelled_()) {
      failed_ = Cancelled();
      return failed_;
    }
    const int code = sqlite3_step(statement_.get());
    if (code == SQLITE_DONE) {
      ended_ = true;
      return std::span<const Value>();
    }
    if (code != SQLITE_ROW) {
      failed_ = (code & 0xFF) == SQLITE_INTERRUPT ? Cancelled() : Failure(db_.get(), path_, true);
      return failed_;
    }
    for (size_t i = 0; i < row_.size(); ++i) row_[i] = ReadColumn(static_cast<int>(i));
    return std::span<const Value>(row_);
  }

 private:
  Error Cancelled() const {
    Error error = MakeError("PS-RUN-CANCELLED", "Reading from " + path_ + " was cancelled.");
    error.exit = ExitCode::kCancelled;
    return error;
  }

  // Also the first time that the file itself is read.
  Status Pragma() {
    if (sqlite3_exec(db_.get(), "PRAGMA query_only=1; SELECT count(*) FROM sqlite_schema;", nullptr,
                     nullptr, nullptr) == SQLITE_OK) {
      return {};
    }
    return Failure(db_.get(), path_, false);
  }

  Error Refused(const std::string& sql) {
    const int offset = sqlite3_error_offset(db_.get());
    Error error = Failure(db_.get(), path_, false);
    if (offset >= 0) {
      const SqlPlace place = PlaceOfByte(sql, static_cast<size_t>(offset));
      error.line = place.line;
      error.column = place.column;
    }
    return error;
  }

  // Asked of the value itself: sqlite3_column_... would look it up and lock once a question. That
  // is allowed where one thread has the connection.
  Value ReadColumn(int i) {
    sqlite3_value* const value = sqlite3_column_value(statement_.get(), i);
    switch (sqlite3_value_type(value)) {
      case SQLITE_INTEGER: {
        const int64_t integer = sqlite3_value_int64(value);
        const bool boolean = declared_[static_cast<size_t>(i)] == Declared::kBoolean;
        return boolean && (integer == 0 || integer == 1) ? BoolValue(integer == 1)
                                                         : IntValue(integer);
      }
      case SQLITE_FLOAT:
        return DoubleValue(sqlite3_value_double(value));
      case SQLITE_TEXT: {
        const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(value));
        const auto size = static_cast<size_t>(sqlite3_value_bytes(value));
        return DeclaredText({text, size}, declared_[static_cast<size_t>(i)]);
      }
      case SQLITE_BLOB: {
        const auto* bytes = static_cast<const char*>(sqlite3_value_blob(value));
        const auto size = static_cast<size_t>(sqlite3_value_bytes(value));
        return TextValue(ValueType::kBytes, {bytes, size});
      }
      default:
        return NullValue();
    }
  }

  // Text as what the column was declared, where it is exactly that; else as it is stored.
  Value DeclaredText(std::string_view text, Declared declared) {
    if (declared == Declared::kDate) {
      if (const auto days = ParseDate(text)) return DateValue(*days);
    } else if (declared == Declared::kTimestamp) {
      if (const auto parsed = ParseTimestamp(text)) {
        const auto utc = parsed->naive ? zone_.ToUtc(parsed->micros) : parsed->micros;
        if (utc) return TimestampValue(*utc);
      }
    } else if (declared == Declared::kDecimal) {
      if (IsPlainNumber(text)) return TextValue(ValueType::kDecimal, text);
    } else if (declared == Declared::kJson) {
      json_.clear();
      if (CanonicalJson(text, &json_)) return TextValue(ValueType::kJson, text);
    }
    return StringValue(text);
  }

  std::string path_;
  TimeZone zone_;
  std::function<bool()> cancelled_;
  uint64_t limit_;
  Database db_;
  Statement statement_;  // closed before the database
  std::vector<Column> columns_;
  std::vector<Declared> declared_;
  std::vector<Value> row_;
  std::string json_;
  uint64_t rows_ = 0;
  bool ended_ = false;
  Status failed_;
};

class SqliteSource final : public Source {
 public:
  SqliteSource(SqliteOptions options, const TimeZone& zone)
      : options_(std::move(options)), zone_(zone) {}

  Status Check() override {
    return SqliteReader(options_.path, zone_, {}).Open(options_.busy_timeout_ms);
  }

  Result<std::unique_ptr<RowReader>> Read(const std::string& sql,
                                          const ReadOptions& options) override {
    auto reader = std::make_unique<SqliteReader>(options_.path, zone_, options);
    PENSTOCK_RETURN_IF_ERROR(reader->Open(options_.busy_timeout_ms));
    PENSTOCK_RETURN_IF_ERROR(reader->Prepare(sql));
    return std::unique_ptr<RowReader>(std::move(reader));
  }

 private:
  SqliteOptions options_;
  TimeZone zone_;
};

}  // namespace

Result<std::unique_ptr<Source>> OpenSqlite(SqliteOptions options) {
  const auto zone = TimeZone::Load(options.time_zone);
  if (!zone) {
    return UsageError("PS-SRC-ZONE", "There is no time zone \"" + options.time_zone + "\".",
                      "Write a name such as Europe/Berlin, or an offset such as +02:00.");
  }
  return std::unique_ptr<Source>(new SqliteSource(std::move(options), *zone));
}

}  // namespace penstock::sources
