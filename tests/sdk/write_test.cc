// Sending a batch with the C++ layer: no record can be forgotten. And what else an author leans on:
// settings, the assignment's check, what an HTTP status means.
#include "penstock/write.hpp"

#include <gtest/gtest.h>

#include <map>

#include "penstock/documents.hpp"
#include "penstock/settings.hpp"
#include "sdk/runtime/call.h"
#include "sdk/runtime/host_tables.h"
#include "tests/sdk/scripted_host.h"

namespace penstock::sdk {
namespace {

class WriteTest : public ::testing::Test {
 protected:
  WriteTest() : tables_(&host_), scope_(context_, &host_) {
    table_ = {sizeof(penstock_outcomes), 0, this,
              [](const penstock_outcomes* self, const penstock_outcome* items, size_t n, size_t) {
                auto* test = static_cast<WriteTest*>(self->host_data);
                for (size_t i = 0; i < n; ++i) test->kept_[items[i].seq].push_back(Keep(items[i]));
                return static_cast<penstock_status>(PENSTOCK_OK);
              }};
  }
  /// Seqs 1 to n, one field.
  Batch Records(size_t n) {
    for (uint64_t seq = 1; seq <= n; ++seq) records_.Add(seq, {records_.Text("r")});
    return Batch(&records_.c());
  }
  /// Two requests of two records each, with what `take` makes of the answers.
  template <typename Take>
  Status Send(const Take& take) {
    const Batch batch = Records(4);
    WriteRequests requests(batch);
    for (const Range& range : Chunk(4, 2)) requests.Add(HttpRequest::Post("/w", "{}"), range);
    return requests.Send(Http(Host(tables_.c())), Call(scope_.c()), outcomes_, take);
  }
  /// The one outcome of a record.
  KeptOutcome Of(uint64_t seq) {
    EXPECT_EQ(kept_[seq].size(), 1u) << "seq " << seq;
    return kept_[seq].empty() ? KeptOutcome{} : kept_[seq].front();
  }

  ScriptedHost host_;
  CallContext context_;
  runtime::HostTables tables_;
  runtime::CallScope scope_;
  penstock_outcomes table_{};
  Outcomes outcomes_{&table_};
  TestBatch records_{1};
  std::map<uint64_t, std::vector<KeptOutcome>> kept_;
};

TEST_F(WriteTest, NoRecordsNoRequest) {
  const Batch batch = Records(0);
  const WriteRequests requests(batch);
  Status status =
      requests.Send(Http(Host(tables_.c())), Call(scope_.c()), outcomes_,
                    [](size_t, const HttpResponse&, RequestOutcomes&) { return Status(); });
  EXPECT_TRUE(status.ok());
  EXPECT_TRUE(host_.calls.empty());
}

const auto kSaysNothing = [](size_t, const HttpResponse&, RequestOutcomes&) { return Status(); };

TEST_F(WriteTest, RequestsNameTheirRecords) {
  EXPECT_TRUE(Send(kSaysNothing).ok());
  ASSERT_EQ(host_.sent.size(), 2u);
  EXPECT_EQ(host_.sent[0].seqs, (std::vector<uint64_t>{1, 2}));
  EXPECT_EQ(host_.sent[1].seqs, (std::vector<uint64_t>{3, 4}));
}

TEST_F(WriteTest, WhatASuccessSaysNothingOfIsInDoubt) {
  Status status = Send([](size_t, const HttpResponse&, RequestOutcomes& records) {
    EXPECT_TRUE(records.Created(1, "id"));
    return Status();
  });
  EXPECT_TRUE(status.ok());
  EXPECT_EQ(Of(1).outcome, PENSTOCK_IN_DOUBT);
  EXPECT_EQ(Of(1).code, "NOT_IN_ANSWER");
  EXPECT_EQ(Of(2).outcome, PENSTOCK_CREATED);
  EXPECT_EQ(Of(2).id, "id");
  EXPECT_EQ(Of(3).outcome, PENSTOCK_IN_DOUBT);
}

TEST_F(WriteTest, WhatARefusalSaysNothingOfIsUnsent) {
  host_.answer = [](const SentRequest&) { return Reply{403, ""}; };
  Status status = Send([](size_t, const HttpResponse& response, RequestOutcomes&) {
    return Status(HttpFailure(response, "x", "writing"));
  });
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.failure().status, PENSTOCK_E_PERMISSION);
  for (uint64_t seq = 1; seq <= 4; ++seq) {
    EXPECT_EQ(Of(seq).outcome, PENSTOCK_UNSENT);
    EXPECT_EQ(Of(seq).code, "HTTP_403");
  }
}

TEST_F(WriteTest, FatesAreReportedBeforeTheAnswerIsTaken) {
  host_.answer = [](const SentRequest& request) {
    return request.seqs[0] == 1 ? Reply{0, "", Transport::kLost, 0, "connection reset"}
                                : Reply{503, "", Transport::kOk, 1000};
  };
  Status status = Send([](size_t, const HttpResponse& response, RequestOutcomes& records) {
    EXPECT_EQ(records.left(), 0u);
    EXPECT_FALSE(records.Created(0, "too late"));
    return Status(HttpFailure(response, "x", "writing"));
  });
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.failure().status, PENSTOCK_E_UNAVAILABLE);
  EXPECT_EQ(Of(1).outcome, PENSTOCK_IN_DOUBT);
  EXPECT_EQ(Of(2).message, "connection reset");
  EXPECT_EQ(Of(3).outcome, PENSTOCK_UNSENT);
  EXPECT_EQ(Of(4).code, "HTTP_503");
}

TEST_F(WriteTest, TheFirstOutcomeOfARecordCounts) {
  EXPECT_TRUE(Send([](size_t, const HttpResponse&, RequestOutcomes& records) {
                EXPECT_TRUE(records.Rejected(0, ErrorClass::kConflict, {"TAKEN", "no", "f"}));
                EXPECT_FALSE(records.Updated(0, "id"));
                EXPECT_FALSE(records.Updated(2, "not in the request"));
                records.RestUnsent({"LATER", {}, {}});
                records.RestInDoubt({"NEVER", {}, {}});
                return Status();
              }).ok());
  EXPECT_EQ(Of(1).outcome, PENSTOCK_REJECTED);
  EXPECT_EQ(Of(1).error_class, PENSTOCK_CLASS_CONFLICT);
  EXPECT_EQ(Of(1).field, "f");
  EXPECT_EQ(Of(2).outcome, PENSTOCK_UNSENT);
  EXPECT_EQ(Of(2).code, "LATER");
  EXPECT_EQ(kept_.size(), 4u);
}

TEST_F(WriteTest, ARefusedRequestIsSplitAndASingleRecordRejected) {
  host_.answer = [](const SentRequest&) { return Reply{400, ""}; };
  EXPECT_TRUE(Send([](size_t index, const HttpResponse&, RequestOutcomes& records) {
                if (index == 1) records.Missing(0, {"GONE", {}, {}});
                records.RestRefused({"BAD", "one of them", {}});
                return Status();
              }).ok());
  EXPECT_EQ(Of(1).outcome, PENSTOCK_SPLIT);
  EXPECT_EQ(Of(1).group, Of(2).group);
  EXPECT_EQ(Of(3).outcome, PENSTOCK_MISSING);
  EXPECT_EQ(Of(4).outcome, PENSTOCK_REJECTED);
  EXPECT_EQ(Of(4).code, "BAD");
}

TEST_F(WriteTest, AnExceptionLosesNoRecord) {
  const auto throws = [](size_t index, const HttpResponse&, RequestOutcomes& records) -> Status {
    if (index == 0) throw std::runtime_error("in the first answer");
    records.Updated(0, "id");
    return {};
  };
  EXPECT_THROW((void)Send(throws), std::runtime_error);
  EXPECT_EQ(Of(1).outcome, PENSTOCK_IN_DOUBT);
  EXPECT_EQ(Of(2).outcome, PENSTOCK_IN_DOUBT);
  EXPECT_EQ(Of(3).outcome, PENSTOCK_UPDATED);
  EXPECT_EQ(Of(4).outcome, PENSTOCK_IN_DOUBT);
}

// A host that answers the first request only, and then stops.
class StoppingHost : public ScriptedHost {
 public:
  Status Perform(const ServiceCall& call, std::span<const HostRequest> requests,
                 const std::function<void(const HostResponse&)>& on_response) override {
    perform_status = Failure{PENSTOCK_E_CANCELLED, "TEST", "stopped", 0};
    return ScriptedHost::Perform(call, requests.first(1), on_response);
  }
};

TEST_F(WriteTest, RequestsThatWereNeverSentAreUnsent) {
  StoppingHost host;
  const runtime::HostTables tables(&host);
  const Batch batch = Records(4);
  WriteRequests requests(batch);
  for (const Range& range : Chunk(4, 2)) requests.Add(HttpRequest::Post("/w", "{}"), range);
  Status status = requests.Send(Http(Host(tables.c())), Call(scope_.c()), outcomes_, kSaysNothing);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.failure().status, PENSTOCK_E_CANCELLED);
  EXPECT_EQ(Of(2).outcome, PENSTOCK_IN_DOUBT);
  EXPECT_EQ(Of(3).outcome, PENSTOCK_UNSENT);
  EXPECT_EQ(Of(4).code, "NOT_SENT");
}

TEST(HttpFailureTest, EveryStatusHasItsClass) {
  const auto status_of = [](int32_t http, int32_t transport = PENSTOCK_TRANSPORT_OK) {
    penstock_http_response response{};
    response.struct_size = sizeof(response);
    response.status = http;
    response.transport = transport;
    response.retry_after_ms = 70;
    response.error = Str("why");
    const Failure failure = HttpFailure(HttpResponse(&response), "acme", "writing", "said");
    EXPECT_TRUE(failure.code.starts_with("acme.")) << failure.code;
    EXPECT_TRUE(failure.message.starts_with("writing: ")) << failure.message;
    EXPECT_TRUE(failure.message.ends_with(": said")) << failure.message;
    EXPECT_EQ(failure.retry_after_ms, 70);
    return failure.status;
  };
  EXPECT_EQ(status_of(401), PENSTOCK_E_UNAUTHENTICATED);
  EXPECT_EQ(status_of(403), PENSTOCK_E_PERMISSION);
  EXPECT_EQ(status_of(404), PENSTOCK_E_NOT_FOUND);
  EXPECT_EQ(status_of(429), PENSTOCK_E_RATE_LIMITED);
  for (const int http : {408, 423, 425, 477, 500, 503, 599}) {
    EXPECT_EQ(status_of(http), PENSTOCK_E_UNAVAILABLE) << http;
  }
  for (const int http : {200, 302, 400, 418}) EXPECT_EQ(status_of(http), PENSTOCK_E_INTERNAL);
  EXPECT_EQ(status_of(0, PENSTOCK_TRANSPORT_NOT_SENT), PENSTOCK_E_UNAVAILABLE);
  EXPECT_EQ(status_of(0, PENSTOCK_TRANSPORT_LOST), PENSTOCK_E_UNAVAILABLE);
  EXPECT_EQ(status_of(0, PENSTOCK_TRANSPORT_FORBIDDEN), PENSTOCK_E_INVALID_CONFIG);
}

TEST(SettingsTest, ReadsTypesAndDefaults) {
  Settings settings(R"({"text": "é", "n": -5, "x": 1.5, "on": true, "list": ["a", "b"],
                        "nothing": null, "token": {"$secret": "token"}})",
                    "config");
  EXPECT_EQ(settings.Text("text"), "é");
  EXPECT_EQ(settings.Text("absent", "else"), "else");
  EXPECT_EQ(settings.Integer("n"), -5);
  EXPECT_EQ(settings.Integer("nothing", 7), 7);
  EXPECT_EQ(settings.Number("x"), 1.5);
  EXPECT_EQ(settings.Number("n"), -5.0);
  EXPECT_TRUE(settings.Flag("on"));
  EXPECT_EQ(settings.Texts("list"), (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(settings.Has("list"));
  EXPECT_FALSE(settings.Has("nothing"));
  EXPECT_TRUE(settings.IsSecret("token"));
  EXPECT_FALSE(settings.IsSecret("text"));
  EXPECT_TRUE(settings.status().ok());
}

TEST(SettingsTest, NamesTheFirstThatHasAnotherType) {
  Settings settings(R"({"a": 1, "b": "x", "c": ["x", 1]})", "options");
  EXPECT_EQ(settings.Text("a", "else"), "else");
  EXPECT_EQ(settings.Integer("b", 3), 3);
  EXPECT_TRUE(settings.Texts("c").size() <= 1);
  ASSERT_FALSE(settings.status().ok());
  EXPECT_EQ(settings.status().failure().status, PENSTOCK_E_INVALID_CONFIG);
  EXPECT_EQ(settings.status().failure().message, "options: /a is no text");
  EXPECT_EQ(settings.Wrong("b", "is odd").message, "options: /b is odd");
  EXPECT_FALSE(Settings("[1]", "config").status().ok());
  EXPECT_FALSE(Settings("{", "config").status().ok());
}

class AssignmentTest : public ::testing::Test {
 protected:
  AssignmentTest() {
    Object object;
    object.name = "people";
    object.fields.resize(2);
    object.fields[0].name = "email";
    object.fields[0].required = true;
    object.fields[1].name = "name";
    object.operations["upsert"] = {{{"email"}}, true, true};
    object.operations["delete"] = {{{"id"}, {"email"}}, true, true};
    object.operations["insert"] = {{}, false, true};
    catalog_.objects = {object};
    assignment_.object = "people";
    assignment_.operation = "upsert";
    assignment_.identifier = {"email"};
    assignment_.fields = {{"name", FieldType::kString, false}, {"email", FieldType::kString, true}};
  }
  /// "OK", or the status and the code.
  std::string Said() const {
    const Status status = CheckAssignment(catalog_, assignment_);
    return status.ok() ? "OK"
                       : std::to_string(status.failure().status) + " " + status.failure().code;
  }
  Catalog catalog_;
  Assignment assignment_;
};

TEST_F(AssignmentTest, IsCheckedAgainstTheCatalog) {
  EXPECT_EQ(Said(), "OK");
  assignment_.operation = "lookup";
  EXPECT_EQ(Said(), "OK");
  assignment_.operation = "update";
  EXPECT_EQ(Said(), std::to_string(PENSTOCK_E_UNSUPPORTED) + " connector.UNKNOWN_OPERATION");
  assignment_.operation = "upsert";
  assignment_.identifier = {"name"};
  EXPECT_EQ(Said(), std::to_string(PENSTOCK_E_UNSUPPORTED) + " connector.UNKNOWN_IDENTIFIER");
  assignment_.fields.push_back({"age", FieldType::kInteger, false});
  EXPECT_EQ(Said(), std::to_string(PENSTOCK_E_NOT_FOUND) + " connector.UNKNOWN_FIELD");
  assignment_.object = "cats";
  EXPECT_EQ(Said(), std::to_string(PENSTOCK_E_NOT_FOUND) + " connector.UNKNOWN_OBJECT");
}

TEST_F(AssignmentTest, CreationNeedsItsFieldsAndIdsAreNoFields) {
  assignment_.operation = "insert";
  EXPECT_EQ(Said(), "OK");
  assignment_.fields = {{"name", FieldType::kString, true}};
  EXPECT_EQ(Said(), std::to_string(PENSTOCK_E_INVALID_ARGUMENT) + " connector.KEY_FIELD");
  assignment_.identifier = {"name"};
  EXPECT_EQ(Said(), std::to_string(PENSTOCK_E_INVALID_ARGUMENT) + " connector.REQUIRED_FIELD");
  assignment_.operation = "delete";
  assignment_.fields = {{"id", FieldType::kString, true}};
  assignment_.identifier = {"id"};
  EXPECT_EQ(Said(), "OK");
}

TEST_F(AssignmentTest, TellsWhereTheKeyIs) {
  EXPECT_EQ(assignment_.KeyFields(), std::vector<size_t>{1});
  EXPECT_EQ(assignment_.FieldIndex("name"), 0u);
  EXPECT_FALSE(assignment_.FieldIndex("age").has_value());
  assignment_.identifier = {"email", "age"};
  EXPECT_TRUE(assignment_.KeyFields().empty());
  EXPECT_TRUE(IsAskedFor({}, "people"));
  EXPECT_TRUE(IsAskedFor({"cats", "people"}, "people"));
  EXPECT_FALSE(IsAskedFor({"cats"}, "people"));
}

}  // namespace
}  // namespace penstock::sdk
