// What an answer means for each record.
#include "tests/plugins/http_fixture.h"

namespace penstock::sdk {
namespace {

class HttpAnswerTest : public HttpFixture {};

TEST_F(HttpAnswerTest, StatusesMeanWhatTheyUsuallyMean) {
  OpenCustomers(R"("upsert": {"path": "/c/{email}", "method": "PUT"}, "insert": {"path": "/c"},
                   "update": {"path": "/c/{email}", "method": "PATCH"},
                   "delete": {"path": "/c/{email}"})");
  EXPECT_EQ(One("upsert", {201}).outcome, PENSTOCK_CREATED);
  EXPECT_EQ(One("upsert", {200}).outcome, PENSTOCK_UPDATED);
  EXPECT_EQ(One("upsert", {204, "<html>"}).outcome, PENSTOCK_UPDATED);
  EXPECT_EQ(One("insert", {200}).outcome, PENSTOCK_CREATED);
  EXPECT_EQ(One("insert", {409}).outcome, PENSTOCK_EXISTS);
  EXPECT_EQ(One("update", {200}).outcome, PENSTOCK_UPDATED);
  EXPECT_EQ(One("update", {404}).outcome, PENSTOCK_MISSING);
  EXPECT_EQ(One("delete", {204}).outcome, PENSTOCK_DELETED);
  EXPECT_EQ(One("delete", {410}).outcome, PENSTOCK_MISSING);
  const KeptOutcome refused = One("upsert", {422, R"({"code": "X"})"});
  EXPECT_EQ(refused.outcome, PENSTOCK_REJECTED);
  EXPECT_EQ(refused.error_class, PENSTOCK_CLASS_DATA);
  EXPECT_EQ(refused.code, "HTTP_422");
  EXPECT_EQ(One("upsert", {409}).error_class, PENSTOCK_CLASS_CONFLICT);
}

TEST_F(HttpAnswerTest, TheConfigurationSaysWhatTheyMeanInstead) {
  OpenCustomers(R"("upsert": {"path": "/c", "answer": {
    "success": {"status": [200, 304], "at": "/ok", "equals": true},
    "created": {"at": "/new"}, "unchanged": {"status": 304},
    "conflict": {"at": "/error/code", "equals": ["TAKEN", 17]},
    "reference": {"at": "/error/code", "equals": "NO_PARENT"},
    "destination": {"at": "/error/code", "equals": "LOCKED"},
    "id": "/data/id", "code": "/error/code", "message": "/error/text", "field": "/error/field"}},
    "delete": {"path": "/c/{email}", "answer": {"success": {"status": [200, 404]},
                                                "missing": {"at": "/gone"}}})");
  KeptOutcome outcome =
      One("upsert", {200, R"({"ok": true, "new": true, "data": {"id": 123456789012345678901}})"});
  EXPECT_EQ(outcome.outcome, PENSTOCK_CREATED);
  EXPECT_EQ(outcome.id, "123456789012345678901");
  EXPECT_EQ(One("upsert", {200, R"({"ok": true, "new": false})"}).outcome, PENSTOCK_UPDATED);
  EXPECT_EQ(One("upsert", {304, R"({"ok": true})"}).outcome, PENSTOCK_UNCHANGED);
  outcome = One("upsert", {200, R"({"ok": false, "error": {"code": "TAKEN", "text": "no",
                                    "field": "email"}})"});
  EXPECT_EQ(outcome.outcome, PENSTOCK_REJECTED);
  EXPECT_EQ(outcome.error_class, PENSTOCK_CLASS_CONFLICT);
  EXPECT_EQ(outcome.code, "TAKEN");
  EXPECT_EQ(outcome.message, "no");
  EXPECT_EQ(outcome.field, "email");
  EXPECT_EQ(One("upsert", {400, R"({"error": {"code": 17}})"}).error_class,
            PENSTOCK_CLASS_CONFLICT);
  EXPECT_EQ(One("upsert", {400, R"({"error": {"code": "NO_PARENT"}})"}).error_class,
            PENSTOCK_CLASS_REFERENCE);
  EXPECT_EQ(One("upsert", {400, R"({"error": {"code": "LOCKED"}})"}).error_class,
            PENSTOCK_CLASS_DESTINATION);
  EXPECT_EQ(One("delete", {404, "{}"}).outcome, PENSTOCK_DELETED);
  EXPECT_EQ(One("delete", {200, R"({"gone": 1})"}).outcome, PENSTOCK_MISSING);
}

TEST_F(HttpAnswerTest, ASuccessThatCannotBeReadIsInDoubt) {
  OpenCustomers(R"("upsert": {"path": "/c", "answer": {"success": {"at": "/ok", "equals": true}}},
    "insert": {"path": "/c", "max_records": 9, "answer": {"results": {"at": "/r",
               "success": {"at": "/ok"}}}})");
  for (const char* body : {"", "<html>", "{}", "[]", R"({"ok": null})", "{\"ok\": true"}) {
    EXPECT_EQ(One("upsert", {200, body}).outcome, PENSTOCK_IN_DOUBT) << body;
  }
  for (const char* body :
       {"", "<html>", "{}", R"({"r": 1})", R"({"r": []})", R"({"r": [{"ok": 1}]})",
        R"({"r": [{"ok": 1}, {"ok": 1}, {"ok": 1}]})"}) {
    ASSERT_TRUE(WriteFill("insert", 2, {200, body}).ok());
    EXPECT_EQ(Outcome(1), PENSTOCK_IN_DOUBT) << body;
    EXPECT_EQ(Outcome(2), PENSTOCK_IN_DOUBT) << body;
  }
}

TEST_F(HttpAnswerTest, ReadsResultsByPosition) {
  OpenCustomers(R"("upsert": {"path": "/c", "max_records": 10, "answer": {"results": {
    "at": "/data/results", "success": {"at": "/status", "equals": ["created", "updated", "same"]},
    "created": {"at": "/status", "equals": "created"}, "unchanged": {"at": "/status", "equals": "same"},
    "conflict": {"at": "/error/code", "equals": "TAKEN"},
    "id": "/id", "code": "/error/code", "message": "/error/message", "field": "/error/field"}}})");
  ASSERT_TRUE(WriteFill("upsert", 6, {200, R"({"data": {"results": [
    {"status": "created", "id": "1"}, {"status": "updated", "id": 2}, {"status": "same"},
    {"status": "failed", "error": {"code": "BAD", "message": "no", "field": "name"}},
    {"status": "failed", "error": {"code": "TAKEN"}}, {}]}})"})
                  .ok());
  EXPECT_EQ(Outcome(1), PENSTOCK_CREATED);
  EXPECT_EQ(outcomes_[1].id, "1");
  EXPECT_EQ(Outcome(2), PENSTOCK_UPDATED);
  EXPECT_EQ(outcomes_[2].id, "2");
  EXPECT_EQ(Outcome(3), PENSTOCK_UNCHANGED);
  EXPECT_EQ(Outcome(4), PENSTOCK_REJECTED);
  EXPECT_EQ(outcomes_[4].code, "BAD");
  EXPECT_EQ(outcomes_[4].field, "name");
  EXPECT_EQ(outcomes_[5].error_class, PENSTOCK_CLASS_CONFLICT);
  EXPECT_EQ(Outcome(6), PENSTOCK_IN_DOUBT);
}

TEST_F(HttpAnswerTest, ReadsResultsByKey) {
  OpenCustomers(R"("update": {"path": "/c", "max_records": 10, "answer": {"results": {"at": "",
    "match": {"field": "email", "at": "/mail"}, "success": {"at": "/error", "absent": true},
    "missing": {"at": "/error", "equals": "gone"}, "code": "/error"}}})");
  ASSERT_TRUE(WriteFill("update", 5, {207, R"([{"mail": "e@x", "error": ""}, {"mail": "stranger"},
    {"mail": "c@x", "error": "gone"}, {"mail": "a@x", "error": null}, {"mail": "b@x", "error": "no"},
    {"mail": "e@x", "error": "no"}])"})
                  .ok());
  EXPECT_EQ(Outcome(1), PENSTOCK_UPDATED);
  EXPECT_EQ(Outcome(2), PENSTOCK_REJECTED);
  EXPECT_EQ(outcomes_[2].code, "no");
  EXPECT_EQ(Outcome(3), PENSTOCK_MISSING);
  EXPECT_EQ(Outcome(4), PENSTOCK_IN_DOUBT);  // not named
  EXPECT_EQ(Outcome(5), PENSTOCK_IN_DOUBT);  // named twice
}

TEST_F(HttpAnswerTest, ReadsAListOfFailures) {
  OpenCustomers(
      R"("upsert": {"path": "/c", "max_records": 10, "answer": {"results": {"at": "/errors",
    "lists": "failures", "match": {"index": "/row"}, "code": "/why"}}})");
  ASSERT_TRUE(WriteFill("upsert", 3, {200, R"({"errors": [{"row": 1, "why": "BAD"}]})"}).ok());
  EXPECT_EQ(Outcome(1), PENSTOCK_UPDATED);
  EXPECT_EQ(Outcome(2), PENSTOCK_REJECTED);
  EXPECT_EQ(outcomes_[2].code, "BAD");
  EXPECT_EQ(Outcome(3), PENSTOCK_UPDATED);
  ASSERT_TRUE(WriteFill("upsert", 2, {200, "{}"}).ok());
  EXPECT_EQ(Outcome(2), PENSTOCK_UPDATED);
  // A failure that names nobody leaves everybody in doubt.
  for (const char* body : {R"({"errors": [{"row": 9}]})", R"({"errors": [{"why": "BAD"}]})",
                           R"({"errors": "many"})", "<html>"}) {
    ASSERT_TRUE(WriteFill("upsert", 2, {200, body}).ok());
    EXPECT_EQ(Outcome(1), PENSTOCK_IN_DOUBT) << body;
  }
}

TEST_F(HttpAnswerTest, SplitsWhatWasRefusedAsAWhole) {
  OpenCustomers(R"("upsert": {"path": "/c", "max_records": 10, "answer": {"split": [400, 409],
                              "code": "/code", "message": "/why"}},
                   "insert": {"path": "/c", "max_records": 10,
                              "answer": {"success": {"at": "/ok", "equals": true}}})");
  ASSERT_TRUE(WriteFill("upsert", 3, {400, R"({"code": "BAD", "why": "one of them"})"}).ok());
  EXPECT_EQ(Outcome(1), PENSTOCK_SPLIT);
  EXPECT_EQ(outcomes_[1].group, outcomes_[3].group);
  EXPECT_EQ(outcomes_[1].code, "BAD");
  EXPECT_EQ(One("upsert", {400, R"({"code": "BAD", "why": "this one"})"}).message, "this one");
  EXPECT_EQ(Outcome(1), PENSTOCK_REJECTED);
  ASSERT_TRUE(WriteFill("insert", 2, {413}).ok());
  EXPECT_EQ(Outcome(2), PENSTOCK_SPLIT);
  // "Not ok" with a 200 does not say that nothing was done, and an insert may not be done twice.
  ASSERT_TRUE(WriteFill("insert", 2, {200, R"({"ok": false})"}).ok());
  EXPECT_EQ(Outcome(2), PENSTOCK_IN_DOUBT);
}

TEST_F(HttpAnswerTest, TellsWhatIsSafeToSendAgain) {
  OpenCustomers(R"("upsert": {"path": "/c"})");
  const auto outcome_of = [this](const Reply& reply, penstock_status status) {
    const Status written = WriteFill("upsert", 1, reply);
    EXPECT_EQ(written.ok() ? static_cast<penstock_status>(PENSTOCK_OK) : written.failure().status,
              status)
        << reply.status;
    return outcomes_[1].outcome;
  };
  EXPECT_EQ(outcome_of({0, "", Transport::kNotSent}, PENSTOCK_E_UNAVAILABLE), PENSTOCK_UNSENT);
  EXPECT_EQ(outcome_of({0, "", Transport::kLost}, PENSTOCK_E_UNAVAILABLE), PENSTOCK_IN_DOUBT);
  EXPECT_EQ(outcome_of({0, "", Transport::kForbidden}, PENSTOCK_E_INVALID_CONFIG), PENSTOCK_UNSENT);
  EXPECT_EQ(outcome_of({500}, PENSTOCK_E_UNAVAILABLE), PENSTOCK_IN_DOUBT);
  EXPECT_EQ(outcome_of({503, "", Transport::kOk, 1000}, PENSTOCK_E_UNAVAILABLE), PENSTOCK_UNSENT);
  EXPECT_EQ(outcome_of({429, "", Transport::kOk, 1000}, PENSTOCK_E_RATE_LIMITED), PENSTOCK_UNSENT);
  EXPECT_EQ(outcome_of({408}, PENSTOCK_E_UNAVAILABLE), PENSTOCK_IN_DOUBT);
  EXPECT_EQ(outcome_of({401}, PENSTOCK_E_UNAUTHENTICATED), PENSTOCK_UNSENT);
  EXPECT_EQ(outcome_of({402}, PENSTOCK_E_QUOTA), PENSTOCK_UNSENT);
  EXPECT_EQ(outcome_of({403}, PENSTOCK_E_PERMISSION), PENSTOCK_UNSENT);
  EXPECT_EQ(outcome_of({404}, PENSTOCK_E_NOT_FOUND), PENSTOCK_UNSENT);
  EXPECT_EQ(outcome_of({405}, PENSTOCK_E_INVALID_CONFIG), PENSTOCK_UNSENT);
  EXPECT_EQ(outcome_of({415}, PENSTOCK_E_INVALID_CONFIG), PENSTOCK_UNSENT);
  EXPECT_EQ(outcome_of({302}, PENSTOCK_E_INTERNAL), PENSTOCK_IN_DOUBT);
}

TEST_F(HttpAnswerTest, OneStoppedRequestDoesNotHideTheOutcomesOfOthers) {
  OpenCustomers(R"("upsert": {"path": "/c/{email}"})");
  host_.backwards = true;
  host_.answer = [](const SentRequest& request) {
    return request.url == "/c/b%40x" ? Reply{403} : Reply{200};
  };
  TestBatch batch(2);
  Fill(&batch, 3);
  const Status status = Write(Assigned("upsert", {"email", "name"}), batch);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.failure().status, PENSTOCK_E_PERMISSION);
  EXPECT_NE(status.failure().message.find("POST /c/{email}"), std::string::npos);
  EXPECT_EQ(Outcome(1), PENSTOCK_UPDATED);
  EXPECT_EQ(Outcome(2), PENSTOCK_UNSENT);
  EXPECT_EQ(Outcome(3), PENSTOCK_UPDATED);
}

TEST_F(HttpAnswerTest, ExistsAfterARetryMayBeOurOwn) {
  OpenCustomers(R"("insert": {"path": "/c", "idempotency_key": "content"})");
  Reply reply{409};
  reply.attempts = 2;
  EXPECT_EQ(One("insert", reply).outcome, PENSTOCK_IN_DOUBT);
  reply.attempts = 1;
  EXPECT_EQ(One("insert", reply).outcome, PENSTOCK_EXISTS);
}

}  // namespace
}  // namespace penstock::sdk
