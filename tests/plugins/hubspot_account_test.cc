// What stops a run, what an account has, and finding contacts.
#include "tests/plugins/hubspot_fixture.h"

namespace penstock::sdk {
namespace {

class HubSpotAccountTest : public HubSpotFixture {
 protected:
  // A write that gets `reply`: the failure of the call; the outcome is in outcomes_[1].
  Failure WriteFailure(const Reply& reply) {
    host_.answer = [reply](const SentRequest&) { return reply; };
    outcomes_.clear();
    TestBatch batch(2);
    Contacts(&batch, 1);
    const Status status = Write(Emails("upsert"), batch);
    EXPECT_FALSE(status.ok());
    EXPECT_TRUE(outstanding_.empty());
    return status.ok() ? Failure{} : status.failure();
  }
};

TEST_F(HubSpotAccountTest, AWrongTokenStopsTheRun) {
  const Failure failure =
      WriteFailure({401, R"({"category": "INVALID_AUTHENTICATION", "message": "Authentication"})"});
  EXPECT_EQ(failure.status, PENSTOCK_E_UNAUTHENTICATED);
  EXPECT_EQ(failure.code, "hubspot.INVALID_AUTHENTICATION");
  EXPECT_EQ(Outcome(1), PENSTOCK_UNSENT);
}

TEST_F(HubSpotAccountTest, AMissingScopeIsNamed) {
  const Failure failure = WriteFailure(
      {403, R"({"category": "MISSING_SCOPES", "message": "This app hasn't been granted all scopes",
      "errors": [{"message": "m", "context": {"requiredGranularScopes": ["crm.objects.contacts.write"]}}]})"});
  EXPECT_EQ(failure.status, PENSTOCK_E_PERMISSION);
  EXPECT_NE(failure.message.find("crm.objects.contacts.write"), std::string::npos);
  EXPECT_EQ(Outcome(1), PENSTOCK_UNSENT);
}

TEST_F(HubSpotAccountTest, TheDailyLimitIsAQuota) {
  Failure failure = WriteFailure({429, R"({"policyName": "DAILY", "errorType": "RATE_LIMIT"})"});
  EXPECT_EQ(failure.status, PENSTOCK_E_QUOTA);
  EXPECT_EQ(Outcome(1), PENSTOCK_UNSENT);
  failure = WriteFailure({429, R"({"message": "You have reached your daily limit."})"});
  EXPECT_EQ(failure.status, PENSTOCK_E_QUOTA);
}

TEST_F(HubSpotAccountTest, TheOtherLimitsTellHowLongToWait) {
  Failure failure = WriteFailure({429, R"({"policyName": "TEN_SECONDLY_ROLLING"})"});
  EXPECT_EQ(failure.status, PENSTOCK_E_RATE_LIMITED);
  EXPECT_EQ(failure.retry_after_ms, 10000);
  EXPECT_EQ(WriteFailure({429, R"({"policyName": "SECONDLY"})"}).retry_after_ms, 1000);
  EXPECT_EQ(WriteFailure({429, "{}", Transport::kOk, 3000}).retry_after_ms, 3000);
}

TEST_F(HubSpotAccountTest, WhatMayHaveHappenedIsInDoubt) {
  EXPECT_EQ(WriteFailure({502, ""}).status, PENSTOCK_E_UNAVAILABLE);
  EXPECT_EQ(Outcome(1), PENSTOCK_IN_DOUBT);
  EXPECT_EQ(WriteFailure({524, ""}).status, PENSTOCK_E_UNAVAILABLE);
  EXPECT_EQ(Outcome(1), PENSTOCK_IN_DOUBT);
  WriteFailure({0, "", Transport::kLost, 0, "reset"});
  EXPECT_EQ(Outcome(1), PENSTOCK_IN_DOUBT);
  WriteFailure({0, "", Transport::kNotSent, 0, "refused"});
  EXPECT_EQ(Outcome(1), PENSTOCK_UNSENT);
  EXPECT_EQ(WriteFailure({423, ""}).status, PENSTOCK_E_UNAVAILABLE);
  EXPECT_EQ(Outcome(1), PENSTOCK_UNSENT);
}

TEST_F(HubSpotAccountTest, OneRequestThatFailsDoesNotStopTheOthers) {
  host_.answer = [](const SentRequest& request) {
    if (request.seqs[0] == 1) return Reply{502, ""};
    std::vector<std::string> results;
    for (const uint64_t seq : request.seqs) {
      results.push_back(ResultOf("9", "", true, std::to_string(seq)));
    }
    return Batch(200, results);
  };
  TestBatch batch(1);
  for (uint64_t seq = 1; seq <= 200; ++seq) batch.Add(seq, {batch.Text(std::to_string(seq))});
  EXPECT_TRUE(Write(Assign("contacts", "upsert", {"ext"}), batch).ok());
  EXPECT_EQ(Outcome(100), PENSTOCK_IN_DOUBT);
  EXPECT_EQ(Outcome(101), PENSTOCK_CREATED);
}

TEST_F(HubSpotAccountTest, AKeyThatIsNotUniqueIsAMatterOfConfiguration) {
  const Failure failure = WriteFailure(
      {400, R"({"message": "Unable to perform update/upsert by non-unique 0-1 property email"})"});
  EXPECT_EQ(failure.status, PENSTOCK_E_INVALID_CONFIG);
  EXPECT_EQ(Outcome(1), PENSTOCK_UNSENT);
}

TEST_F(HubSpotAccountTest, ChecksAccountAndScopes) {
  host_.answer = [](const SentRequest& request) {
    if (request.url == "/account-info/v3/details") {
      return Reply{200, R"({"portalId": 62515, "accountType": "STANDARD"})"};
    }
    if (request.url.find("/properties/") != std::string::npos) return Reply{200, "{}"};
    return Reply{403, R"({"category": "MISSING_SCOPES",
      "errors": [{"context": {"requiredGranularScopes": ["crm.objects.contacts.read"]}}]})"};
  };
  const Result<CheckReport> report = instance_->Check({});
  ASSERT_TRUE(report.ok()) << report.failure().message;
  EXPECT_EQ(report->account_id, "62515");
  EXPECT_EQ(report->account_name, "HubSpot portal 62515 (STANDARD)");
  EXPECT_EQ(report->scopes, std::vector<std::string>{"crm.schemas.contacts.read"});
  ASSERT_EQ(report->missing.size(), 1u);
  EXPECT_EQ(report->missing[0].permission, "crm.objects.contacts.read");
  for (const SentRequest& request : host_.sent) EXPECT_EQ(request.method, "GET");
}

TEST_F(HubSpotAccountTest, TurnsPropertiesIntoFields) {
  host_.answer = [](const SentRequest& request) {
    EXPECT_EQ(request.url, "/crm/v3/properties/contacts");
    return Reply{200, R"({"results": [
      {"name": "email", "label": "Email", "type": "string", "fieldType": "text"},
      {"name": "ext", "type": "string", "fieldType": "text", "hasUniqueValue": true},
      {"name": "score", "type": "number", "fieldType": "number"},
      {"name": "ok", "type": "bool", "fieldType": "booleancheckbox", "options": [{"value": "true"}, {"value": "false"}]},
      {"name": "day", "type": "date"}, {"name": "at", "type": "datetime"},
      {"name": "stage", "type": "enumeration", "fieldType": "select", "options": [{"value": "lead"}, {"value": "customer"}]},
      {"name": "tags", "type": "enumeration", "fieldType": "checkbox", "options": [{"value": "a"}]},
      {"name": "owner", "type": "enumeration", "fieldType": "select", "externalOptions": true, "options": [{"value": "1"}]},
      {"name": "calc", "type": "number", "calculated": true},
      {"name": "hs_object_id", "type": "string", "hasUniqueValue": true, "modificationMetadata": {"readOnlyValue": true}},
      {"name": "old", "type": "string", "archived": true}]})"};
  };
  const Result<Catalog> catalog = instance_->Discover({}, {});
  ASSERT_TRUE(catalog.ok()) << catalog.failure().message;
  const Object* contacts = catalog->FindObject("contacts");
  ASSERT_NE(contacts, nullptr);
  EXPECT_EQ(contacts->FindField("score")->type, FieldType::kDecimal);
  EXPECT_EQ(contacts->FindField("ok")->type, FieldType::kBoolean);
  EXPECT_EQ(contacts->FindField("day")->type, FieldType::kDate);
  EXPECT_EQ(contacts->FindField("at")->type, FieldType::kTimestamp);
  EXPECT_EQ(contacts->FindField("stage")->allowed, (std::vector<std::string>{"lead", "customer"}));
  EXPECT_EQ(contacts->FindField("tags")->type, FieldType::kList);
  EXPECT_TRUE(contacts->FindField("tags")->multiple);
  EXPECT_TRUE(contacts->FindField("owner")->allowed.empty());
  EXPECT_FALSE(contacts->FindField("calc")->updateable);
  EXPECT_EQ(contacts->FindField("old"), nullptr);
  EXPECT_EQ(contacts->FindField("email")->normalisers,
            (std::vector<Normaliser>{Normaliser::kTrim, Normaliser::kLower}));
  const Operation& upsert = contacts->operations.at("upsert");
  EXPECT_EQ(upsert.identifiers, (std::vector<std::vector<std::string>>{{"email"}, {"ext"}}));
  EXPECT_TRUE(upsert.idempotent);
  EXPECT_FALSE(upsert.sparse);
  EXPECT_FALSE(contacts->operations.at("insert").idempotent);
}

TEST_F(HubSpotAccountTest, FindsContactsByAnyOfTheirAddresses) {
  host_.answer = [](const SentRequest& request) {
    EXPECT_EQ(request.url, "/crm/v3/objects/contacts/batch/read");
    EXPECT_NE(request.body.find(R"("propertiesWithHistory":[])"), std::string::npos);
    return Batch(207, {R"({"id": "5", "properties": {"email": "main@x", "hs_additional_emails":
      "other@x;a@x", "email": "main@x"}})"},
                 {R"({"category": "OBJECT_NOT_FOUND"})"});
  };
  TestBatch keys(1);
  const std::vector<penstock_value> values = {keys.Text("A@x"), keys.Text("b@x")};
  std::map<size_t, std::string> found;
  const Status status = instance_->Lookup(
      Assign("contacts", "lookup", {"email"}), values, 1,
      [&](const FoundRecord& r) {
        found[r.index] = r.matches == Matches::kOne ? std::string(r.destination_id) : "-";
      },
      {});
  ASSERT_TRUE(status.ok()) << status.failure().message;
  EXPECT_EQ(found, (std::map<size_t, std::string>{{0, "5"}, {1, "-"}}));
}

TEST_F(HubSpotAccountTest, DoesNotGuessThatSomethingIsNotThere) {
  TestBatch keys(1);
  const std::vector<penstock_value> values = {keys.Text("a@x")};
  for (const Reply& reply :
       {Batch(200, {ResultOf("5", "stranger@x", false)}), Reply{200, "{}"}, Reply{500, ""}}) {
    host_.answer = [reply](const SentRequest&) { return reply; };
    EXPECT_FALSE(instance_
                     ->Lookup(Assign("contacts", "lookup", {"email"}), values, 1,
                              [](const FoundRecord&) {}, {})
                     .ok());
  }
}

}  // namespace
}  // namespace penstock::sdk
