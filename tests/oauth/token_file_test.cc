// The file that processes share a token by.
#include "host/oauth/token_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <functional>

#include "tests/http/fakes.h"

namespace penstock::oauth {
namespace {

using penstock::testing::ScratchDir;

const std::string kSecret(32, 'k');

Account SomeAccount() {
  Account account;
  account.grant = "refresh_token";
  account.client_id = "client";
  account.client_secret = "client-secret";
  account.user = "user";
  account.refresh_token = "first-refresh-token";
  account.token_host = "https://login.example.com";
  account.token_path = "/token";
  return account;
}

Token SomeToken() {
  return {"access-token-of-the-test", "second-refresh-token", "https://api.example.com", 123, 456};
}

class TokenFileTest : public ::testing::Test {
 protected:
  TokenFile Open(const Account& account = SomeAccount(), const std::string& secret = kSecret) {
    auto file = TokenFile::Open(dir_ / "tokens", secret, account);
    EXPECT_TRUE(file.ok());
    return *std::move(file);
  }
  ScratchDir dir_;
};

TEST_F(TokenFileTest, GivesBackWhatWasWrittenAndTellsNothing) {
  EXPECT_FALSE(Open().Read());
  ASSERT_TRUE(Open().Write(SomeToken()).ok());
  const auto read = Open().Read();
  ASSERT_TRUE(read);
  EXPECT_EQ(read->access_token, SomeToken().access_token);
  EXPECT_EQ(read->refresh_token, SomeToken().refresh_token);
  EXPECT_EQ(read->base_url, SomeToken().base_url);
  EXPECT_EQ(read->renew_at_us, 123);
  EXPECT_EQ(read->expires_at_us, 456);
  const std::string bytes = *file::ReadAll(Open().path());
  for (const char* text : {"access-token", "refresh", "example.com", "client", "user"}) {
    EXPECT_EQ(bytes.find(text), std::string::npos) << text;
    EXPECT_EQ(Open().path().find(text), std::string::npos) << text;
  }
  struct stat status {};
  ASSERT_EQ(stat(Open().path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  ASSERT_TRUE(Open().Write(SomeToken()).ok());
  EXPECT_NE(*file::ReadAll(Open().path()), bytes);  // never the same nonce
}

TEST_F(TokenFileTest, IsOfUseForItsAccountOnly) {
  ASSERT_TRUE(Open().Write(SomeToken()).ok());
  for (const auto& change : std::initializer_list<std::function<void(Account&)>>{
           [](Account& a) { a.grant = "client_credentials"; },
           [](Account& a) { a.client_id = "other"; }, [](Account& a) { a.client_secret = "other"; },
           [](Account& a) { a.private_key = "other"; }, [](Account& a) { a.user = "other"; },
           [](Account& a) { a.refresh_token = "other"; }, [](Account& a) { a.scope = "other"; },
           [](Account& a) { a.audience = "other"; }, [](Account& a) { a.token_host = "other"; },
           [](Account& a) { a.token_path = "other"; },
           [](Account& a) { std::swap(a.client_id, a.client_secret); }}) {
    Account other = SomeAccount();
    change(other);
    EXPECT_FALSE(Open(other).Read());
    // Not even where somebody puts it.
    ASSERT_TRUE(file::WriteAll(Open(other).path(), *file::ReadAll(Open().path())).ok());
    EXPECT_FALSE(Open(other).Read());
  }
  EXPECT_FALSE(Open(SomeAccount(), std::string(32, 'x')).Read());
}

TEST_F(TokenFileTest, ACutOrChangedFileIsNone) {
  const TokenFile file = Open();
  ASSERT_TRUE(file.Write(SomeToken()).ok());
  const std::string good = *file::ReadAll(file.path());
  const auto damage = [&](const std::string& bytes) {
    std::ofstream(file.path(), std::ios::binary | std::ios::trunc) << bytes;
  };
  for (size_t size = 0; size < good.size(); ++size) {
    damage(good.substr(0, size));
    EXPECT_FALSE(file.Read()) << size;
  }
  for (size_t at = 0; at < good.size(); ++at) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ (1 << (at % 8)));
    damage(bad);
    EXPECT_FALSE(file.Read()) << at;
  }
  damage(good + "x");
  EXPECT_FALSE(file.Read());
  ASSERT_TRUE(file.Write(SomeToken()).ok());
  EXPECT_TRUE(file.Read());
}

}  // namespace
}  // namespace penstock::oauth
