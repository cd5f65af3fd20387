// Documents: each case is a file under data/. First line "ok" or part of the expected sentence,
// then the document; the folder says which kind it is.
#include "penstock/documents.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "sdk/documents/auth.h"
#include "sdk/documents/validate.h"

namespace penstock::sdk {
namespace {

namespace fs = std::filesystem;

std::vector<fs::path> Cases() {
  std::vector<fs::path> paths;
  for (const auto& entry :
       fs::recursive_directory_iterator(fs::path(PENSTOCK_TEST_SOURCE_DIR) / "tests/sdk/data")) {
    if (entry.path().extension() == ".case") paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

// The failure's sentence, or "ok"; an accepted document must survive being written and read again.
std::string Read(const std::string& kind, const std::string& json) {
  const auto again = [](const auto& first, auto&& parse) {
    if (!first.ok()) return first.failure().code + " " + first.failure().message;
    const std::string text = ToJson(*first);
    const auto second = parse(text);
    if (!second.ok()) return "written badly: " + second.failure().message;
    return ToJson(*second) == text ? std::string("ok") : "not canonical: " + text;
  };
  if (kind == "catalog")
    return again(ParseCatalog(json), [](const auto& text) { return ParseCatalog(text); });
  if (kind == "check")
    return again(ParseCheckReport(json), [](const auto& text) { return ParseCheckReport(text); });
  if (kind == "assignment") return again(ParseAssignment(json), ParseAssignment);
  const Result<Manifest> manifest = ParseManifest(json);
  return manifest.ok() ? "ok" : manifest.failure().code + " " + manifest.failure().message;
}

class DocumentCase : public ::testing::TestWithParam<fs::path> {};

TEST_P(DocumentCase, IsReadAsItSays) {
  std::ifstream file(GetParam());
  std::string expected;
  std::getline(file, expected);
  std::stringstream json;
  json << file.rdbuf();
  const std::string said = Read(GetParam().parent_path().filename().string(), json.str());
  if (expected == "ok") {
    EXPECT_EQ(said, "ok");
  } else {
    EXPECT_NE(said.find(expected), std::string::npos) << said;
  }
}

INSTANTIATE_TEST_SUITE_P(Files, DocumentCase, ::testing::ValuesIn(Cases()), [](const auto& file) {
  std::string name =
      file.param.parent_path().filename().string() + "_" + file.param.stem().string();
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !std::isalnum(c); }, '_');
  return name;
});

TEST(Manifest, IsReadWhole) {
  std::ifstream file(fs::path(PENSTOCK_TEST_SOURCE_DIR) / "tests/sdk/data/manifest/full.case");
  std::string line;
  std::getline(file, line);
  std::stringstream json;
  json << file.rdbuf();
  const Result<Manifest> manifest = ParseManifest(json.str());
  ASSERT_TRUE(manifest.ok()) << manifest.failure().message;
  EXPECT_EQ(manifest->secrets, std::vector<std::string>{"token"});
  EXPECT_EQ(manifest->auth.type, "bearer");
  ASSERT_EQ(manifest->limiters.size(), 2u);
  EXPECT_EQ(manifest->limiters[0].requests, 190);
  EXPECT_EQ(manifest->limiters[0].window_ms, 10000);
  EXPECT_EQ(manifest->limiters[0].header_daily_remaining, "X-Daily-Remaining");
  EXPECT_EQ(manifest->limiters[0].header_daily_usage, "X-Usage");
  EXPECT_EQ(manifest->retry.not_applied, (std::vector<int>{429, 423}));
  EXPECT_EQ(manifest->retry.unclear, (std::vector<int>{500, 502, 504}));
  EXPECT_EQ(manifest->retry.attempts, 7u);
  EXPECT_EQ(manifest->allowed_hosts, (std::vector<std::string>{"*.example.com"}));
}

TEST(ChosenAuth, IsWhatTheConfigurationSays) {
  Manifest manifest;
  manifest.auth = {"bearer", "token", "", "", ""};
  EXPECT_EQ(ChosenAuth(manifest, "{}")->type, "bearer");
  manifest.auth = {"from_config", "secret", "", "auth", "auth_header"};
  const auto chosen = [&](const std::string& config) { return ChosenAuth(manifest, config); };
  EXPECT_EQ(chosen("{}")->type, "none");
  const auto basic = chosen(R"({"auth": "basic", "secret": {"$secret": "secret"}})");
  ASSERT_TRUE(basic.ok()) << basic.failure().message;
  EXPECT_EQ(basic->type, "basic");
  EXPECT_EQ(basic->secret, "secret");
  const auto header = chosen(R"({"auth": "header", "secret": "x", "auth_header": "X-Key"})");
  ASSERT_TRUE(header.ok()) << header.failure().message;
  EXPECT_EQ(header->header, "X-Key");
  for (const auto& [config, says] : {
           std::pair{R"({"auth": "from_config"})", "/auth must be one of none"},
           std::pair{R"({"auth": 1})", "/auth must be one of none"},
           std::pair{R"({"auth": "bearer"})", "/auth is bearer, which needs \"secret\""},
           std::pair{R"({"secret": "x"})", "/auth is none, so \"secret\" is not used"},
           std::pair{R"({"auth": "header", "secret": "x"})", "needs \"auth_header\""},
           std::pair{R"({"auth": "basic", "secret": "x", "auth_header": "X"})", "is not used"},
           std::pair{"[]", "must be an object"},
           std::pair{"{", "not valid JSON"},
       }) {
    const auto refused = chosen(config);
    ASSERT_FALSE(refused.ok()) << config;
    EXPECT_NE(refused.failure().message.find(says), std::string::npos) << refused.failure().message;
  }
}

Auth OAuthOffer() {
  Auth auth;
  auth.type = "oauth2";
  auth.oauth.grants = {"client_credentials", "jwt_bearer"};
  auth.oauth.grant = "grant";
  auth.oauth.client_id = "id";
  auth.oauth.client_secret = "secret";
  auth.oauth.private_key = "key";
  auth.oauth.user = "user";
  auth.oauth.login_url = "login";
  return auth;
}

TEST(ChosenAuth, OfOAuthIsOneGrantWithAllThatItNeedsAndNothingElse) {
  Manifest manifest;
  manifest.auth = OAuthOffer();
  for (const auto& [config, says] : {
           std::pair{R"({"grant": "jwt_bearer", "id": "a", "key": {}, "user": "u"})", "jwt_bearer"},
           std::pair{R"({"grant": "client_credentials", "id": "a", "secret": "s", "login": "l"})",
                     "client_credentials"},
           std::pair{R"({"id": "a", "secret": "s"})",
                     "/grant must be one of client_credentials and jwt_bearer"},
           std::pair{R"({"grant": "jwt_bearer", "id": "a", "key": {}})",
                     "/grant is jwt_bearer, which needs \"user\""},
           std::pair{R"({"grant": "jwt_bearer", "id": "a", "key": {}, "user": "u", "secret": "s"})",
                     "/grant is jwt_bearer, so \"secret\" is not used: take it out"},
       }) {
    const auto chosen = ChosenAuth(manifest, config);
    EXPECT_EQ(chosen.ok() ? chosen->oauth.grants.front() : chosen.failure().message.substr(8),
              says);
  }
}

TEST(ChosenAuth, OfSeveralWaysIsTheOneThatTheConfigurationHolds) {
  Manifest manifest;
  manifest.auth.type = "one_of";
  manifest.auth.choices = {{"bearer", "token", "", "", ""}, OAuthOffer()};
  manifest.auth.choices[1].oauth.grants = {"client_credentials"};
  for (const auto& [config, says] : {
           std::pair{R"({"token": {"$secret": "token"}})", "bearer"},
           std::pair{R"({"id": "a", "secret": "s"})", "oauth2"},
           std::pair{R"({"id": "a"})", "grant client_credentials, which needs \"secret\""},
           std::pair{"{}", "it needs \"token\", or \"id\" and \"secret\""},
           std::pair{R"({"token": "t", "secret": "s"})",
                     "\"token\" and \"secret\" are two ways to log in: take one of them out"},
       }) {
    const auto chosen = ChosenAuth(manifest, config);
    EXPECT_EQ(chosen.ok() ? chosen->type : chosen.failure().message.substr(8), says);
  }
}

TEST(Validation, NamesWhatIsUnknownBelowNamesThatTheUserChooses) {
  const std::string schema =
      R"({"type": "object", "properties": {"objects": {"type": "object", "additionalProperties":
          {"type": "object", "required": ["path"], "additionalProperties": false,
           "properties": {"path": {"type": "string"}}}}}})";
  const auto says = [&](const std::string& config) {
    const Status status = ValidateJson(schema, config, "config");
    return status.ok() ? std::string("ok") : status.failure().message;
  };
  EXPECT_EQ(says(R"({"objects": {"a": {"path": "/"}}})"), "ok");
  EXPECT_EQ(says(R"({"objects": {"a": {}}})"), "config: /objects/a lacks \"path\"");
  EXPECT_EQ(says(R"({"objects": {"a": {"path": "/", "paht": 1}}})"),
            "config: /objects/a has \"paht\", which is not known here (known: path)");
  EXPECT_EQ(says(R"({"objects": {"a": 1}})"), "config: /objects/a must be of type \"object\"");
}

TEST(Validation, QuotesRulesAndNamesButNoValues) {
  const std::string schema =
      R"({"type": "object", "required": ["token"], "additionalProperties": false,
    "properties": {"token": {"type": "string", "minLength": 10}}})";
  const Status short_secret = ValidateJson(schema, R"({"token": "hunter2"})", "config of crm");
  ASSERT_FALSE(short_secret.ok());
  EXPECT_EQ(short_secret.failure().message.find("hunter2"), std::string::npos);
  EXPECT_NE(short_secret.failure().message.find("config of crm: /token"), std::string::npos);
  EXPECT_NE(ValidateJson(schema, R"({"tokn": "x"})", "config").failure().message.find("token"),
            std::string::npos);
  EXPECT_TRUE(ValidateJson(schema, R"({"token": "long enough"})", "config").ok());
}

TEST(Validation, LeavesOutWhatAYoungerConnectorSays) {
  const char* catalog = R"({"catalog_version": 1, "since": 3, "objects": [
    {"name": "things", "owner": {"a": [1]}, "operations": {
       "upsert": {"identifiers": [["key"]], "atomic": true}, "merge": {"by": "hand"}},
     "fields": [{"name": "key", "type": "string", "format": "uuid"}],
     "options_schema": {"type": "object"}}]})";
  const Result<Catalog> refused = ParseCatalog(catalog);
  ASSERT_FALSE(refused.ok());
  const Result<Catalog> read = ParseCatalog(catalog, Unknown::kLeftOut);
  ASSERT_TRUE(read.ok()) << read.failure().message;
  ASSERT_EQ(read->objects.size(), 1u);
  EXPECT_EQ(read->objects[0].operations.size(), 1u);
  EXPECT_EQ(read->objects[0].fields[0].name, "key");
  EXPECT_TRUE(ParseCatalog(ToJson(*read)).ok());
  const char* report = R"({"account": {"id": "1", "region": "eu"}, "plan": "pro"})";
  EXPECT_FALSE(ParseCheckReport(report).ok());
  EXPECT_TRUE(ParseCheckReport(report, Unknown::kLeftOut).ok());
  // However many there are.
  std::string many = R"({"account": {"id": "1"})";
  for (int i = 0; i < 200'000; ++i) many += ", \"x" + std::to_string(i) + "\": 0";
  EXPECT_TRUE(ParseCheckReport(many + "}", Unknown::kLeftOut).ok());
  // What it does not name stays wrong.
  EXPECT_FALSE(ParseCatalog(R"({"catalog_version": 1})", Unknown::kLeftOut).ok());
}

TEST(Validation, RefusesDeepDocuments) {
  const std::string deep(100000, '[');
  EXPECT_EQ(ValidateJson("{}", deep, "config").failure().code, "PS-DOC-SYNTAX");
  EXPECT_FALSE(ParseCatalog(deep).ok());
}

TEST(Validation, KnowsItsKeywords) {
  EXPECT_TRUE(
      CheckSchemaKeywords(R"({"type": "object", "properties": {"a": {"enum": [1]}}})", "x").ok());
  const Status unknown = CheckSchemaKeywords(R"({"properties": {"a": {"const": 1}}})", "x");
  ASSERT_FALSE(unknown.ok());
  EXPECT_NE(unknown.failure().message.find("/properties/a/const"), std::string::npos);
}

TEST(Validation, ARuleSaysInItsOwnWordsWhatBreaksIt) {
  const std::string rule = R"("not": {"required": ["a", "b"], "properties": {"b": {"enum": [1]}}})";
  const std::string schema =
      R"({"allOf": [{"description": "a does not go with b: 1", )" + rule + "}]}";
  EXPECT_TRUE(CheckSchemaKeywords(schema, "x").ok());
  EXPECT_TRUE(ValidateJson(schema, R"({"a": 1, "b": 2})", "options").ok());
  EXPECT_TRUE(ValidateJson(schema, R"({"b": 1})", "options").ok());
  const Status broken = ValidateJson(schema, R"({"a": 1, "b": 1})", "options");
  ASSERT_FALSE(broken.ok());
  EXPECT_EQ(broken.failure().message, "options: a does not go with b: 1");
  EXPECT_FALSE(CheckSchemaKeywords("{\"allOf\": [{" + rule + "}]}", "x").ok()) << "no words";
  EXPECT_FALSE(CheckSchemaKeywords(R"({"not": {"const": 1}})", "x").ok());
}

TEST(Names, GoBothWays) {
  EXPECT_EQ(FieldTypeName(FieldType::kTimestamp), "timestamp");
  EXPECT_EQ(NormaliserName(Normaliser::kE164), "e164");
}

}  // namespace
}  // namespace penstock::sdk
