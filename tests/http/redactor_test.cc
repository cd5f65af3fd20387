// No form of a secret survives.
#include "host/exchanges/redactor.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>

namespace penstock::exchanges {
namespace {

std::string Base64(const std::string& bytes) {
  std::string out(4 * ((bytes.size() + 2) / 3) + 1, '\0');
  int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                             reinterpret_cast<const unsigned char*>(bytes.data()),
                             static_cast<int>(bytes.size()));
  out.resize(static_cast<size_t>(size));
  return out;
}

TEST(RedactorTest, ReplacesASecretWhereverItStands) {
  Redactor redactor;
  redactor.Add("s3cr3t/to+ken");
  EXPECT_EQ(redactor.Text("a s3cr3t/to+ken b s3cr3t/to+ken"), "a «secret» b «secret»");
  EXPECT_EQ(redactor.Text("q=s3cr3t%2Fto%2Bken&x"), "q=«secret»&x");
  EXPECT_EQ(redactor.Text("q=s3cr3t%2fto%2bken&x"), "q=«secret»&x");
  EXPECT_EQ(redactor.Text("\"s3cr3t\\/to+ken\""), "\"«secret»\"");
  EXPECT_EQ(redactor.Text("nothing here"), "nothing here");
}

TEST(RedactorTest, FindsBase64InTheMiddleOfALongerText) {
  Redactor redactor;
  std::string secret = "tok-4711-abcdef";
  redactor.Add(secret);
  for (std::string before : {"", "a", "ab", "user@example.com/token:"}) {
    for (std::string after : {"", "x", "yz"}) {
      std::string text = redactor.Text(Base64(before + secret + after));
      EXPECT_NE(text.find(kSecretMark), std::string::npos) << before << "|" << after;
      // What is left beside the mark is less than it takes to decode a piece of it.
      EXPECT_EQ(text.find(Base64(secret).substr(4, 8)), std::string::npos);
    }
  }
}

TEST(RedactorTest, ReplacesWellKnownMembers) {
  Redactor redactor;
  EXPECT_EQ(redactor.Text(R"({"access_token": "abc", "n": 1})"),
            R"({"access_token": "«secret»", "n": 1})");
  EXPECT_EQ(redactor.Text(R"({"refresh_token":"a\"b","n":1})"),
            R"({"refresh_token":"«secret»","n":1})");
  EXPECT_EQ(redactor.Text("grant=1&refresh_token=abc&x=2"), "grant=1&refresh_token=«secret»&x=2");
  EXPECT_EQ(redactor.Text(R"({"my_access_token_count":"5"})"), R"({"my_access_token_count":"5"})");
  EXPECT_EQ(redactor.Text(R"({"access_token":"cut off)"), R"({"access_token":"«secret»)");
  EXPECT_EQ(redactor.Text(R"({"detail":"{\"access_token\":\"abc\",\"n\":1}"})"),
            R"({"detail":"{\"access_token\":\"«secret»\",\"n\":1}"})");
}

TEST(RedactorTest, ReplacesHeaders) {
  Redactor redactor;
  redactor.AddHeader("X-Shop-Key");
  EXPECT_EQ(redactor.Header("AUTHORIZATION", "Bearer x"), "«secret»");
  EXPECT_EQ(redactor.Header("x-shop-key", "x"), "«secret»");
  EXPECT_EQ(redactor.Header("Set-Cookie", "x"), "«secret»");
  EXPECT_EQ(redactor.Header("Content-Type", "text/plain"), "text/plain");
}

TEST(RedactorTest, TheBeginningNeverEndsInHalfASecret) {
  Redactor redactor;
  redactor.Add("abcdefghijklmnop");
  std::string text = std::string(50, '.') + "abcdefghijklmnop" + std::string(500, '.');
  for (size_t cap = 1; cap < 100; ++cap) {
    std::string begin = redactor.Beginning(text, cap);
    EXPECT_LE(begin.size(), cap);
    EXPECT_EQ(begin.find("abc"), std::string::npos) << cap;
  }
}

// The quick look before the replacing must not miss any of them, wherever they stand.
TEST(RedactorTest, FindsEveryWordAtEveryPlace) {
  for (const std::string secret : {"abcd", "s3cr3t/to+ken", "a much longer secret, with \"é\""}) {
    Redactor redactor;
    redactor.Add(secret);
    for (size_t before = 0; before < 40; ++before) {
      const std::string front(before, 'a');
      EXPECT_EQ(redactor.Text(front + secret), front + "«secret»") << before;
      EXPECT_EQ(redactor.Text(front + secret + "b"), front + "«secret»b") << before;
      EXPECT_EQ(redactor.Text(front + "\"apikey\":\"x\""), front + "\"apikey\":\"«secret»\"");
      EXPECT_EQ(redactor.Text(front + "&client_assertion=x"), front + "&client_assertion=«secret»");
    }
  }
}

// A token may come in the middle of a run.
TEST(RedactorTest, CopiesKnowWhatAnyOfThemIsTold) {
  Redactor redactor;
  Redactor copy = redactor;
  redactor.Add("first-secret");
  copy.Add("second-secret");
  for (const Redactor& each : {redactor, copy, Redactor(copy)}) {
    EXPECT_EQ(each.Text("first-secret, second-secret"), "«secret», «secret»");
  }
  EXPECT_EQ(Redactor().Text("first-secret"), "first-secret");
}

TEST(RedactorTest, TooShortSecretsAreLeftAlone) {
  Redactor redactor;
  redactor.Add("a");
  redactor.Add("");
  EXPECT_EQ(redactor.Text("banana"), "banana");
}

}  // namespace
}  // namespace penstock::exchanges
