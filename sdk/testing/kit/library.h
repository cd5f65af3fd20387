// A connector's library as dlopen gives it, for checks that go beneath the loader.
#pragma once

#include <string>

#include "penstock/connector.h"

namespace penstock::kit {

class Trial;

/// Loaded with RTLD_NOW | RTLD_LOCAL.
class Library {
 public:
  /// `error` says why when it is not loaded.
  explicit Library(const std::string& path);
  ~Library() { Close(); }
  Library(const Library&) = delete;
  Library& operator=(const Library&) = delete;

  bool loaded() const { return handle_ != nullptr; }
  const std::string& error() const { return error_; }
  /// Null when it has none.
  const penstock_connector_entry* entry() const { return entry_; }
  /// Its table, when it is whole; else null.
  const penstock_connector* table() const;
  void Close();

 private:
  void* handle_ = nullptr;
  const penstock_connector_entry* entry_ = nullptr;
  std::string error_;
};

/// The whole function table. Null, and the check is skipped, where
/// another check says what is wrong with the library.
const penstock_connector* TableOf(Trial& trial, const Library& library);

/// Whether the process still has the library.
bool IsMapped(const std::string& path);

}  // namespace penstock::kit
