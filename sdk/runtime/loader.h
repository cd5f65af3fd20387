// Finding and loading connectors: everything that can be judged about one is judged before its code
// runs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "penstock/documents.hpp"
#include "penstock/result.hpp"

namespace penstock::sdk {

/// A connector as its sidecar describes it. None of its code has run.
struct Sidecar {
  Manifest manifest;
  std::string manifest_json;  // the sidecar's bytes
  std::string path;           // of the sidecar
  std::string library_path;   // absolute; may not exist
};

/// One sidecar in a connector directory: readable, or why not.
struct ListedConnector {
  std::string id;  // from the file name
  std::optional<Sidecar> sidecar;
  Failure problem;  // only without `sidecar`
};

/// Reads every <id>.connector.json of `directory`, sorted by id. Loads nothing. PS-CONN-DIR when
/// the directory cannot be read. [thread-safe]
Result<std::vector<ListedConnector>> ListConnectors(const std::string& directory);

/// Reads and checks one sidecar: PS-CONN-NOT-FOUND (naming those that are there), PS-CONN-MANIFEST
/// (unreadable or invalid, with the pointer; or another id than its file name), PS-CONN-WRITABLE.
/// [thread-safe]
Result<Sidecar> ReadSidecar(const std::string& directory, const std::string& id);

/// SHA-256 of a file, 64 lower-case hex digits. PS-CONN-READ. [thread-safe]
Result<std::string> Sha256OfFile(const std::string& path);
/// The same of bytes; empty, which no digest is, when OpenSSL has no memory. [thread-safe]
std::string Sha256OfBytes(std::string_view bytes);

struct LoadOptions {
  /// Of the very bytes that are loaded; empty: not compared.
  std::string expected_sha256;
};

/// A loaded connector. Stays loaded, and this object valid, until the process ends. Immutable,
/// [thread-safe].
class ConnectorLibrary {
 public:
  virtual ~ConnectorLibrary() = default;
  virtual const Sidecar& sidecar() const = 0;
  const Manifest& manifest() const { return sidecar().manifest; }
  virtual const std::string& sha256() const = 0;
  virtual bool has_lookup() const = 0;
  /// The entry itself, for the runtime's own files and the conformance kit.
  virtual const penstock_connector_entry& entry() const = 0;
  /// Null when the connector does not offer it.
  virtual const penstock_connector_lookup* lookup() const = 0;
};

/// Loads the connector `id` of `directory`, or returns the one that is loaded already (whose digest
/// is compared, too). In this
/// order, each failure with a code and a sentence of its own:
///   the sidecar                                          see ReadSidecar
///   the host minor version that it asks for              PS-CONN-HOST
///   the library: there, inside the directory also after symlinks, not writable by everyone
///                                  PS-CONN-MISSING, PS-CONN-PATH, PS-CONN-WRITABLE
///   its digest, if one is expected                       PS-CONN-DIGEST
///   its symbols, read without running it                 PS-CONN-NOT-CONNECTOR, PS-CONN-ABI
///   dlopen (now, local)                                  PS-CONN-LOAD
///   the entry: magic, size, major, draft, function table PS-CONN-ENTRY, PS-CONN-ABI, PS-CONN-DRAFT
///   the manifest inside equals the sidecar               PS-CONN-SIDECAR
/// [thread-safe]; one at a time in the process.
Result<const ConnectorLibrary*> LoadConnector(const std::string& directory, const std::string& id,
                                              const LoadOptions& options = {});

}  // namespace penstock::sdk
