// The text of penstock.lock: what is written is read again, and what is none is refused with its
// place.
#include "host/trust/lock_file.h"

#include <gtest/gtest.h>

namespace penstock::trust {
namespace {

LockFile Sample() {
  LockFile lock;
  LockedConnector& acme = lock.connectors["acme"];
  acme.version = "1.20";
  acme.manifest_sha256 = std::string(64, 'a');
  acme.hosts = {"*.example.com", "api.acme.example"};
  acme.libraries["x86_64"] = {std::string(64, 'b'), 3};
  acme.libraries["aarch64"] = {std::string(64, 'c'), 0};
  LockedConnector& shy = lock.connectors["shy"];
  shy.version = "0.1.0";
  shy.manifest_sha256 = std::string(64, '1');
  shy.libraries["x86_64"] = {std::string(64, '2'), 0};
  return lock;
}

std::string Replaced(std::string text, const std::string& what, const std::string& with) {
  const size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return at == std::string::npos ? text : text.replace(at, what.size(), with);
}

TEST(LockFileTest, WhatIsWrittenIsReadAgain) {
  const std::string text = LockText(Sample());
  const auto read = ParseLock(text, "penstock.lock");
  ASSERT_TRUE(read.ok()) << read.error().message << "\n" << text;
  EXPECT_EQ(LockText(*read), text);
  const LockedConnector& acme = read->connectors.at("acme");
  EXPECT_EQ(acme.version, "1.20");  // not the number 1.2
  EXPECT_EQ(acme.hosts.size(), 2u);
  EXPECT_EQ(acme.libraries.at("x86_64").level, 3);
  EXPECT_EQ(acme.libraries.at("aarch64").sha256, std::string(64, 'c'));
  EXPECT_TRUE(read->connectors.at("shy").hosts.empty());
  EXPECT_NE(text.find("signature: null"), std::string::npos) << text;
}

TEST(LockFileTest, AnEmptyListIsALockFile) {
  EXPECT_TRUE(ParseLock(LockText(LockFile()), "x")->connectors.empty());
}

TEST(LockFileTest, WhatIsNoneIsRefusedWithItsPlace) {
  const std::string good = LockText(Sample());
  struct Case {
    std::string text, part;
  };
  const Case cases[] = {
      {"", "penstock_lock"},
      {"connectors: {}", "penstock_lock"},
      {"[1, 2]", "must be a map"},
      {Replaced(good, "penstock_lock: 1", "penstock_lock: 2"), "newer penstock"},
      {Replaced(good, "penstock_lock: 1", "penstock_lock: one"), "whole number"},
      {Replaced(good, std::string(64, 'b'), "bbb"), "64 hexadecimal digits"},
      {Replaced(good, std::string(64, 'b'), std::string(64, 'B')), "64 hexadecimal digits"},
      {Replaced(good, "manifest_sha256", "manifest_sha1"), "manifest_sha256"},
      {Replaced(good, "signature: null", "signature: \"MEUCIQ\""), "not checked yet"},
      {Replaced(good, "signature: null", "trusted: true"), "no key \"trusted\""},
      {Replaced(good, "connectors:", "<<<<<<< ours\nconnectors:"), ""},
  };
  for (const Case& c : cases) {
    const auto read = ParseLock(c.text, "some/penstock.lock");
    ASSERT_FALSE(read.ok()) << c.text;
    EXPECT_EQ(read.error().code, "PS-TRUST-LOCK") << read.error().message;
    EXPECT_EQ(read.error().file, "some/penstock.lock");
    EXPECT_EQ(read.error().exit, ExitCode::kUsage);
    EXPECT_NE(read.error().message.find(c.part), std::string::npos) << read.error().message;
  }
}

}  // namespace
}  // namespace penstock::trust
