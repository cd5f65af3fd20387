// The YAML tree: kinds of scalars, places, JSON.
#include <gtest/gtest.h>

#include "host/project/scalars.h"
#include "host/project/yaml_tree.h"

namespace penstock::project {
namespace {

YamlNode Parse(const std::string& text) {
  auto node = ParseYaml(text, "test.yaml", 0);
  EXPECT_TRUE(node.ok()) << (node.ok() ? "" : node.error().message);
  return node.ok() ? *std::move(node) : YamlNode();
}

TEST(YamlTest, ScalarsFollowVersion12) {
  using Kind = YamlNode::Kind;
  const std::pair<const char*, Kind> kinds[] = {
      {"yes", Kind::kText},      {"no", Kind::kText},         {"on", Kind::kText},
      {"off", Kind::kText},      {"y", Kind::kText},          {"true", Kind::kBool},
      {"False", Kind::kBool},    {"null", Kind::kNull},       {"~", Kind::kNull},
      {"12", Kind::kInteger},    {"-3", Kind::kInteger},      {"0x1F", Kind::kInteger},
      {"0o17", Kind::kInteger},  {"017", Kind::kInteger},     {"1.5", Kind::kNumber},
      {"1e3", Kind::kNumber},    {".5", Kind::kNumber},       {"1:30", Kind::kText},
      {"1_000", Kind::kText},    {"2026-11-22", Kind::kText}, {"'12'", Kind::kText},
      {"\"true\"", Kind::kText}, {"!!str 5", Kind::kText},
  };
  for (const auto& [text, kind] : kinds) {
    const YamlNode node = Parse("a: " + std::string(text));
    ASSERT_NE(node.Find("a"), nullptr) << text;
    EXPECT_EQ(node.Find("a")->kind, kind) << text;
  }
}

TEST(YamlTest, PlacesCountFromOne) {
  const YamlNode node = Parse("a:\n  b: [x, y]\n");
  const YamlNode* a = node.Find("a");
  ASSERT_NE(a, nullptr);
  EXPECT_EQ(a->members[0].line, 2);
  EXPECT_EQ(a->members[0].column, 3);
  EXPECT_EQ(a->Find("b")->items[1].column, 10);
}

TEST(YamlTest, BecomesJson) {
  EXPECT_EQ(ToJson(Parse("{a: 1, b: 1.5, c: yes, d: true, e: null, f: [x, 007], g: 0x10}")),
            R"({"a":1,"b":1.5,"c":"yes","d":true,"e":null,"f":["x",7],"g":16})");
  EXPECT_EQ(ToJson(Parse("{a: 123456789012345678901234567890, b: 1e999}")),
            R"({"a":"123456789012345678901234567890","b":"1e999"})");
}

TEST(YamlTest, AnchorsAreCopied) {
  EXPECT_EQ(ToJson(Parse("a: &x {n: 1}\nb: *x\n")), R"({"a":{"n":1},"b":{"n":1}})");
}

TEST(YamlTest, MergesMapsOnly) {
  EXPECT_EQ(ToJson(MergeYaml(Parse("{a: {b: 1, c: [1, 2]}, d: 1}"), Parse("{a: {c: [3]}, e: 2}"))),
            R"({"a":{"b":1,"c":[3]},"d":1,"e":2})");
}

TEST(YamlTest, GarbageIsAnErrorAndNoCrash) {
  for (const char* text :
       {"{", "[[[[", "a: b: c", "- a\nb", "\x01", "*x", "&a *a", "%YAML 9", "? "}) {
    const auto node = ParseYaml(text, "test.yaml", 0);
    if (!node.ok()) {
      EXPECT_EQ(node.error().code, "PS-CONF-YAML") << text;
    }
  }
  const auto deep = ParseYaml(std::string(100000, '['), "test.yaml", 0);
  EXPECT_FALSE(deep.ok());
}

TEST(ScalarsTest, SizesDurationsShares) {
  EXPECT_EQ(ParseSize("64MiB"), 64u << 20);
  EXPECT_EQ(ParseSize("1 GB"), 1000000000u);
  EXPECT_EQ(ParseSize("1.5KiB"), 1536u);
  EXPECT_EQ(ParseSize("64MB"), 64000000u);
  EXPECT_FALSE(ParseSize("64M"));
  EXPECT_FALSE(ParseSize("-1"));
  EXPECT_FALSE(ParseSize(""));
  EXPECT_EQ(ParseDuration("1h30m"), 5400000);
  EXPECT_EQ(ParseDuration("250ms"), 250);
  EXPECT_FALSE(ParseDuration("15"));
  EXPECT_FALSE(ParseDuration("m"));
  EXPECT_DOUBLE_EQ(*ParseShare("5%"), 0.05);
  EXPECT_DOUBLE_EQ(*ParseShare("0.05"), 0.05);
  EXPECT_FALSE(ParseShare("101%"));
  EXPECT_FALSE(ParseShare("5"));
}

}  // namespace
}  // namespace penstock::project
