// What is written into a plan comes back, from any place, under one hash.
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/plan/plan_fixture.h"

namespace penstock {
namespace {

void ExpectSame(const Change& a, const Change& b) {
  EXPECT_EQ(a.op, b.op);
  EXPECT_EQ(a.reason, b.reason);
  EXPECT_EQ(a.origin, b.origin);
  EXPECT_EQ(a.key_hash, b.key_hash);
  EXPECT_EQ(a.fingerprint, b.fingerprint);
  EXPECT_EQ(a.key, b.key);
  EXPECT_EQ(a.key_text, b.key_text);
  EXPECT_EQ(a.destination_id, b.destination_id);
  EXPECT_EQ(a.has_absent, b.has_absent);
  EXPECT_EQ(a.sparse, b.sparse);
  EXPECT_EQ(a.shared_id, b.shared_id);
  EXPECT_EQ(a.changed, b.changed);
  EXPECT_EQ(a.fields, b.fields);
  EXPECT_EQ(a.payload, b.payload);
}

uint64_t ReadChanges(PlanReader* reader, uint64_t first, uint64_t n) {
  uint64_t seq = first;
  const Status status = reader->Changes(first, [&](const Change& change) -> Status {
    EXPECT_EQ(change.seq, seq);
    const uint64_t i = seq++ - 1;
    ExpectSame(change, SampleChange(i, i < n - n / 5 ? Op::kUpsert : Op::kDelete));
    return {};
  });
  EXPECT_TRUE(status.ok()) << status.error().message;
  return seq - first;
}

TEST_F(PlanTest, PayloadsOfChangesInAnyOrder) {
  constexpr uint64_t kChanges = 6000;  // several blocks
  WriteSample(Path(), kChanges);
  auto reader = PlanReader::Open(Path());
  ASSERT_TRUE(reader.ok()) << reader.error().message;
  std::vector<Change> changes;
  for (const uint64_t seq : {5999, 1, 6000, 2500, 2500, 2501, 4800}) {
    changes.emplace_back().seq = seq;
  }
  ASSERT_TRUE((*reader)->Payloads(&changes).ok());
  for (const Change& change : changes) {
    const Op op = change.seq <= kChanges - kChanges / 5 ? Op::kUpsert : Op::kDelete;
    EXPECT_EQ(change.payload, SampleChange(change.seq - 1, op).payload) << change.seq;
  }
  std::vector<Change> none(1);
  none[0].seq = kChanges + 1;
  const Status missing = (*reader)->Payloads(&none);
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().code, "PS-PLAN-CORRUPT") << missing.error().message;
  none[0].seq = 0;
  EXPECT_FALSE((*reader)->Payloads(&none).ok());
}

TEST_F(PlanTest, RoundTrip) {
  constexpr uint64_t kChanges = 6000;  // several blocks
  const PlanHeader written = WriteSample(Path(), kChanges);
  auto reader = PlanReader::Open(Path());
  ASSERT_TRUE(reader.ok()) << reader.error().message;
  const PlanHeader& read = (*reader)->header();
  EXPECT_EQ(read.hash, written.hash);
  EXPECT_EQ(read.hash.size(), 64u);
  EXPECT_EQ(read.options, written.options);
  EXPECT_EQ(read.mode, Mode::kMirror);
  EXPECT_EQ(read.last_outcome, 41u);
  EXPECT_EQ(read.expires_us, written.expires_us);
  EXPECT_EQ(read.seconds, 1.5);
  EXPECT_EQ(read.counts.entries, 1ULL << 60);
  EXPECT_EQ(read.counts.invalid_by_code, written.counts.invalid_by_code);
  ASSERT_EQ(read.counts.fields.size(), 1u);
  EXPECT_EQ(read.counts.fields[0].field, "seen");
  ASSERT_EQ(read.fields.size(), 2u);
  EXPECT_EQ(read.fields[1].type, sdk::FieldType::kTimestamp);
  EXPECT_EQ(read.fields[1].null, NullPolicy::kLeave);
  EXPECT_EQ(read.fields[0].normalisers, written.fields[0].normalisers);
  EXPECT_FALSE(read.fields[1].hashed);
  EXPECT_TRUE(read.fields[0].sensitive);

  for (const uint64_t first : {1, 2, 1000, 4800, 4801, 6000}) {
    EXPECT_EQ(ReadChanges(reader->get(), first, kChanges), kChanges - first + 1);
  }
  EXPECT_EQ(ReadChanges(reader->get(), kChanges + 1, kChanges), 0u);

  uint64_t marks = 0, invalid = 0;
  EXPECT_TRUE((*reader)
                  ->Marks([&](const MarkedKey& marked) -> Status {
                    EXPECT_EQ(marked, SampleMark(10 * marks++));
                    return {};
                  })
                  .ok());
  EXPECT_TRUE((*reader)
                  ->InvalidRows([&](const InvalidRow& row) -> Status {
                    const InvalidRow expected = SampleInvalid(10 * invalid++ + 1);
                    EXPECT_EQ(row.row, expected.row);
                    EXPECT_EQ(row.key_text, expected.key_text);
                    EXPECT_EQ(row.field, expected.field);
                    EXPECT_EQ(row.code, expected.code);
                    EXPECT_EQ(row.message, expected.message);
                    return {};
                  })
                  .ok());
  EXPECT_EQ(marks, kChanges / 10);
  EXPECT_EQ(invalid, kChanges / 10);
}

TEST_F(PlanTest, IsPrivateAndAlone) {
  WriteSample(Path(), 10);
  struct stat info {};
  ASSERT_EQ(::stat(Path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  EXPECT_EQ(Names(), std::vector<std::string>{"p.plan"});
}

TEST_F(PlanTest, AnEmptyPlanIsAPlan) {
  const PlanHeader written = WriteSample(Path(), 0);
  auto reader = PlanReader::Open(Path());
  ASSERT_TRUE(reader.ok()) << reader.error().message;
  EXPECT_EQ((*reader)->header().hash, written.hash);
  EXPECT_EQ(ReadChanges(reader->get(), 1, 0), 0u);
}

TEST_F(PlanTest, ALargeRecordHasABlockOfItsOwn) {
  auto writer = PlanWriter::Create(Path());
  ASSERT_TRUE(writer.ok());
  Change small = SampleChange(1, Op::kUpsert), large = SampleChange(2, Op::kUpsert);
  large.payload.assign(3u << 20, 'x');
  for (Change* change : {&small, &large, &small}) ASSERT_TRUE((*writer)->Add(change).ok());
  PlanHeader header = SampleHeader();
  ASSERT_TRUE((*writer)->Finish(&header).ok());
  auto reader = PlanReader::Open(Path());
  ASSERT_TRUE(reader.ok()) << reader.error().message;
  std::vector<size_t> sizes;
  ASSERT_TRUE((*reader)
                  ->Changes(1,
                            [&](const Change& change) -> Status {
                              sizes.push_back(change.payload.size());
                              return {};
                            })
                  .ok());
  EXPECT_EQ(sizes, (std::vector<size_t>{small.payload.size(), 3u << 20, small.payload.size()}));
}

TEST_F(PlanTest, TheHashCoversWhatIsSentAndNoTime) {
  const auto hash = [&](const std::function<void(PlanHeader*, Change*, MarkedKey*)>& edit) {
    PlanHeader header = SampleHeader();
    Change change = SampleChange(3, Op::kUpsert);
    MarkedKey marked = SampleMark(4);
    edit(&header, &change, &marked);
    auto writer = PlanWriter::Create(Path());
    EXPECT_TRUE(writer.ok());
    EXPECT_TRUE((*writer)->Add(&change).ok());
    EXPECT_TRUE((*writer)->AddMark(marked).ok());
    EXPECT_TRUE((*writer)->AddInvalid(SampleInvalid(static_cast<uint64_t>(header.seconds))).ok());
    EXPECT_TRUE((*writer)->Finish(&header).ok());
    return header.hash;
  };
  const std::string plain = hash([](PlanHeader*, Change*, MarkedKey*) {});
  EXPECT_EQ(plain, hash([](PlanHeader* h, Change*, MarkedKey*) {
              h->created_us = 1;
              h->expires_us = 2;
              h->seconds = 9;  // and another row number of the invalid row
              h->hash = "x";
            }));
  const std::vector<std::function<void(PlanHeader*, Change*, MarkedKey*)>> edits = {
      [](PlanHeader* h, Change*, MarkedKey*) { h->account = "124"; },
      [](PlanHeader* h, Change*, MarkedKey*) { h->last_outcome = 42; },
      [](PlanHeader* h, Change*, MarkedKey*) { h->counts.read = 11; },
      [](PlanHeader* h, Change*, MarkedKey*) { h->mode = Mode::kUpsert; },
      [](PlanHeader* h, Change*, MarkedKey*) { h->fields[1].null = NullPolicy::kClear; },
      [](PlanHeader*, Change* c, MarkedKey*) { c->payload += "y"; },
      [](PlanHeader*, Change* c, MarkedKey*) { c->destination_id = "other"; },
      [](PlanHeader*, Change*, MarkedKey* e) { e->fields[0] = 1; },
  };
  for (size_t i = 0; i < edits.size(); ++i) EXPECT_NE(plain, hash(edits[i])) << i;
}

TEST_F(PlanTest, WithoutFinishNothingIsLeft) {
  {
    auto writer = PlanWriter::Create(Path());
    ASSERT_TRUE(writer.ok());
    Change change = SampleChange(1, Op::kUpsert);
    ASSERT_TRUE((*writer)->Add(&change).ok());
  }
  EXPECT_TRUE(Names().empty());
}

TEST_F(PlanTest, WhatAKilledProcessLeftIsSwept) {
  const pid_t child = ::fork();
  if (child == 0) {
    auto writer = PlanWriter::Create(Path("other"));
    Change change = SampleChange(1, Op::kUpsert);
    const bool added = writer.ok() && (*writer)->Add(&change).ok();
    ::_exit(added ? 0 : 1);  // no destructor runs
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  ASSERT_EQ(Names(), std::vector<std::string>{"other.new-" + std::to_string(child)});
  WriteSample(Path(), 1);
  EXPECT_EQ(Names(), std::vector<std::string>{"p.plan"});
}

TEST_F(PlanTest, AChangeAfterADeleteIsRefused) {
  auto writer = PlanWriter::Create(Path());
  ASSERT_TRUE(writer.ok());
  Change gone = SampleChange(1, Op::kDelete), change = SampleChange(2, Op::kUpsert);
  ASSERT_TRUE((*writer)->Add(&gone).ok());
  const Status status = (*writer)->Add(&change);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, "PS-PLAN-ORDER");
  PlanHeader header = SampleHeader();
  EXPECT_FALSE((*writer)->Finish(&header).ok());
}

TEST_F(PlanTest, TheFirstErrorOfAVisitorStops) {
  WriteSample(Path(), 100);
  auto reader = PlanReader::Open(Path());
  ASSERT_TRUE(reader.ok());
  uint64_t seen = 0;
  const Status status = (*reader)->Changes(1, [&](const Change&) -> Status {
    if (++seen == 3) return MakeError("PS-TEST", "enough");
    return {};
  });
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, "PS-TEST");
  EXPECT_EQ(seen, 3u);
}

}  // namespace
}  // namespace penstock
