// What the answers of one lookup go through. For the files of this folder only.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "sdk/runtime/call.h"
#include "sdk/runtime/instance.h"

namespace penstock::sdk::runtime {

/// One answer a key; what a connector says beyond that is wrong.
class Finder {
 public:
  /// `n`: keys that were asked for.
  Finder(const std::function<void(const FoundRecord&)>& on_found, size_t n)
      : on_found_(on_found), answered_(n) {}

  /// As the C callback; `user` is the Finder.
  static void OnFound(void* user, const penstock_found* found) {
    Contained([&] {
      static_cast<Finder*>(user)->TakeC(found);
      return PENSTOCK_OK;
    });
  }
  void Take(const FoundRecord& record) {
    if (record.index >= answered_.size() || answered_[record.index]) {
      wrong_ = true;
      return;
    }
    answered_[record.index] = true;
    ++n_answered_;
    on_found_(record);
  }
  /// What is wrong with the answers as a whole, or nothing.
  std::string Complaint() const {
    if (!wrong_ && n_answered_ == answered_.size()) return {};
    return "lookup answered " + std::to_string(n_answered_) + " of " +
           std::to_string(answered_.size()) + " keys, or some of them twice";
  }

 private:
  void TakeC(const penstock_found* found) {
    if (found == nullptr || !PENSTOCK_HAS(penstock_found, found, destination_id)) {
      wrong_ = true;
      return;
    }
    FoundRecord record;
    record.index = found->index;
    record.matches = ReadMatches(found->found);
    if (record.matches != Matches::kOne) return Take(record);
    record.destination_id = View(found->destination_id);
    if (PENSTOCK_HAS(penstock_found, found, n_values) && found->values != nullptr) {
      record.values = {found->values, found->n_values};
    }
    Take(record);
  }

  const std::function<void(const FoundRecord&)>& on_found_;
  std::vector<bool> answered_;
  size_t n_answered_ = 0;
  bool wrong_ = false;
};

}  // namespace penstock::sdk::runtime
