#include "plugins/salesforce/prepare.h"

#include <optional>

#include "plugins/salesforce/bodies.h"
#include "plugins/salesforce/soql.h"

namespace penstock::salesforce {

using sdk::Outcomes;
using sdk::Status;

namespace {

// Whether records must be searched for before this operation. Salesforce itself finds the records
// of an upsert, and keeps unique keys unique.
enum class Search { kNone, kToReach, kToSpare };

Search SearchOf(const Shape& shape) {
  if (shape.key == nullptr) return Search::kNone;
  if (shape.verb == Verb::kUpdate || shape.verb == Verb::kDelete) return Search::kToReach;
  return shape.verb == Verb::kInsert && !shape.key->unique ? Search::kToSpare : Search::kNone;
}

// True when the record is to be sent.
bool Place(Search search, const Shape& shape, const std::optional<FoundRecord>& found, uint64_t seq,
           Item* item, Outcomes& outcomes) {
  if (search == Search::kToSpare) {
    if (!found) return true;
    outcomes.Exists(seq, found->id, {"EXISTS", "a record with this key is there already", {}});
    return false;
  }
  if (!found) {
    outcomes.Missing(seq, {"NOT_FOUND", "there is no record with this key", {}});
    return false;
  }
  if (found->others > 0) {
    outcomes.Rejected(seq, sdk::ErrorClass::kConflict,
                      {"DUPLICATE_EXTERNAL_ID", "several records have this key", shape.key_name()});
    return false;
  }
  item->id = found->id;
  return true;
}

// Takes out of `items` what the search settles, and sets the ids of the others.
Status Resolve(const sdk::Http& http, const Api& api, const Shape& shape, sdk::Call call,
               const sdk::Batch& batch, std::vector<Item>* items, Outcomes& outcomes) {
  const Search search = SearchOf(shape);
  const auto needs = [&](const Item& item) {
    return search == Search::kToSpare || (search == Search::kToReach && item.id.empty());
  };
  std::vector<std::string> keys;
  for (const Item& item : *items) {
    if (needs(item)) keys.push_back(ValueText(batch.value(item.record, shape.key_index)));
  }
  if (keys.empty()) return {};
  auto found = FindByKey(http, call, api, {shape.object->name, shape.key}, keys, {});
  if (!found.ok()) return found.failure();
  std::vector<Item> left;
  size_t next = 0;
  for (Item& item : *items) {
    const bool sent = !needs(item) || Place(search, shape, (*found)[next++], batch.seq(item.record),
                                            &item, outcomes);
    if (sent) left.push_back(std::move(item));
  }
  *items = std::move(left);
  return {};
}

}  // namespace

sdk::Result<std::vector<Item>> Prepare(const sdk::Http& http, const Api& api, const Shape& shape,
                                       sdk::Call call, const sdk::Batch& batch,
                                       Outcomes& outcomes) {
  std::vector<Item> items;
  for (size_t i = 0; i < batch.size(); ++i) {
    const Unsayable wrong =
        shape.verb == Verb::kDelete ? Unsayable() : FindUnsayable(shape, batch, i);
    if (!wrong.code.empty()) {
      outcomes.Rejected(batch.seq(i), sdk::ErrorClass::kData,
                        {wrong.code, wrong.message, wrong.field});
      continue;
    }
    Item item{i, std::string(batch.id(i))};
    if (shape.key == nullptr && item.id.empty()) {
      item.id = ValueText(batch.value(i, shape.key_index));
    }
    items.push_back(std::move(item));
  }
  Status status = Resolve(http, api, shape, call, batch, &items, outcomes);
  if (status.ok()) return items;
  for (const Item& item : items) {
    outcomes.Unsent(batch.seq(item.record), {"NOT_SENT", status.failure().message, {}});
  }
  return status.failure();
}

}  // namespace penstock::salesforce
