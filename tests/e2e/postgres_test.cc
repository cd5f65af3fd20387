// A real PostgreSQL as the warehouse: exact values, least privileges, a server that goes away.
#include <functional>

#include "tests/e2e/warehouse.h"

namespace penstock::e2e {
namespace {

using ::testing::HasSubstr;

class PostgresTest : public WarehouseTest {
 protected:
  static void SetUpTestSuite() {
    ASSERT_NO_FATAL_FAILURE(WarehouseTest::SetUpTestSuite());
    Exec("CREATE ROLE reader LOGIN");
  }
  void SetUp() override {
    UseWarehouse("reader", "Europe/Berlin");
    StartAccount();
  }
};

struct Sample {
  const char* property;
  const char* type;
  const char* field_type;
  std::string sql;       // the model's expression
  std::string expected;  // what the account holds
};

// Text of 60,000 characters, two bytes each.
std::string LongText() {
  std::string text;
  for (int i = 0; i < 60'000; ++i) text += "\xC3\xA9";
  return text;
}

std::vector<Sample> Samples() {
  const std::string digits = "12345678901234567890123456789012345678";
  return {
      {"t_numeric", "number", "number", digits + "::numeric(38)", digits},
      {"t_fraction", "number", "number", "0.00000000000000000012345::numeric",
       "0.00000000000000000012345"},
      {"t_trailing", "number", "number", "1.10::numeric(10,2)", "1.1"},
      {"t_beyond_double", "number", "number", "9007199254740993::bigint", "9007199254740993"},
      {"t_least", "number", "number", "(-9223372036854775808)::bigint", "-9223372036854775808"},
      {"t_double", "number", "number", "0.1::float8", "0.1"},
      {"t_numeric_text", "string", "text", digits + "::numeric(38)", digits},
      {"t_zoned", "datetime", "date", "'2026-01-31 08:00:00.123+01'::timestamptz",
       "2026-01-31T07:00:00.123Z"},
      {"t_naive_summer", "datetime", "date", "'2026-07-01 12:00'::timestamp",
       "2026-07-01T10:00:00.000Z"},
      {"t_naive_winter", "datetime", "date", "'2026-01-01 12:00'::timestamp",
       "2026-01-01T11:00:00.000Z"},
      {"t_date", "date", "date", "'2026-02-28'::date", "2026-02-28"},
      {"t_old_date", "date", "date", "'1752-09-14'::date", "1752-09-14"},
      {"t_true", "bool", "booleancheckbox", "true", "true"},
      {"t_false", "bool", "booleancheckbox", "(1 = 2)", "false"},
      {"t_uuid", "string", "text", "'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'::uuid",
       "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
      {"t_quotes", "string", "text", R"(E'say "hi", it''s \\ <b>&amp;</b>\n\ttwo')",
       "say \"hi\", it's \\ <b>&amp;</b>\n\ttwo"},
      {"t_emoji", "string", "text", "U&'\\+01F469\\200D\\+01F4BB \\+01F600'",
       "\xF0\x9F\x91\xA9\xE2\x80\x8D\xF0\x9F\x92\xBB \xF0\x9F\x98\x80"},
      {"t_combining", "string", "text", "U&'e\\0301'", "e\xCC\x81"},
      {"t_long", "string", "textarea", "repeat(U&'\\00E9', 60000)", LongText()},
      {"t_array", "string", "text", "ARRAY['a', 'b \"c\"', NULL]", R"(["a","b \"c\"",null])"},
      {"t_json", "string", "text", R"('{"b": 1, "a": [1.0, null]}'::jsonb)",
       R"({"a":[1.0,null],"b":1})"},
      {"t_enum", "string", "text", "'happy'::mood", "happy"},
      {"t_infinity", "string", "text", "'infinity'::timestamptz", "infinity"},
      {"t_interval", "string", "text", "'1 day 02:03:04'::interval", "1 day 02:03:04"},
  };
}

TEST_F(PostgresTest, EveryTypeArrivesExactly) {
  Exec("CREATE TYPE mood AS ENUM ('sad', 'happy')");
  settings_.mapping.clear();
  settings_.model = "SELECT ' Types@Example.COM' AS email";
  for (const Sample& sample : Samples()) {
    account_.MakeProperty(sample.property, sample.type, sample.field_type);
    settings_.model += ", " + sample.sql + " AS " + sample.property;
    settings_.mapping.push_back(std::string(sample.property) + ": " + sample.property);
  }
  // YAML's block text ends at a line with less indentation, not at quotes.
  Configure();
  SyncDone();
  auto contacts = account_.ByEmail();
  ASSERT_EQ(contacts.count("types@example.com"), 1u);
  const Contact& contact = contacts["types@example.com"];
  for (const Sample& sample : Samples()) {
    const auto found = contact.properties.find(sample.property);
    ASSERT_NE(found, contact.properties.end()) << sample.property;
    EXPECT_EQ(found->second, sample.expected) << sample.property;
  }
  account_.ResetStats();
  SyncDone();
  EXPECT_EQ(account_.Calls(), 0);
}

TEST_F(PostgresTest, ListsBecomeCheckboxes) {
  const sandbox::Reply made =
      account_.Call("POST", "/crm/v3/properties/contacts",
                    R"({"name":"colours","label":"Colours","groupName":"contactinformation",
          "type":"enumeration","fieldType":"checkbox","options":[
          {"label":"Red","value":"red","displayOrder":0,"hidden":false},
          {"label":"Blue","value":"blue","displayOrder":1,"hidden":false}]})");
  ASSERT_EQ(made.status, 201) << made.body;
  settings_.mapping = {"colours: colours"};
  settings_.model =
      "SELECT * FROM (VALUES ('a@example.com', ARRAY['red','blue']), ('b@example.com', "
      "ARRAY['green'])) AS v(email, colours)";
  settings_.more = {"tolerate: {invalid: 1}"};
  Configure();
  const Json run = SyncTo(0, "completed_with_errors");
  EXPECT_EQ(run["rows"]["invalid"].Int(), 1);
  EXPECT_EQ(account_.ByEmail()["a@example.com"].properties["colours"], "blue;red");
}

TEST_F(PostgresTest, SelectIsEnough) {
  Exec(
      "CREATE SCHEMA shop; CREATE TABLE shop.people (email text, first_name text);"
      "INSERT INTO shop.people VALUES ('a@example.com', 'A');"
      "CREATE TABLE shop.salaries (email text);"
      "REVOKE ALL ON DATABASE postgres FROM PUBLIC; GRANT CONNECT ON DATABASE postgres TO reader;"
      "GRANT USAGE ON SCHEMA shop TO reader; GRANT SELECT ON shop.people TO reader");
  settings_.mapping = {"firstname: first_name"};
  settings_.model = "SELECT email, first_name FROM shop.people";
  Configure();
  EXPECT_EQ(SyncDone()["applied"]["created"].Int(), 1);

  settings_.model = "SELECT email, '' AS first_name FROM shop.salaries";
  Configure();
  account_.ResetStats();
  const Output refused = project_.Sync();
  EXPECT_EQ(refused.exit, 1) << refused.Text();
  EXPECT_THAT(refused.out, HasSubstr("PS-SRC-QUERY"));
  EXPECT_THAT(refused.out, HasSubstr("salaries"));
  EXPECT_EQ(account_.WriteCalls(), 0);
}

// Rows come for a minute; the server goes away when some have come.
class LostReadTest : public PostgresTest {
 protected:
  void SetUp() override {
    PostgresTest::SetUp();
    settings_.mode = "mirror";
    settings_.model =
        "SELECT n || '@example.com' AS email, repeat('x', 8000) AS first_name, "
        "pg_sleep(0.02)::text "
        "AS last_name, '' AS phone FROM generate_series(1, 3000) AS n";
    Configure();
  }
  void Lose(const std::vector<std::string>& command, const std::function<void()>& break_it) {
    const auto child = project_.Start(command);
    const std::string reading =
        "SELECT count(*) FROM pg_stat_activity WHERE usename = 'reader' AND state = 'active' AND "
        "now() - query_start > interval '0.5 s'";
    while (child->Running() && *server_->Query(reading) == "0") {
    }
    break_it();
    const Output output = child->Wait();
    EXPECT_EQ(output.exit, 1) << output.Text();
    EXPECT_THAT(output.out, HasSubstr("PS-SRC-LOST"));
    EXPECT_EQ(account_.WriteCalls(), 0);
    EXPECT_TRUE(project_.Files(".plan").empty());
  }
};

TEST_F(LostReadTest, AConnectionThatEndsInMidReadMakesNoPlan) {
  Lose({"sync", "contacts", "--json"}, [] { EXPECT_GE(*server_->KillBackends(), 1); });
  Lose({"plan", "contacts", "--json"}, [] { EXPECT_GE(*server_->KillBackends(), 1); });
}

TEST_F(LostReadTest, AServerThatStopsInMidReadMakesNoPlan) {
  Lose({"sync", "contacts", "--json"}, [] { server_->Stop(); });
  const Output down = project_.Sync();
  EXPECT_EQ(down.exit, 1) << down.Text();
  EXPECT_THAT(down.out, HasSubstr("PS-SRC-CONNECT"));
  ASSERT_TRUE(server_->Restart().ok());
  settings_.model =
      "SELECT 'a@example.com' AS email, '' AS first_name, '' AS last_name, '' AS phone";
  Configure();
  SyncDone();
}

}  // namespace
}  // namespace penstock::e2e
