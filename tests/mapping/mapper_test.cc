#include <random>

#include "tests/mapping/fixture.h"

namespace penstock::testing {
namespace {

const std::vector<sdk::Field> kFields = {MakeField("age", sdk::FieldType::kInteger),
                                         MakeField("name"), MakeField("zip")};

TEST(Mapper, FieldsAreSortedAndThePayloadIsTheirValues) {
  const auto mapper = MakeMapper(MakeIntegration({{"zip", "z"}, {"age", "a"}, {"name", "n"}}),
                                 {"n", "z", "unused", "email", "a"}, Contacts(kFields));
  ASSERT_EQ(mapper->fields().size(), 4u);
  EXPECT_EQ(mapper->fields()[0].name, "age");
  EXPECT_EQ(mapper->fields()[1].name, "email");
  EXPECT_EQ(mapper->fields()[2].name, "name");
  EXPECT_EQ(mapper->fields()[3].name, "zip");
  EXPECT_EQ(mapper->key_field(), 1u);
  EXPECT_TRUE(mapper->fields()[1].key);

  const Value row[] = {StringValue("Ada"), StringValue("02138"), IntValue(1), StringValue("a@b"),
                       NullValue()};
  const Record& record = mapper->Map(row);
  ASSERT_TRUE(record.valid) << record.invalid_message;
  EXPECT_EQ(Described(record.values[0]), "null");
  EXPECT_EQ(Described(record.values[3]), "string 02138");
  EXPECT_EQ(record.key_text, "a@b");
  EXPECT_FALSE(record.has_absent);
  Arena arena;
  std::string_view left = record.payload;
  for (const Value& value : record.values) {
    const auto decoded = DecodeValue(&left, &arena);
    ASSERT_TRUE(decoded.ok());
    EXPECT_TRUE(SameValue(*decoded, value));
  }
  EXPECT_TRUE(left.empty());
  std::string key;
  EncodeValue(record.values[1], &key);
  EXPECT_EQ(record.key, key);
  EXPECT_EQ(record.key_hash, TestHasher().Bytes(key));
}

Hash128 Fingerprint(Mapper& mapper, const std::vector<Value>& row) {
  const Record& record = mapper.Map(row);
  EXPECT_TRUE(record.valid) << record.invalid_message;
  return record.fingerprint;
}

TEST(Mapper, WhatMakesNoDifference) {
  const sdk::Object object =
      Contacts({MakeField("amount", sdk::FieldType::kDecimal),
                MakeField("data", sdk::FieldType::kJson), MakeField("name")});
  const auto a = MakeMapper(MakeIntegration({{"amount", "x"}, {"data", "y"}, {"name", "n"}}),
                            {"email", "x", "y", "n"}, object);
  // Another order in the project file, other columns, another order of columns.
  const auto b = MakeMapper(MakeIntegration({{"name", "full"}, {"data", "d"}, {"amount", "sum"}}),
                            {"full", "sum", "d", "email"}, object);
  const Hash128 first = Fingerprint(
      *a, {StringValue("k"), Decimal("1.10"), Json("{\"b\":1,\"a\":2}"), StringValue("n")});
  EXPECT_EQ(Fingerprint(*b, {StringValue("n"), Decimal("1.1"), Json("{ \"a\": 2, \"b\": 1 }"),
                             StringValue("k")}),
            first);
  EXPECT_EQ(Fingerprint(*b, {StringValue("n"), DoubleValue(1.1), Json("{\"a\":2,\"b\":1}"),
                             StringValue("k")}),
            first);
  EXPECT_EQ(Fingerprint(*b, {StringValue("n"), StringValue("1.100"), Json("{\"a\":2,\"b\":1}"),
                             StringValue("k")}),
            first);
}

TEST(Mapper, WhatMakesADifference) {
  const auto mapper = MakeMapper(MakeIntegration({{"name", "n"}, {"zip", "z"}}),
                                 {"email", "n", "z"}, Contacts(kFields));
  const auto renamed =
      MakeMapper(MakeIntegration({{"age", "n"}, {"zip", "z"}}), {"email", "n", "z"},
                 Contacts({MakeField("age"), MakeField("zip")}));
  const Value key = StringValue("k");
  std::vector<Hash128> seen = {
      Fingerprint(*mapper, {key, StringValue("a"), StringValue("b")}),
      Fingerprint(*mapper, {key, StringValue("b"), StringValue("a")}),
      Fingerprint(*mapper, {key, StringValue("ab"), StringValue("")}),
      Fingerprint(*mapper, {key, StringValue(""), StringValue("ab")}),
      Fingerprint(*mapper, {key, NullValue(), StringValue("ab")}),
      Fingerprint(*mapper, {StringValue("l"), StringValue("a"), StringValue("b")}),
      Fingerprint(*renamed, {key, StringValue("a"), StringValue("b")}),
  };
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(std::adjacent_find(seen.begin(), seen.end()), seen.end());
}

TEST(Mapper, NullPolicies) {
  Integration integration = MakeIntegration({{"age", "a"}, {"name", "n"}, {"zip", "z"}});
  integration.mapping[0].null = NullPolicy::kLeave;
  integration.mapping[1].null = NullPolicy::kClear;
  const auto mapper = MakeMapper(integration, {"email", "a", "n", "z"}, Contacts(kFields));
  const Value row[] = {StringValue("k"), NullValue(), NullValue(), NullValue()};
  const Record& record = mapper->Map(row);
  ASSERT_TRUE(record.valid);
  EXPECT_TRUE(record.has_absent);
  EXPECT_EQ(Described(record.values[0]), "absent");
  EXPECT_EQ(Described(record.values[2]), "null");
  EXPECT_EQ(Described(record.values[3]), "null");
  EXPECT_EQ(mapper->fields()[0].null, NullPolicy::kLeave);
}

TEST(Mapper, ConstantsAreHashedAndRunVariablesAreNot) {
  Integration integration = MakeIntegration({{"name", "n"}});
  FieldMapping constant;
  constant.field = "age";
  constant.constant = "42";
  FieldMapping variable;
  variable.field = "zip";
  variable.run_variable = "run_id";
  integration.mapping.push_back(constant);
  integration.mapping.push_back(variable);
  const auto compile = [&](const std::string& run) {
    RunVariables variables;
    variables.run_id = run;
    auto mapper = Mapper::Compile(integration, Columns({"email", "n"}), Contacts(kFields),
                                  TestHasher(), variables);
    EXPECT_TRUE(mapper.ok());
    return *std::move(mapper);
  };
  const auto one = compile("run-1"), two = compile("run-2");
  const std::vector<Value> row = {StringValue("k"), StringValue("n")};
  EXPECT_EQ(Fingerprint(*one, row), Fingerprint(*two, row));
  EXPECT_EQ(Described(one->Map(row).values[0]), "int64 42");
  EXPECT_EQ(Described(one->Map(row).values[3]), "string run-1");
  EXPECT_EQ(Described(two->Map(row).values[3]), "string run-2");
  EXPECT_FALSE(one->fields()[3].hashed);
  integration.mapping[1].constant = "43";
  const auto three = compile("run-1");
  EXPECT_NE(Fingerprint(*one, row), Fingerprint(*three, row));
}

TEST(Mapper, MessagesSayWhatAndHoldNothingSensitive) {
  Integration integration = MakeIntegration({{"age", "a"}});
  const std::vector<Value> row = {StringValue("k"), StringValue("forty \"two\"\n")};
  auto mapper = MakeMapper(integration, {"email", "a"}, Contacts(kFields));
  EXPECT_EQ(mapper->Map(row).invalid_message,
            "\"age\" takes an integer, and got the text \"forty \\\"two\\\"\\n\".");
  EXPECT_EQ(mapper->Map(row).key_text, "k");
  integration.mapping[0].sensitive = true;
  mapper = MakeMapper(integration, {"email", "a"}, Contacts(kFields));
  EXPECT_EQ(mapper->Map(row).invalid_message,
            "\"age\" takes an integer, and got a sensitive value (text).");
  const std::string longer = "\xC3\xA9" + std::string(1000, 'x');
  integration.mapping[0].sensitive = false;
  mapper = MakeMapper(integration, {"email", "a"}, Contacts(kFields));
  EXPECT_LT(
      mapper->Map(std::vector<Value>{StringValue("k"), StringValue(longer)}).invalid_message.size(),
      130u);
}

TEST(Mapper, AnInvalidRowLeavesNoTraceInTheNext) {
  const auto mapper =
      MakeMapper(MakeIntegration({{"age", "a"}}), {"email", "a"}, Contacts(kFields));
  const std::vector<Value> good = {StringValue("k"), IntValue(1)};
  const Hash128 before = Fingerprint(*mapper, good);
  EXPECT_FALSE(mapper->Map(std::vector<Value>{StringValue("k"), StringValue("x")}).valid);
  EXPECT_FALSE(mapper->Map(std::vector<Value>{NullValue(), IntValue(1)}).valid);
  EXPECT_FALSE(mapper->Map(std::vector<Value>{StringValue("k")}).valid);
  const Record& record = mapper->Map(good);
  EXPECT_TRUE(record.valid);
  EXPECT_TRUE(record.invalid_code.empty());
  EXPECT_EQ(record.fingerprint, before);
}

TEST(Mapper, DigestsFollowWhatShapesPayloads) {
  const sdk::Object object = Contacts(kFields);
  const Integration base = MakeIntegration({{"age", "a"}, {"name", "n"}});
  const auto digest = [&](const Integration& integration, const sdk::Object& with) {
    const auto mapper = MakeMapper(integration, {"email", "a", "n", "b"}, with);
    return MappingDigest(*mapper, integration);
  };
  const std::string first = digest(base, object);
  EXPECT_EQ(first.size(), 64u);
  Integration renamed = base;
  renamed.mapping[0].column = "b";
  std::swap(renamed.mapping[0], renamed.mapping[1]);
  EXPECT_EQ(digest(renamed, object), first);
  Integration other = base;
  other.mapping[0].null = NullPolicy::kClear;
  EXPECT_NE(digest(other, object), first);
  other = base;
  other.mapping[0].column.clear();
  other.mapping[0].constant = "5";
  EXPECT_NE(digest(other, object), first);
  sdk::Object changed = object;
  changed.fields.back().normalisers = {sdk::Normaliser::kLower};
  EXPECT_NE(digest(base, changed), first);

  const auto schema = [&](const sdk::Object& with) {
    return SchemaDigest(*MakeMapper(base, {"email", "a", "n"}, with), with);
  };
  const std::string schema_before = schema(object);
  changed = object;
  changed.fields[1].max_length = 5;
  EXPECT_NE(schema(changed), schema_before);
  changed = object;
  changed.fields[2].max_length = 5;  // not mapped
  EXPECT_EQ(schema(changed), schema_before);
}

}  // namespace
}  // namespace penstock::testing
