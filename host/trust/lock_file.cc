#include "host/trust/lock_file.h"

#include <algorithm>

#include "host/project/reading.h"
#include "host/project/yaml_tree.h"

namespace penstock::trust {
namespace {

using project::Complaints;
using project::MapReader;
using project::YamlNode;

constexpr uint64_t kVersion = 1;
constexpr uint64_t kHighestLevel = 4;
constexpr char kHead[] =
    "# The connectors that this project trusts. Written by penstock; commit it.\n"
    "# What differs from it is refused until `penstock connector trust ID` accepts it.\n";

// A text that means the same in YAML and JSON whatever is in it.
std::string Quoted(const std::string& text) {
  YamlNode node;
  node.kind = YamlNode::Kind::kText;
  node.text = text;
  return project::ToJson(node);
}

class Reader {
 public:
  explicit Reader(std::string shown) : shown_(std::move(shown)) {}

  Result<LockFile> Read(const std::string& text) {
    auto root = project::ParseYaml(text, shown_, complaints_.AddFile(shown_));
    if (!root.ok()) return Damaged(root.error());
    MapReader map(&complaints_, *root, "lock file");
    const auto version = map.Count("penstock_lock");
    if (version && *version > kVersion) {
      Error e = UsageError("PS-TRUST-LOCK",
                           "The lock file was written by a newer penstock (version " +
                               std::to_string(*version) + " of the format).",
                           "Use that penstock here, too.");
      e.file = shown_;
      return e;
    }
    if (!version) map.Require("penstock_lock", "penstock_lock: 1");
    LockFile lock;
    if (const YamlNode* connectors = map.Take("connectors"); connectors != nullptr) {
      ReadConnectors(*connectors, &lock);
    }
    map.Finish();
    if (!complaints_.errors().empty()) return Damaged(complaints_.errors().front());
    return lock;
  }

 private:
  Error Damaged(Error error) const {
    error.code = "PS-TRUST-LOCK";
    error.hint =
        "Penstock writes this file: put it back from version control, or take it away and "
        "trust the connectors anew.";
    if (error.file.empty()) error.file = shown_;
    return error;
  }

  void ReadConnectors(const YamlNode& node, LockFile* lock) {
    if (node.IsNull()) return;
    MapReader map(&complaints_, node, "list of connectors");
    for (const YamlNode::Member& member : map.node().members) {
      lock->connectors[member.key] = ReadConnector(member);
    }
  }

  LockedConnector ReadConnector(const YamlNode::Member& member) {
    LockedConnector connector;
    MapReader map(&complaints_, member.value, "entry of connector " + member.key);
    if (const auto version = map.RequireText("version", "version: \"1.0.0\"")) {
      connector.version = *version;
    }
    connector.manifest_sha256 = ReadDigest(&map, "manifest_sha256");
    if (const YamlNode* hosts = map.Require("hosts", "hosts: []")) {
      for (const YamlNode& host : hosts->items) connector.hosts.push_back(host.text);
      std::sort(connector.hosts.begin(), connector.hosts.end());
    }
    if (const YamlNode* libraries = map.Require("libraries", "libraries: {x86_64: {…}}")) {
      MapReader machines(&complaints_, *libraries, "libraries of connector " + member.key);
      for (const YamlNode::Member& machine : machines.node().members) {
        connector.libraries[machine.key] = ReadLibrary(machine, member.key);
      }
    }
    map.Finish();
    return connector;
  }

  LockedLibrary ReadLibrary(const YamlNode::Member& member, const std::string& connector) {
    LockedLibrary library;
    MapReader map(&complaints_, member.value,
                  "library of connector " + connector + " for " + member.key);
    library.sha256 = ReadDigest(&map, "sha256");
    if (const auto level = map.Count("level")) {
      library.level = static_cast<int>(std::min(*level, kHighestLevel));
    }
    // A signature that nobody checks would be believed all the same.
    if (const YamlNode* signature = map.Take("signature");
        signature != nullptr && !signature->IsNull()) {
      complaints_.Fail(*signature, "PS-TRUST-LOCK", "Signatures are not checked yet.");
    }
    map.Finish();
    return library;
  }

  std::string ReadDigest(MapReader* map, const char* key) {
    const auto digest = map->RequireText(key, std::string(key) + ": \"…\"");
    if (!digest) return {};
    if (!IsSha256(*digest)) {
      complaints_.Fail(
          *map->node().Find(key), "PS-TRUST-LOCK",
          "\"" + std::string(key) + "\" of the " + map->what() + " must be 64 hexadecimal digits.");
    }
    return *digest;
  }

  std::string shown_;
  Complaints complaints_;
};

}  // namespace

bool IsSha256(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Result<LockFile> ParseLock(const std::string& text, const std::string& shown) {
  return Reader(shown).Read(text);
}

std::string LockText(const LockFile& lock) {
  std::string text = kHead;
  text += "penstock_lock: " + std::to_string(kVersion) + "\nconnectors:\n";
  for (const auto& [id, connector] : lock.connectors) {
    text += "  " + id + ":\n    version: " + Quoted(connector.version) +
            "\n    manifest_sha256: " + Quoted(connector.manifest_sha256) + "\n    hosts: [";
    for (size_t i = 0; i < connector.hosts.size(); ++i) {
      text += (i == 0 ? "" : ", ") + Quoted(connector.hosts[i]);
    }
    text += "]\n    libraries:\n";
    for (const auto& [machine, library] : connector.libraries) {
      text += "      " + machine + ": {sha256: " + Quoted(library.sha256);
      if (library.level > 0) text += ", level: " + std::to_string(library.level);
      text += ", signature: null}\n";
    }
  }
  return text;
}

}  // namespace penstock::trust
