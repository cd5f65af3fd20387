#include "tests/state/history.h"

#include <gtest/gtest.h>
#include <xxhash.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>

#include "core/file/file.h"

namespace penstock::test {
namespace {

std::vector<std::string> RandomNames(std::mt19937_64* random) {
  std::vector<std::string> names;
  for (const char* name : {"city", "email", "firstname", "phone", "stage"}) {
    if ((*random)() % 4 != 0) names.emplace_back(name);
  }
  if (names.empty()) names.emplace_back("email");
  return names;
}

std::string RandomText(std::mt19937_64* random, size_t longest) {
  return std::string((*random)() % (longest + 1), static_cast<char>('a' + (*random)() % 26));
}

}  // namespace

TemporaryDirectory::TemporaryDirectory() {
  std::string name = ::testing::TempDir() + "/state-XXXXXX";
  if (::mkdtemp(name.data()) == nullptr) ADD_FAILURE() << "no directory " << name;
  path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() { std::filesystem::remove_all(path_); }

void TemporaryDirectory::Clear() const {
  std::filesystem::remove_all(path_);
  std::filesystem::create_directory(path_);
}

void PutFile(const std::string& path, std::string_view content) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(content.data(), static_cast<std::streamsize>(content.size()));
  ASSERT_TRUE(out.good());
}

Hash128 HashOf(uint64_t key) {
  const XXH128_hash_t hash = XXH3_128bits(&key, sizeof(key));
  return {hash.high64, hash.low64};
}

StateIdentity IdentityOf(const std::string& integration) {
  StateIdentity identity;
  identity.integration = integration;
  identity.environment = "default";
  identity.account = "123";
  identity.object = "contacts";
  identity.connector = "hubspot";
  identity.key_columns = {"email"};
  identity.key_field = "email";
  identity.normalisers = {"trim@1", "lower@1"};
  return identity;
}

JournalOpen OpenOf(uint32_t run, uint64_t first_outcome, const std::vector<std::string>& fields) {
  JournalOpen open;
  open.identity = IdentityOf("contacts");
  open.lineage = kLineage;
  open.run = "contacts-" + std::to_string(run);
  open.run_ordinal = run;
  open.plan_hash = "abc";
  open.mode = run % 3 == 0 ? Mode::kUpdateOnly : Mode::kMirror;
  open.connector_version = "1." + std::to_string(run);
  open.schema = "schema";
  open.fields = fields;
  open.first_outcome = first_outcome;
  open.started_us = 1000 + run;
  return open;
}

void Model::Apply(const Outcome& outcome, const JournalOpen& open) {
  OutcomeContext context;
  context.mode = open.mode;
  context.run = open.run_ordinal;
  context.connector_version = open.connector_version;
  context.schema = open.schema;
  context.fieldset = open.fields.empty() ? kKeepFieldset : 0;
  std::optional<Entry> before;
  std::vector<std::string> names = open.fields;
  if (const auto it = entries_.find(outcome.key_hash); it != entries_.end()) {
    before = it->second.entry;
    if (open.fields.empty()) names = it->second.names;
    if (names != it->second.names) AlignEntry(it->second.names, names, 0, &*before);
  }
  std::optional<Entry> after = penstock::Apply(std::move(before), outcome, context);
  if (after) {
    entries_[outcome.key_hash] = {*std::move(after), std::move(names)};
  } else {
    entries_.erase(outcome.key_hash);
  }
}

StateCounts Model::counts() const {
  StateCounts counts;
  for (const auto& [hash, known] : entries_) {
    ++counts.entries;
    counts.acknowledged += known.entry.acknowledged ? 1 : 0;
    counts.departed += known.entry.departed ? 1 : 0;
    if (!known.entry.pending) continue;
    const OutcomeKind kind = known.entry.pending->outcome;
    ++(kind == OutcomeKind::kRejected  ? counts.rejected
       : kind == OutcomeKind::kInDoubt ? counts.in_doubt
                                       : counts.skipped);
  }
  return counts;
}

void ExpectSame(StateView* view, const Model& model) {
  std::map<Hash128, Model::Known> seen;
  std::optional<Hash128> last;
  const Status status = view->ForEach([&](const Entry& entry) {
    EXPECT_TRUE(!last || *last < entry.key_hash) << "out of order";
    last = entry.key_hash;
    Model::Known known{entry, view->FieldNames(entry.fieldset)};
    known.entry.fieldset = 0;
    seen.emplace(entry.key_hash, std::move(known));
    return Status();
  });
  ASSERT_TRUE(status.ok()) << status.error().message;
  ASSERT_EQ(seen.size(), model.entries().size());
  for (const auto& [hash, known] : model.entries()) {
    ASSERT_EQ(seen.count(hash), 1u) << known.entry.key;
    ASSERT_TRUE(seen[hash].entry == known.entry) << known.entry.key;
    ASSERT_EQ(seen[hash].names, known.names) << known.entry.key;
  }
  EXPECT_EQ(view->counts(), model.counts());
  size_t probe = 0;
  for (const auto& [hash, known] : model.entries()) {
    if (++probe % 16 != 0) continue;
    const auto found = view->Find(hash);
    ASSERT_TRUE(found.ok() && found->has_value());
    EXPECT_EQ((*found)->key, known.entry.key);
    auto absent = view->Find({hash.hi, hash.lo + 1});
    ASSERT_TRUE(absent.ok());
    EXPECT_FALSE(absent->has_value());
  }
}

Outcome RandomOutcome(std::mt19937_64* random, uint64_t keys, size_t fields) {
  std::mt19937_64& r = *random;
  constexpr OutcomeKind kKinds[] = {
      OutcomeKind::kCreated,  OutcomeKind::kCreated, OutcomeKind::kUpdated, OutcomeKind::kUpdated,
      OutcomeKind::kDeleted,  OutcomeKind::kMissing, OutcomeKind::kExists,  OutcomeKind::kRejected,
      OutcomeKind::kRejected, OutcomeKind::kInDoubt, OutcomeKind::kUnsent,  OutcomeKind::kSkipped,
      OutcomeKind::kUnchanged};
  constexpr Op kOps[] = {Op::kUpsert, Op::kInsert, Op::kUpdate, Op::kDelete};
  const uint64_t key = r() % keys;
  Outcome outcome;
  outcome.key_hash = HashOf(key);
  outcome.key = "key-" + std::to_string(key);
  outcome.op = kOps[r() % 4];
  outcome.kind = kKinds[r() % std::size(kKinds)];
  if (r() % 5 == 0) {
    outcome.mark = static_cast<Mark>(1 + r() % 9);
  } else {
    outcome.seq = 1;  // the caller numbers them
  }
  if (!Succeeded(outcome.kind)) {
    outcome.error_class = static_cast<ErrorClass>(r() % 5);
    outcome.code = "CODE_" + std::to_string(r() % 5);
    outcome.message = RandomText(random, r() % 50 == 0 ? 100000 : 40);
    outcome.field = RandomText(random, 5);
  }
  const bool in_doubt = outcome.kind == OutcomeKind::kInDoubt;
  if (in_doubt && r() % 2 == 0) outcome.job = "job-" + std::to_string(r() % 3);
  if (r() % 2 == 0) outcome.destination_id = std::to_string(r() % 1000000);
  if (r() % 20 == 0) outcome.warning = RandomText(random, 20);
  outcome.fingerprint = HashOf(r() % 1000);
  outcome.has_absent = r() % 2 == 0;
  for (size_t i = 0; i < fields; ++i) outcome.fields.push_back(static_cast<uint32_t>(r() % 5));
  outcome.exchange = r() % 3 == 0 ? 0 : r() % 100000;
  outcome.at_us = static_cast<int64_t>(r() >> 14) - (int64_t{1} << 40);
  return outcome;
}

IntentRecord IntentOf(const Outcome& outcome) {
  IntentRecord intent;
  CopyAttempt(outcome, &intent);
  intent.job = outcome.job;
  return intent;
}

void History::Run(size_t outcomes, bool close) {
  const bool verbs = random_() % 6 == 0;  // of a verb on single keys: no field names
  open_ =
      OpenOf(++run_, last_outcome_ + 1, verbs ? std::vector<std::string>() : RandomNames(&random_));
  auto journal = Journal::Create(JournalPath(directory_, run_), open_);
  ASSERT_TRUE(journal.ok()) << journal.error().message;
  std::set<Hash128> in_flight;
  uint64_t seq = 0;
  for (size_t i = 0; i < outcomes; ++i) {
    Outcome outcome = RandomOutcome(&random_, keys_, open_.fields.size());
    if (outcome.seq != 0) outcome.seq = ++seq;
    if (in_flight.contains(outcome.key_hash)) continue;
    if (outcome.seq != 0 && random_() % 8 == 0) {
      const uint64_t request = 1 + random_() % 1000;
      ASSERT_TRUE((*journal)->Intend(request, {IntentOf(outcome)}).ok());
      if (!close && random_() % 2 == 0) {
        in_flight.insert(outcome.key_hash);
        outcome.exchange = request;
        unanswered_.push_back(outcome);
        continue;
      }
    }
    ASSERT_TRUE((*journal)->Report(outcome).ok());
    model_.Apply(outcome, open_);
  }
  last_outcome_ = (*journal)->last_outcome();
  if (close) {
    JournalClose end;
    end.status = "succeeded";
    end.counts_json = "{}";
    ASSERT_TRUE((*journal)->Close(end).ok());
  }
  // What a plan sees beside an open run.
  for (Outcome& outcome : unanswered_) {
    outcome.kind = OutcomeKind::kInDoubt;
    outcome.mark = Mark::kNone;
    outcome.error_class = ErrorClass::kNone;
    outcome.code = "PS-RUN-UNANSWERED";
    outcome.message = outcome.job.empty()
                          ? "a request with this record was begun, and no answer to it is recorded"
                          : "its job was noted, and no answer of it is recorded";
    outcome.field.clear();
    outcome.warning.clear();
    outcome.at_us = open_.started_us;
    model_.Apply(outcome, open_);
  }
}

void History::Settle() {
  auto journal = Journal::Continue(JournalPath(directory_, run_));
  ASSERT_TRUE(journal.ok()) << journal.error().message;
  ASSERT_EQ((*journal)->last_outcome(), last_outcome_);
  for (const Outcome& outcome : unanswered_) ASSERT_TRUE((*journal)->Report(outcome).ok());
  unanswered_.clear();
  JournalClose end;
  end.status = "interrupted";
  ASSERT_TRUE((*journal)->Close(end).ok());
  last_outcome_ = (*journal)->last_outcome();
}

void History::Compact() {
  const auto view = Open();
  ASSERT_NE(view, nullptr);
  CompactOptions options;
  options.identity = IdentityOf("contacts");
  options.lineage = kLineage;
  auto anchor = penstock::Compact(directory_, view.get(), options);
  ASSERT_TRUE(anchor.ok()) << anchor.error().message;
  anchor_ = *anchor;
}

std::unique_ptr<StateView> History::Open(const StateAnchor* anchor) const {
  auto view =
      StateView::Open(directory_, anchor != nullptr ? *anchor : anchor_, directory_, 1u << 20);
  if (!view.ok()) {
    ADD_FAILURE() << view.error().code << " " << view.error().message;
    return nullptr;
  }
  return *std::move(view);
}

}  // namespace penstock::test
