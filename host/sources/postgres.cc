#include <algorithm>
#include <map>

#include "core/value/time.h"
#include "host/sources/postgres_copy.h"
#include "host/sources/postgres_session.h"
#include "host/sources/postgres_types.h"
#include "host/sources/sql_text.h"

namespace penstock::sources {
namespace {

constexpr uint32_t kText = 25, kInet = 869, kInetArray = 1041;

struct ColumnReader {
  const PostgresType* type = nullptr;
  bool array = false;
};

class PostgresReader final : public RowReader {
 public:
  PostgresReader(std::unique_ptr<PostgresSession> session, std::vector<Column> columns,
                 std::vector<ColumnReader> readers, const TimeZone& zone, uint64_t limit)
      : session_(std::move(session)),
        columns_(std::move(columns)),
        readers_(std::move(readers)),
        zone_(zone),
        limit_(limit),
        row_(columns_.size()) {
    context_.arena = &arena_;
    context_.zone = &zone_;
  }

  const std::vector<Column>& columns() const override { return columns_; }

  Result<std::span<const Value>> Next() override {
    if (!failed_.ok()) return failed_;
    if (ended_ || (limit_ > 0 && rows_ == limit_)) return std::span<const Value>();
    auto row = Advance();
    if (!row.ok()) failed_ = row.status();
    return row;
  }

 private:
  Result<std::span<const Value>> Advance() {
    if (session_->CancelledNow()) {
      session_->Cancel();
      return session_->CancelledError();
    }
    PENSTOCK_ASSIGN_OR_RETURN(std::string_view bytes, session_->NextCopied());
    if (bytes.data() != nullptr && !begun_) {
      begun_ = true;
      if (!TakeCopyHeader(&bytes)) return Unreadable("the head of its answer");
      if (bytes.empty()) {
        PENSTOCK_ASSIGN_OR_RETURN(bytes, session_->NextCopied());
      }
    }
    if (bytes.data() == nullptr) return Truncated();
    CopiedRow copied(bytes);
    if (copied.last()) return End();
    ++rows_;
    arena_.Clear();
    for (size_t i = 0; i < row_.size(); ++i) {
      if (!Decode(&copied, readers_[i], &row_[i])) {
        return Unreadable("a value of column \"" + columns_[i].name + "\" (" + columns_[i].type +
                          ")");
      }
    }
    if (!copied.Ended(row_.size())) return Unreadable("a row");
    return std::span<const Value>(row_);
  }

  /// Only the mark after the last row, and the server's word that it sent all, end the rows.
  Result<std::span<const Value>> End() {
    PENSTOCK_ASSIGN_OR_RETURN(const std::string_view more, session_->NextCopied());
    if (more.data() != nullptr) return Unreadable("the end of its answer");
    ended_ = true;
    return std::span<const Value>();
  }

  static Error Truncated() {
    return MakeError("PS-SRC-LOST", "PostgreSQL ended the query without an end of its rows.",
                     "Nothing was sent. Run it again.");
  }

  static Error Unreadable(const std::string& what) {
    return MakeError("PS-SRC-DATA", "PostgreSQL sent " + what + " that cannot be read.",
                     "Cast the column to text in the model's SQL, and report this.");
  }

  bool Decode(CopiedRow* copied, const ColumnReader& reader, Value* out) {
    std::string_view bytes;
    switch (copied->Next(&bytes)) {
      case CopiedRow::Field::kBroken:
        return false;
      case CopiedRow::Field::kNull:
        *out = NullValue();
        return true;
      case CopiedRow::Field::kBytes:
        break;
    }
    return reader.array ? DecodePostgresArray(bytes, *reader.type, context_, out)
                        : reader.type->decode(bytes, context_, out);
  }

  std::unique_ptr<PostgresSession> session_;
  std::vector<Column> columns_;
  std::vector<ColumnReader> readers_;
  TimeZone zone_;
  uint64_t limit_;
  std::vector<Value> row_;
  Arena arena_;
  DecodeContext context_;
  uint64_t rows_ = 0;
  bool begun_ = false;
  bool ended_ = false;
  Status failed_;
};

// Finds out how each of a model's columns is read, and starts reading.
class Opener {
 public:
  Opener(PostgresSession* session, const std::string& sql) : session_(session), sql_(sql) {}

  Status Run() {
    session_->SetModel(sql_, 0);
    PENSTOCK_ASSIGN_OR_RETURN(const ResultHandle described, session_->Prepare(sql_));
    const int n = PQnfields(described.get());
    if (n == 0) {
      return MakeError("PS-SRC-QUERY", "The model's SQL returns no columns: it is not a query.",
                       "Write a SELECT.");
    }
    std::vector<uint32_t> unknown;
    for (int i = 0; i < n; ++i) {
      const uint32_t oid = PQftype(described.get(), i);
      oids_.push_back(oid);
      columns.push_back({PQfname(described.get(), i), ""});
      readers.push_back(ReaderOf(oid, &columns.back().type));
      if (readers.back().type == nullptr) unknown.push_back(oid);
    }
    if (unknown.empty()) return Start("", "");
    return ReadAsText(unknown);
  }

  std::vector<Column> columns;
  std::vector<ColumnReader> readers;

 private:
  static ColumnReader ReaderOf(uint32_t oid, std::string* name) {
    if (const PostgresType* type = FindPostgresType(oid)) {
      *name = type->name;
      return {type, false};
    }
    if (const PostgresType* type = FindPostgresArray(oid)) {
      *name = type->array_name;
      return {type, true};
    }
    return {};
  }

  static std::string AsText(const std::string& alias, uint32_t oid, bool array) {
    const std::string type = array ? "::text[]" : "::text";
    if (oid != kInet && oid != kInetArray) return alias + type;
    // The cast of inet adds a netmask to single addresses; its own text form does not.
    return "CASE WHEN " + alias + " IS NULL THEN NULL ELSE pg_catalog.format('%s'," + alias + ")" +
           type + " END";
  }

  // Columns of other types (enums, ranges, inet, ...) are cast to text by the server, arrays of
  // them to arrays of text.
  Status ReadAsText(const std::vector<uint32_t>& unknown) {
    std::string list;
    for (const uint32_t oid : unknown) list += (list.empty() ? "" : ",") + std::to_string(oid);
    PENSTOCK_ASSIGN_OR_RETURN(
        const ResultHandle types,
        session_->Run("SELECT oid, pg_catalog.format_type(oid, NULL), typcategory = 'A' "
                      "FROM pg_catalog.pg_type WHERE oid IN (" +
                      list + ")"));
    std::map<uint32_t, std::pair<std::string, bool>> names;
    for (int row = 0; row < PQntuples(types.get()); ++row) {
      const auto oid = static_cast<uint32_t>(std::stoul(PQgetvalue(types.get(), row, 0)));
      names[oid] = {PQgetvalue(types.get(), row, 1), *PQgetvalue(types.get(), row, 2) == 't'};
    }
    std::string select = "SELECT ", aliases;
    for (size_t i = 0; i < oids_.size(); ++i) {
      const std::string alias = "c" + std::to_string(i + 1);
      aliases += (i == 0 ? "" : ",") + alias;
      select += i == 0 ? "" : ",";
      if (readers[i].type != nullptr) {
        select += alias;
        continue;
      }
      const auto& [name, array] = names[oids_[i]];
      columns[i].type = name;
      select += AsText(alias, oids_[i], array);
      readers[i] = {FindPostgresType(kText), array};
    }
    return Start(select + " FROM (", "\n) AS penstock_model(" + aliases + ")");
  }

  // COPY sends the same bytes as a SELECT with binary results does, and costs this side a third.
  Status Start(const std::string& before, const std::string& after) {
    const std::string prefix = "COPY (" + before;
    session_->SetModel(sql_, prefix.size());
    return session_->Copy(prefix + WithoutTerminators(sql_) + after +
                          "\n) TO STDOUT (FORMAT binary)");
  }

  PostgresSession* session_;
  const std::string& sql_;
  std::vector<uint32_t> oids_;
};

class PostgresSource final : public Source {
 public:
  PostgresSource(PostgresOptions options, const TimeZone& zone)
      : options_(std::move(options)), zone_(zone) {}

  Status Check() override { return PostgresSession::Open(options_, {}).status(); }

  Result<std::unique_ptr<RowReader>> Read(const std::string& sql,
                                          const ReadOptions& options) override {
    PENSTOCK_ASSIGN_OR_RETURN(auto session, PostgresSession::Open(options_, options.cancelled));
    Opener opener(session.get(), sql);
    PENSTOCK_RETURN_IF_ERROR(opener.Run());
    return std::unique_ptr<RowReader>(
        new PostgresReader(std::move(session), std::move(opener.columns), std::move(opener.readers),
                           zone_, options.limit));
  }

 private:
  PostgresOptions options_;
  TimeZone zone_;
};

}  // namespace

Result<std::unique_ptr<Source>> OpenPostgres(PostgresOptions options) {
  PENSTOCK_RETURN_IF_ERROR(CheckPostgresUrl(options.url));
  const auto zone = TimeZone::Load(options.time_zone);
  if (!zone) {
    return UsageError("PS-SRC-ZONE", "There is no time zone \"" + options.time_zone + "\".",
                      "Write a name such as Europe/Berlin, or an offset such as +02:00.");
  }
  return std::unique_ptr<Source>(new PostgresSource(std::move(options), *zone));
}

}  // namespace penstock::sources
