// Values of every type, from PostgreSQL into fields of a Salesforce organization: by Collections
// and by jobs. The cases are data (values/cases.json), the fields are those of values/org.yaml.
#include <algorithm>
#include <sstream>

#include "tests/e2e/salesforce.h"
#include "tests/e2e/warehouse.h"

namespace penstock::e2e {
namespace {

struct Column {
  std::string field, type, mapping;
};

// One row of the warehouse, with a value in one column, or two, one after the other.
struct Case {
  std::string key, field, first, then;  // SQL
  Json expected;                        // of the last
};

class ValuesTest : public SalesforceProject<WarehouseTest>,
                   public ::testing::WithParamInterface<const char*> {
 protected:
  ValuesTest() : SalesforceProject("Sample__c") {}

  void SetUp() override {
    const Json document = Json::Parse(ReadText(PENSTOCK_TEST_VALUES_DIR "/cases.json"));
    ASSERT_TRUE(document.exists()) << "cases.json is no JSON";
    ReadCases(document);
    UseWarehouse("postgres", "Europe/Berlin");
    settings_.mode = "upsert";
    settings_.key = "{Ext__c: ext}";
    settings_.model = "SELECT * FROM samples";
    settings_.mapping.clear();
    for (const Column& column : columns_) settings_.mapping.push_back(column.mapping);
    settings_.more = {"options: {path: " + std::string(GetParam()) + "}"};
    StartAccount({"--no-limits", "--schema", PENSTOCK_TEST_VALUES_DIR "/org.yaml"});
    account_.Config(R"({"strict_line_breaks": true})");  // what users report of the live API
    AddTargets();
  }

  void ReadCases(const Json& document) {
    const Json fields = document["fields"];
    for (const std::string& name : fields.names()) {
      const Json field = fields[name.c_str()];
      const std::string more = field[1].exists() ? ", " + field[1].Text() : "";
      columns_.push_back(
          {name, field[0].Text(), "\"" + name + "\": {column: \"" + name + "\"" + more + "}"});
    }
    const Json values = document["values"], changes = document["changes"];
    for (size_t i = 0; i < values.size(); ++i) {
      cases_.push_back({"value-" + std::to_string(i), values[i][0].Text(), values[i][1].Text(), "",
                        values[i][2]});
    }
    for (size_t i = 0; i < changes.size(); ++i) {
      cases_.push_back({"change-" + std::to_string(i), changes[i][0].Text(), changes[i][1].Text(),
                        changes[i][2].Text(), changes[i][3]});
    }
  }
  // Records that references point to, and one that others made before.
  void AddTargets() {
    const auto add = [&](const char* object, const std::string& line) {
      const auto reply = account_.Call("POST", std::string("/_sandbox/objects/") + object, line);
      ASSERT_EQ(reply.status, 200) << reply.body;
    };
    add("Account",
        R"({"properties": {"Name": "A", "Ext__c": "A, \"1\"", "Number__c": "900000000000000001"}})");
    add("Account", R"({"properties": {"Name": "B", "Ext__c": "B"}})");
    add("Contact", R"({"properties": {"LastName": "C", "Ext__c": "C"}})");
    add("Sample__c",
        R"({"properties": {"Ext__c": "theirs", "Flag__c": false, "FlagOfText__c": false, "Left__c": "x", "Cleared__c": "x", "Text__c": "x"}})");
    for (const char* object : {"Account", "Contact", "RecordType"}) {
      std::istringstream lines(
          account_.Call("GET", std::string("/_sandbox/objects/") + object).body);
      for (std::string line; std::getline(lines, line);) {
        const Json json = Json::Parse(line);
        const Json of = json["properties"];
        ids_["@" + of["Ext__c"].Text() + of["DeveloperName"].Text()] = json["id"].Text();
      }
    }
  }
  void FillTable() const {
    std::string sql =
        "SET client_min_messages = warning; DROP TABLE IF EXISTS samples; CREATE TABLE samples "
        "(ext text";
    for (const Column& column : columns_) sql += ", \"" + column.field + "\" " + column.type;
    sql += "); INSERT INTO samples (ext) VALUES ('theirs');";
    for (const Case& one : cases_) {
      sql += "INSERT INTO samples (ext, \"" + one.field + "\") VALUES ('" + one.key + "', " +
             WithIds(one.first) + ");";
    }
    Exec(sql);
  }
  // "@KEY@" stands for the id of the record with that key.
  std::string WithIds(std::string text) const {
    for (const auto& [name, id] : ids_) {
      const size_t at = text.find(name + "@");
      if (at != std::string::npos) text.replace(at, name.size() + 1, id);
    }
    return text;
  }
  // Where a field's value is to be found: a reference is kept under its own name.
  static std::string Kept(const std::string& field) {
    static const std::map<std::string, std::string> kReferences = {
        {"Account__r.Ext__c", "Account__c"},
        {"ByNumber__r.Number__c", "ByNumber__c"},
        {"What:Contact.Ext__c", "WhatId"},
        {"Owner.Username", "OwnerId"},
        {"RecordType.DeveloperName", "RecordTypeId"}};
    const auto found = kReferences.find(field);
    return found == kReferences.end() ? field : found->second;
  }
  std::map<std::string, std::map<std::string, std::string>> Held() const {
    std::map<std::string, std::map<std::string, std::string>> held;
    for (Contact& record : account_.Contacts()) {
      held[record.properties["Ext__c"]] = std::move(record.properties);
    }
    return held;
  }
  void ExpectCase(const Case& one, const std::map<std::string, std::string>& record) const;
  // The refused records' codes, and the invalid rows' fields, by key.
  std::map<std::string, std::string> Refused(const char* status, const char* member) const {
    std::map<std::string, std::string> refused;
    const Json records =
        project_.Cli({"records", "contacts", "--status", status, "--limit", "0", "--json"})
            .json["records"];
    for (size_t i = 0; i < records.size(); ++i) {
      refused[records[i]["key"].Text()] = records[i][member].Text();
    }
    return refused;
  }
  static bool IsRefused(const Case& one) {
    return one.expected["invalid"].exists() || one.expected["rejected"].exists();
  }
  // What the organization must hold.
  std::string Wanted(const Case& one) const {
    std::string text = WithIds(one.expected.Text());
    for (int64_t i = 0; i < one.expected["times"].Int(); ++i) text += one.expected["repeat"].Text();
    return text + one.expected["then"].Text();
  }
  int64_t Expected(const char* word) const {
    int64_t count = 0;
    for (const Case& one : cases_) count += one.expected[word].exists() ? 1 : 0;
    return count;
  }

  std::vector<Column> columns_;
  std::vector<Case> cases_;
  std::map<std::string, std::string> ids_;
};

void ValuesTest::ExpectCase(const Case& one,
                            const std::map<std::string, std::string>& record) const {
  const std::string what = one.field + " of " + (one.then.empty() ? one.first : one.then);
  for (const Column& column : columns_) {
    const std::string name = Kept(column.field);
    const auto at = record.find(name);
    const std::string held = at == record.end() ? "" : at->second;
    if (name == Kept(one.field)) {
      EXPECT_EQ(at == record.end(), one.expected.null()) << what;
      EXPECT_TRUE(held == Wanted(one)) << what << " is " << held.substr(0, 100);
    } else if (name != "OwnerId" && name != "RecordTypeId") {
      // Nothing else of the record was touched.
      EXPECT_TRUE(held.empty() || held == "false") << name << " beside " << what << ": " << held;
    }
  }
}

TEST_P(ValuesTest, ArriveAsTheyAre) {
  FillTable();
  const Json first = SyncTo(3, "completed_with_errors");
  EXPECT_EQ(first["rows"]["invalid"].Int(), Expected("invalid")) << first.Dump();
  EXPECT_EQ(first["outcomes"]["rejected"].Int(), Expected("rejected")) << first.Dump();
  EXPECT_EQ(account_.Stats()["jobs"].size() > 0, std::string(GetParam()) == "bulk");
  for (const Case& one : cases_) {
    if (one.then.empty()) continue;
    Exec("UPDATE samples SET \"" + one.field + "\" = " + WithIds(one.then) + " WHERE ext = '" +
         one.key + "'");
  }
  SyncTo(3, "completed_with_errors");
  auto held = Held();
  EXPECT_EQ(static_cast<int64_t>(held.size()),
            static_cast<int64_t>(cases_.size()) + 1 - Expected("invalid") - Expected("rejected"));
  for (const Case& one : cases_) {
    const auto at = held.find(one.key);
    EXPECT_EQ(at == held.end(), IsRefused(one)) << one.field << " " << one.first;
    if (at != held.end()) ExpectCase(one, at->second);
  }
  std::map<std::string, std::string> invalid, rejected;
  for (const Case& one : cases_) {
    if (one.expected["invalid"].exists()) invalid[one.key] = one.expected["invalid"].Text();
    if (one.expected["rejected"].exists()) rejected[one.key] = one.expected["rejected"].Text();
  }
  EXPECT_EQ(Refused("invalid", "field"), invalid);
  EXPECT_EQ(Refused("rejected", "code"), rejected);
  // A text of 131,073 units is not told in full.
  const std::string records =
      project_.Cli({"records", "contacts", "--code", "STRING_TOO_LONG"}).out;
  EXPECT_THAT(records, ::testing::HasSubstr("(max length=131072)"));
  EXPECT_LT(records.size(), 2000u);
  // NULL never clears what others wrote, unless the mapping says so.
  EXPECT_EQ(held["theirs"]["Left__c"], "x");
  EXPECT_EQ(held["theirs"]["Text__c"], "x");
  EXPECT_EQ(held["theirs"].count("Cleared__c"), 0u);

  account_.ResetStats();
  const Json again = SyncTo(3, "completed_with_errors");  // the refused ones still are
  EXPECT_EQ(again["changes"]["insert"].Int() + again["changes"]["update"].Int(), 0);
  EXPECT_EQ(account_.Calls(), 0) << account_.Stats().Dump();

  // Times that have a zone are the same in a session of another one.
  UseWarehouse("postgres", "Asia/Kathmandu");
  Configure();
  const Json elsewhere = SyncTo(3, "completed_with_errors");
  EXPECT_EQ(elsewhere["changes"]["update"].Int(),
            std::count_if(cases_.begin(), cases_.end(),
                          [](const Case& one) { return one.field == "Naive__c"; }));
}

INSTANTIATE_TEST_SUITE_P(Salesforce, ValuesTest, ::testing::Values("collections", "bulk"),
                         [](const auto& path) { return std::string(path.param); });

}  // namespace
}  // namespace penstock::e2e
