// References to the environment, literal passwords, and the project's secret.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "host/secrets/project_secret.h"
#include "host/secrets/references.h"

namespace penstock::secrets {
namespace {

namespace fs = std::filesystem;

std::optional<std::string> Known(const std::string& name) {
  if (name == "HOST") return "db.example.com";
  if (name == "EMPTY") return "";
  return std::nullopt;
}

TEST(ReferencesTest, AreReplacedWhenUsed) {
  EXPECT_EQ(*Resolve("a ${env:HOST} b", Known), "a db.example.com b");
  EXPECT_EQ(*Resolve("$${env:HOST} $5", Known), "${env:HOST} $5");
  EXPECT_EQ(*References("${env:A}${env:B_2}"), (std::vector<std::string>{"A", "B_2"}));
}

TEST(ReferencesTest, AMissingVariableIsNamed) {
  for (const char* name : {"NONE", "EMPTY"}) {
    const auto resolved = Resolve("${env:" + std::string(name) + "}", Known);
    ASSERT_FALSE(resolved.ok());
    EXPECT_EQ(resolved.error().code, "PS-CONF-ENV");
    EXPECT_NE(resolved.error().message.find(name), std::string::npos);
    EXPECT_EQ(resolved.error().exit, ExitCode::kUsage);
  }
}

TEST(ReferencesTest, AFileStandsForItsText) {
  const std::string directory = fs::temp_directory_path() / ("refs-" + std::to_string(::getpid()));
  fs::create_directories(directory);
  const auto write = [&](const std::string& text) {
    std::ofstream(directory + "/key.pem", std::ios::binary) << text;
  };
  write("BEGIN\nkey\nEND\n");
  EXPECT_EQ(*Resolve("${file:key.pem}", Known, directory), "BEGIN\nkey\nEND");
  EXPECT_EQ(*Resolve("x ${file:" + directory + "/key.pem} ${env:HOST}", Known),
            "x BEGIN\nkey\nEND db.example.com");
  EXPECT_TRUE(References("${file:key.pem}")->empty());
  EXPECT_TRUE(IsReferenceOnly("${file:key.pem}"));
  for (const char* text : {"", "\n", "\r\n"}) {
    write(text);
    EXPECT_EQ(Resolve("${file:key.pem}", Known, directory).error().message,
              "The file " + directory +
                  "/key.pem, which a reference in the project file names, is "
                  "empty.");
  }
  write(std::string(70000, 'x'));
  for (const char* name : {"key.pem", "none.pem", "../refs"}) {
    const auto resolved = Resolve("${file:" + std::string(name) + "}", Known, directory);
    ASSERT_FALSE(resolved.ok()) << name;
    EXPECT_EQ(resolved.error().code, "PS-CONF-FILE");
    EXPECT_NE(resolved.error().message.find("cannot be read"), std::string::npos);
  }
  fs::remove_all(directory);
}

TEST(ReferencesTest, OtherFormsAreRefused) {
  for (const char* text : {"${HOME}", "${env:}", "${env:1A}", "${env:A", "${file:}", "${file:a\nb}",
                           "${file:/x", "${env:A-B}"}) {
    const auto names = References(text);
    ASSERT_FALSE(names.ok()) << text;
    EXPECT_EQ(names.error().code, "PS-CONF-REFERENCE");
  }
}

TEST(PasswordsTest, AreFoundWhereTheyHide) {
  for (const char* text :
       {"postgres://u:secret@h/db", "postgres://u:se@cret@h/db", "host=h password=secret",
        "host=h PASSWORD = 'se cret' port=1", "postgres://h/db?user=u&password=secret",
        "postgres://${env:U}:secret@h/db", "https://u:p@h"}) {
    EXPECT_TRUE(HoldsLiteralPassword(text)) << text;
    EXPECT_EQ(WithoutPassword(text).find("cret"), std::string::npos) << WithoutPassword(text);
  }
  for (const char* text : {"postgres://u@h/db", "postgres://u:${env:P}@h/db", "host=h user=u",
                           "password=${env:P} host=h", "postgres://h:5432/db", "${env:URL}",
                           "https://api.example.com:8443/x", "passfile=/x"}) {
    EXPECT_FALSE(HoldsLiteralPassword(text)) << text;
  }
  EXPECT_EQ(WithoutPassword("postgres://u:secret@h/db"), "postgres://u:•••@h/db");
}

TEST(PasswordsTest, ReferenceOnly) {
  EXPECT_TRUE(IsReferenceOnly("${env:A}"));
  EXPECT_TRUE(IsReferenceOnly("${env:A}${env:B}"));
  EXPECT_FALSE(IsReferenceOnly("Bearer ${env:A}"));
  EXPECT_FALSE(IsReferenceOnly("x"));
  EXPECT_FALSE(IsReferenceOnly(""));
}

class SecretTest : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ = fs::temp_directory_path() / ("secret-" + std::to_string(::getpid()));
    fs::remove_all(directory_);
    path_ = (directory_ / "default" / "secret").string();
  }
  void TearDown() override { fs::remove_all(directory_); }
  fs::path directory_;
  std::string path_;
};

TEST_F(SecretTest, IsMadeOnceAndKept) {
  const auto first = ProjectSecret(path_);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(first->size(), kProjectSecretBytes);
  EXPECT_EQ(*ProjectSecret(path_), *first);
  EXPECT_EQ(fs::status(path_).permissions() & (fs::perms::group_all | fs::perms::others_all),
            fs::perms::none);
}

TEST_F(SecretTest, ADamagedOneIsNeverReplaced) {
  ASSERT_TRUE(ProjectSecret(path_).ok());
  std::ofstream(path_, std::ios::trunc) << "short";
  const auto damaged = ProjectSecret(path_);
  ASSERT_FALSE(damaged.ok());
  EXPECT_EQ(damaged.error().code, "PS-SECRET-FILE");
  EXPECT_EQ(fs::file_size(path_), 5u);
}

}  // namespace
}  // namespace penstock::secrets
