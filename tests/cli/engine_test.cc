// Small parts of the engine that need no destination.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "host/engine/catalog_cache.h"
#include "host/engine/exchange_text.h"
#include "host/engine/settings.h"

namespace penstock::engine {
namespace {

namespace fs = std::filesystem;

TEST(ExcerptTest, LeavesOutOtherRecords) {
  const std::string body = R"({"inputs":[{"id":"a","n":[{"x":1}]},{"id":"b"}],"note":"n"})";
  const Excerpt excerpt = ExcerptOf(body, {"a"}, {}, 1000);
  EXPECT_EQ(excerpt.left_out, 1u);
  EXPECT_NE(excerpt.text.find("\"x\":1"), std::string::npos) << excerpt.text;
  EXPECT_EQ(excerpt.text.find("\"b\""), std::string::npos);
}

TEST(ExcerptTest, TheStrongestNeedleDecides) {
  const std::string body = R"([{"id":"a","n":"7"},{"id":"b","n":"7"}])";
  EXPECT_EQ(ExcerptOf(body, {"a", "7"}, {}, 1000).left_out, 1u);
  EXPECT_EQ(ExcerptOf(body, {"c", "7"}, {}, 1000).left_out, 0u);
}

TEST(ExcerptTest, AnAnswerInTheOrderOfTheRequestShowsTheRecordsOwnItem) {
  const std::string request = R"({"records":[{"k":"a"},{"k":"b"},{"k":"c"}]})";
  const std::string answer =
      R"([{"success":true},{"success":false,"errors":["no"]},{"success":true}])";
  const auto place = PlaceIn(request, {"b", "7"});
  ASSERT_TRUE(place);
  EXPECT_EQ(place->index, 1u);
  const Excerpt excerpt = ExcerptOf(answer, {"b", "7"}, {}, 1000, place);
  EXPECT_EQ(excerpt.text, R"([{"success":false,"errors":["no"]}])");
  EXPECT_EQ(excerpt.left_out, 2u);
  EXPECT_FALSE(PlaceIn(request, {"x"}));
  EXPECT_FALSE(PlaceIn(R"({"records":[{"k":"b"},{"k":"b"}]})", {"b"})) << "which of them?";
  EXPECT_EQ(ExcerptOf(R"([{"success":true}])", {"b"}, {}, 1000, place).left_out, 0u)
      << "not one item a record";
}

TEST(ExcerptTest, WithoutANeedleEverythingIsShown) {
  EXPECT_EQ(ExcerptOf(R"({"status":"error","errors":[{"m":"x"}]})", {"a"}, {}, 1000).left_out, 0u);
}

TEST(ExcerptTest, MasksAndCuts) {
  const Excerpt masked = ExcerptOf(R"({"p":{"phone":"123"},"q":1})", {}, {"phone"}, 1000);
  EXPECT_EQ(masked.text.find("123"), std::string::npos);
  EXPECT_EQ(ExcerptOf("no json, phone 123", {}, {"phone"}, 1000).text.find("123"),
            std::string::npos);
  EXPECT_EQ(ExcerptOf("äääää", {}, {}, 3).text, "ä…");
  // Numbers as they were sent, and strings that look like them.
  const std::string exact =
      R"({"a":12.50,"b":[1e400,-0,12345678901234567890.12],"c":"#1","d":"$"})";
  EXPECT_EQ(ExcerptOf(exact, {}, {}, 1000).text, exact);
  EXPECT_EQ(ExcerptOf("", {"a"}, {"b"}, 10).text, "");
}

class CatalogTest : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ = fs::temp_directory_path() / ("catalog-" + std::to_string(::getpid()));
    fs::remove_all(directory_);
    path_ = (directory_ / "catalog" / "crm.json").string();
  }
  void TearDown() override { fs::remove_all(directory_); }
  sdk::Catalog With(const std::string& name, const std::string& field) {
    sdk::Catalog catalog;
    sdk::Object object;
    object.name = name;
    object.operations["upsert"] = {{{field}}, true, true};
    sdk::Field f;
    f.name = field;
    object.fields = {f};
    catalog.objects = {object};
    return catalog;
  }
  fs::path directory_;
  std::string path_;
};

TEST_F(CatalogTest, ObjectsAreReplacedOneByOne) {
  {
    CatalogCache cache(path_);
    EXPECT_FALSE(cache.AgeSeconds().has_value());
    EXPECT_FALSE(cache.Find("contacts")->has_value());
    ASSERT_TRUE(cache.Store(With("contacts", "email")).ok());
    ASSERT_TRUE(cache.Store(With("companies", "domain")).ok());
    ASSERT_TRUE(cache.Store(With("contacts", "mail")).ok());
  }
  CatalogCache again(path_);
  EXPECT_LT(*again.AgeSeconds(), 3600);
  ASSERT_TRUE(again.Find("contacts")->has_value());
  EXPECT_NE((**again.Find("contacts")).FindField("mail"), nullptr);
  EXPECT_TRUE(again.Find("companies")->has_value());
}

TEST_F(CatalogTest, ADamagedFileIsNamedAndReplaced) {
  fs::create_directories(directory_ / "catalog");
  std::ofstream(path_) << "{";
  CatalogCache cache(path_);
  const auto found = cache.Find("contacts");
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().code, "PS-CONF-CATALOG");
  ASSERT_TRUE(cache.Store(With("contacts", "email")).ok());
  EXPECT_TRUE(CatalogCache(path_).Find("contacts")->has_value());
}

TEST(SettingsTest, HoldNoSecretAndNoSensitiveConstant) {
  project::Project project;
  project.sources["w"] = {"w", "postgres", "postgres://u:${env:PW}@h/db", "", "UTC", {}};
  project::IntegrationSettings settings;
  settings.integration.source = "w";
  FieldMapping field;
  field.field = "ssn";
  field.constant = "123-45";
  field.sensitive = true;
  settings.integration.mapping = {field};
  const auto out = SettingsOf(project, settings);
  EXPECT_EQ(out.at("source.address"), "postgres://u:•••@h/db");
  EXPECT_EQ(out.at("mapping.ssn"), "const •••, sensitive");
}

TEST(GitTest, FindsTheCommit) {
  const fs::path root = fs::temp_directory_path() / ("git-" + std::to_string(::getpid()));
  fs::remove_all(root);
  fs::create_directories(root / ".git" / "refs" / "heads");
  fs::create_directories(root / "a" / "b");
  std::ofstream(root / ".git" / "HEAD") << "ref: refs/heads/main\n";
  EXPECT_EQ(GitCommit((root / "a" / "b").string()), "");
  std::ofstream(root / ".git" / "packed-refs") << "# pack\nabc123 refs/heads/main\n";
  EXPECT_EQ(GitCommit((root / "a" / "b").string()), "abc123");
  std::ofstream(root / ".git" / "refs" / "heads" / "main") << "def456\n";
  EXPECT_EQ(GitCommit((root / "a" / "b").string()), "def456");
  fs::remove_all(root);
}

}  // namespace
}  // namespace penstock::engine
