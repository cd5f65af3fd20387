#include "tests/diff/world.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>

#include "core/diff/payload.h"

namespace penstock {
namespace {

sdk::Object ObjectOf(const std::vector<FieldSpec>& fields) {
  sdk::Object object;
  object.name = "contacts";
  for (const char* op : {"upsert", "insert", "update", "delete"}) {
    object.operations[op].identifiers = {{"key"}, {"id"}};
  }
  sdk::Field key;
  key.name = "key";
  key.normalisers = {sdk::Normaliser::kTrim, sdk::Normaliser::kLower};
  object.fields.push_back(key);
  for (const FieldSpec& spec : fields) {
    sdk::Field field;
    field.name = spec.name;
    field.type = spec.type;
    object.fields.push_back(field);
  }
  return object;
}

Integration IntegrationOf(Mode mode, const std::vector<FieldSpec>& fields) {
  Integration integration;
  integration.id = "contacts";
  integration.object = "contacts";
  integration.mode = mode;
  integration.key.field = "key";
  integration.key.columns = {"key"};
  for (const FieldSpec& spec : fields) {
    FieldMapping mapping;
    mapping.field = spec.name;
    mapping.null = spec.null;
    if (spec.run_variable) {
      mapping.run_variable = "run_id";
    } else {
      mapping.column = spec.name;
    }
    integration.mapping.push_back(mapping);
  }
  return integration;
}

std::vector<std::string> NamesOf(const std::vector<MappedField>& fields) {
  std::vector<std::string> names;
  for (const MappedField& field : fields) names.push_back(field.name);
  return names;
}

void ExpectOk(const Status& status) {
  EXPECT_TRUE(status.ok()) << status.error().code << ": " << status.error().message;
}

}  // namespace

Result<std::span<const Value>> TextRows::Next() {
  if (next_ == fail_after_) return MakeError("PS-SRC-QUERY", "The connection is gone.");
  if (next_ == rows_.size()) return std::span<const Value>();
  values_.clear();
  for (const Cell& cell : rows_[next_++]) {
    values_.push_back(cell ? StringValue(*cell) : NullValue());
  }
  return std::span<const Value>(values_);
}

World::World(const std::string& name) {
  directory_ = std::filesystem::temp_directory_path() /
               ("penstock-diff-" + name + "-" + std::to_string(::getpid()));
  std::filesystem::remove_all(directory_);
  std::filesystem::create_directories(directory_ / "scratch");
  std::filesystem::create_directories(directory_ / "state");
  options.memory_bytes = 8u << 20;
  options.scratch_dir = ScratchDir();
  context.connector_version = "1";
  context.now_us = int64_t{1'700'000'000} * 1'000'000;
}

World::~World() { std::filesystem::remove_all(directory_); }

std::unique_ptr<StateView> World::View() {
  auto view = StateView::Open(directory_ / "state", anchor_, ScratchDir(), 8u << 20);
  EXPECT_TRUE(view.ok()) << view.error().message;
  return *std::move(view);
}

Result<std::unique_ptr<Mapper>> World::Compile(const std::vector<Column>& columns) {
  RunVariables variables;
  variables.run_id = "contacts-" + std::to_string(runs_ + 1);
  return Mapper::Compile(IntegrationOf(mode, fields), columns, ObjectOf(fields), hasher, variables);
}

Status World::Plan(const std::vector<TextRow>& rows) {
  std::vector<Column> columns = {{"key", "text"}};
  for (const FieldSpec& field : fields) {
    if (!field.run_variable) columns.push_back({field.name, "text"});
  }
  PENSTOCK_ASSIGN_OR_RETURN(const auto mapper, Compile(columns));
  const auto view = View();
  context.mode = mode;
  context.clear_ours.clear();
  for (const MappedField& field : mapper->fields()) {
    context.clear_ours.push_back(field.null == NullPolicy::kClearOurs);
  }
  header = {};
  header.integration = "contacts";
  header.mode = mode;
  header.lineage = "L";
  header.last_outcome = view->last_outcome();
  header.fields = mapper->fields();
  header.key_field = mapper->key_field();
  std::filesystem::remove(PlanPath());
  PENSTOCK_ASSIGN_OR_RETURN(const auto writer, PlanWriter::Create(PlanPath()));
  TextRows reader(rows, columns);
  reader.FailAfter(fail_after);
  PENSTOCK_RETURN_IF_ERROR(
      Diff(&reader, mapper.get(), hasher, view.get(), context, options, writer.get(), &header));
  return writer->Finish(&header);
}

std::string World::Line(const Change& change) const {
  std::string line = std::string(OpName(change.op)) + " " + change.key_text + " " +
                     std::string(ReasonName(change.reason));
  for (size_t i = 0; i < change.changed.size(); ++i) {
    line += (i == 0 ? " changed=" : ",") + header.fields[change.changed[i]].name;
  }
  if (!change.destination_id.empty()) line += " id=" + change.destination_id;
  if (change.sparse) line += " sparse";
  if (change.shared_id) line += " shared";
  if (change.op == Op::kDelete) {
    EXPECT_EQ(change.payload, change.key);
    return line;
  }
  EXPECT_EQ(change.fields.size(), header.fields.size());
  line += " |";
  std::string_view payload = change.payload;
  Arena arena;
  for (const MappedField& field : header.fields) {
    const auto value = DecodeValue(&payload, &arena);
    EXPECT_TRUE(value.ok());
    if (field.key) {
      EXPECT_EQ(ToText(*value), change.key_text);
      continue;
    }
    line += " " + field.name + "=";
    line += value->type == PENSTOCK_NULL     ? "!"
            : value->type == PENSTOCK_ABSENT ? "~"
                                             : ToText(*value);
  }
  EXPECT_TRUE(payload.empty());
  return line;
}

std::vector<std::string> World::Lines() {
  static constexpr const char* kMarks[] = {"none",    "departed",      "returned", "clear_pending",
                                           "listed",  "refingerprint", "dropped",  "retry",
                                           "applied", "not_applied",   "found",    "overwritten"};
  std::vector<std::string> lines;
  const auto reader = PlanReader::Open(PlanPath());
  EXPECT_TRUE(reader.ok()) << reader.error().message;
  Hash128 last_key;
  bool deletes = false;
  ExpectOk((*reader)->Changes(1, [&](const Change& change) -> Status {
    if (!deletes && change.op == Op::kDelete) last_key = {};
    deletes = change.op == Op::kDelete;
    EXPECT_LT(last_key, change.key_hash) << "changes are out of order";
    EXPECT_EQ(change.key_hash, hasher.Bytes(change.key));
    last_key = change.key_hash;
    lines.push_back(Line(change));
    return {};
  }));
  Arena arena;
  ExpectOk((*reader)->Marks([&](const MarkedKey& marked) -> Status {
    std::string_view key = marked.key;
    lines.push_back(std::string("mark ") + kMarks[static_cast<int>(marked.mark)] + " " +
                    ToText(*DecodeValue(&key, &arena)));
    return {};
  }));
  ExpectOk((*reader)->InvalidRows([&](const InvalidRow& row) -> Status {
    std::string line = "invalid " + row.code;
    if (!row.field.empty()) line += " field=" + row.field;
    if (!row.key_text.empty()) line += " key=" + row.key_text;
    lines.push_back(line);
    return {};
  }));
  std::sort(lines.begin(), lines.end());
  return lines;
}

Outcome World::OutcomeOf(const Change& change, const std::map<std::string, OutcomeSpec>& by_key) {
  Outcome outcome;
  CopyAttempt(change, &outcome);
  outcome.at_us = context.now_us;
  const auto spec = by_key.find(change.key_text);
  if (spec != by_key.end()) {
    outcome.kind = spec->second.kind;
    outcome.error_class = spec->second.error_class;
    outcome.job = spec->second.job;
    if (!spec->second.id.empty()) outcome.destination_id = spec->second.id;
  } else if (change.op == Op::kDelete) {
    outcome.kind = change.shared_id ? OutcomeKind::kSkipped : OutcomeKind::kDeleted;
  } else {
    outcome.kind = change.origin == Origin::kNone ? OutcomeKind::kCreated : OutcomeKind::kUpdated;
  }
  if (Succeeded(outcome.kind) && outcome.destination_id.empty() && change.op != Op::kDelete) {
    outcome.destination_id = "id-" + change.key_text;
  }
  return outcome;
}

void World::Apply(const std::map<std::string, OutcomeSpec>& by_key) {
  const auto reader = PlanReader::Open(PlanPath());
  ASSERT_TRUE(reader.ok());
  anchor_.lineage = "L";
  const PlanHeader& planned = (*reader)->header();
  const JournalOpen open = NextRun(NamesOf(planned.fields), planned.last_outcome);
  auto journal = Journal::Create(JournalPath(directory_ / "state", runs_), open);
  ASSERT_TRUE(journal.ok()) << journal.error().message;
  ExpectOk((*reader)->Marks([&](const MarkedKey& marked) -> Status {
    Outcome outcome;
    outcome.mark = marked.mark;
    outcome.key_hash = marked.key_hash;
    outcome.key = marked.key;
    outcome.fingerprint = marked.fingerprint;
    outcome.has_absent = marked.has_absent;
    outcome.fields = marked.fields;
    return (*journal)->Report(std::move(outcome));
  }));
  ExpectOk((*reader)->Changes(1, [&](const Change& change) -> Status {
    return (*journal)->Report(OutcomeOf(change, by_key));
  }));
  Close(*std::move(journal));
}

JournalOpen World::NextRun(std::vector<std::string> names, uint64_t last_outcome) {
  JournalOpen open;
  open.identity.integration = "contacts";
  open.identity.environment = "default";
  open.lineage = "L";
  open.run_ordinal = ++runs_;
  open.run = "contacts-" + std::to_string(runs_);
  open.mode = mode;
  open.connector_version = context.connector_version;
  open.schema = context.schema;
  open.fields = std::move(names);
  open.first_outcome = last_outcome + 1;
  return open;
}

void World::Close(std::unique_ptr<Journal> journal) {
  JournalClose close;
  close.status = "succeeded";
  ExpectOk(journal->Close(close));
  anchor_.last_outcome = journal->last_outcome();
}

void World::Tell(const std::string& key_text, OutcomeKind kind) {
  const auto view = View();
  std::optional<Entry> held;
  ExpectOk(view->ForEach([&](const Entry& entry) -> Status {
    if (diff::KeyText(entry.key) == key_text) held = entry;
    return {};
  }));
  ASSERT_TRUE(held && InJob(*held)) << key_text;
  const JournalOpen open = NextRun(view->FieldNames(held->fieldset), view->last_outcome());
  auto journal = Journal::Create(JournalPath(directory_ / "state", runs_), open);
  ASSERT_TRUE(journal.ok()) << journal.error().message;
  Outcome outcome;
  outcome.seq = 1;
  outcome.key_hash = held->key_hash;
  outcome.key = held->key;
  outcome.op = held->pending->op;
  outcome.kind = kind;
  outcome.fingerprint = held->pending->attempted;
  outcome.fields = held->pending->fields;
  if (Succeeded(kind)) outcome.destination_id = "id-" + key_text;
  ExpectOk((*journal)->Report(outcome));
  Close(*std::move(journal));
}

void World::Compact() {
  const auto view = View();
  if (view->empty()) return;
  CompactOptions compact;
  compact.identity.integration = "contacts";
  compact.lineage = "L";
  const auto anchor = penstock::Compact(directory_ / "state", view.get(), compact);
  ASSERT_TRUE(anchor.ok()) << anchor.error().message;
  anchor_ = *anchor;
}

}  // namespace penstock
