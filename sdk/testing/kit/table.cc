#include "sdk/testing/kit/check.h"

#include <algorithm>

namespace penstock::kit {

const std::vector<Check>& AllChecks() {
  static const std::vector<Check>* checks = [] {
    auto* all = new std::vector<Check>;
    for (const auto part :
         {StaticChecks, ManifestChecks, LoadChecks, HostChecks, LifeChecks, AccountChecks,
          CatalogChecks, BeginChecks, OutcomeChecks, FailureChecks, ValueChecks, OperationChecks,
          JobChecks, FinishChecks, StressChecks, ConfinedChecks, FuzzChecks, LiveChecks}) {
      for (const Check& check : part()) all->push_back(check);
    }
    std::stable_sort(all->begin(), all->end(),
                     [](const Check& a, const Check& b) { return a.level < b.level; });
    return all;
  }();
  return *checks;
}

const Check* FindCheck(std::string_view id) {
  for (const Check& check : AllChecks()) {
    if (id == check.id) return &check;
  }
  return nullptr;
}

}  // namespace penstock::kit
