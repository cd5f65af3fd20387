#include "host/engine/catalog_cache.h"

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "core/file/file.h"

namespace penstock::engine {

Status CatalogCache::Load() {
  if (catalog_) return {};
  if (!file::Exists(path_)) {
    catalog_.emplace();
    return {};
  }
  PENSTOCK_ASSIGN_OR_RETURN(const std::string text, file::ReadAll(path_));
  auto parsed = sdk::ParseCatalog(text);
  if (!parsed.ok()) {
    Error e = UsageError("PS-CONF-CATALOG",
                         "The cached catalog cannot be read: " + parsed.failure().message + ".",
                         "Delete the file; `penstock check` fetches it again.");
    e.file = path_;
    return e;
  }
  catalog_ = *std::move(parsed);
  return {};
}

Result<std::optional<sdk::Object>> CatalogCache::Find(const std::string& object) {
  PENSTOCK_RETURN_IF_ERROR(Load());
  const sdk::Object* found = catalog_->FindObject(object);
  return found == nullptr ? std::optional<sdk::Object>() : std::optional<sdk::Object>(*found);
}

Result<sdk::Catalog> CatalogCache::All() {
  PENSTOCK_RETURN_IF_ERROR(Load());
  return *catalog_;
}

Status CatalogCache::Store(const sdk::Catalog& catalog) {
  if (!Load().ok()) catalog_.emplace();  // what cannot be read is replaced
  for (const sdk::Object& object : catalog.objects) {
    std::erase_if(catalog_->objects,
                  [&](const sdk::Object& old) { return old.name == object.name; });
    catalog_->objects.push_back(object);
  }
  std::sort(catalog_->objects.begin(), catalog_->objects.end(),
            [](const sdk::Object& a, const sdk::Object& b) { return a.name < b.name; });
  if (path_.empty()) return {};
  const std::string text = sdk::ToJson(*catalog_) + "\n";
  if (file::Exists(path_)) {
    const auto before = file::ReadAll(path_);
    if (before.ok() && *before == text) {
      std::error_code ignored;
      std::filesystem::last_write_time(path_, std::filesystem::file_time_type::clock::now(),
                                       ignored);
      return {};
    }
  }
  PENSTOCK_RETURN_IF_ERROR(file::MakeDirectories(file::DirectoryOf(path_)));
  return file::WriteAll(path_, text);
}

std::optional<int64_t> CatalogCache::AgeSeconds() const {
  std::error_code error;
  const auto written = std::filesystem::last_write_time(path_, error);
  if (error) return std::nullopt;
  const auto age = std::filesystem::file_time_type::clock::now() - written;
  return std::chrono::duration_cast<std::chrono::seconds>(age).count();
}

}  // namespace penstock::engine
