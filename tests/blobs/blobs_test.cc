// Spools: what is written is there, what is not theirs cannot be reached, and a full disk is said.
#include "host/blobs/blobs.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "host/engine/blob_services.h"
#include "tests/support/crash.h"

namespace penstock::blobs {
namespace {

class BlobsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = ::testing::TempDir() + "/blobs.XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
  }
  void TearDown() override {
    file::SetHooks(nullptr);
    std::filesystem::remove_all(directory_);
  }
  Store Of(Limits limits = {}) const { return Store(directory_, limits); }
  static std::string Content(const Blob& blob) {
    std::string text(blob.size() + 10, '?');
    const auto got = blob.Read(0, text);
    EXPECT_TRUE(got.ok());
    text.resize(got.ok() ? *got : 0);
    return text;
  }
  std::string directory_;
};

TEST_F(BlobsTest, AreReadAsTheyWereWrittenAndLeaveNothingBehind) {
  Store store = Of();
  const auto handle = store.Create();
  ASSERT_TRUE(handle.ok()) << handle.error().message;
  {
    const auto blob = store.Find(*handle);
    ASSERT_TRUE(blob->Append("one,").ok());
    ASSERT_TRUE(blob->Append("two").ok());
    EXPECT_EQ(blob->size(), 7u);
    EXPECT_EQ(Content(*blob), "one,two");
    ASSERT_TRUE(blob->Restart().ok());
    EXPECT_EQ(Content(*blob), "");
  }
  // Not even while it is open: a process that is killed leaves no file.
  EXPECT_TRUE(std::filesystem::is_empty(directory_));
  Store other = Of();
  EXPECT_EQ(other.Find(*handle), nullptr);
  const auto next = other.Create();
  ASSERT_TRUE(next.ok());
  EXPECT_NE(*next, *handle);
  store.Discard(*handle);
  store.Discard(*handle);
  EXPECT_EQ(store.Find(*handle), nullptr);
}

TEST_F(BlobsTest, AFullDiskIsSaidAndTheBlobIsAsItWas) {
  Store store = Of();
  const auto handle = store.Create();
  ASSERT_TRUE(handle.ok());
  const auto blob = store.Find(*handle);
  ASSERT_TRUE(blob->Append("before").ok());
  uint64_t counter = 0;
  test::CrashOptions options;
  options.kind = test::Crash::kFail;
  options.at = 1;
  options.error = ENOSPC;
  {
    test::CrashHooks hooks(options, &counter);
    file::SetHooks(&hooks);
    const Status full = blob->Append("behind");
    file::SetHooks(nullptr);
    ASSERT_FALSE(full.ok());
    EXPECT_EQ(full.error().code, "PS-FILE-FULL");
    EXPECT_EQ(engine::BlobFailure(full.error()).status, PENSTOCK_E_UNAVAILABLE);
  }
  EXPECT_EQ(Content(*blob), "before");
  ASSERT_TRUE(blob->Append(" after").ok());
  EXPECT_EQ(Content(*blob), "before after");
}

TEST_F(BlobsTest, AreBoundedOneByOneAndTogether) {
  Store store = Of({.blob_bytes = 10, .run_bytes = 15});
  const auto first = store.Find(*store.Create());
  ASSERT_TRUE(first->Append("0123456789").ok());
  EXPECT_EQ(first->Append("x").error().code, "PS-BLOB-LIMIT");
  const auto handle = store.Create();
  EXPECT_TRUE(store.Find(*handle)->Append("01234").ok());
  EXPECT_EQ(store.Find(*handle)->Append("5").error().code, "PS-BLOB-LIMIT");
  store.Discard(*handle);
  const auto third = store.Find(*store.Create());
  EXPECT_TRUE(third->Append("01234").ok());
}

/// In parts of every size, so that each byte of the secret is once the last of a part.
TEST_F(BlobsTest, AnswersOnTheirWayToDiskLoseTheSecretsThatTheyEcho) {
  exchanges::Redactor redactor;
  redactor.Add("top-secret-token");
  const std::string text = "id,error\n1,token top-secret-token is odd\n2,top-secret-toke\n";
  const std::string clean = *redactor.WithoutKnown(text);
  Store store = Of();
  for (size_t part = 1; part < text.size(); ++part) {
    const auto handle = store.Create();
    engine::BlobSink sink(store.Find(*handle), redactor);
    ASSERT_TRUE(sink.Start(200).ok());
    ASSERT_TRUE(sink.Write("an attempt before").ok());
    ASSERT_TRUE(sink.Start(200).ok());
    for (size_t at = 0; at < text.size(); at += part) {
      ASSERT_TRUE(sink.Write(text.substr(at, part)).ok());
    }
    ASSERT_TRUE(sink.Finish().ok());
    EXPECT_EQ(Content(*store.Find(*handle)), clean) << part;
    store.Discard(*handle);
  }
}

/// 200 MiB in and out again: memory does not grow with it.
TEST_F(BlobsTest, LargeOnesNeedNoMemory) {
  Store store = Of();
  const auto blob = store.Find(*store.Create());
  const std::string part(1u << 20, 'x');
  rusage before{}, after{};
  ::getrusage(RUSAGE_SELF, &before);
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(blob->Append(part).ok());
  engine::BlobBody body(blob);
  EXPECT_EQ(body.size(), uint64_t{200} << 20);
  std::string window(256u << 10, '\0');
  uint64_t at = 0;
  while (true) {
    const auto got = body.Read(at, window);
    ASSERT_TRUE(got.ok());
    if (*got == 0) break;
    at += *got;
  }
  ::getrusage(RUSAGE_SELF, &after);
  EXPECT_EQ(at, body.size());
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 50 * 1024);
}

}  // namespace
}  // namespace penstock::blobs
