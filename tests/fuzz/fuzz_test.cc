// Whatever bytes come from a worker, a document or a destination: a clean error, never a crash.
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "penstock/documents.hpp"
#include "sdk/runtime/host_end.h"
#include "sdk/runtime/messages.h"
#include "sdk/runtime/worker.h"
#include "tests/fuzz/mutate.h"
#include "tests/sdk/scripted_host.h"

namespace penstock::fuzz {
namespace {

using sdk::wire::Kind;
using sdk::wire::Packer;
using sdk::wire::Unpacker;

/// The JSON parts of a folder's cases.
std::vector<std::string> Documents(const std::string& folder) {
  std::vector<std::string> texts = {"{}"};
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder)) {
    if (!file.is_regular_file()) continue;
    std::ifstream in(file.path(), std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
    const size_t open = text.find('{'), close = text.rfind('}');
    if (open != std::string::npos && close != std::string::npos && close > open) {
      texts.push_back(text.substr(open, close - open + 1));
    }
  }
  return texts;
}

TEST(Fuzz, Manifest) {
  Fuzz("manifest", Documents(PENSTOCK_SDK_DATA "/manifest"),
       [](const std::string& text) { (void)sdk::ParseManifest(text).ok(); });
}

TEST(Fuzz, Catalog) {
  Fuzz("catalog", Documents(PENSTOCK_SDK_DATA "/catalog"), [](const std::string& text) {
    const auto catalog = sdk::ParseCatalog(text);
    EXPECT_TRUE(!catalog.ok() || sdk::ParseCatalog(sdk::ToJson(*catalog)).ok()) << text;
  });
}

TEST(Fuzz, CheckReportAndAssignment) {
  std::vector<std::string> corpus = Documents(PENSTOCK_SDK_DATA "/check");
  for (std::string& text : Documents(PENSTOCK_SDK_DATA "/assignment")) {
    corpus.push_back(std::move(text));
  }
  Fuzz("check report and assignment", corpus, [](const std::string& text) {
    (void)sdk::ParseCheckReport(text).ok();
    (void)sdk::ParseAssignment(text).ok();
  });
}

std::string Frame(Kind kind, const Packer& payload) {
  const auto length = static_cast<uint32_t>(payload.bytes().size());
  std::string frame(reinterpret_cast<const char*>(&length), sizeof(length));
  frame += static_cast<char>(kind);
  return frame + payload.bytes();
}

Packer AnOutcome() {
  penstock_outcome outcome{};
  outcome.struct_size = sizeof(outcome);
  outcome.outcome = PENSTOCK_CREATED;
  outcome.seq = 1;
  outcome.destination_id = {"id", 2};
  Packer payload;
  payload.U64(1);
  sdk::wire::PutOutcome(outcome, &payload);
  return payload;
}

Packer Requests() {
  sdk::HostRequest request;
  request.method = "POST";
  request.url = "/x";
  const std::vector<uint64_t> seqs = {1, 2};
  const sdk::HostHeader header{"a", "b"};
  request.headers = {&header, 1};
  request.seqs = seqs;
  Packer payload;
  payload.U64(1);
  sdk::wire::PutRequest(request, &payload);
  return payload;
}

/// What a worker says during one write.
std::vector<std::string> Conversations() {
  Packer log, ok, sleep, note, found, blob, read, created;
  log.I32(1);
  log.Text("words");
  log.Text("{}");
  sdk::wire::PutStatus({}, &ok);
  ok.Text("");
  sleep.I64(5);
  const uint64_t seq = 7;
  note.Seqs(&seq, 1);
  note.Text("token");
  found.U64(0);
  found.U8(1);
  found.Text("id");
  found.U64(0);
  blob.U64(7);
  blob.Text("bytes");
  created.U64(1);  // the handle that the first kCreateBlob gives
  created.Text("bytes");
  read.U64(1);
  read.U64(2);
  read.U64(100);
  const std::string taken = Frame(Kind::kTaken, Packer()), end = Frame(Kind::kReturn, ok);
  return {Frame(Kind::kOutcomes, AnOutcome()) + Frame(Kind::kLog, log) + end,
          Frame(Kind::kPerform, Requests()) + Frame(Kind::kOutcomes, AnOutcome()) + taken + end,
          Frame(Kind::kCancelled, Packer()) + Frame(Kind::kSleep, sleep) +
              Frame(Kind::kNote, note) + end,
          Frame(Kind::kFound, found) + Frame(Kind::kUnixMicros, Packer()) + end,
          Frame(Kind::kAppendBlob, blob) + Frame(Kind::kCreateBlob, Packer()) + end,
          Frame(Kind::kCreateBlob, Packer()) + Frame(Kind::kAppendBlob, created) +
              Frame(Kind::kReadBlob, read) + end,
          Frame(Kind::kCrashed, sleep)};
}

TEST(Fuzz, FramesOfAWorker) {
  Fuzz("frames", Conversations(), [](const std::string& said) {
    int fds[2] = {-1, -1};
    ASSERT_TRUE(sdk::wire::MakeSocketPair(fds));
    sdk::wire::Channel ours(fds[0]);
    const std::string part = said.substr(0, 64u << 10);  // fits the socket's buffer
    ASSERT_EQ(::send(fds[1], part.data(), part.size(), MSG_NOSIGNAL | MSG_DONTWAIT),
              static_cast<ssize_t>(part.size()));
    ::shutdown(fds[1], SHUT_WR);
    sdk::ScriptedHost host;
    const sdk::CallContext context;
    sdk::runtime::HostEnd end(&ours, &host, context, 1000);
    sdk::runtime::Ledger ledger(PENSTOCK_OP_UPSERT);
    const uint64_t seqs[] = {1, 2, 3};
    ledger.Expect(seqs, 3);
    const sdk::OutcomeCallback ignore = [](const penstock_outcome&) {};
    sdk::runtime::HostEndSinks sinks;
    sinks.outcome = [&](const penstock_outcome& outcome) {
      (void)ledger.Report(&outcome, 1, sizeof(outcome), ignore);
    };
    sinks.found = [](const sdk::FoundRecord&) {};
    std::string returned;
    if (end.Call(Kind::kFinish, Packer(), sinks, &returned)) {
      Unpacker in(returned);
      (void)sdk::wire::TakeStatus(&in).ok();
    }
    (void)ledger.Settle("fuzz", ignore).ok();
    ::close(fds[1]);
  });
}

TEST(Fuzz, BatchesAndResponses) {
  sdk::TestBatch batch(2);
  batch.Add(1, {batch.Text("a"), sdk::TestBatch::Number(PENSTOCK_INT64, 4)}, "id");
  batch.Add(2, {sdk::TestBatch::Null(), sdk::TestBatch::Absent()});
  Packer packed, response;
  sdk::wire::PutBatch(batch.c(), &packed);
  sdk::HostResponse answer;
  answer.status = 200;
  answer.body = "{}";
  sdk::wire::PutResponse(answer, &response);
  Fuzz("batches and responses", {packed.bytes(), response.bytes()}, [](const std::string& bytes) {
    Unpacker in(bytes);
    sdk::wire::StoredBatch stored;
    (void)sdk::wire::TakeBatch(&in, &stored);
    Unpacker again(bytes);
    sdk::wire::StoredResponse read;
    sdk::wire::TakeResponse(&again, &read);
    Unpacker ready(bytes);
    sdk::wire::Ready said;
    (void)sdk::wire::TakeReady(&ready, &said);
  });
}

/// Every call of a connector against answers that are no longer what they were.
void FuzzAnswers(const std::string& id, const std::string& config,
                 const std::vector<std::string>& bodies, const sdk::Assignment& assignment) {
  const auto library = sdk::LoadConnector(PENSTOCK_TEST_CONNECTOR_DIR, id);
  ASSERT_TRUE(library.ok()) << library.failure().message;
  sdk::ScriptedHost host;
  auto instance = sdk::ConnectorInstance::Open(**library, &host, config);
  ASSERT_TRUE(instance.ok()) << instance.failure().message;
  Mutator statuses(1, {""});
  Fuzz(("answers of " + id).c_str(), bodies, [&](const std::string& body) {
    static constexpr int kStatuses[] = {200, 201, 204, 207, 400, 401, 404, 409, 429, 500};
    host.sent.clear();
    host.calls.clear();
    host.answer = [&](const sdk::SentRequest&) {
      return sdk::Reply{kStatuses[statuses.Below(std::size(kStatuses))], body};
    };
    (void)(*instance)->Check({}).ok();
    (void)(*instance)->Discover({}, {}).ok();
    auto writer = (*instance)->Begin(assignment, {}, {});
    ASSERT_TRUE(writer.ok()) << writer.failure().message;
    sdk::TestBatch batch(2);
    for (uint64_t seq = 1; seq <= 3; ++seq) {
      batch.Add(seq, {batch.Text("k" + std::to_string(seq) + "@x.example"), batch.Text("v")});
    }
    size_t told = 0;
    const sdk::OutcomeCallback count = [&](const penstock_outcome&) { ++told; };
    const bool ok = (*writer)->Write(batch.c(), count).ok() && (*writer)->Finish(count).ok();
    EXPECT_EQ(told + (*writer)->Outstanding().size(), 3u) << body;
    EXPECT_TRUE(!ok || told == 3) << "a record was forgotten: " << body;
  });
}

sdk::Assignment Assign(const std::string& object, const std::vector<std::string>& fields) {
  sdk::Assignment assignment;
  assignment.object = object;
  assignment.operation = "upsert";
  assignment.identifier = {fields.front()};
  for (const std::string& name : fields) {
    assignment.fields.push_back({name, sdk::FieldType::kString, name == fields.front()});
  }
  assignment.limits = {1000, 100, 2};
  return assignment;
}

TEST(Fuzz, AnswersToLoopback) {
  FuzzAnswers(
      "loopback", R"({"token":{"$secret":"token"}})",
      {R"({"results":[{"key":"k1@x.example","status":"created","id":"1"},)"
       R"({"key":"b","status":"rejected","code":"c","message":"m","field":"f"},)"
       R"({"key":"c","status":"updated","id":"3"}]})",
       R"({"objects":[{"name":"things","key":"key","fields":[{"name":"n","type":"bool"}]}]})"},
      Assign("things", {"key", "name"}));
}

TEST(Fuzz, AnswersToHubSpot) {
  FuzzAnswers(
      "hubspot", R"({"access_token":{"$secret":"access_token"}})",
      {R"({"status":"COMPLETE","results":[{"id":"1","new":true,"objectWriteTraceId":"1",)"
       R"("properties":{"email":"k1@x.example"}},{"id":"2","new":false,"objectWriteTraceId":"2",)"
       R"("properties":{"email":"k2@x.example"}}],"numErrors":1,"errors":[{"status":"error",)"
       R"("category":"VALIDATION_ERROR","message":"bad","context":{"objectWriteTraceId":["3"]}}]})",
       R"({"status":"error","category":"VALIDATION_ERROR","message":"Property values were not valid",)"
       R"("errors":[{"message":"x","code":"INVALID_OPTION","context":{"propertyName":["v"]}}]})",
       R"({"results":[{"name":"email","label":"E-mail","type":"string","fieldType":"text",)"
       R"("hasUniqueValue":true,"modificationMetadata":{"readOnlyValue":false}}]})",
       R"({"portalId":7,"uiDomain":"x","timeZone":"UTC"})"},
      Assign("contacts", {"email", "firstname"}));
}

TEST(Fuzz, AnswersToHttp) {
  FuzzAnswers(
      "http",
      R"({"check":{"path":"/account","id":"/account/id","name":"/account/name"},)"
      R"("objects":{"things":{"key":"email","fields":{"email":"string","name":"string"},)"
      R"("operations":{"upsert":{"path":"/batch","max_records":100,"body":{"r":"{$records}"},)"
      R"("answer":{"results":{"at":"/results","match":{"field":"email","at":"/email"},)"
      R"("success":{"at":"/status","equals":["created","updated","unchanged"]},)"
      R"("created":{"at":"/status","equals":"created"},)"
      R"("unchanged":{"at":"/status","equals":"unchanged"},"id":"/id","code":"/error/code",)"
      R"("message":"/error/message","field":"/error/field"}}}}}}})",
      {R"({"results":[{"email":"k1@x.example","status":"created","id":"1"},)"
       R"({"email":"k2@x.example","status":"failed","error":{"code":"c","message":"m",)"
       R"("field":"name"}},{"email":"k3@x.example","status":"updated","id":3}]})",
       R"({"account":{"id":7,"name":"Acme"}})"},
      Assign("things", {"email", "name"}));
}

}  // namespace
}  // namespace penstock::fuzz
