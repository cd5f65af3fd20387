// Finds the project's files, lays the environment over them and reads their sections.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/base/suggest.h"
#include "host/project/project.h"
#include "host/project/sections.h"

namespace penstock::project {
namespace {

namespace fs = std::filesystem;
constexpr uint64_t kLargestFile = 4u << 20;

Result<std::string> ReadText(const fs::path& path, const std::string& shown) {
  std::error_code error;
  const auto complain = [&](const std::string& why) {
    Error e = UsageError("PS-CONF-READ", "The file cannot be read: " + why + ".");
    e.file = shown;
    return e;
  };
  if (!fs::is_regular_file(path, error)) return complain("it is not a regular file");
  if (fs::file_size(path, error) > kLargestFile) return complain("it is larger than 4 MiB");
  std::ifstream in(path, std::ios::binary);
  if (!in) return complain("permission denied");
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

fs::path ProjectFile(const LoadOptions& options) {
  const fs::path base = options.directory.empty() ? fs::path(".") : fs::path(options.directory);
  fs::path path = options.file.empty() ? base / "penstock.yaml" : fs::path(options.file);
  if (!options.file.empty() && path.is_relative()) path = base / path;
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) path /= "penstock.yaml";
  return path.lexically_normal();
}

std::string DirectoryOf(const fs::path& file) {
  return fs::absolute(file).parent_path().lexically_normal().string();
}

// One load: the files, the merged tree, the sections.
class Loader {
 public:
  explicit Loader(const LoadOptions& options) : options_(options) {}

  Result<LoadedProject> Run() {
    PENSTOCK_ASSIGN_OR_RETURN(YamlNode root, ReadRoot());
    ReadIntegrationFiles(&root);
    LayEnvironment(&root);
    ReadSections(root);
    LoadedProject out;
    out.project = std::move(project_);
    out.errors = std::move(complaints_.errors());
    out.warnings = std::move(complaints_.warnings());
    return out;
  }

 private:
  Result<YamlNode> ReadRoot() {
    const fs::path path = ProjectFile(options_);
    std::error_code ignored;
    project_.file = path.string();
    project_.environment = options_.environment.empty() ? "default" : options_.environment;
    if (!fs::exists(path, ignored)) {
      Error e = UsageError("PS-CONF-MISSING", "There is no project file here.",
                           "Go to the folder that holds penstock.yaml, or name it with -C DIR or "
                           "--project FILE.");
      e.file = project_.file;
      return e;
    }
    project_.directory = DirectoryOf(path);
    return ReadFile(path, project_.file);
  }

  Result<YamlNode> ReadFile(const fs::path& path, const std::string& shown) {
    PENSTOCK_ASSIGN_OR_RETURN(const std::string text, ReadText(path, shown));
    return ParseYaml(text, shown, complaints_.AddFile(shown));
  }

  // integrations/<id>.yaml joins the integrations of the project file.
  void ReadIntegrationFiles(YamlNode* root) {
    std::error_code error;
    std::vector<fs::path> files;
    for (const auto& entry :
         fs::directory_iterator(fs::path(project_.directory) / "integrations", error)) {
      const std::string extension = entry.path().extension().string();
      if (extension == ".yaml" || extension == ".yml") files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    const fs::path shown_base = fs::path(project_.file).parent_path() / "integrations";
    for (const fs::path& path : files) {
      const std::string shown = (shown_base / path.filename()).string();
      auto read = ReadFile(path, shown);
      if (!read.ok()) {
        complaints_.Add(read.error());
        continue;
      }
      AddIntegration(root, path.stem().string(), shown, *std::move(read));
    }
  }

  void AddIntegration(YamlNode* root, const std::string& id, const std::string& shown,
                      YamlNode node) {
    YamlNode::Member* section = nullptr;
    for (YamlNode::Member& member : root->members) {
      if (member.key == "integrations") section = &member;
    }
    if (section == nullptr) {
      if (!root->IsMap()) return;
      YamlNode::Member made;
      made.key = "integrations";
      made.file = made.value.file = node.file;
      made.value.kind = YamlNode::Kind::kMap;
      root->members.push_back(std::move(made));
      section = &root->members.back();
    }
    if (section->value.IsNull()) section->value.kind = YamlNode::Kind::kMap;
    if (section->value.Find(id) != nullptr) {
      complaints_.FailAt({shown, 1, 1}, "PS-CONF-DUPLICATE",
                         "Integration " + id + " stands in this file and in another one.");
      return;
    }
    YamlNode::Member member;
    member.key = id;
    member.file = node.file;
    member.line = member.column = 1;
    member.value = std::move(node);
    section->value.members.push_back(std::move(member));
  }

  void LayEnvironment(YamlNode* root) {
    const YamlNode none;
    const YamlNode* section = root->Find("environments");
    const std::string& name = project_.environment;
    std::vector<std::string> known = {"default"};
    project_.environments = known;
    const YamlNode* over = nullptr;
    if (section != nullptr && section->IsMap()) {
      for (const YamlNode::Member& member : section->members) {
        known.push_back(member.key);
        if (member.key == name) over = &member.value;
        CheckEnvironment(member);
      }
      project_.environments = known;
    } else if (section != nullptr) {
      complaints_.Fail(*section, "PS-CONF-TYPE", "\"environments\" must be a map of environments.");
    }
    if (over == nullptr && name != "default") {
      Error e = UnknownName("environment", name, known);
      e.file = project_.file;
      complaints_.Add(std::move(e));
      return;
    }
    if (over == nullptr || !over->IsMap()) return;
    YamlNode layer = *over;  // MergeYaml replaces the tree that `over` points into
    std::erase_if(layer.members, [](const YamlNode::Member& member) {
      return member.key != "sources" && member.key != "destinations" && member.key != "policy";
    });
    *root = MergeYaml(*root, layer);
  }

  void CheckEnvironment(const YamlNode::Member& member) {
    if (!IsName(member.key)) BadName("environment", member);
    MapReader map(&complaints_, member.value, "environment " + member.key);
    map.Take("sources");
    map.Take("destinations");
    map.Take("policy");
    map.Later("integrations", "Integrations per environment are not built yet.");
    map.Later("connections", "There are no connections; the words are sources and destinations.");
    map.Finish();
  }

  void BadName(const std::string& what, const YamlNode::Member& member) {
    complaints_.FailAt(complaints_.PlaceOf(member), "PS-CONF-NAME",
                       "\"" + member.key + "\" cannot be the name of " +
                           (what[0] == 'e' || what[0] == 'i' ? "an " : "a ") + what + ".",
                       "Letters, digits, _ and -, at most 64.");
  }

  // Members of a section with good names; complains of the others.
  std::vector<const YamlNode::Member*> Named(const YamlNode* section, const std::string& what) {
    std::vector<const YamlNode::Member*> out;
    if (section == nullptr || section->IsNull()) return out;
    if (!section->IsMap()) {
      complaints_.Fail(*section, "PS-CONF-TYPE",
                       "\"" + what + "s\" must be a map (name: settings).");
      return out;
    }
    for (const YamlNode::Member& member : section->members) {
      if (IsName(member.key)) {
        out.push_back(&member);
      } else {
        BadName(what, member);
      }
    }
    return out;
  }

  void ReadSections(const YamlNode& root) {
    MapReader map(&complaints_, root, "project file");
    const auto sources = Named(map.Take("sources"), "source");
    const auto destinations = Named(map.Take("destinations"), "destination");
    const auto integrations = Named(map.Take("integrations"), "integration");
    map.Take("environments");
    IntegrationContext context;
    if (const auto memory = ReadMemory(&map)) context.memory_bytes = *memory;
    if (const auto* policy = map.TakeMember("policy")) {
      project_.policy = ReadPolicy(&complaints_, *policy);
    }
    for (const char* key : {"notify", "service", "retention", "secrets", "triggers", "tests"}) {
      map.Later(key, "\"" + std::string(key) + "\" in the project file is not built yet.");
    }
    map.Finish();
    for (const YamlNode::Member* member : sources) {
      context.sources.push_back(member->key);
      if (auto read = ReadSource(&complaints_, project_, *member)) {
        project_.sources[member->key] = *std::move(read);
      }
    }
    for (const YamlNode::Member* member : destinations) {
      context.destinations.push_back(member->key);
      if (auto read = ReadDestination(&complaints_, project_, *member)) {
        project_.destinations[member->key] = *std::move(read);
      }
    }
    for (const YamlNode::Member* member : integrations) {
      if (auto read = ReadIntegration(&complaints_, project_, context, *member)) {
        project_.integrations[member->key] = *std::move(read);
      }
    }
  }

  LoadOptions options_;
  Project project_;
  Complaints complaints_;
};

}  // namespace

std::string Project::StateDirectory() const { return directory + "/.penstock/" + environment; }

std::string Project::CatalogPath(const std::string& destination) const {
  const std::string of = environment == "default" ? "" : environment + "/";
  return directory + "/catalog/" + of + destination + ".json";
}

std::string Project::ConnectorDirectory() const { return directory + "/connectors"; }

std::string Project::LockPath() const { return directory + "/penstock.lock"; }

std::string FindProjectDirectory(const LoadOptions& options) {
  const fs::path file = ProjectFile(options);
  std::error_code ignored;
  return fs::exists(file, ignored) ? DirectoryOf(file) : std::string();
}

Error UnknownName(const std::string& what, const std::string& name,
                  const std::vector<std::string>& known) {
  std::string hint = DidYouMean(name, known);
  if (hint.empty()) {
    hint = known.empty() ? "The project has no " + what + "s yet."
                         : "The project has " + JoinNames(known) + ".";
  }
  return UsageError("PS-CONF-NAME", "There is no " + what + " \"" + name + "\" in the project.",
                    hint);
}

Result<LoadedProject> LoadProject(const LoadOptions& options) { return Loader(options).Run(); }

}  // namespace penstock::project
