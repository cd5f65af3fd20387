// What is known of an account's objects, in a file that users commit: validate is offline against
// it, and a run with nothing to do makes no request.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/base/result.h"
#include "penstock/documents.hpp"

namespace penstock::engine {

/// One file, or memory alone when `path` is empty. One thread at a time; processes overwrite each
/// other's file whole.
class CatalogCache {
 public:
  explicit CatalogCache(std::string path) : path_(std::move(path)) {}

  /// The cached object, or nothing when there is none. PS-CONF-CATALOG when the file is not a
  /// catalog.
  Result<std::optional<sdk::Object>> Find(const std::string& object);
  Result<sdk::Catalog> All();
  /// Puts objects in place of those of the same names. The file changes only if they differ.
  Status Store(const sdk::Catalog& catalog);
  /// Seconds since the file was last found right; nothing when there is none.
  std::optional<int64_t> AgeSeconds() const;

 private:
  Status Load();

  std::string path_;
  std::optional<sdk::Catalog> catalog_;
};

}  // namespace penstock::engine
