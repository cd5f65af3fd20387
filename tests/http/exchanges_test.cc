// Exchanges on disk: what is kept, what is cut, what a kill leaves.
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <iterator>

#include "host/exchanges/reader.h"
#include "host/exchanges/writer.h"
#include "tests/http/fakes.h"

namespace penstock::exchanges {
namespace {

using penstock::testing::ScratchDir;

class ExchangesTest : public ::testing::Test {
 protected:
  std::string path() const { return dir_ / "exchanges.pxx"; }

  std::unique_ptr<Writer> Open(WriterOptions options = {}) {
    Redactor redactor;
    redactor.Add("pat-secret-token");
    auto writer = Writer::Open(path(), redactor, options);
    EXPECT_TRUE(writer.ok());
    return *std::move(writer);
  }

  static Raw Sample(uint64_t id, std::string_view request = "{\"a\":1}",
                    std::string_view response = "{\"ok\":true}") {
    Raw raw;
    raw.exchange.id = id;
    raw.exchange.seqs = {id * 10, id * 10 + 1};
    raw.exchange.method = "POST";
    raw.exchange.url = "https://api.example.com/batch?hapikey=pat-secret-token";
    raw.exchange.request_headers = {{"Authorization", "Bearer pat-secret-token"},
                                    {"Content-Type", "application/json"}};
    raw.exchange.status = 207;
    raw.exchange.response_headers = {{"Set-Cookie", "session=1"}, {"X-Correlation", "c"}};
    raw.exchange.earlier = {429, 0};
    raw.exchange.started_unix_us = 1795348800000000;
    raw.exchange.duration_us = 81000;
    raw.exchange.total_us = 1000000;
    raw.request_body = request;
    raw.request_bytes = request.size();
    raw.response_body = response;
    raw.response_bytes = response.size();
    return raw;
  }

  Exchange MustFind(uint64_t id) {
    auto reader = Reader::Open(path());
    EXPECT_TRUE(reader.ok());
    auto found = reader->Find(id);
    EXPECT_TRUE(found.ok());
    EXPECT_TRUE((*found).has_value());
    return (*found).value_or(Exchange());
  }

  ScratchDir dir_;
};

TEST_F(ExchangesTest, ComesBackAsItWasWithoutSecrets) {
  auto writer = Open();
  writer->Keep(Sample(1));
  writer->Keep(Sample(2, "{\"t\":\"pat-secret-token\"}", "{\"access_token\": \"abc\"}"));
  ASSERT_TRUE(writer->Close().ok());
  Exchange first = MustFind(1);
  EXPECT_EQ(first.seqs, (std::vector<uint64_t>{10, 11}));
  EXPECT_EQ(first.method, "POST");
  EXPECT_EQ(first.url, "https://api.example.com/batch?hapikey=«secret»");
  EXPECT_EQ(first.request_headers[0].second, "«secret»");
  EXPECT_EQ(first.request_headers[1].second, "application/json");
  EXPECT_EQ(first.response_headers[0].second, "«secret»");
  EXPECT_EQ(first.request.text, "{\"a\":1}");
  EXPECT_FALSE(first.request.truncated);
  EXPECT_EQ(first.status, 207);
  EXPECT_EQ(first.earlier, (std::vector<int32_t>{429, 0}));
  EXPECT_EQ(first.duration_us, 81000);
  Exchange second = MustFind(2);
  EXPECT_EQ(second.request.text, "{\"t\":\"«secret»\"}");
  EXPECT_EQ(second.response.text, "{\"access_token\": \"«secret»\"}");
  std::ifstream file(path(), std::ios::binary);
  std::string bytes((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EXPECT_EQ(bytes.find("pat-secret"), std::string::npos);
  struct stat info {};
  ASSERT_EQ(stat(path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
}

TEST_F(ExchangesTest, AnUnknownIdIsNothing) {
  auto writer = Open();
  writer->Keep(Sample(1));
  ASSERT_TRUE(writer->Close().ok());
  auto reader = Reader::Open(path());
  ASSERT_TRUE(reader.ok());
  EXPECT_FALSE((*reader->Find(2)).has_value());
  EXPECT_EQ(reader->ids(), (std::vector<uint64_t>{1}));
}

TEST_F(ExchangesTest, BodiesAreCutAndMarked) {
  auto writer = Open({.body_cap = 100});
  std::string body(1000, 'x');
  body.replace(95, 16, "pat-secret-token");  // the cut goes through it
  writer->Keep(Sample(1, body, "short"));
  ASSERT_TRUE(writer->Close().ok());
  Exchange exchange = MustFind(1);
  EXPECT_LE(exchange.request.text.size(), 100u);
  EXPECT_EQ(exchange.request.text.find("pat"), std::string::npos);
  EXPECT_EQ(exchange.request.size, 1000u);
  EXPECT_TRUE(exchange.request.truncated);
  EXPECT_EQ(exchange.response.text, "short");
  EXPECT_FALSE(exchange.response.truncated);
}

TEST_F(ExchangesTest, AboveTheCapOfTheFileOnlyHeadsAreKept) {
  auto writer = Open({.file_cap = 2000});
  std::string noise;  // does not compress
  for (uint32_t i = 0, x = 1; i < 1500; ++i)
    noise += static_cast<char>('!' + (x = x * 69069 + 5) % 90);
  writer->Keep(Sample(1, noise));
  writer->Keep(Sample(2, noise));
  ASSERT_TRUE(writer->Close().ok());
  EXPECT_EQ(MustFind(1).request.text, noise);
  Exchange second = MustFind(2);
  EXPECT_TRUE(second.request.text.empty());
  EXPECT_TRUE(second.request.truncated);
  EXPECT_EQ(second.request.size, 1500u);
  EXPECT_EQ(second.status, 207);
}

TEST_F(ExchangesTest, ATornTailIsLeftOutAndWrittenOver) {
  auto writer = Open();
  for (uint64_t id = 1; id <= 3; ++id) writer->Keep(Sample(id));
  ASSERT_TRUE(writer->Close().ok());
  writer.reset();
  auto whole = std::filesystem::file_size(path());
  uint64_t frame = (whole - 8) / 3;
  for (uint64_t cut = 1; cut < frame; ++cut) {
    ASSERT_EQ(truncate(path().c_str(), static_cast<off_t>(whole - cut)), 0);
    auto reader = Reader::Open(path());
    ASSERT_TRUE(reader.ok());
    EXPECT_TRUE(reader->torn());
    EXPECT_EQ(reader->ids(), (std::vector<uint64_t>{1, 2})) << cut;
  }
  writer = Open();
  writer->Keep(Sample(4));
  ASSERT_TRUE(writer->Close().ok());
  auto reader = Reader::Open(path());
  ASSERT_TRUE(reader.ok());
  EXPECT_FALSE(reader->torn());
  EXPECT_EQ(reader->ids(), (std::vector<uint64_t>{1, 2, 4}));
}

TEST_F(ExchangesTest, FlippedBitsAreNamed) {
  auto writer = Open();
  for (uint64_t id = 1; id <= 2; ++id) writer->Keep(Sample(id));
  ASSERT_TRUE(writer->Close().ok());
  {
    std::fstream flip(path(), std::ios::in | std::ios::out | std::ios::binary);
    flip.seekp(8 + 36 + 20);  // in the first payload
    flip.put('\x55');
  }
  auto reader = Reader::Open(path());
  ASSERT_TRUE(reader.ok());
  auto first = reader->Find(1);
  ASSERT_FALSE(first.ok());
  EXPECT_EQ(first.error().code, "PS-EXCHANGES-CORRUPT");
  EXPECT_TRUE(reader->Find(2).ok());
}

TEST_F(ExchangesTest, AnotherFileIsRefused) {
  std::ofstream(path()) << "this is something else entirely";
  EXPECT_FALSE(Reader::Open(path()).ok());
  EXPECT_FALSE(Writer::Open(path(), Redactor()).ok());
}

}  // namespace
}  // namespace penstock::exchanges
