// The loader judges a connector before its code runs, and names what it found.
#include "sdk/runtime/loader.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "sdk/runtime/elf_facts.h"
#include "tests/sdk/connectors/test_manifest.h"

namespace penstock::sdk {
namespace {

namespace fs = std::filesystem;

// A connector directory of its own for each test: the loader remembers libraries by path.
class LoaderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    home_ =
        fs::path(testing::TempDir()) /
        ("loader-" + std::string(testing::UnitTest::GetInstance()->current_test_info()->name()) +
         "-" + std::to_string(::getpid()));
    fs::remove_all(home_);
    fs::create_directories(home_ / "connectors");
    directory_ = home_ / "connectors";
  }
  void TearDown() override { fs::remove_all(home_); }

  static std::string ManifestOf(const std::string& id) {
    std::string text = TEST_MANIFEST("@");
    for (size_t at = text.find('@'); at != std::string::npos; at = text.find('@')) {
      text.replace(at, 1, id);
    }
    return text;
  }
  void WriteSidecar(const std::string& id, const std::string& text) {
    std::ofstream(directory_ / (id + ".connector.json"), std::ios::binary) << text;
  }
  void Install(const std::string& id) {
    fs::copy_file(fs::path(TEST_CONNECTORS) / (id + ".so"), directory_ / (id + ".so"));
    WriteSidecar(id, ManifestOf(id));
  }
  // "CODE: sentence", or "loaded".
  std::string Load(const std::string& id, const LoadOptions& options = {}) {
    Result<const ConnectorLibrary*> library = LoadConnector(directory_, id, options);
    if (library.ok()) return "loaded";
    return library.failure().code + ": " + library.failure().message;
  }
  void ExpectRefused(const std::string& id, const std::string& code, const std::string& part) {
    const std::string said = Load(id);
    EXPECT_EQ(said.substr(0, said.find(':')), code) << said;
    EXPECT_NE(said.find(part), std::string::npos) << said;
  }

  fs::path home_, directory_;
};

TEST_F(LoaderTest, LoadsAGoodConnectorOnce) {
  Install("good");
  Result<const ConnectorLibrary*> first = LoadConnector(directory_, "good");
  ASSERT_TRUE(first.ok()) << first.failure().message;
  EXPECT_EQ((*first)->manifest().id, "good");
  EXPECT_EQ((*first)->sha256().size(), 64u);
  EXPECT_FALSE((*first)->has_lookup());
  Result<const ConnectorLibrary*> second = LoadConnector(directory_, "good");
  ASSERT_TRUE(second.ok());
  EXPECT_EQ(*first, *second);
}

TEST_F(LoaderTest, ListsSidecarsWithoutLibraries) {
  WriteSidecar("b_connector", ManifestOf("b_connector"));
  WriteSidecar("a_connector", "{");
  WriteSidecar("c_connector", ManifestOf("another"));
  std::ofstream(directory_ / "notes.txt") << "nothing";
  Result<std::vector<ListedConnector>> list = ListConnectors(directory_);
  ASSERT_TRUE(list.ok());
  ASSERT_EQ(list->size(), 3u);
  EXPECT_EQ((*list)[0].id, "a_connector");
  EXPECT_EQ((*list)[0].problem.code, "PS-CONN-MANIFEST");
  EXPECT_TRUE((*list)[1].sidecar.has_value());
  EXPECT_NE((*list)[2].problem.message.find("not \"c_connector\""), std::string::npos);
}

TEST_F(LoaderTest, NamesTheConnectorsThatAreThere) {
  Install("good");
  ExpectRefused("god", "PS-CONN-NOT-FOUND", "there are: good");
  ExpectRefused("../connectors/good", "PS-CONN-NOT-FOUND", "there is no connector");
}

TEST_F(LoaderTest, NamesADirectoryThatIsNotThere) {
  Result<std::vector<ListedConnector>> list = ListConnectors(home_ / "nowhere");
  ASSERT_FALSE(list.ok());
  EXPECT_EQ(list.failure().code, "PS-CONN-DIR");
}

TEST_F(LoaderTest, RefusesAMissingLibrary) {
  WriteSidecar("good", ManifestOf("good"));
  ExpectRefused("good", "PS-CONN-MISSING", "is not there");
}

TEST_F(LoaderTest, RefusesALinkOutOfTheDirectory) {
  fs::copy_file(fs::path(TEST_CONNECTORS) / "good.so", home_ / "good.so");
  fs::create_symlink(home_ / "good.so", directory_ / "good.so");
  WriteSidecar("good", ManifestOf("good"));
  ExpectRefused("good", "PS-CONN-PATH", "leads out of the connector directory");
}

TEST_F(LoaderTest, RefusesWhatEverybodyCanWrite) {
  Install("good");
  ASSERT_EQ(::chmod((directory_ / "good.so").c_str(), 0777), 0);
  ExpectRefused("good", "PS-CONN-WRITABLE", "good.so can be written by every user");
  ASSERT_EQ(::chmod((directory_ / "good.so").c_str(), 0755), 0);
  ASSERT_EQ(::chmod((directory_ / "good.connector.json").c_str(), 0666), 0);
  ExpectRefused("good", "PS-CONN-WRITABLE", "good.connector.json can be written");
  ASSERT_EQ(::chmod((directory_ / "good.connector.json").c_str(), 0644), 0);
  ASSERT_EQ(::chmod(directory_.c_str(), 0777), 0);
  ExpectRefused("good", "PS-CONN-WRITABLE", "connectors can be written");
}

TEST_F(LoaderTest, RefusesAnotherDigest) {
  Install("good");
  LoadOptions options;
  options.expected_sha256 = std::string(64, '0');
  EXPECT_NE(Load("good", options).find("PS-CONN-DIGEST"), std::string::npos);
  options.expected_sha256 = *Sha256OfFile(directory_ / "good.so");
  EXPECT_EQ(Load("good", options), "loaded");
}

// By the name of the open file that was hashed: its own name may mean another file by now.
TEST_F(LoaderTest, WhatWasHashedIsWhatIsLoaded) {
  Install("good");
  LoadOptions options;
  options.expected_sha256 = *Sha256OfFile(directory_ / "good.so");
  const auto library = LoadConnector(directory_, "good", options);
  ASSERT_TRUE(library.ok()) << library.failure().message;
  Dl_info info{};
  ASSERT_NE(::dladdr(&(*library)->entry(), &info), 0);
  EXPECT_TRUE(std::string(info.dli_fname).starts_with("/proc/")) << info.dli_fname;
  EXPECT_TRUE(fs::equivalent(info.dli_fname, directory_ / "good.so"));
  options.expected_sha256 = std::string(64, '0');
  EXPECT_NE(Load("good", options).find("PS-CONN-DIGEST"), std::string::npos)
      << "one that is loaded already is held to the digest, too";
}

TEST_F(LoaderTest, RefusesAFileThatIsNoLibrary) {
  WriteSidecar("text", ManifestOf("text"));
  std::ofstream(directory_ / "text.so") << "I am not a library.";
  ExpectRefused("text", "PS-CONN-NOT-CONNECTOR", "no shared library at all");
}

TEST_F(LoaderTest, WaitsForNoPipeAndNoDevice) {
  WriteSidecar("pipe", ManifestOf("pipe"));
  ASSERT_EQ(::mkfifo((directory_ / "pipe.so").c_str(), 0600), 0);
  ExpectRefused("pipe", "PS-CONN-READ", "pipe.so cannot be read: it is no regular file");
  EXPECT_EQ(Sha256OfFile("/dev/zero").failure().code, "PS-CONN-READ");
  EXPECT_EQ(ReadElf(directory_ / "pipe.so").failure().code, "PS-CONN-READ");

  ASSERT_EQ(::mkfifo((directory_ / "none.connector.json").c_str(), 0600), 0);
  ExpectRefused("none", "PS-CONN-MANIFEST", "cannot be read: it is no regular file");
  fs::create_directory(directory_ / "folder.connector.json");
  ExpectRefused("folder", "PS-CONN-MANIFEST", "cannot be read: it is no regular file");
  EXPECT_EQ(ListConnectors(directory_)->size(), 3u);
}

TEST_F(LoaderTest, RefusesWhatBelongsToSomebodyElse) {
  if (::geteuid() != 0) return;  // nobody else can give a file away
  Install("good");
  for (const fs::path& path :
       {directory_, directory_ / "good.so", directory_ / "good.connector.json"}) {
    ASSERT_EQ(::chown(path.c_str(), 60'000, 0), 0);
    ExpectRefused(
        "good", "PS-CONN-WRITABLE",
        path.string() +
            " belongs to user 60000, who can change what runs here as user 0; give it to root or "
            "to that user, or run this as user 60000 (in a container: --user 60000)");
    ASSERT_EQ(::chown(path.c_str(), 0, 0), 0);
  }
  EXPECT_EQ(Load("good"), "loaded");
}

TEST_F(LoaderTest, RefusesALibraryCutShortAnywhere) {
  Install("good");
  const fs::path library = directory_ / "good.so";
  const uintmax_t size = fs::file_size(library);
  for (uintmax_t keep :
       {size - 1, size / 2, size / 10, uintmax_t{64}, uintmax_t{63}, uintmax_t{0}}) {
    fs::remove(library);
    fs::copy_file(fs::path(TEST_CONNECTORS) / "good.so", library);
    fs::resize_file(library, keep);
    ExpectRefused("good", "PS-CONN-NOT-CONNECTOR", keep == 0 ? "is empty" : "cut short");
  }
}

TEST_F(LoaderTest, RefusesALibraryThatIsNoConnector) {
  Install("plain");
  ExpectRefused(
      "plain", "PS-CONN-NOT-CONNECTOR",
      "a shared library, but no connector: it does not export penstock_connector_entry_v0");
}

TEST_F(LoaderTest, RefusesAnotherAbiByItsSymbol) {
  Install("other_abi");
  ExpectRefused("other_abi", "PS-CONN-ABI", "penstock_connector_entry_v7");
}

TEST_F(LoaderTest, RefusesAnotherAbiByItsEntry) {
  Install("major");
  ExpectRefused("major", "PS-CONN-ABI", "built for ABI 3, this program for ABI 0");
}

TEST_F(LoaderTest, RefusesWhatCannotBeLinked) {
  Install("unresolved");
  ExpectRefused("unresolved", "PS-CONN-LOAD", "no_library_has_this");
}

TEST_F(LoaderTest, RefusesABadEntry) {
  Install("magic");
  ExpectRefused("magic", "PS-CONN-ENTRY", "magic");
  Install("size");
  ExpectRefused("size", "PS-CONN-ENTRY", "16 bytes");
  Install("table");
  ExpectRefused("table", "PS-CONN-ENTRY", "table of functions");
}

TEST_F(LoaderTest, RefusesAnotherDraft) {
  Install("draft");
  ExpectRefused("draft", "PS-CONN-DRAFT", "draft-of-another-day");
}

TEST_F(LoaderTest, RefusesASidecarThatIsNotTheLibrarysOwn) {
  Install("good");
  WriteSidecar("good", ManifestOf("good") + "\n");
  ExpectRefused("good", "PS-CONN-SIDECAR", "not the one that the library was built with");
}

}  // namespace
}  // namespace penstock::sdk
