#include "tests/sources/postgres_fixture.h"

namespace penstock::testing {
namespace {

class PostgresValues : public PostgresTest {
 protected:
  static std::string One(const std::string& expression, const std::string& zone = "UTC") {
    const Rows rows = ReadAll(*Open(zone), "SELECT " + expression);
    if (!rows.status.ok()) return rows.status.error().code + ": " + rows.status.error().message;
    return rows.rows.size() == 1 ? rows.rows[0][0] : "not one row";
  }
};

TEST_F(PostgresValues, EachTypeExactly) {
  const std::string digits38 = "12345678901234567890123456789012345678";
  const std::pair<std::string, std::string> cases[] = {
      {"NULL::text", "null"},
      {"32767::int2", "int64 32767"},
      {"'-2147483648'::int4", "int64 -2147483648"},
      {"9223372036854775807::int8", "int64 9223372036854775807"},
      {"9007199254740993::int8", "int64 9007199254740993"},
      {"4294967295::oid", "int64 4294967295"},
      {"0.1::float4", "double 0.1"},
      {"16777216::float4", "double 16777216"},
      {"1e38::float4", "double 1e+38"},
      {"'NaN'::float4", "double NaN"},
      {"0.1::float8", "double 0.1"},
      {"'-Infinity'::float8", "double -Infinity"},
      {"true", "bool true"},
      {"'f'::bool", "bool false"},
      {"''::text", "string"},
      {"'Gr\u00fc\u00dfe \U0001F30A'::text", "string Gr\u00fc\u00dfe \U0001F30A"},
      {"'ab'::varchar(5)", "string ab"},
      {"'ab'::char(4)", "string ab  "},
      {"'ab'::name", "string ab"},
      {digits38 + "::numeric(38,0)", "decimal " + digits38},
      {"-0." + digits38 + "::numeric(38,38)", "decimal -0." + digits38},
      {"9007199254740993::numeric", "decimal 9007199254740993"},
      {"1.10::numeric(10,2)", "decimal 1.1"},
      {"0.00::numeric(10,2)", "decimal 0"},
      {"100000000::numeric", "decimal 100000000"},
      {"10000::numeric", "decimal 10000"},
      {"0.0001::numeric", "decimal 0.0001"},
      {"0.00001::numeric", "decimal 0.00001"},
      {"0.00000001::numeric", "decimal 0.00000001"},
      {"-123456.7890::numeric", "decimal -123456.789"},
      {"120034.00560078::numeric", "decimal 120034.00560078"},
      {"'NaN'::numeric", "double NaN"},
      {"'Infinity'::numeric", "double Infinity"},
      {"'-Infinity'::numeric", "double -Infinity"},
      {"'2026-11-22'::date", "date 2026-11-22"},
      {"'0001-01-01'::date", "date 0001-01-01"},
      {"'0044-03-15 BC'::date", "date -0043-03-15"},
      {"'5874897-12-31'::date", "date +5874897-12-31"},
      {"'infinity'::date", "string infinity"},
      {"'-infinity'::date", "string -infinity"},
      {"'2026-11-22 10:00:00.123456+02'::timestamptz", "timestamp 2026-11-22T08:00:00.123456Z"},
      {"'infinity'::timestamptz", "string infinity"},
      {"'-infinity'::timestamp", "string -infinity"},
      {"'2026-11-22 10:00:00'::timestamp", "timestamp 2026-11-22T10:00:00Z"},
      {"'0001-01-01 00:00:00'::timestamp", "timestamp 0001-01-01T00:00:00Z"},
      {"'294276-12-31 23:59:59.999999'::timestamp", "string +294276-12-31T23:59:59.999999Z"},
      {"'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11'::uuid",
       "string a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"},
      {"'\\x00ff80'::bytea", "bytes AP+A"},
      {"'{\"b\": 1, \"a\": [1.10, 12345678901234567890]}'::json",
       "json {\"b\": 1, \"a\": [1.10, 12345678901234567890]}"},
      {"'{\"b\": 1, \"a\": 1.10}'::jsonb", "json {\"a\": 1.10, \"b\": 1}"},
      {"B'101'", "string 101"},
      {"'1 day 02:00'::interval", "string 1 day 02:00:00"},
      {"'10.0.0.5'::inet", "string 10.0.0.5"},
      {"NULL::inet", "null"},
      {"'10.0.0.0/8'::cidr", "string 10.0.0.0/8"},
      {"'[1,5)'::int4range", "string [1,5)"},
      {"'10:30'::time", "string 10:30:00"},
      {"row(1,'x')", "string (1,x)"},
  };
  for (const auto& [expression, expected] : cases)
    EXPECT_EQ(One(expression), expected) << expression;
}

TEST_F(PostgresValues, NumericsOfEveryShapeReadAsTheServerWritesThem) {
  const Rows rows = ReadAll(
      *Open(),
      "SELECT n, trim_scale(n)::text FROM (SELECT (CASE WHEN i % 2 = 0 THEN 1 ELSE -1 END * "
      "(i * 7919 % 100003)::numeric * 10::numeric ^ (i % 41 - 20))::numeric(80, 30) AS n "
      "FROM generate_series(0, 5000) AS i) AS t");
  ASSERT_TRUE(rows.status.ok()) << rows.status.error().message;
  ASSERT_EQ(rows.rows.size(), 5001u);
  for (const auto& row : rows.rows) {
    ASSERT_EQ(row[0].substr(row[0].find(' ')), row[1].substr(row[1].find(' ')));
  }
}

TEST_F(PostgresValues, Arrays) {
  const std::pair<std::string, std::string> cases[] = {
      {"ARRAY[1,2,NULL]::int4[]", "list [1,2,null]"},
      {"'{}'::int4[]", "list []"},
      {"ARRAY[['a','b'],['c',NULL]]", "list [[\"a\",\"b\"],[\"c\",null]]"},
      {"ARRAY[1.10, 'NaN']::numeric[]", "list [1.1,\"NaN\"]"},
      {"ARRAY['2026-11-22']::date[]", "list [\"2026-11-22\"]"},
      {"ARRAY['2026-11-22 10:00+00']::timestamptz[]", "list [\"2026-11-22T10:00:00Z\"]"},
      {"ARRAY['a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11']::uuid[]",
       "list [\"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11\"]"},
      {"ARRAY['{\"a\": 1}']::jsonb[]", "list [{\"a\": 1}]"},
      {"ARRAY[true,false]", "list [true,false]"},
      {"ARRAY['10.0.0.5',NULL]::inet[]", "list [\"10.0.0.5\",null]"},
      {"ARRAY['10.0.0.0/8']::cidr[]", "list [\"10.0.0.0/8\"]"},
      {"array_fill(0, ARRAY[1,1,1,1,1,1])", "list [[[[[[0]]]]]]"},
  };
  for (const auto& [expression, expected] : cases)
    EXPECT_EQ(One(expression), expected) << expression;
}

TEST_F(PostgresValues, ZonesOfNaiveTimestamps) {
  const std::string summer = "'2026-07-01 12:00:00'::timestamp";
  EXPECT_EQ(One(summer, "Europe/Berlin"), "timestamp 2026-07-01T10:00:00Z");
  EXPECT_EQ(One(summer, "+05:30"), "timestamp 2026-07-01T06:30:00Z");
  EXPECT_EQ(One(summer, "-08:00"), "timestamp 2026-07-01T20:00:00Z");
  // The session has the same zone: there and back is the same moment.
  for (const std::string zone : {"Europe/Berlin", "+05:30", "-08:00", "UTC"}) {
    EXPECT_EQ(One("'2026-07-01 12:00:00+00'::timestamptz::timestamp", zone),
              "timestamp 2026-07-01T12:00:00Z")
        << zone;
  }
}

TEST_F(PostgresValues, OtherTypesBesideKnownOnes) {
  Exec(
      "CREATE TYPE mood AS ENUM ('happy', 'sad'); CREATE DOMAIN cents AS int8;"
      "CREATE TABLE people (id cents, m mood, ms mood[], note text, \"odd \"\"name\" inet)");
  Exec(
      "INSERT INTO people VALUES (1, 'sad', '{happy,sad}', 'a', '::1'), (2, NULL, NULL, NULL, "
      "NULL)");
  const Rows rows = ReadAll(
      *Open(), "SELECT *, 'x' AS note -- two columns of one name;\nFROM people ORDER BY id; ");
  ASSERT_TRUE(rows.status.ok()) << rows.status.error().message;
  ASSERT_EQ(rows.columns.size(), 6u);
  EXPECT_EQ(rows.columns[0].type, "int8");
  EXPECT_EQ(rows.columns[1].type, "mood");
  EXPECT_EQ(rows.columns[2].type, "mood[]");
  EXPECT_EQ(rows.columns[4].name, "odd \"name");
  EXPECT_EQ(rows.columns[5].name, "note");
  const std::vector<std::vector<std::string>> expected = {
      {"int64 1", "string sad", "list [\"happy\",\"sad\"]", "string a", "string ::1", "string x"},
      {"int64 2", "null", "null", "null", "null", "string x"}};
  EXPECT_EQ(rows.rows, expected);
}

TEST_F(PostgresValues, ManyRowsAndALimit) {
  EXPECT_EQ(ReadAll(*Open(), "SELECT i, i::text FROM generate_series(1, 20000) AS i").rows.size(),
            20'000u);
  ReadOptions options;
  options.limit = 7;
  EXPECT_EQ(ReadAll(*Open(), "SELECT generate_series(1, 100000000)", options).rows.size(), 7u);
  EXPECT_EQ(ReadAll(*Open(), "SELECT 1 WHERE false").rows.size(), 0u);
  EXPECT_EQ(ReadAll(*Open(), "VALUES (1), (2)").rows.size(), 2u);
  EXPECT_EQ(ReadAll(*Open(), "WITH t AS (SELECT 1) TABLE t").rows.size(), 1u);
  EXPECT_EQ(ReadAll(*Open(), "SELECT 1 WHERE false").rows.size(), 0u);
  EXPECT_EQ(ReadAll(*Open(), "(SELECT 1) UNION ALL SELECT 2; -- two").rows.size(), 2u);
}

}  // namespace
}  // namespace penstock::testing
