// Which connectors may run: first use, changes, the lock, levels, and files that others can change.
#include "host/trust/trust.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/file/file.h"
#include "host/trust/report.h"
#include "penstock/connector.h"

namespace penstock::trust {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

// Fails every operation on the lock file from the n-th on.
class FailingFiles : public file::Hooks {
 public:
  FailingFiles(int from, int error) : from_(from), error_(error) { file::SetHooks(this); }
  ~FailingFiles() override { file::SetHooks(nullptr); }
  int Before(file::Op, const std::string& path, std::string_view, uint64_t) override {
    if (path.find("penstock.lock") == std::string::npos) return 0;
    return ++seen_ >= from_ ? error_ : 0;
  }
  void After(file::Op, const std::string&, const std::string&) override {}
  bool failed() const { return seen_ >= from_; }

 private:
  int from_, error_, seen_ = 0;
};

class TrustTest : public ::testing::Test {
 protected:
  void SetUp() override {
    home_ = fs::path(testing::TempDir()) /
            ("trust-" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()) +
             "-" + std::to_string(::getpid()));
    fs::remove_all(home_);
    fs::create_directories(home_ / "project");
    fs::create_directories(folder());
    settings_.lock_path = home_ / "project" / "penstock.lock";
    settings_.guard_directory = home_ / "project" / ".penstock";
    settings_.notice = [this](const std::string& sentence) { notices_.push_back(sentence); };
    Put("acme");
  }
  void TearDown() override { fs::remove_all(home_); }

  fs::path folder() const { return home_ / "connectors"; }
  static void Write(const fs::path& path, const std::string& text) {
    std::ofstream(path, std::ios::binary) << text;
  }
  std::string LockOnDisk() const {
    std::ostringstream text;
    text << std::ifstream(settings_.lock_path, std::ios::binary).rdbuf();
    return text.str();
  }
  /// A connector of two text files.
  void Put(const std::string& id, const std::string& version = "1.0.0",
           const std::string& hosts = "", const std::string& library = "library") const {
    Write(folder() / (id + ".so"), library);
    Write(
        folder() / (id + ".connector.json"),
        R"({"manifest_version": 1, "id": ")" + id + R"(", "name": "Test", "version": ")" + version +
            R"(", "abi": {"major": 0, "draft_id": ")" PENSTOCK_DRAFT_ID R"("}, "library": ")" + id +
            R"(.so", "config_schema": {"type": "object"}, "base_url": "https://api.acme.example",)"
            R"( "allowed_hosts": [)" +
            hosts + R"(], "limiters": [{"name": "default"}]})");
  }
  sdk::Sidecar Sidecar(const std::string& id = "acme") const {
    const auto sidecar = sdk::ReadSidecar(folder(), id);
    EXPECT_TRUE(sidecar.ok()) << sidecar.failure().message;
    return sidecar.ok() ? *sidecar : sdk::Sidecar();
  }
  Result<Admission> AdmitIt() const { return Admit(settings_, Sidecar()); }
  /// The code of what admitting it says, or nothing.
  std::string Code() const {
    const auto admitted = AdmitIt();
    return admitted.ok() ? "" : admitted.error().code;
  }
  std::string Message() const {
    const auto admitted = AdmitIt();
    return admitted.ok() ? "" : admitted.error().message;
  }

  fs::path home_;
  TrustSettings settings_;
  std::vector<std::string> notices_;
};

TEST_F(TrustTest, FirstUseIsRecordedAndToldOnce) {
  const auto judged = Judge(settings_, Sidecar());
  ASSERT_TRUE(judged.ok());
  EXPECT_FALSE(fs::exists(settings_.lock_path)) << "judging writes nothing";
  const auto first = AdmitIt();
  ASSERT_TRUE(first.ok()) << first.error().message;
  EXPECT_EQ(first->sha256, sdk::Sha256OfBytes("library"));
  EXPECT_EQ(first->level, 0);
  ASSERT_EQ(notices_.size(), 1u);
  EXPECT_THAT(notices_[0], HasSubstr("first use of connector acme 1.0.0"));
  EXPECT_THAT(notices_[0], HasSubstr(first->sha256.substr(0, 12)));
  EXPECT_THAT(notices_[0], HasSubstr("may send to api.acme.example"));
  const std::string lock = LockOnDisk();
  EXPECT_THAT(lock, HasSubstr(first->sha256));
  struct stat info {};
  ASSERT_EQ(::stat(settings_.lock_path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0644u);
  EXPECT_TRUE(AdmitIt().ok());
  EXPECT_EQ(notices_.size(), 1u);
  EXPECT_EQ(LockOnDisk(), lock);
}

TEST_F(TrustTest, AFirstUseTellsWhereThisDestinationSends) {
  ASSERT_TRUE(Admit(settings_, Sidecar(), "127.0.0.1").ok());
  EXPECT_THAT(notices_.at(0), HasSubstr("may send to api.acme.example, and this destination sends "
                                        "to 127.0.0.1 (base_url)"));
  Put("other");
  ASSERT_TRUE(Admit(settings_, Sidecar("other"), "api.acme.example").ok());
  EXPECT_EQ(notices_.at(1).find("this destination"), std::string::npos);
}

TEST_F(TrustTest, AChangeIsRefusedUntilItIsAccepted) {
  ASSERT_TRUE(AdmitIt().ok());
  const std::string before = LockOnDisk();
  Put("acme", "1.1.0", R"("other.example")", "another library");
  EXPECT_EQ(Code(), "PS-TRUST-CHANGED");
  const std::string said = Message();
  EXPECT_THAT(said, HasSubstr("version 1.1.0, recorded is 1.0.0"));
  EXPECT_THAT(said, HasSubstr(sdk::Sha256OfBytes("another library") + ", recorded is " +
                              sdk::Sha256OfBytes("library")));
  EXPECT_THAT(said, HasSubstr("may send to other.example, which is not recorded"));
  EXPECT_EQ(LockOnDisk(), before);
  const auto accepted = Accept(settings_, *Inspect(Sidecar()), std::nullopt);
  ASSERT_TRUE(accepted.ok()) << accepted.error().message;
  EXPECT_EQ(accepted->before->version, "1.0.0");
  EXPECT_EQ(accepted->now.hosts, (std::vector<std::string>{"api.acme.example", "other.example"}));
  EXPECT_EQ(Code(), "");
}

TEST_F(TrustTest, EachPartAloneIsAChange) {
  ASSERT_TRUE(AdmitIt().ok());
  Put("acme", "1.0.0", "", "Library");
  EXPECT_THAT(Message(), HasSubstr("its library has SHA-256"));
  Put("acme", "1.0.0", R"("*.evil.example")");
  EXPECT_THAT(Message(), HasSubstr("may send to *.evil.example"));
  Put("acme");
  std::ofstream(folder() / "acme.connector.json", std::ios::app) << " ";
  EXPECT_THAT(Message(), HasSubstr("its manifest has SHA-256"));
  Put("acme");
  EXPECT_EQ(Code(), "");
  // Somebody edits the lock file instead: it is compared whole.
  std::string lock = LockOnDisk();
  lock.replace(lock.find("api.acme.example"), 16, "api.acme.exampl3");
  Write(settings_.lock_path, lock);
  EXPECT_EQ(Code(), "PS-TRUST-CHANGED");
}

TEST_F(TrustTest, ALockedProjectTakesOnlyWhatIsRecorded) {
  settings_.locked = true;
  EXPECT_EQ(Code(), "PS-TRUST-NEW");
  EXPECT_FALSE(fs::exists(settings_.lock_path));
  ASSERT_TRUE(Accept(settings_, *Inspect(Sidecar()), std::nullopt).ok());
  EXPECT_EQ(Code(), "");
  EXPECT_TRUE(notices_.empty());
}

TEST_F(TrustTest, ALibraryForAnotherMachineStaysBesideOurs) {
  Found found = *Inspect(Sidecar());
  const std::string ours = found.machine;
  found.machine = "sparc64";
  found.library_sha256 = std::string(64, '5');
  ASSERT_TRUE(Accept(settings_, found, 3).ok());
  ASSERT_TRUE(AdmitIt().ok());  // the same release, seen on this machine for the first time
  const auto lock = ReadLock(settings_);
  ASSERT_EQ(lock->connectors.at("acme").libraries.size(), 2u);
  EXPECT_EQ(lock->connectors.at("acme").libraries.at("sparc64").level, 3);
  settings_.locked = true;
  Put("acme", "1.0.0", "", "rebuilt");
  EXPECT_EQ(Code(), "PS-TRUST-CHANGED");
  Put("acme", "2.0.0");
  ASSERT_TRUE(Accept(settings_, *Inspect(Sidecar()), std::nullopt).ok());
  const auto after = ReadLock(settings_);
  EXPECT_EQ(after->connectors.at("acme").libraries.size(), 1u) << "of another release";
  EXPECT_TRUE(after->connectors.at("acme").libraries.contains(ours));
}

TEST_F(TrustTest, WhatOthersCanChangeIsRefused) {
  const fs::path library = folder() / "acme.so";
  ASSERT_EQ(::chmod(library.c_str(), 0646), 0);
  EXPECT_EQ(Code(), "PS-CONN-WRITABLE");
  EXPECT_THAT(Message(), HasSubstr("acme.so can be written by every user"));
  ASSERT_EQ(::chmod(library.c_str(), 0664), 0);
  if (::geteuid() == 0) {
    EXPECT_EQ(Code(), "") << "root's group is root's alone";
    ASSERT_EQ(::chown(library.c_str(), 0, 60'000), 0);
    ASSERT_EQ(::chmod(library.c_str(), 0664), 0);
    EXPECT_EQ(Code(), "PS-CONN-WRITABLE");
    EXPECT_THAT(Message(), HasSubstr("by its group"));
  }
  ASSERT_EQ(::chmod(library.c_str(), 0644), 0);
  ASSERT_EQ(::chmod(folder().c_str(), 0777), 0);
  EXPECT_EQ(Code(), "PS-CONN-WRITABLE");
  ASSERT_EQ(::chmod(folder().c_str(), 0755), 0);
  EXPECT_EQ(Code(), "");
}

TEST_F(TrustTest, WhatBelongsToSomebodyElseIsRefused) {
  if (::geteuid() != 0) return;  // nobody else can give a file away
  for (const fs::path& path : {folder(), folder() / "acme.so", folder() / "acme.connector.json"}) {
    ASSERT_EQ(::chown(path.c_str(), 60'000, 0), 0);
    const auto refused = AdmitIt();
    ASSERT_FALSE(refused.ok()) << path;
    EXPECT_EQ(refused.error().code, "PS-CONN-WRITABLE");
    EXPECT_THAT(refused.error().message, HasSubstr(path.string() + " belongs to user 60000"));
    EXPECT_THAT(refused.error().hint, HasSubstr("chown 0 " + path.string()));
    ASSERT_EQ(::chown(path.c_str(), 0, 0), 0);
  }
  EXPECT_EQ(Code(), "");
}

TEST_F(TrustTest, APipeIsNotWaitedFor) {
  const fs::path library = folder() / "acme.so";
  fs::remove(library);
  ASSERT_EQ(::mkfifo(library.c_str(), 0600), 0);
  EXPECT_EQ(Code(), "PS-CONN-READ");
  EXPECT_THAT(Message(), HasSubstr("acme.so cannot be read: it is no regular file"));
  fs::remove(library);
  fs::create_directory(library);
  EXPECT_EQ(Code(), "PS-CONN-READ");
  fs::remove(library);
  Put("acme");
  ASSERT_EQ(::mkfifo(settings_.lock_path.c_str(), 0600), 0);
  EXPECT_EQ(Code(), "PS-TRUST-LOCK");
}

TEST_F(TrustTest, LinksOutOfTheFolderAreRefused) {
  for (const char* name : {"acme.so", "acme.connector.json"}) {
    const fs::path inside = folder() / name, outside = home_ / name;
    fs::rename(inside, outside);
    fs::create_symlink(outside, inside);
    EXPECT_EQ(Code(), "PS-CONN-PATH") << name;
    fs::remove(inside);
    fs::rename(outside, folder() / (std::string("real.") + name));
    fs::create_symlink(std::string("real.") + name, inside);
    EXPECT_EQ(Code(), "") << "a link inside leads nowhere else: " << name;
    fs::remove(inside);
    fs::rename(folder() / (std::string("real.") + name), inside);
  }
}

TEST_F(TrustTest, AFirstUseThatCannotBeRecordedIsRefused) {
  for (int from = 1;; ++from) {
    fs::remove(settings_.lock_path);
    FailingFiles failing(from, EROFS);
    const auto admitted = AdmitIt();
    if (!failing.failed()) {
      EXPECT_TRUE(admitted.ok());
      EXPECT_GT(from, 3) << "remove, create, write, sync, rename";
      break;
    }
    // After the rename the file is there, whatever becomes of the directory's sync.
    if (admitted.ok()) continue;
    EXPECT_EQ(admitted.error().code, "PS-TRUST-WRITE");
    EXPECT_THAT(admitted.error().message, HasSubstr("Read-only file system"));
    EXPECT_TRUE(ReadLock(settings_).ok()) << from;
  }
}

TEST_F(TrustTest, AWriteThatFailsLeavesTheOldFile) {
  ASSERT_TRUE(AdmitIt().ok());
  const std::string before = LockOnDisk();
  Put("second");
  for (int from = 1; from <= 4; ++from) {
    FailingFiles failing(from, ENOSPC);
    EXPECT_FALSE(Admit(settings_, Sidecar("second")).ok());
    EXPECT_EQ(LockOnDisk(), before) << from;
  }
  EXPECT_TRUE(Admit(settings_, Sidecar("second")).ok());
  EXPECT_EQ(ReadLock(settings_)->connectors.size(), 2u);
}

TEST_F(TrustTest, ProcessesSideBySideLoseNothing) {
  constexpr int kProcesses = 8;
  settings_.notice = nullptr;
  std::vector<pid_t> children;
  for (int i = 0; i < kProcesses; ++i) Put("c" + std::to_string(i));
  for (int i = 0; i < kProcesses; ++i) {
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      bool good = true;
      for (int n = 0; n < kProcesses; ++n) {  // all of them, each starting elsewhere
        const std::string id = "c" + std::to_string((i + n) % kProcesses);
        good = good && Admit(settings_, *sdk::ReadSidecar(folder(), id)).ok();
      }
      ::_exit(good ? 0 : 1);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
  }
  const auto lock = ReadLock(settings_);
  ASSERT_TRUE(lock.ok()) << lock.error().message;
  EXPECT_EQ(lock->connectors.size(), static_cast<size_t>(kProcesses));
}

TEST_F(TrustTest, ADamagedLockFileIsNamedAndNotOverwritten) {
  Write(settings_.lock_path, "penstock_lock: 1\nconnectors: {acme: 7}\n");
  EXPECT_EQ(Code(), "PS-TRUST-LOCK");
  EXPECT_FALSE(Accept(settings_, *Inspect(Sidecar()), std::nullopt).ok());
  EXPECT_EQ(LockOnDisk(), "penstock_lock: 1\nconnectors: {acme: 7}\n");
}

TEST_F(TrustTest, LevelsBelongToTheBytes) {
  project::Policy policy;
  policy.level = 2;
  policy.levels[Mode::kMirror] = 4;
  Integration upsert, mirror;
  upsert.id = "people";
  upsert.mode = Mode::kUpsert;
  mirror.mode = Mode::kMirror;
  const Status none = CheckLevel(policy, upsert, *AdmitIt());
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().code, "PS-TRUST-LEVEL");
  EXPECT_THAT(none.error().message, HasSubstr("no level is recorded"));
  EXPECT_THAT(none.error().message, HasSubstr("people may not run"));
  ASSERT_TRUE(Accept(settings_, *Inspect(Sidecar()), 3).ok());
  EXPECT_TRUE(CheckLevel(policy, upsert, *AdmitIt()).ok());
  EXPECT_THAT(CheckLevel(policy, mirror, *AdmitIt()).error().message,
              HasSubstr("level 3 is recorded"));
  ASSERT_TRUE(Accept(settings_, *Inspect(Sidecar()), std::nullopt).ok());
  EXPECT_EQ(AdmitIt()->level, 3) << "the same bytes";
  Put("acme", "1.0.0", "", "rebuilt");
  ASSERT_TRUE(Accept(settings_, *Inspect(Sidecar()), std::nullopt).ok());
  EXPECT_EQ(AdmitIt()->level, 0) << "other bytes";
}

TEST_F(TrustTest, AReportProvesItsOwnLibraryOnly) {
  const Found found = *Inspect(Sidecar());
  const fs::path path = home_ / "report.json";
  const auto level = [&](const std::string& text) {
    Write(path, text);
    return LevelOfReport(path, found);
  };
  const auto check = [](int at, const std::string& result) {
    return R"({"id": "some.check", "level": )" + std::to_string(at) + R"(, "result": ")" + result +
           R"("})";
  };
  const std::string three = check(1, "pass") + "," + check(2, "skip") + "," + check(3, "warn");
  const auto report = [&](const std::string& checks, const std::string& rest) {
    return R"({"checks": [)" + checks + R"(], "connector": "acme", "sha256": ")" +
           found.library_sha256 + R"(", )" + rest + "}";
  };
  const auto good = level(report(three, R"("passed_level": 3, "level": 3)"));
  ASSERT_TRUE(good.ok()) << good.error().message;
  EXPECT_EQ(*good, 3);
  EXPECT_TRUE(
      level(report(check(1, "pass") + "," + check(2, "fail"), R"("passed_level": 1, "level": 3)"))
          .ok());
  std::string other = report(three, R"("passed_level": 3, "level": 3)");
  other.replace(other.find(found.library_sha256), 64, std::string(64, '0'));
  for (const std::string& text :
       {std::string("{"), std::string("{}"), std::string(R"({"checks": [], "connector": "acme"})"),
        other, report(three, R"("passed_level": "3", "level": 3)"),
        report(three, R"("passed_level": 9, "level": 9)"),
        report(three, R"("passed_level": 3, "level": 2)"), report(three, R"("passed_level": 3)"),
        report(three + "," + check(4, "fail"), R"("passed_level": 4, "level": 4)"),
        report(check(1, "pass") + "," + check(1, "timeout"), R"("passed_level": 1, "level": 1)"),
        report(three, R"("passed_level": 4, "level": 4)"),
        report("7", R"("passed_level": 1, "level": 1)"),
        report("", R"("passed_level": 1, "level": 1)")}) {
    const auto wrong = level(text);
    ASSERT_FALSE(wrong.ok()) << text;
    EXPECT_EQ(wrong.error().code, "PS-TRUST-REPORT") << text;
  }
  EXPECT_EQ(LevelOfReport(home_ / "none.json", found).error().code, "PS-TRUST-REPORT");
}

}  // namespace
}  // namespace penstock::trust
