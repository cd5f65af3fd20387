// What the other end of a worker's channel can do: send frames as it likes, and lie.
#include "sdk/runtime/channel.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace penstock::sdk::wire {
namespace {

class ChannelTest : public ::testing::Test {
 protected:
  void SetUp() override {
    int fds[2] = {-1, -1};
    ASSERT_TRUE(MakeSocketPair(fds));
    ours_ = std::make_unique<Channel>(fds[0]);
    theirs_ = fds[1];
  }
  void TearDown() override { ::close(theirs_); }

  std::unique_ptr<Channel> ours_;
  int theirs_ = -1;
};

std::string Text(size_t n, char first) {
  std::string text(n, '\0');
  for (size_t i = 0; i < n; ++i) text[i] = static_cast<char>(first + static_cast<int>(i % 23));
  return text;
}

// Small ones in one read, ones that end in the middle of it, and ones larger than all of it.
TEST_F(ChannelTest, FramesComeOneByOneHoweverTheyAreCut) {
  const std::vector<size_t> sizes = {0,     1,      5, 65526, 65531,    65536,
                                     65541, 200000, 3, 0,     1u << 20, (2u << 20) + 7};
  std::thread thread([&] {
    Channel theirs(::dup(theirs_));
    for (size_t i = 0; i < sizes.size(); ++i) {
      const std::string first = Text(sizes[i], 'a'), second = Text(i, 'A');
      EXPECT_TRUE(theirs.Send({{Kind::kOutcomes, first}, {Kind::kReturn, second}}));
      EXPECT_TRUE(theirs.Send(Kind::kLog, first));
    }
  });
  for (size_t i = 0; i < sizes.size(); ++i) {
    const std::pair<Kind, std::string> expected[] = {{Kind::kOutcomes, Text(sizes[i], 'a')},
                                                     {Kind::kReturn, Text(i, 'A')},
                                                     {Kind::kLog, Text(sizes[i], 'a')}};
    for (const auto& [kind, text] : expected) {
      Kind came = Kind::kReady;
      std::string payload;
      ASSERT_TRUE(ours_->Receive(&came, &payload));
      EXPECT_EQ(came, kind);
      EXPECT_TRUE(payload == text) << i << ": " << payload.size() << " bytes";
    }
  }
  thread.join();
}

TEST_F(ChannelTest, NoMoreThanTwoFramesGoAtOnce) {
  EXPECT_FALSE(ours_->Send({{Kind::kLog, "a"}, {Kind::kLog, "b"}, {Kind::kLog, "c"}}));
  EXPECT_EQ(ours_->end(), Channel::End::kMalformed);
}

// It asks, and does not read what it is told.
TEST_F(ChannelTest, APeerThatReadsNothingIsGivenUp) {
  const std::string more_than_fits(8u << 20, 'x');
  EXPECT_FALSE(ours_->Send(Kind::kReply, more_than_fits, -1, {200, {}, 0}));
  EXPECT_EQ(ours_->end(), Channel::End::kSilent);
}

TEST_F(ChannelTest, APeerThatReadsNothingDoesNotHoldUpARunThatIsStopped) {
  const std::string more_than_fits(8u << 20, 'x');
  EXPECT_FALSE(ours_->Send(Kind::kReply, more_than_fits, -1, {0, [] { return true; }, 200}));
  EXPECT_EQ(ours_->end(), Channel::End::kSilent);
}

size_t OpenDescriptors() {
  size_t n = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    n += entry.path().empty() ? 0 : 1;
  }
  return n;
}

// A frame without payload, and with it two descriptors that nobody asked for.
void SendTwoDescriptors(int socket) {
  std::array<char, 5> frame{0, 0, 0, 0, static_cast<char>(Kind::kTaken)};
  iovec part{frame.data(), frame.size()};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(2 * sizeof(int))> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* item = CMSG_FIRSTHDR(&message);
  item->cmsg_level = SOL_SOCKET;
  item->cmsg_type = SCM_RIGHTS;
  item->cmsg_len = CMSG_LEN(2 * sizeof(int));
  const int fds[2] = {socket, socket};
  std::memcpy(CMSG_DATA(item), fds, sizeof(fds));
  EXPECT_EQ(::sendmsg(socket, &message, 0), 5);
}

TEST_F(ChannelTest, DescriptorsThatComeUnaskedDoNotPileUp) {
  const size_t before = OpenDescriptors();
  for (int i = 0; i < 20; ++i) {
    SendTwoDescriptors(theirs_);
    Kind kind = Kind::kReady;
    std::string payload;
    ASSERT_TRUE(ours_->Receive(&kind, &payload));
  }
  EXPECT_LE(OpenDescriptors(), before + 1);
  const int last = ours_->TakeFd();
  EXPECT_GE(last, 0);
  ::close(last);
  EXPECT_EQ(OpenDescriptors(), before);
}

// Each byte ends a silence; what a stopped run waits for must end all the same.
TEST_F(ChannelTest, AFrameThatTricklesInIsGivenUpOnceTheRunIsStopped) {
  std::thread thread([this] {
    const char frame[400] = {0x7F, 1};  // header and 383 bytes
    for (const char& byte : frame) {
      if (::send(theirs_, &byte, 1, MSG_NOSIGNAL) != 1) return;
      ::poll(nullptr, 0, 10);
    }
  });
  Patience patience;
  patience.silence_ms = 60'000;
  patience.cancelled = [] { return true; };
  patience.cancelled_ms = 300;
  Kind kind = Kind::kReady;
  std::string payload;
  EXPECT_FALSE(ours_->Receive(&kind, &payload, patience));
  EXPECT_EQ(ours_->end(), Channel::End::kSilent);
  ours_.reset();
  thread.join();
}

}  // namespace
}  // namespace penstock::sdk::wire
