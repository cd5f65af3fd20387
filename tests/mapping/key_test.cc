#include <map>
#include <set>

#include "core/mapping/key_template.h"
#include "tests/mapping/fixture.h"

namespace penstock::testing {
namespace {

std::string KeyOf(Mapper& mapper, const std::vector<Value>& row) {
  const Record& record = mapper.Map(row);
  if (!record.valid) return std::string(record.invalid_code);
  return std::string(record.key_text);
}

TEST(Key, NullEmptyAndBrokenKeysAreInvalid) {
  const auto mapper = MakeMapper(MakeIntegration(), {"email"}, Contacts());
  EXPECT_EQ(KeyOf(*mapper, {StringValue("a@b")}), "a@b");
  EXPECT_EQ(KeyOf(*mapper, {NullValue()}), "KEY_MISSING");
  EXPECT_EQ(KeyOf(*mapper, {StringValue("")}), "KEY_MISSING");
  EXPECT_EQ(KeyOf(*mapper, {StringValue("\xFF")}), "NOT_TEXT");
  EXPECT_EQ(KeyOf(*mapper, {DoubleValue(0.0 / 0.0)}), "NOT_FINITE");
  EXPECT_EQ(KeyOf(*mapper, {IntValue(5)}), "5");
  const Record& record = mapper->Map(std::vector<Value>{NullValue()});
  EXPECT_TRUE(record.key.empty());
  EXPECT_TRUE(record.invalid_field.empty());
  EXPECT_EQ(record.invalid_message, "The key column \"email\" is NULL.");
}

TEST(Key, NormalisersMakeOneKeyOfMany) {
  sdk::Object object = Contacts();
  object.fields.back().normalisers = {sdk::Normaliser::kTrim, sdk::Normaliser::kLower};
  const auto mapper = MakeMapper(MakeIntegration(), {"email"}, object);
  EXPECT_EQ(KeyOf(*mapper, {StringValue(" Ada@Example.ORG ")}), "ada@example.org");
  const Hash128 hash = mapper->Map(std::vector<Value>{StringValue("ADA@example.org")}).key_hash;
  EXPECT_EQ(mapper->Map(std::vector<Value>{StringValue("ada@EXAMPLE.org")}).key_hash, hash);
  EXPECT_EQ(KeyOf(*mapper, {StringValue("   ")}), "KEY_MISSING");
}

TEST(Key, OtherTypes) {
  sdk::Object object = Contacts();
  object.fields.back().type = sdk::FieldType::kInteger;
  const auto mapper = MakeMapper(MakeIntegration(), {"email"}, object);
  EXPECT_EQ(KeyOf(*mapper, {IntValue(5)}), "5");
  EXPECT_EQ(KeyOf(*mapper, {Decimal("5.0")}), "5");
  EXPECT_EQ(KeyOf(*mapper, {StringValue("x")}), "WRONG_TYPE");
  EXPECT_TRUE(mapper->Map(std::vector<Value>{StringValue("x")})
                  .invalid_message.starts_with("The key \"email\" takes an integer"));
}

TEST(Key, TheDestinationsOwnIdNeedNotBeInTheCatalog) {
  Integration integration = MakeIntegration();
  integration.key.field = "id";
  const auto mapper = MakeMapper(integration, {"email"}, Contacts());
  EXPECT_EQ(mapper->fields()[0].name, "id");
  EXPECT_EQ(KeyOf(*mapper, {IntValue(12)}), "12");
  EXPECT_EQ(SchemaDigest(*mapper, Contacts()).size(), 64u);
}

std::unique_ptr<Mapper> Composite(const std::string& text) {
  Integration integration = MakeIntegration();
  integration.key.columns = {"a", "b"};
  integration.key.text_template = text;
  return MakeMapper(integration, {"a", "b"}, Contacts());
}

TEST(CompositeKey, PartsAreEscaped) {
  const auto mapper = Composite("{a}:{b}");
  EXPECT_EQ(KeyOf(*mapper, {StringValue("x"), IntValue(1)}), "x:1");
  EXPECT_EQ(KeyOf(*mapper, {StringValue("x:"), StringValue("1")}), "x\\::1");
  EXPECT_EQ(KeyOf(*mapper, {StringValue("x"), StringValue(":1")}), "x:\\:1");
  EXPECT_EQ(KeyOf(*mapper, {StringValue("\\"), Decimal("1.50")}), "\\\\:1.5");
  EXPECT_EQ(KeyOf(*mapper, {StringValue("x"), NullValue()}), "KEY_MISSING");
  EXPECT_EQ(KeyOf(*mapper, {StringValue(""), StringValue("x")}), "KEY_MISSING");
  EXPECT_EQ(KeyOf(*mapper, {StringValue("x"), StringValue("\xFF")}), "NOT_TEXT");
  EXPECT_EQ(KeyOf(*Composite("{{{a}}}é{b}!"), {StringValue("é}"), StringValue("ũ!")}),
            "{é\\}}éũ\\!!");
}

// Every pair of texts over an alphabet of trouble: no two join alike.
TEST(CompositeKey, NoTwoKeysJoinAlike) {
  std::vector<std::string> texts = {""};
  const std::string alphabet[] = {"a", ":", "\\", "-", "2", "é", "©"};
  for (int length = 0, begin = 0; length < 3; ++length) {
    const int end = static_cast<int>(texts.size());
    for (int i = begin; i < end; ++i) {
      for (const std::string& c : alphabet) texts.push_back(texts[static_cast<size_t>(i)] + c);
    }
    begin = end;
  }
  for (const char* text :
       {"{a}:{b}", "{b}-{a}", "{a}::{b}", "{a}:-{b}", "-{a}:{b}-", "{a}é{b}", "{a}2{b}2"}) {
    const auto parsed = KeyTemplate::Parse(text, {"a", "b"});
    ASSERT_TRUE(parsed.ok()) << text;
    std::map<std::string, std::pair<std::string, std::string>> seen;
    Arena arena;
    for (const std::string& a : texts) {
      arena.Clear();
      for (const std::string& b : texts) {
        const std::string_view parts[] = {a, b};
        const auto [at, fresh] =
            seen.emplace(std::string((*parsed).Join(parts, &arena)), std::pair(a, b));
        ASSERT_TRUE(fresh) << text << ": (" << a << ", " << b << ") and (" << at->second.first
                           << ", " << at->second.second << ")";
      }
    }
  }
}

TEST(CompositeKey, TemplatesThatCannotKeepKeysApart) {
  const std::vector<std::string> columns = {"first", "second"};
  const std::pair<const char*, const char*> cases[] = {
      {"{first}{second}", "nothing between"},
      {"{first}:{secnd}", "which is not among"},
      {"{first}", "does not use its column \"second\""},
      {"{first}\\{second}", "backslash"},
      {"{first:{second", "without \"}\""},
      {"{first}:{second", "without \"}\""},
      {"first}:{second}", "without \"{\""},
      {"{first}\xFF{second}", "not UTF-8"},
      {"", "does not use"},
  };
  for (const auto& [text, message] : cases) {
    const auto parsed = KeyTemplate::Parse(text, columns);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.error().code, "PS-MAP-KEY");
    EXPECT_NE(parsed.error().message.find(message), std::string::npos) << parsed.error().message;
  }
  EXPECT_EQ(KeyTemplate::Parse("{first}:{secnd}", columns).error().hint,
            "Did you mean \"second\"?");
}

}  // namespace
}  // namespace penstock::testing
