#include "host/engine/offline.h"

#include <set>

#include "core/base/suggest.h"
#include "core/mapping/mapping.h"
#include "host/engine/catalog_cache.h"
#include "host/engine/open_config.h"
#include "sdk/runtime/loader.h"

namespace penstock::engine {
namespace {

void Complain(project::LoadedProject* loaded, Error error, const Integration& it,
              const std::string& place) {
  const auto at = it.places.find(place);
  loaded->errors.push_back(at == it.places.end() ? error : At(std::move(error), at->second));
}

// The columns that the model would have to return: whether it does is known online only.
std::vector<Column> NeededColumns(const Integration& it) {
  std::set<std::string> names(it.key.columns.begin(), it.key.columns.end());
  for (const FieldMapping& field : it.mapping) {
    if (!field.column.empty()) names.insert(field.column);
  }
  std::vector<Column> columns;
  columns.reserve(names.size());
  for (const std::string& name : names) columns.push_back({name, ""});
  return columns;
}

void CheckIntegration(project::LoadedProject* loaded, const Integration& it,
                      const sdk::Catalog& catalog) {
  const sdk::Object* object = catalog.FindObject(it.object);
  if (object == nullptr) {
    std::vector<std::string> known;
    for (const sdk::Object& o : catalog.objects) known.push_back(o.name);
    return Complain(
        loaded,
        UsageError(
            "PS-MAP-OBJECT",
            "The cached catalog of " + it.destination + " has no object \"" + it.object + "\".",
            known.empty() ? "Fetch it with `penstock check`." : DidYouMean(it.object, known)),
        it, "object");
  }
  const Hasher hasher(std::string(32, '\0'));  // nothing is hashed here
  const auto mapper = Mapper::Compile(it, NeededColumns(it), *object, hasher, {});
  if (!mapper.ok()) Complain(loaded, mapper.error(), it, "mapping");
}

}  // namespace

void CheckAgainstCatalogs(project::LoadedProject* loaded) {
  for (const auto& [id, settings] : loaded->project.integrations) {
    const Integration& it = settings.integration;
    CatalogCache cache(loaded->project.CatalogPath(it.destination));
    if (!cache.AgeSeconds()) {
      Error warning = UsageError("PS-CONF-CATALOG",
                                 "Fields of " + id + " were not checked: there is no catalog of " +
                                     it.destination + " yet.",
                                 "Fetch it with `penstock check`.");
      warning.file = settings.place.file;
      warning.line = settings.place.line;
      warning.column = settings.place.column;
      loaded->warnings.push_back(std::move(warning));
      continue;
    }
    const auto catalog = cache.All();
    if (!catalog.ok()) {
      loaded->errors.push_back(catalog.error());
      continue;
    }
    CheckIntegration(loaded, it, *catalog);
  }
}

void CheckLogins(const project::ConnectorFolders& folders, const secrets::Lookup& lookup,
                 project::LoadedProject* loaded) {
  for (const auto& [name, settings] : loaded->project.destinations) {
    const auto sidecar = sdk::ReadSidecar(folders.Of(settings.connector), settings.connector);
    if (!sidecar.ok()) continue;
    const Status login = CheckLogin(settings, sidecar->manifest, lookup);
    if (!login.ok()) loaded->errors.push_back(login.error());
  }
}

}  // namespace penstock::engine
