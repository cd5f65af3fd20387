// What a connector can do to a host that keeps it in a worker: nothing.
#include "sdk/runtime/worker.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

#include "sdk/runtime/call.h"
#include "sdk/runtime/ledger.h"
#include "tests/sdk/scripted_host.h"

namespace penstock::sdk {
namespace {

TEST(Bounded, IsWellFormedUtf8AndCutBetweenCharacters) {
  const std::string no = "\xEF\xBF\xBD";
  const std::pair<std::string, std::string> cases[] = {
      {"a\u00e9\u20ac\U0001F600", "a\u00e9\u20ac\U0001F600"},
      {"\xC3", no},  // ends too early
      {"\x80"
       "a",
       no + "a"},                               // goes on with nothing
      {"\xC1\xBF", no + no},                    // longer than it needs to be
      {"\xE0\x9F\xBF", no + no + no},           // likewise, with three bytes
      {"\xF0\x8F\xBF\xBF", no + no + no + no},  // and four
      {"\xED\xA0\x80", no + no + no},           // half of a pair
      {"\xF4\x90\x80\x80", no + no + no + no},  // behind the last character
      {"\xF5\x80\x80\x80", no + no + no + no},
      {"\xE2\x82"
       "x",
       no + no + "x"},
      {"\xEE\x80\x80\xF4\x8F\xBF\xBF", "\xEE\x80\x80\xF4\x8F\xBF\xBF"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(runtime::Bounded(text, 100), expected);
  EXPECT_EQ(runtime::Bounded("abcd", 4), "abcd");
  EXPECT_EQ(runtime::Bounded("abcde", 4), "abcd\u2026");
  EXPECT_EQ(runtime::Bounded("abc\u20ac", 4), "abc\u2026");
}

TEST(Ledger, MendsTheTextsOfAnOutcome) {
  runtime::Ledger ledger(PENSTOCK_OP_UPSERT);
  const uint64_t seq = 1;
  ledger.Expect(&seq, 1);
  penstock_outcome outcome{};
  outcome.struct_size = sizeof(outcome);
  outcome.seq = seq;
  outcome.outcome = PENSTOCK_REJECTED;
  outcome.code = {
      "\xFF"
      "c",
      2};
  outcome.message = {
      "\xFF"
      "m",
      2};
  outcome.field = {
      "\xFF"
      "f",
      2};
  std::string texts;
  const OutcomeCallback keep = [&](const penstock_outcome& o) {
    for (const penstock_str& text : {o.code, o.message, o.field}) texts.append(text.ptr, text.len);
  };
  EXPECT_EQ(ledger.Report(&outcome, 1, sizeof(outcome), keep), PENSTOCK_OK);
  EXPECT_EQ(texts, "\uFFFDc\uFFFDm\uFFFDf");
}

class WorkerTest : public ::testing::Test {
 protected:
  void SetUp() override { Start(FindWorkerProgram(), TEST_CONNECTORS); }

  void Start(const std::string& program, const std::string& connectors) {
    options_.program = program;
    options_.memory_bytes = 256u << 20;
    options_.silence_ms = 1500;
    options_.started = [this](const WorkerReport& report) {
      report_ = report;
      ++started_;
    };
    const Result<Sidecar> sidecar = ReadSidecar(connectors, "hostile");
    ASSERT_TRUE(sidecar.ok()) << sidecar.failure().message;
    auto opened = OpenInWorker(*sidecar, &host_, "{}", options_);
    ASSERT_TRUE(opened.ok()) << opened.failure().message;
    instance_ = *std::move(opened);
    writer_ = Begin();
  }

  std::unique_ptr<ConnectorWriter> Begin() {
    Assignment assignment;
    assignment.object = "things";
    assignment.operation = "upsert";
    assignment.identifier = {"order"};
    assignment.fields = {{"order", FieldType::kString, true}};
    auto writer = instance_->Begin(assignment, {}, {});
    if (!writer.ok()) {
      ADD_FAILURE() << writer.failure().message;
      return nullptr;
    }
    return *std::move(writer);
  }

  Status Write(ConnectorWriter* writer, const std::vector<std::string>& orders) {
    TestBatch batch(1);
    for (const std::string& order : orders) batch.Add(++seq_, {batch.Text(order)});
    return writer->Write(batch.c(), [this](const penstock_outcome& o) { outcome_ = Keep(o); });
  }
  /// The call fails, and says how the connector ended.
  void ExpectCrash(const std::string& order, const std::string& how,
                   const std::string& code = "PS-CONN-CRASHED") {
    const Status status = Write(writer_.get(), {"a", order, "b"});
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.failure().code, code);
    EXPECT_NE(status.failure().message.find(how), std::string::npos) << status.failure().message;
    EXPECT_EQ(writer_->crash(), Crash::kCulprit);
    // The next call works, in another process.
    const int before = started_;
    EXPECT_TRUE(Write(writer_.get(), {"fine"}).ok());
    EXPECT_EQ(outcome_.id, "fine");
    EXPECT_EQ(started_, before + 1);
    EXPECT_EQ(writer_->crash(), Crash::kNone);
  }
  std::string Attempt(const std::string& order) {
    const Status status = Write(writer_.get(), {order});
    EXPECT_TRUE(status.ok()) << status.failure().message;
    return outcome_.id;
  }

  ScriptedHost host_;
  WorkerOptions options_;
  std::unique_ptr<ConnectorInstance> instance_;
  std::unique_ptr<ConnectorWriter> writer_;
  WorkerReport report_;
  std::atomic<int> started_ = 0;
  uint64_t seq_ = 0;
  KeptOutcome outcome_;
};

TEST_F(WorkerTest, SaysWhatConfinesIt) {
  const std::vector<std::string>& confined = report_.confined;
  EXPECT_NE(std::find(confined.begin(), confined.end(), "seccomp"), confined.end());
  EXPECT_EQ(report_.sha256.size(), 64u);
  // What this kernel does not have is said, not passed over.
  EXPECT_EQ(confined.size() + report_.refused.size(), 3u);
}

TEST_F(WorkerTest, ASegmentationFaultEndsOneCall) { ExpectCrash("segv", "SIGSEGV"); }
TEST_F(WorkerTest, AnAbortEndsOneCall) { ExpectCrash("abort", "SIGABRT"); }
TEST_F(WorkerTest, AnExitEndsOneCall) { ExpectCrash("exit", "status 7"); }
TEST_F(WorkerTest, AKilledWorkerEndsOneCall) { ExpectCrash("killed", "SIGKILL"); }
TEST_F(WorkerTest, AStackThatOverflowsEndsOneCall) { ExpectCrash("overflow", "SIGSEGV"); }
TEST_F(WorkerTest, ALoopIsEndedByItsSilence) { ExpectCrash("loop", "did nothing for its host"); }
TEST_F(WorkerTest, NoiseOnTheWireIsNotUnderstood) {
  // On the control channel, where the next call to the destination meets it.
  EXPECT_TRUE(Write(writer_.get(), {"garbage"}).ok());
  const auto report = instance_->Check({});
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.failure().code, "PS-CONN-CRASHED");
  EXPECT_TRUE(instance_->Check({}).ok());
}

/// The worker and the connector without sanitizers, whose address space has no room below a limit.
class UnsanitizedWorkerTest : public WorkerTest {
 protected:
  void SetUp() override { Start(TEST_UNSANITIZED "/penstock-worker", TEST_UNSANITIZED); }
  bool IsConfinedBy(const std::string& what) const {
    return std::find(report_.confined.begin(), report_.confined.end(), what) !=
           report_.confined.end();
  }
};

TEST_F(UnsanitizedWorkerTest, SaysHowMuchMemoryItMayUse) {
  EXPECT_TRUE(IsConfinedBy("memory 256 MiB"));
  EXPECT_TRUE(IsConfinedBy("seccomp"));
}

TEST_F(UnsanitizedWorkerTest, MemoryThatGrowsIsStoppedByItsLimit) {
  ExpectCrash("eat", "its memory of 256 MiB is used up", std::string(runtime::kException));
}

TEST_F(UnsanitizedWorkerTest, MemoryThatIsNotAskedOfTheAllocatorIsStoppedToo) {
  ExpectCrash("eat pages", "SIGSEGV");
}

// What a connector may need is there: half of the limit, again and again.
TEST_F(UnsanitizedWorkerTest, MemoryBelowTheLimitIsGiven) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Attempt("eat half"), "ok");
  EXPECT_EQ(started_, 1);
}

TEST_F(WorkerTest, ItsLastWordsAreTold) {
  const Status status = Write(writer_.get(), {"print", "segv"});
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.failure().message.find("printed by the connector"), std::string::npos)
      << status.failure().message;
}

TEST_F(WorkerTest, ReachesNothing) {
  EXPECT_EQ(Attempt("socket"), "EPERM");
  EXPECT_EQ(Attempt("read file"), "EPERM");
  EXPECT_EQ(Attempt("read library"), "EPERM");
  EXPECT_EQ(Attempt("write file"), "EPERM");
  EXPECT_EQ(Attempt("fork"), "EPERM");
  EXPECT_EQ(Attempt("exec"), "EPERM");
  EXPECT_EQ(Attempt("kill host"), "EPERM");
  ::setenv("HUBSPOT_TOKEN", "secret", 1);
  EXPECT_EQ(Attempt("environment"), "none");
  EXPECT_EQ(started_, 1);
}

TEST_F(WorkerTest, ACrashInDiscoverFailsDiscover) {
  const auto catalog = instance_->Discover({"segv"}, {});
  ASSERT_FALSE(catalog.ok());
  EXPECT_NE(catalog.failure().message.find("during discover"), std::string::npos);
  EXPECT_TRUE(instance_->Discover({"x"}, {}).ok());
}

TEST_F(WorkerTest, OtherCallsAreBystanders) {
  // The second writer waits in a request while the first one brings the process down.
  auto other = Begin();
  std::atomic<bool> waiting = false, crashed = false;
  host_.answer = [&](const SentRequest& request) {
    if (request.seqs.size() == 2) {
      waiting = true;
      while (!crashed) std::this_thread::yield();
    }
    return Reply{};
  };
  Status status;
  std::thread thread([&] {
    TestBatch batch(1);
    batch.Add(1001, {batch.Text("x")}).Add(1002, {batch.Text("y")});
    status = other->Write(batch.c(), [](const penstock_outcome&) {});
  });
  while (!waiting) std::this_thread::yield();
  EXPECT_FALSE(Write(writer_.get(), {"segv"}).ok());
  EXPECT_EQ(writer_->crash(), Crash::kCulprit);
  crashed = true;
  thread.join();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(other->crash(), Crash::kBystander);
}

TEST_F(WorkerTest, WhatAnsweredBeforeTheCrashIsKnownToTheHost) {
  EXPECT_FALSE(Write(writer_.get(), {"segv after"}).ok());
  EXPECT_EQ(host_.sent.size(), 1u);
  EXPECT_EQ(writer_->crash(), Crash::kCulprit);
}

TEST_F(WorkerTest, ARunThatIsStoppedDoesNotWaitForALoop) {
  CallContext context;
  std::atomic<bool> cancelled = false;
  context.cancelled = [&] { return cancelled.load(); };
  cancelled = true;
  const auto catalog = instance_->Discover({"loop"}, context);
  EXPECT_FALSE(catalog.ok());
}

// What is wrong in open, as text.
class OpeningTest : public WorkerTest {
 protected:
  Failure Opening(const std::string& config, const CallContext& context = {}) {
    const Result<Sidecar> sidecar = ReadSidecar(TEST_CONNECTORS, "hostile");
    auto opened = OpenInWorker(*sidecar, &host_, config, options_, context);
    EXPECT_FALSE(opened.ok());
    return opened.ok() ? Failure() : opened.failure();
  }
};

TEST_F(OpeningTest, AnExceptionIsNamedAndItsTextIsMadeHarmless) {
  const Failure failure = Opening(R"({"do": "noise"})");
  EXPECT_EQ(failure.code, runtime::kException);
  EXPECT_EQ(failure.message.find("connector hostile let an exception escape during open: "), 0u);
  EXPECT_EQ(failure.message.find('\xff'), std::string::npos);
  EXPECT_NE(failure.message.find("\xEF\xBF\xBD\xEF\xBF\xBDxxx"), std::string::npos);
  EXPECT_LT(failure.message.size(), 600u);
  EXPECT_TRUE(failure.message.ends_with("x…"));
}

TEST_F(OpeningTest, ACrashIsToldWithItsSignal) {
  const Failure failure = Opening(R"({"do": "segv"})");
  EXPECT_EQ(failure.code, "PS-CONN-CRASHED");
  EXPECT_NE(failure.message.find("during open"), std::string::npos) << failure.message;
}

TEST_F(OpeningTest, ALoopEndsWithTheRun) {
  options_.silence_ms = 600'000;
  CallContext context;
  context.cancelled = [] { return true; };
  EXPECT_EQ(Opening(R"({"do": "loop"})", context).status, PENSTOCK_E_CANCELLED);
}

TEST_F(OpeningTest, NoWorkerIsTakenFromTheFolderThatWeAreIn) {
  const std::string fake = testing::TempDir() + "/fake-" + std::to_string(::getpid());
  std::filesystem::create_directories(fake + "/lib/penstock");
  const std::string program = fake + "/lib/penstock/penstock-worker";
  std::ofstream(program) << "#!/bin/sh\ntouch " << fake << "/ran\n";
  std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(fake);
  options_.program = "lib/penstock/penstock-worker";
  EXPECT_EQ(Opening("{}").code, "PS-CONN-WORKER");
  options_.program = "";
  EXPECT_NE(Opening("{}").message.find("/proc/self/exe cannot be read"), std::string::npos);
  std::filesystem::current_path(before);
  EXPECT_FALSE(std::filesystem::exists(fake + "/ran"));
  std::filesystem::remove_all(fake);
}

}  // namespace
}  // namespace penstock::sdk
