#include "sdk/testing/kit/library.h"

#include <dlfcn.h>

#include "sdk/testing/kit/raw_host.h"
#include "sdk/testing/kit/trial.h"

namespace penstock::kit {

Library::Library(const std::string& path) : handle_(::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) {
  if (handle_ == nullptr) {
    const char* why = ::dlerror();
    error_ = why == nullptr ? "dlopen fails" : why;
    return;
  }
  entry_ =
      static_cast<const penstock_connector_entry*>(::dlsym(handle_, "penstock_connector_entry_v0"));
}

void Library::Close() {
  if (handle_ != nullptr) ::dlclose(handle_);
  handle_ = nullptr;
  entry_ = nullptr;
}

const penstock_connector* Library::table() const {
  if (entry_ == nullptr || entry_->magic != PENSTOCK_MAGIC ||
      !PENSTOCK_HAS(penstock_connector_entry, entry_, connector)) {
    return nullptr;
  }
  const penstock_connector* t = entry_->connector;
  if (t == nullptr || !PENSTOCK_HAS(penstock_connector, t, end)) return nullptr;
  const bool whole = t->open != nullptr && t->close != nullptr && t->check != nullptr &&
                     t->discover != nullptr && t->begin != nullptr && t->write_batch != nullptr &&
                     t->finish != nullptr && t->end != nullptr;
  return whole ? t : nullptr;
}

const penstock_connector* TableOf(Trial& trial, const Library& library) {
  const penstock_connector* table = library.table();
  if (table == nullptr) {
    trial.Skip("the library or its entry is not sound; load.now_local and load.header tell more");
    return nullptr;
  }
  return table;
}

bool IsMapped(const std::string& path) {
  void* handle = ::dlopen(path.c_str(), RTLD_NOW | RTLD_NOLOAD);
  if (handle == nullptr) return false;
  ::dlclose(handle);
  return true;
}

}  // namespace penstock::kit
