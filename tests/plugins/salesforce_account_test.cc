// Account, catalog, what an assignment may ask for, finding by key.
#include "tests/plugins/salesforce_fixture.h"

namespace penstock::sdk {
namespace {

class SalesforceAccountTest : public SalesforceFixture {
 protected:
  Object Contact() {
    Result<Catalog> catalog = instance_->Discover({"Contact"}, {});
    EXPECT_TRUE(catalog.ok());
    const Object* object = catalog.ok() ? catalog->FindObject("Contact") : nullptr;
    EXPECT_NE(object, nullptr);
    return object == nullptr ? Object() : *object;
  }
  Failure Refusal(const Assignment& assignment) {
    Result<std::unique_ptr<ConnectorWriter>> writer = instance_->Begin(assignment, {}, {});
    EXPECT_FALSE(writer.ok());
    return writer.ok() ? Failure() : writer.failure();
  }
};

TEST_F(SalesforceAccountTest, TellsFieldsAsTheyAre) {
  const Object contact = Contact();
  const auto field = [&](const char* name) {
    const sdk::Field* found = contact.FindField(name);
    EXPECT_NE(found, nullptr) << name;
    return found == nullptr ? sdk::Field() : *found;
  };
  EXPECT_TRUE(field("LastName").required);
  EXPECT_EQ(field("LastName").max_length, 80u);
  EXPECT_EQ(field("Amount__c").type, FieldType::kDecimal);
  EXPECT_EQ(field("Number__c").type, FieldType::kInteger);
  EXPECT_EQ(field("At__c").type, FieldType::kTimestamp);
  EXPECT_EQ(field("Stage__c").allowed, std::vector<std::string>{"lead"});
  EXPECT_TRUE(field("Tags__c").multiple);
  EXPECT_TRUE(field("Tags__c").allowed.empty());
  EXPECT_FALSE(field("Formula__c").createable);
  EXPECT_EQ(field("Formula__c").read_only_because, "a formula or a roll-up summary calculates it");
  EXPECT_EQ(field("Email").normalisers,
            (std::vector<Normaliser>{Normaliser::kTrim, Normaliser::kLower}));
  EXPECT_FALSE(field("OwnerId").required);
}

TEST_F(SalesforceAccountTest, ListsReferencesByForeignKeys) {
  const Object contact = Contact();
  EXPECT_NE(contact.FindField("Account.Ext__c"), nullptr);
  EXPECT_NE(contact.FindField("Owner:User.Username"), nullptr);
  EXPECT_EQ(contact.FindField("Owner.Username"), nullptr);
  ASSERT_NE(contact.FindField("RecordType.DeveloperName"), nullptr);
  EXPECT_EQ(contact.FindField("RecordType.DeveloperName")->allowed,
            std::vector<std::string>{"Partner"});
}

TEST_F(SalesforceAccountTest, SaysWhatIdentifiesRecords) {
  const Object contact = Contact();
  using Sets = std::vector<std::vector<std::string>>;
  EXPECT_EQ(contact.operations.at("upsert").identifiers,
            (Sets{{"Ext__c"}, {"Email"}, {"Number__c"}}));
  EXPECT_EQ(contact.operations.at("delete").identifiers,
            (Sets{{"id"}, {"Ext__c"}, {"Email"}, {"Number__c"}}));
  EXPECT_FALSE(contact.operations.at("insert").idempotent);
}

TEST_F(SalesforceAccountTest, LeavesOutWhatIsNotThere) {
  Result<Catalog> catalog =
      instance_->Discover({"Contact", "Nonsense__c", "../evil", "contact"}, {});
  ASSERT_TRUE(catalog.ok()) << catalog.failure().message;
  ASSERT_EQ(catalog->objects.size(), 1u);
  for (const SentRequest& request : host_.sent) {
    EXPECT_EQ(request.url.find("evil"), std::string::npos);
  }
}

TEST_F(SalesforceAccountTest, ListsObjectsThatCanBeWritten) {
  write = [](const SentRequest& request) {
    EXPECT_EQ(request.url, "/services/data/v62.0/sobjects");
    return Reply{200, R"({"sobjects": [
      {"name": "Account", "createable": true, "updateable": true, "queryable": true},
      {"name": "Contact", "createable": false, "updateable": false, "queryable": true},
      {"name": "AccountShare", "createable": true, "updateable": true, "queryable": true,
       "associateEntityType": "Share"},
      {"name": "Event__e", "createable": true, "updateable": false, "queryable": false}]})"};
  };
  Result<Catalog> catalog = instance_->Discover({}, {});
  ASSERT_TRUE(catalog.ok()) << catalog.failure().message;
  ASSERT_EQ(catalog->objects.size(), 1u);
  EXPECT_EQ(catalog->objects[0].name, "Account");
}

TEST_F(SalesforceAccountTest, RefusesWhatCannotBe) {
  EXPECT_EQ(Refusal(Assign("Nonsense__c", "upsert", {"Ext__c"})).status, PENSTOCK_E_NOT_FOUND);
  EXPECT_EQ(Refusal(Assign("Contact", "upsert", {"Ext__c", "Nonsense"})).status,
            PENSTOCK_E_NOT_FOUND);
  EXPECT_EQ(Refusal(Assign("Contact", "upsert", {"Ext__c", "LastName", "Owner.Username"})).status,
            PENSTOCK_E_NOT_FOUND);
  EXPECT_EQ(Refusal(Assign("Contact", "upsert", {"LastName", "Ext__c"})).status,
            PENSTOCK_E_UNSUPPORTED);
  EXPECT_EQ(Refusal(Assign("Contact", "upsert", {"Ext__c"})).status, PENSTOCK_E_INVALID_ARGUMENT);
  const Failure twice =
      Refusal(Assign("Contact", "upsert", {"Ext__c", "LastName", "AccountId", "Account.Ext__c"}));
  EXPECT_EQ(twice.status, PENSTOCK_E_INVALID_CONFIG);
  EXPECT_EQ(twice.message,
            "AccountId and Account.Ext__c both set AccountId of Contact; map one of them");
}

TEST_F(SalesforceAccountTest, JobsAreRefusedWhatTheyCannotHonour) {
  Assignment assignment = Contacts("upsert");
  for (const char* other : {R"("serial": true)", R"("duplicate_rule": "allow_save")",
                            R"("assignment_rule": "default")"}) {
    assignment.options = R"({"path": "bulk", )" + std::string(other) + "}";
    EXPECT_EQ(Refusal(assignment).status, PENSTOCK_E_INVALID_CONFIG) << other;
  }
}

TEST_F(SalesforceAccountTest, ARequiredReferenceMayBeSetByAForeignKey) {
  Describe("Line__c", {ExternalId("Ext__c"), Field("Order__c", "reference",
                                                   R"("nillable": false, "referenceTo": ["Account"],
                                                    "relationshipName": "Order__r")")});
  EXPECT_EQ(Refusal(Assign("Line__c", "upsert", {"Ext__c"})).code, "connector.REQUIRED_FIELD");
  EXPECT_TRUE(
      instance_->Begin(Assign("Line__c", "upsert", {"Ext__c", "Order__r.Ext__c"}), {}, {}).ok());
  Result<Catalog> catalog = instance_->Discover({"Line__c"}, {});
  ASSERT_TRUE(catalog.ok());
  EXPECT_TRUE(catalog->objects[0].FindField("Order__c")->required);
  EXPECT_EQ(catalog->objects[0].FindField("Order__r.Ext__c")->sets, "Order__c");
}

TEST_F(SalesforceAccountTest, NamesTheOrganization) {
  query = [](const SentRequest&) {
    return Records({R"({"Id": "00D000000000001EAA", "Name": "Acme", "IsSandbox": true,
                        "OrganizationType": "Developer Edition"})"});
  };
  write = [](const SentRequest&) { return Reply{200, R"({"sobjects": []})"}; };
  Result<CheckReport> report = instance_->Check({});
  ASSERT_TRUE(report.ok()) << report.failure().message;
  EXPECT_EQ(report->account_id, "00D000000000001EAA");
  EXPECT_EQ(report->account_name, "Acme (Developer Edition), sandbox");
  ASSERT_EQ(report->missing.size(), 1u);
}

TEST_F(SalesforceAccountTest, NamesAVersionThatIsNotOffered) {
  query = [](const SentRequest&) { return Error(404, "NOT_FOUND", "not there"); };
  write = [](const SentRequest& request) {
    EXPECT_EQ(request.url, "/services/data");
    return Reply{200, R"([{"version": "58.0"}, {"version": "60.0"}])"};
  };
  Result<CheckReport> report = instance_->Check({});
  ASSERT_FALSE(report.ok());
  EXPECT_EQ(report.failure().code, "salesforce.API_VERSION");
  EXPECT_NE(report.failure().message.find("its newest is v60.0"), std::string::npos);
}

class SalesforceLookupTest : public SalesforceFixture {
 protected:
  /// Ids by place; "" where there is none.
  std::vector<std::string> Find(const std::string& field, const std::vector<std::string>& keys) {
    Assignment assignment = Assign("Contact", "lookup", {field});
    std::vector<penstock_value> values;
    for (const std::string& key : keys) values.push_back(batch_.Text(key));
    std::vector<std::string> ids(keys.size(), "?");
    last_ = instance_->Lookup(assignment, values, 1,
                              [&](const FoundRecord& record) {
                                ids[record.index] = record.matches == Matches::kSeveral
                                                        ? "several"
                                                        : std::string(record.destination_id);
                              },
                              {});
    return ids;
  }

  TestBatch batch_{1};
  Status last_;
};

TEST_F(SalesforceLookupTest, EscapesAndPutsRecordsToTheirKeys) {
  query = [](const SentRequest& request) {
    EXPECT_NE(request.url.find("%28%27O%5C%27N%5C%5C%27%2C%27b%27%29"), std::string::npos)
        << request.url;
    return Records({R"({"Id": "003000000000001AAA", "Ext__c": "o'n\\"})"});
  };
  EXPECT_EQ(Find("Ext__c", {"O'N\\", "b"}), (std::vector<std::string>{"003000000000001AAA", ""}));
  EXPECT_TRUE(last_.ok());
}

TEST_F(SalesforceLookupTest, TellsNoneOfSeveralRecords) {
  query = [](const SentRequest&) {
    return Records({R"({"Id": "003000000000001AAA", "Email": "c"})",
                    R"({"Id": "003000000000002AAA", "Email": "C"})"});
  };
  EXPECT_EQ(Find("Email", {"c", "d"}), (std::vector<std::string>{"several", ""}));
  EXPECT_TRUE(last_.ok());
}

TEST_F(SalesforceLookupTest, OneRecordOfTwoQueriesIsOne) {
  query = [](const SentRequest& request) {
    const bool asked = request.url.find("%27abc%27") != std::string::npos ||
                       request.url.find("%27ABC%27") != std::string::npos;
    return asked ? Records({R"({"Id": "003000000000001AAA", "Email": "abc"})"}) : Records({});
  };
  std::vector<std::string> keys = {"abc"};
  for (int i = 0; i < 250; ++i) keys.push_back("k" + std::to_string(i));
  keys.push_back("ABC");
  const std::vector<std::string> ids = Find("Email", keys);
  EXPECT_EQ(ids.front(), "003000000000001AAA");
  EXPECT_EQ(ids.back(), "003000000000001AAA");
}

TEST_F(SalesforceLookupTest, FollowsPagesAndReadsNumbersAsTheyAreWritten) {
  query = [](const SentRequest& request) {
    if (request.url == "/services/data/v62.0/query/01g-2000") {
      return Records({R"({"Id": "003000000000002AAA", "Number__c": 7.0})"});
    }
    EXPECT_NE(request.url.find("IN%20%2810000000%2C7%29"), std::string::npos) << request.url;
    return Reply{200, R"({"done": false, "nextRecordsUrl": "/services/data/v62.0/query/01g-2000",
                          "records": [{"Id": "003000000000001AAA", "Number__c": 1.0E7}]})"};
  };
  EXPECT_EQ(Find("Number__c", {"10000000", "7"}),
            (std::vector<std::string>{"003000000000001AAA", "003000000000002AAA"}));
}

TEST_F(SalesforceLookupTest, KeepsAddressesShort) {
  std::vector<std::string> keys;
  for (int i = 0; i < 300; ++i) keys.push_back(std::to_string(i) + std::string(60, '\''));
  Find("Ext__c", keys);
  EXPECT_GT(Sent().size(), 3u);
  for (const SentRequest& request : Sent()) EXPECT_LT(request.url.size(), 12000u);
}

TEST_F(SalesforceLookupTest, ARecordUnderAnotherKeyIsNoAnswer) {
  query = [](const SentRequest&) { return Records({R"({"Id": "x", "Ext__c": "other"})"}); };
  Find("Ext__c", {"a"});
  ASSERT_FALSE(last_.ok());
  EXPECT_EQ(last_.failure().code, "salesforce.BAD_ANSWER");
}

TEST_F(SalesforceLookupTest, IdsOfAnotherFormAreNotAskedFor) {
  EXPECT_EQ(Find("id", {"' OR Name LIKE '%"}), std::vector<std::string>{""});
  EXPECT_TRUE(Sent().empty());
}

}  // namespace
}  // namespace penstock::sdk
