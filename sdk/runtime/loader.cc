#include "sdk/runtime/loader.h"

#include <unistd.h>

#include <boost/dll/library_info.hpp>
#include <boost/dll/shared_library.hpp>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>

#include "sdk/runtime/call.h"
#include "sdk/runtime/files.h"
#include "sdk/runtime/host_tables.h"

namespace penstock::sdk {

namespace fs = std::filesystem;
using runtime::LoadFailure;

namespace {

constexpr std::string_view kEntryStem = "penstock_connector_entry_v";
constexpr char kEntryName[] = "penstock_connector_entry_v0";

class LoadedLibrary final : public ConnectorLibrary {
 public:
  LoadedLibrary(Sidecar sidecar, std::string sha256, boost::dll::shared_library library,
                const penstock_connector_entry* entry)
      : sidecar_(std::move(sidecar)),
        sha256_(std::move(sha256)),
        library_(std::move(library)),
        entry_(entry) {}

  const Sidecar& sidecar() const override { return sidecar_; }
  const std::string& sha256() const override { return sha256_; }
  bool has_lookup() const override { return lookup_ != nullptr; }
  const penstock_connector_entry& entry() const override { return *entry_; }
  const penstock_connector_lookup* lookup() const override { return lookup_; }

  void FindExtensions() {
    if (!PENSTOCK_HAS(penstock_connector_entry, entry_, get_extension)) return;
    if (entry_->get_extension == nullptr) return;
    const auto* table = static_cast<const penstock_connector_lookup*>(
        entry_->get_extension(PENSTOCK_CONNECTOR_LOOKUP));
    if (table != nullptr && PENSTOCK_HAS(penstock_connector_lookup, table, lookup)) {
      lookup_ = table;
    }
  }

 private:
  Sidecar sidecar_;
  std::string sha256_;
  boost::dll::shared_library library_;
  const penstock_connector_entry* entry_;
  const penstock_connector_lookup* lookup_ = nullptr;
};

// Never destroyed: connectors stay until the process ends. By canonical path of the library.
struct Registry {
  std::mutex mutex;
  std::map<std::string, std::unique_ptr<LoadedLibrary>> libraries;
};
Registry& TheRegistry() {
  static auto* registry = new Registry;
  return *registry;
}

std::string Called(const Sidecar& sidecar) { return "connector " + sidecar.manifest.id; }

// The canonical path, once the file is where it should be and as it should be.
Result<std::string> CheckFile(const std::string& directory, const Sidecar& sidecar) {
  std::error_code error;
  const fs::path home = fs::canonical(directory, error);
  const fs::path path = fs::canonical(sidecar.library_path, error);
  if (error) {
    return LoadFailure("PS-CONN-MISSING",
                       Called(sidecar) + ": its library " + sidecar.library_path + " is not there");
  }
  if (path.parent_path() != home) {
    return LoadFailure("PS-CONN-PATH", Called(sidecar) + ": its library " + sidecar.library_path +
                                           " leads out of the connector directory, to " +
                                           path.string());
  }
  for (const fs::path& file : {home, path, fs::path(sidecar.path)}) {
    if (runtime::WritableByAll(file)) {
      return LoadFailure("PS-CONN-WRITABLE",
                         Called(sidecar) + ": " + file.string() +
                             " can be written by every user of this machine; take that right away");
    }
    unsigned owner = 0;
    if (runtime::OwnedByAnother(file, &owner)) {
      return LoadFailure(
          "PS-CONN-WRITABLE",
          Called(sidecar) + ": " + file.string() + " belongs to user " + std::to_string(owner) +
              ", who can change what runs here as user " + std::to_string(::geteuid()) +
              "; give it to root or to that user, or run this as user " + std::to_string(owner) +
              " (in a container: --user " + std::to_string(owner) + ")");
    }
  }
  return path.string();
}

// A connector built with a newer header than this host's runs as long as it can do without what is
// new: its manifest says.
Status CheckHostMinor(const Sidecar& sidecar) {
  if (sidecar.manifest.min_host_minor <= PENSTOCK_ABI_MINOR) return {};
  return LoadFailure("PS-CONN-HOST", Called(sidecar) + " needs a host with minor version " +
                                         std::to_string(sidecar.manifest.min_host_minor) +
                                         " of the connector ABI; this program has " +
                                         std::to_string(PENSTOCK_ABI_MINOR));
}

/// The library, held open from its check to its load: what is hashed, read and mapped is this file,
/// whatever its name comes to mean meanwhile. What remains is a change inside the file while it is
/// being loaded, by somebody who may write to it: its owner and root, who could as well change this
/// program. Others are refused by CheckFile.
class HeldFile {
 public:
  explicit HeldFile(runtime::RegularFile file) : file_(std::move(file)) {}
  const runtime::RegularFile& file() const { return file_; }
  /// Another name of the same file. With the number of the process in it, a debugger finds it too.
  std::string path() const {
    return "/proc/" + std::to_string(::getpid()) + "/fd/" + std::to_string(file_.fd());
  }
  /// Never closed from here on: the system's loader knows a library by its name, so another file
  /// under this one would be taken for it.
  void Keep() { file_.Release(); }

 private:
  runtime::RegularFile file_;
};

// Reads the symbol table; runs nothing.
Status CheckSymbols(const std::string& path, const HeldFile& held, const Sidecar& sidecar) {
  std::string reason;
  if (!runtime::IsSharedLibrary(held.file(), &reason)) {
    return LoadFailure("PS-CONN-NOT-CONNECTOR",
                       Called(sidecar) + ": " + path + " is not a connector: " + reason);
  }
  std::string others;
  try {
    boost::dll::library_info info(held.path());
    for (const std::string& symbol : info.symbols()) {
      if (symbol == kEntryName) return {};
      if (symbol.starts_with(kEntryStem)) others += (others.empty() ? "" : ", ") + symbol;
    }
  } catch (const std::exception& e) {
    return LoadFailure("PS-CONN-NOT-CONNECTOR", Called(sidecar) + ": the symbols of " + path +
                                                    " cannot be read: " + e.what());
  }
  if (!others.empty()) {
    return LoadFailure("PS-CONN-ABI", Called(sidecar) + ": " + path +
                                          " is built for another ABI (" + others +
                                          "); this program loads " + kEntryName);
  }
  return LoadFailure("PS-CONN-NOT-CONNECTOR",
                     Called(sidecar) + ": " + path +
                         " is a shared library, but no connector: it does not export " +
                         kEntryName);
}

bool WholeTable(const penstock_connector* table) {
  return table != nullptr && PENSTOCK_HAS(penstock_connector, table, end) &&
         table->open != nullptr && table->close != nullptr && table->check != nullptr &&
         table->discover != nullptr && table->begin != nullptr && table->write_batch != nullptr &&
         table->finish != nullptr && table->end != nullptr;
}

Status CheckEntry(const penstock_connector_entry& entry, const Sidecar& sidecar) {
  const std::string who = Called(sidecar);
  if (entry.magic != PENSTOCK_MAGIC) {
    return LoadFailure("PS-CONN-ENTRY",
                       who + ": " + kEntryName + " is not what its name says: wrong magic number");
  }
  // Major before size: another major may have another shape.
  if (entry.abi_major != PENSTOCK_ABI_MAJOR) {
    return LoadFailure("PS-CONN-ABI", who + " is built for ABI " + std::to_string(entry.abi_major) +
                                          ", this program for ABI " +
                                          std::to_string(PENSTOCK_ABI_MAJOR));
  }
  if (!PENSTOCK_HAS(penstock_connector_entry, &entry, connector)) {
    return LoadFailure(
        "PS-CONN-ENTRY",
        who + ": its entry has " + std::to_string(entry.struct_size) + " bytes, too few to be one");
  }
  const std::string draft = entry.draft_id == nullptr ? "" : entry.draft_id;
  if (draft != PENSTOCK_DRAFT_ID) {
    return LoadFailure("PS-CONN-DRAFT", who + " is built with \"" + draft +
                                            "\" of the draft ABI, this program with \"" +
                                            PENSTOCK_DRAFT_ID + "\"; build both from one release");
  }
  if (!WholeTable(entry.connector)) {
    return LoadFailure("PS-CONN-ENTRY", who + ": its table of functions is not complete");
  }
  if (entry.manifest_json == nullptr || sidecar.manifest_json != entry.manifest_json) {
    return LoadFailure("PS-CONN-SIDECAR", who + ": the manifest " + sidecar.path +
                                              " is not the one that the library was built with; "
                                              "install both again");
  }
  return {};
}

// `from`: another name of the library at `path`, or that path itself.
Result<std::unique_ptr<LoadedLibrary>> Load(const Sidecar& sidecar, const std::string& path,
                                            const std::string& from, std::string sha256) {
  try {
    boost::dll::shared_library library(
        from, boost::dll::load_mode::rtld_now | boost::dll::load_mode::rtld_local);
    const auto& entry = library.get<const penstock_connector_entry>(kEntryName);
    return std::make_unique<LoadedLibrary>(sidecar, std::move(sha256), std::move(library), &entry);
  } catch (const std::exception& e) {
    return LoadFailure("PS-CONN-LOAD",
                       Called(sidecar) + ": " + path + " cannot be loaded: " + e.what());
  }
}

Status CheckDigest(const std::string& path, const std::string& digest, const Sidecar& sidecar,
                   const std::string& expected) {
  if (expected.empty() || digest == expected) return {};
  return LoadFailure("PS-CONN-DIGEST", Called(sidecar) + ": " + path + " has SHA-256 " + digest +
                                           ", expected is " + expected);
}

// Everything between a name and a library whose code may run. A library that is to have a certain
// digest is loaded from the file that was hashed; any other one by its own name, which reads better
// in a debugger.
Result<std::unique_ptr<LoadedLibrary>> CheckAndLoad(const Sidecar& sidecar, const std::string& path,
                                                    const std::string& expected) {
  Result<runtime::RegularFile> file = runtime::RegularFile::Open(path);
  if (!file.ok()) {
    return LoadFailure("PS-CONN-READ", Called(sidecar) + ": " + file.failure().message);
  }
  HeldFile held(*std::move(file));
  Result<std::string> digest = Sha256OfFile(held.path());
  if (!digest.ok()) return digest.failure();
  Status same = CheckDigest(path, *digest, sidecar, expected);
  if (!same.ok()) return same.failure();
  Status symbols = CheckSymbols(path, held, sidecar);
  if (!symbols.ok()) return symbols.failure();
  if (expected.empty()) return Load(sidecar, path, path, *digest);
  const std::string from = held.path();
  held.Keep();
  return Load(sidecar, path, from, *digest);
}

}  // namespace

Result<const ConnectorLibrary*> LoadConnector(const std::string& directory, const std::string& id,
                                              const LoadOptions& options) {
  Result<Sidecar> sidecar = ReadSidecar(directory, id);
  if (!sidecar.ok()) return sidecar.failure();
  Status minor = CheckHostMinor(*sidecar);
  if (!minor.ok()) return minor.failure();
  Result<std::string> path = CheckFile(directory, *sidecar);
  if (!path.ok()) return path.failure();

  Registry& registry = TheRegistry();
  const std::lock_guard<std::mutex> lock(registry.mutex);
  if (const auto it = registry.libraries.find(*path); it != registry.libraries.end()) {
    Status same = CheckDigest(*path, it->second->sha256(), *sidecar, options.expected_sha256);
    if (!same.ok()) return same.failure();
    return static_cast<const ConnectorLibrary*>(it->second.get());
  }

  Result<std::unique_ptr<LoadedLibrary>> library =
      CheckAndLoad(*sidecar, *path, options.expected_sha256);
  if (!library.ok()) return library.failure();
  Status entry = CheckEntry((*library)->entry(), *sidecar);
  if (!entry.ok()) return entry.failure();
  (*library)->FindExtensions();
  const auto kept = registry.libraries.emplace(*path, *std::move(library)).first;
  return static_cast<const ConnectorLibrary*>(kept->second.get());
}

}  // namespace penstock::sdk
