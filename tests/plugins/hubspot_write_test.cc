// Which record of a batch came to what.
#include "tests/plugins/hubspot_fixture.h"

namespace penstock::sdk {
namespace {

class HubSpotWriteTest : public HubSpotFixture {};

TEST_F(HubSpotWriteTest, SendsStringsExactly) {
  host_.answer = [](const SentRequest& request) {
    EXPECT_EQ(request.method, "POST");
    EXPECT_EQ(request.url, "/crm/v3/objects/contacts/batch/upsert");
    EXPECT_TRUE(request.idempotent);
    EXPECT_EQ(request.seqs, std::vector<uint64_t>{7});
    EXPECT_EQ(
        request.body,
        R"({"inputs":[{"id":"a@x","idProperty":"email","objectWriteTraceId":"7","properties":)"
        R"({"email":"A@x ","n":"9007199254740993","d":"12345678901234567890.123","b":"false",)"
        R"("day":"2026-11-22","at":"2026-11-22T10:00:00.123Z","cleared":"","many":"x;y"}}]})");
    return Batch(200, {ResultOf("1", "a@x", true)});
  };
  TestBatch batch(9);
  const std::vector<penstock_value> many = {batch.Text("x"), batch.Text("y")};
  penstock_value list = TestBatch::Number(PENSTOCK_LIST, 0);
  list.len = 2;
  list.v.list = many.data();
  batch.Add(7, {batch.Text("A@x "), TestBatch::Number(PENSTOCK_INT64, 9007199254740993),
                batch.Text("12345678901234567890.123", PENSTOCK_DECIMAL),
                TestBatch::Number(PENSTOCK_BOOL, 0), TestBatch::Number(PENSTOCK_DATE, 20779),
                TestBatch::Number(PENSTOCK_TIMESTAMP, 1795341600123456), TestBatch::Null(),
                TestBatch::Absent(), list});
  const Status status =
      Write(Assign("contacts", "upsert",
                   {"email", "n", "d", "b", "day", "at", "cleared", "absent", "many"}),
            batch);
  ASSERT_TRUE(status.ok()) << status.failure().message;
  EXPECT_EQ(Outcome(7), PENSTOCK_CREATED);
  EXPECT_EQ(outcomes_[7].id, "1");
}

TEST_F(HubSpotWriteTest, MapsShuffledResultsByTraceId) {
  host_.answer = [](const SentRequest&) {
    return Batch(200, {ResultOf("13", "other@x", false, "3"), ResultOf("11", "z@x", true, "1"),
                       ResultOf("12", "y@x", false, "2")});
  };
  TestBatch batch(2);
  Contacts(&batch, 3);
  ASSERT_TRUE(Write(Emails("upsert"), batch).ok());
  EXPECT_EQ(Outcome(1), PENSTOCK_CREATED);
  EXPECT_EQ(Outcome(2), PENSTOCK_UPDATED);
  EXPECT_EQ(outcomes_[1].id, "11");
  EXPECT_EQ(outcomes_[3].id, "13");
}

TEST_F(HubSpotWriteTest, MapsResultsWithoutTraceIdsByKey) {
  host_.answer = [](const SentRequest&) {
    return Batch(200, {ResultOf("13", "C@X", false), ResultOf("12", "b@x", true),
                       ResultOf("11", "a@x", false)});
  };
  TestBatch batch(2);
  Contacts(&batch, 3);
  ASSERT_TRUE(Write(Emails("upsert"), batch).ok());
  EXPECT_EQ(outcomes_[1].id, "11");
  EXPECT_EQ(Outcome(2), PENSTOCK_CREATED);
  EXPECT_EQ(outcomes_[3].id, "13");
}

TEST_F(HubSpotWriteTest, TakesAPartialFailureApart) {
  host_.answer = [](const SentRequest&) {
    return Batch(207, {ResultOf("13", "c@x", true), ResultOf("11", "a@x", false)},
                 {InvalidProperty("4", "INVALID_OPTION", "lifecyclestage"),
                  ErrorOf("2", "CONFLICT", "Contact already exists. Existing ID: 99")});
  };
  TestBatch batch(2);
  Contacts(&batch, 4);
  ASSERT_TRUE(Write(Emails("upsert"), batch).ok());
  EXPECT_EQ(Outcome(1), PENSTOCK_UPDATED);
  EXPECT_EQ(Outcome(3), PENSTOCK_CREATED);
  EXPECT_EQ(Outcome(2), PENSTOCK_REJECTED);
  EXPECT_EQ(outcomes_[2].error_class, PENSTOCK_CLASS_CONFLICT);
  EXPECT_EQ(Outcome(4), PENSTOCK_REJECTED);
  EXPECT_EQ(outcomes_[4].error_class, PENSTOCK_CLASS_DATA);
  EXPECT_EQ(outcomes_[4].code, "INVALID_OPTION");
  EXPECT_EQ(outcomes_[4].field, "lifecyclestage");
  EXPECT_EQ(outcomes_[4].message, "why");
}

TEST_F(HubSpotWriteTest, OneErrorMayNameSeveralRecords) {
  host_.answer = [](const SentRequest&) {
    return Batch(207, {ResultOf("1", "a@x", false)},
                 {R"({"category": "OBJECT_NOT_FOUND", "message": "gone",
                      "context": {"objectWriteTraceId": ["2", "3"], "ids": ["20", "30"]}})"});
  };
  TestBatch batch(2);
  Contacts(&batch, 3, {"1", "20", "30"});
  ASSERT_TRUE(Write(Emails("update"), batch).ok());
  EXPECT_EQ(Outcome(1), PENSTOCK_UPDATED);
  EXPECT_EQ(Outcome(2), PENSTOCK_MISSING);
  EXPECT_EQ(Outcome(3), PENSTOCK_MISSING);
}

TEST_F(HubSpotWriteTest, ErrorsMayNameRecordsByIdOnly) {
  host_.answer = [](const SentRequest&) {
    return Batch(
        207, {ResultOf("1", "a@x", false)},
        {R"({"category": "VALIDATION_ERROR", "message": "bad", "context": {"ids": ["B@x"]}})"});
  };
  TestBatch batch(2);
  Contacts(&batch, 2);
  ASSERT_TRUE(Write(Emails("upsert"), batch).ok());
  EXPECT_EQ(Outcome(2), PENSTOCK_REJECTED);
}

TEST_F(HubSpotWriteTest, CountsProveWhatNamesDoNot) {
  // Neither trace id nor a known key: as many results as records, and no error.
  host_.answer = [](const SentRequest&) {
    return Batch(200, {ResultOf("5", "primary@x", false), ResultOf("6", "second@x", true)});
  };
  TestBatch batch(2);
  Contacts(&batch, 2);
  ASSERT_TRUE(Write(Emails("upsert"), batch).ok());
  EXPECT_EQ(Outcome(1), PENSTOCK_UPDATED);
  EXPECT_EQ(Outcome(2), PENSTOCK_UPDATED);
  EXPECT_EQ(outcomes_[1].id, "");
}

TEST_F(HubSpotWriteTest, ASilentFailureIsNeverASuccess) {
  for (const Reply& reply :
       {Batch(200, {}), Batch(207, {}), Reply{200, ""}, Reply{200, "<html>"}, Reply{200, "[]"}}) {
    host_.answer = [reply](const SentRequest&) { return reply; };
    outcomes_.clear();
    TestBatch batch(2);
    Contacts(&batch, 2);
    ASSERT_TRUE(Write(Emails("upsert"), batch).ok());
    EXPECT_EQ(Outcome(1), PENSTOCK_IN_DOUBT);
    EXPECT_EQ(Outcome(2), PENSTOCK_IN_DOUBT);
  }
}

TEST_F(HubSpotWriteTest, ASilentFailureDoesNotTouchItsNeighbours) {
  host_.answer = [](const SentRequest&) {
    return Batch(207, {ResultOf("1", "a@x", false)}, {InvalidProperty("2", "INVALID_DATE", "d")});
  };
  TestBatch batch(2);
  Contacts(&batch, 3);
  ASSERT_TRUE(Write(Emails("upsert"), batch).ok());
  EXPECT_EQ(Outcome(1), PENSTOCK_UPDATED);
  EXPECT_EQ(Outcome(2), PENSTOCK_REJECTED);
  EXPECT_EQ(Outcome(3), PENSTOCK_IN_DOUBT);
}

TEST_F(HubSpotWriteTest, InsertsWithoutClaimingIdempotence) {
  host_.answer = [](const SentRequest& request) {
    EXPECT_EQ(request.url, "/crm/v3/objects/contacts/batch/create");
    EXPECT_FALSE(request.idempotent);
    EXPECT_NE(request.body.find(R"({"associations":[],"objectWriteTraceId":"1","properties":{)"),
              std::string::npos);
    return Batch(207, {ResultOf("8", "a@x", true)},
                 {ErrorOf("2", "CONFLICT", "Contact already exists. Existing ID: 99"),
                  ErrorOf("3", "CONFLICT", "Cannot set ext to 5. 77 already has that value.")});
  };
  TestBatch batch(2);
  Contacts(&batch, 3);
  ASSERT_TRUE(Write(Emails("insert"), batch).ok());
  EXPECT_EQ(Outcome(1), PENSTOCK_CREATED);
  EXPECT_EQ(Outcome(2), PENSTOCK_EXISTS);
  EXPECT_EQ(outcomes_[2].id, "99");
  EXPECT_EQ(Outcome(3), PENSTOCK_REJECTED);
  EXPECT_EQ(outcomes_[3].error_class, PENSTOCK_CLASS_CONFLICT);
}

TEST_F(HubSpotWriteTest, UpdatesByIdWhereItIsKnownElseByKey) {
  host_.answer = [](const SentRequest& request) {
    if (request.seqs == std::vector<uint64_t>{1}) {
      EXPECT_NE(request.body.find(R"({"id":"10","objectWriteTraceId":"1")"), std::string::npos);
      return Batch(200, {ResultOf("10", "a@x", false)});
    }
    EXPECT_NE(request.body.find(R"({"id":"b@x","idProperty":"email")"), std::string::npos);
    return Batch(200, {ResultOf("11", "b@x", false)});
  };
  TestBatch batch(2);
  Contacts(&batch, 2, {"10"});
  ASSERT_TRUE(Write(Emails("update"), batch).ok());
  EXPECT_EQ(host_.calls, std::vector<size_t>{2});
  EXPECT_EQ(Outcome(1), PENSTOCK_UPDATED);
  EXPECT_EQ(outcomes_[2].id, "11");
}

TEST_F(HubSpotWriteTest, ArchivesByIdAndLooksUpWhereThereIsNone) {
  host_.answer = [](const SentRequest& request) {
    if (request.url == "/crm/v3/objects/contacts/batch/read") {
      EXPECT_TRUE(request.seqs.empty());
      EXPECT_NE(request.body.find(R"("inputs":[{"id":"b@x"},{"id":"c@x"}])"), std::string::npos);
      return Batch(207, {ResultOf("11", "B@x", false)},
                   {R"({"category": "OBJECT_NOT_FOUND", "context": {"ids": ["c@x"]}})"});
    }
    EXPECT_EQ(request.url, "/crm/v3/objects/contacts/batch/archive");
    EXPECT_EQ(request.body, R"({"inputs":[{"id":"10"},{"id":"11"}]})");
    EXPECT_EQ(request.seqs, (std::vector<uint64_t>{1, 2}));
    EXPECT_TRUE(request.idempotent);
    return Reply{204, ""};
  };
  TestBatch batch(2);
  Contacts(&batch, 3, {"10"});
  ASSERT_TRUE(Write(Emails("delete"), batch).ok());
  EXPECT_EQ(Outcome(1), PENSTOCK_DELETED);
  EXPECT_EQ(Outcome(2), PENSTOCK_DELETED);
  EXPECT_EQ(outcomes_[2].id, "11");
  EXPECT_EQ(Outcome(3), PENSTOCK_MISSING);
}

TEST_F(HubSpotWriteTest, SendsARequestAHundred) {
  host_.backwards = true;
  host_.answer = [](const SentRequest& request) {
    std::vector<std::string> results;
    for (const uint64_t seq : request.seqs) {
      results.push_back(ResultOf(std::to_string(seq), "", true, std::to_string(seq)));
    }
    return Batch(200, results);
  };
  TestBatch batch(1);
  for (uint64_t seq = 1; seq <= 350; ++seq) batch.Add(seq, {batch.Text(std::to_string(seq))});
  ASSERT_TRUE(Write(Assign("contacts", "upsert", {"ext"}), batch).ok());
  EXPECT_EQ(host_.calls, std::vector<size_t>{4});
  EXPECT_EQ(host_.sent[3].seqs.size(), 50u);
  EXPECT_EQ(outcomes_.size(), 350u);
  EXPECT_EQ(outcomes_[350].id, "350");
}

TEST_F(HubSpotWriteTest, SplitsDuplicatesOff) {
  host_.answer = [](const SentRequest&) {
    return Reply{400, R"({"status": "error", "category": "VALIDATION_ERROR",
      "message": "Duplicate IDs found in batch input: [77]. IDs must be unique", "context": {"ids": ["77"]}})"};
  };
  TestBatch batch(2);
  Contacts(&batch, 4, {"1", "77", "3", "77"});
  ASSERT_TRUE(Write(Emails("upsert"), batch).ok());
  for (uint64_t seq = 1; seq <= 4; ++seq) EXPECT_EQ(Outcome(seq), PENSTOCK_SPLIT);
  EXPECT_EQ(outcomes_[1].group, outcomes_[3].group);
  EXPECT_EQ(outcomes_[2].group, outcomes_[4].group);
  EXPECT_NE(outcomes_[1].group, outcomes_[2].group);
}

TEST_F(HubSpotWriteTest, SplitsWhatItCannotAttribute) {
  host_.answer = [](const SentRequest&) {
    return Reply{400, R"({"category": "VALIDATION_ERROR", "message": "Invalid input JSON"})"};
  };
  TestBatch batch(2);
  Contacts(&batch, 3);
  ASSERT_TRUE(Write(Emails("upsert"), batch).ok());
  EXPECT_EQ(Outcome(1), PENSTOCK_SPLIT);
  EXPECT_EQ(outcomes_[1].group, outcomes_[3].group);
  outcomes_.clear();
  TestBatch one(2);
  Contacts(&one, 1);
  ASSERT_TRUE(Write(Emails("upsert"), one).ok());
  EXPECT_EQ(Outcome(1), PENSTOCK_REJECTED);
  EXPECT_EQ(outcomes_[1].message, "Invalid input JSON");
}

TEST_F(HubSpotWriteTest, RefusesAssignmentsItCannotCarryOut) {
  TestBatch batch(1);
  batch.Add(1, {batch.Text("1")});
  EXPECT_EQ(Write(Assign("deals", "upsert", {"x"}), batch).failure().status,
            PENSTOCK_E_UNSUPPORTED);
  EXPECT_EQ(Write(Assign("contacts", "upsert", {"id"}), batch).failure().status,
            PENSTOCK_E_UNSUPPORTED);
  EXPECT_TRUE(host_.sent.empty());
}

// The account's properties changed since its catalog was read: no record is to blame.
TEST_F(HubSpotWriteTest, APropertyThatIsGoneStopsTheRunAndRejectsNobody) {
  for (const bool whole : {false, true}) {
    host_.answer = [&](const SentRequest&) -> Reply {
      if (!whole)
        return Batch(207, {ResultOf("12", "b@x", false, "2")},
                     {InvalidProperty("1", "PROPERTY_DOESNT_EXIST", "firstname")});
      return {400, InvalidProperty("1", "READ_ONLY_VALUE", "firstname")};
    };
    TestBatch batch(2);
    Contacts(&batch, 2);
    const Status status = Write(Emails("upsert"), batch);
    ASSERT_FALSE(status.ok());
    EXPECT_EQ(status.failure().status, PENSTOCK_E_NOT_FOUND);
    EXPECT_EQ(Outcome(1), PENSTOCK_UNSENT);
    EXPECT_EQ(Outcome(2), whole ? PENSTOCK_UNSENT : PENSTOCK_UPDATED);
  }
}

// b@x is another address of the contact whose own is a@x.
TEST_F(HubSpotWriteTest, AContactIsArchivedByItsOwnKeyOnly) {
  std::vector<std::string> archived;
  host_.answer = [&](const SentRequest& request) -> Reply {
    if (request.url.ends_with("/read")) {
      return {200, R"({"status": "COMPLETE", "results": [{"id": "11", "properties":
                     {"email": "a@x", "hs_additional_emails": "b@x"}}]})"};
    }
    archived.push_back(request.body);
    return {204, ""};
  };
  TestBatch batch(2);
  Contacts(&batch, 2);
  ASSERT_TRUE(Write(Emails("delete"), batch).ok());
  EXPECT_EQ(archived, std::vector<std::string>{R"({"inputs":[{"id":"11"}]})"});
  EXPECT_EQ(Outcome(1), PENSTOCK_DELETED);
  EXPECT_EQ(Outcome(2), PENSTOCK_MISSING);
}

}  // namespace
}  // namespace penstock::sdk
