// core/file through its public surface.
#include "core/file/file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>

namespace penstock::file {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class FileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "/file-XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    dir_ = name;
  }
  void TearDown() override {
    SetHooks(nullptr);
    std::filesystem::remove_all(dir_);
  }
  std::string Path(const std::string& name) const { return dir_ + "/" + name; }

  std::string dir_;
};

/// Fails every operation of one kind, or every one on one path.
class Failing : public Hooks {
 public:
  Failing(Op op, int error) : op_(op), error_(error) {}
  int Before(Op op, const std::string&, std::string_view, uint64_t) override {
    return op == op_ ? error_ : 0;
  }
  void After(Op, const std::string&, const std::string&) override {}

 private:
  Op op_;
  int error_;
};

mode_t ModeOf(const std::string& path) {
  struct stat info = {};
  ::stat(path.c_str(), &info);
  return info.st_mode & 0777;
}

TEST_F(FileTest, WriterWritesAppendsAndTruncates) {
  {
    auto writer = Writer::Create(Path("a"));
    ASSERT_TRUE(writer.ok());
    ASSERT_TRUE(writer->Write("hello ").ok());
    ASSERT_TRUE(writer->Write("world").ok());
    ASSERT_TRUE(writer->WriteAt("W", 6).ok());
    ASSERT_TRUE(writer->Sync().ok());
    EXPECT_EQ(writer->size(), 11u);
  }
  EXPECT_EQ(ModeOf(Path("a")), 0600u);
  EXPECT_EQ(Writer::Create(Path("a")).error().code, "PS-FILE-CREATE");
  auto writer = Writer::Append(Path("a"));
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE(writer->Truncate(7).ok());
  ASSERT_TRUE(writer->Write("!").ok());
  EXPECT_EQ(*ReadAll(Path("a")), "hello W!");
  char bytes[16];
  EXPECT_EQ(*writer->ReadAt(bytes, sizeof(bytes), 6), 2u);
}

TEST_F(FileTest, LongWritesArriveWhole) {
  const std::string content(20u << 20, 'x');
  ASSERT_TRUE(WriteAll(Path("long"), content).ok());
  EXPECT_EQ(*ReadAll(Path("long")), content);
}

TEST_F(FileTest, ScratchHasNoName) {
  auto writer = Writer::Scratch(dir_);
  ASSERT_TRUE(writer.ok());
  ASSERT_TRUE(writer->Write("abc").ok());
  EXPECT_THAT(*List(dir_), IsEmpty());
  char bytes[3];
  EXPECT_EQ(*writer->ReadAt(bytes, 3, 0), 3u);
  EXPECT_EQ(std::string(bytes, 3), "abc");
}

TEST_F(FileTest, ReaderReadsExactlyOrSaysWhereTheFileEnds) {
  ASSERT_TRUE(WriteAll(Path("a"), "0123456789").ok());
  auto reader = Reader::Open(Path("a"));
  ASSERT_TRUE(reader.ok());
  char bytes[4];
  ASSERT_TRUE(reader->ReadAt(bytes, 4, 6).ok());
  const Status status = reader->ReadAt(bytes, 4, 7);
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, "PS-FILE-READ");
  EXPECT_THAT(status.error().message, HasSubstr("ends at byte 10"));
  EXPECT_EQ(Reader::Open(dir_).error().code, "PS-FILE-READ");
  EXPECT_EQ(Reader::Open(Path("none")).error().code, "PS-FILE-READ");
  EXPECT_EQ(ReadAll(Path("a"), 9).error().code, "PS-FILE-READ");
}

TEST_F(FileTest, ReaderWaitsForNoPipe) {
  const std::string pipe = Path("pipe");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  for (const std::string& path : {pipe, std::string("/dev/zero"), std::string("/")}) {
    const auto opened = Reader::Open(path);
    ASSERT_FALSE(opened.ok()) << path;
    EXPECT_EQ(opened.error().code, "PS-FILE-READ");
    EXPECT_EQ(opened.error().message, path + " cannot be read: it is no regular file");
  }
}

TEST_F(FileTest, WriteAllReplacesAndLeavesNothingBehind) {
  ASSERT_TRUE(WriteAll(Path("a"), "old").ok());
  ASSERT_TRUE(WriteAll(Path("a"), "new").ok());
  EXPECT_EQ(*ReadAll(Path("a")), "new");
  for (const Op op : {Op::kCreate, Op::kWrite, Op::kSync, Op::kRename}) {
    Failing failing(op, EIO);
    SetHooks(&failing);
    EXPECT_FALSE(WriteAll(Path("a"), "newer").ok());
    SetHooks(nullptr);
    EXPECT_EQ(*ReadAll(Path("a")), "new");
    EXPECT_THAT(*List(dir_), ElementsAre("a"));
  }
}

TEST_F(FileTest, FullDiskHasItsOwnCodeAndSaysWhatToDo) {
  Failing failing(Op::kWrite, ENOSPC);
  SetHooks(&failing);
  const Status status = WriteAll(Path("a"), "x");
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().code, "PS-FILE-FULL");
  EXPECT_THAT(status.error().message, HasSubstr("the file system that holds " + dir_ + " is full"));
  EXPECT_THAT(status.error().hint, HasSubstr("df " + dir_));
}

TEST_F(FileTest, EachOperationsFailureHasItsCode) {
  ASSERT_TRUE(WriteAll(Path("a"), "x").ok());
  const auto code = [&](Op op, auto act) {
    Failing failing(op, EIO);
    SetHooks(&failing);
    const Status status = act();
    SetHooks(nullptr);
    return status.ok() ? "ok" : status.error().code;
  };
  EXPECT_EQ(code(Op::kSync, [&] { return WriteAll(Path("b"), "x"); }), "PS-FILE-SYNC");
  EXPECT_EQ(code(Op::kRename, [&] { return RenameDurably(Path("a"), Path("c")); }),
            "PS-FILE-RENAME");
  EXPECT_EQ(code(Op::kSyncDirectory, [&] { return SyncDirectory(dir_); }), "PS-FILE-SYNC");
  EXPECT_EQ(code(Op::kRemove, [&] { return Remove(Path("a")); }), "PS-FILE-REMOVE");
  EXPECT_EQ(code(Op::kTruncate, [&] { return Writer::Append(Path("a"))->Truncate(0); }),
            "PS-FILE-WRITE");
}

TEST_F(FileTest, NamesAndDirectories) {
  ASSERT_TRUE(MakeDirectories(Path("x/y/z")).ok());
  ASSERT_TRUE(MakeDirectories(Path("x/y/z")).ok());
  EXPECT_EQ(ModeOf(Path("x/y")), 0700u);
  ASSERT_TRUE(WriteAll(Path("x/b"), "").ok());
  ASSERT_TRUE(WriteAll(Path("x/a"), "").ok());
  EXPECT_THAT(*List(Path("x")), ElementsAre("a", "b", "y"));
  EXPECT_THAT(*List(Path("none")), IsEmpty());
  ASSERT_TRUE(RenameDurably(Path("x/a"), Path("x/y/a")).ok());
  EXPECT_TRUE(Exists(Path("x/y/a")));
  ASSERT_TRUE(Remove(Path("x/y/a")).ok());
  ASSERT_TRUE(Remove(Path("x/y/a")).ok());
  EXPECT_FALSE(Exists(Path("x/y/a")));
  EXPECT_EQ(MakeDirectories(Path("x/b")).error().code, "PS-FILE-CREATE");
  EXPECT_EQ(DirectoryOf("/a/b/"), "/a");
  EXPECT_EQ(DirectoryOf("/a"), "/");
  EXPECT_EQ(DirectoryOf("a"), ".");
  EXPECT_EQ(DirectoryOf("a//b"), "a");
}

TEST_F(FileTest, AskingForALockLeavesNothingBehind) {
  EXPECT_FALSE(*Lock::Taken(Path("lock")));
  EXPECT_FALSE(Exists(Path("lock")));
  auto lock = Lock::Open(Path("lock"));
  ASSERT_TRUE(lock.ok());
  EXPECT_FALSE(*Lock::Taken(Path("lock")));
  ASSERT_TRUE(*lock->TryLock());
  ASSERT_TRUE(lock->SetHolder("run contacts-12").ok());
  EXPECT_TRUE(*Lock::Taken(Path("lock")));
  EXPECT_EQ(*lock->Holder(), "run contacts-12");
}

TEST_F(FileTest, LockIsExclusiveAndNamesItsHolder) {
  auto first = Lock::Open(Path("lock"));
  auto second = Lock::Open(Path("lock"));
  ASSERT_TRUE(first.ok() && second.ok());
  ASSERT_TRUE(*first->TryLock());
  ASSERT_TRUE(first->SetHolder("run contacts-12").ok());
  EXPECT_FALSE(*second->TryLock());
  EXPECT_EQ(*second->Holder(), "run contacts-12");
  { const Lock gone = *std::move(first); }
  EXPECT_TRUE(*second->TryLock());
}

}  // namespace
}  // namespace penstock::file
