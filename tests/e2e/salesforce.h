// A project that writes to a Salesforce organization: contacts by the external id Ext__c.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/e2e/e2e.h"

namespace penstock::e2e {

template <typename Fixture>
class SalesforceProject : public Fixture {
 protected:
  explicit SalesforceProject(const std::string& object = "Contact")
      : Fixture(Account("salesforce", object)) {
    Settings& settings = Fixture::settings_;
    settings.connector = "salesforce";
    settings.config = R"({grant: client_credentials, client_id: sandbox-client,
      client_secret: "${env:SALESFORCE_SECRET}"})";
    Fixture::project_.environment()["SALESFORCE_SECRET"] = "sandbox-secret";
    settings.object = object;
    settings.mode = "mirror";
    settings.key = "{Ext__c: n}";
    settings.mapping = {"FirstName: first_name", "LastName: last_name", "Email: email",
                        "Phone: phone"};
  }

  void StartOrganization(const std::vector<std::string>& options = {"--no-limits"}) {
    Fixture::StartAccount(options);
  }
  /// Live records by external id; a second one of an id fails the test.
  std::map<std::string, Contact> Held() const {
    std::map<std::string, Contact> held;
    for (Contact& contact : Fixture::account_.Contacts()) {
      if (contact.archived) continue;
      std::string key = contact.properties["Ext__c"];
      const bool fresh = held.emplace(std::move(key), std::move(contact)).second;
      EXPECT_TRUE(fresh) << "two records with one external id";
    }
    return held;
  }
  /// Fails the test unless the live contacts are exactly the table `customers`.
  void ExpectHoldsTable() const {
    std::map<std::string, Contact> held = Held();
    const auto rows =
        Fixture::project_.SqlRows("SELECT n, first_name, last_name, email, phone FROM customers");
    EXPECT_EQ(held.size(), rows.size());
    int wrong = 0;
    for (const std::vector<std::string>& row : rows) {
      auto& properties = held[row[0]].properties;
      const bool same = properties["FirstName"] == row[1] && properties["LastName"] == row[2] &&
                        properties["Email"] == row[3] && properties["Phone"] == row[4];
      if (!same && ++wrong <= 3) ADD_FAILURE() << "record " << row[0] << " differs";
    }
    EXPECT_EQ(wrong, 0);
  }
};

}  // namespace penstock::e2e
