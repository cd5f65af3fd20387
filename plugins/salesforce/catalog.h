// Salesforce's describe as a catalog.
#pragma once

#include <string>
#include <vector>

#include "penstock/documents.hpp"
#include "plugins/salesforce/schema.h"

namespace penstock::salesforce {

// The object without the fields that stand for references. A reference that creation requires is
// not required here, because another field may stand for it (CheckShape holds to it).
sdk::Object ObjectOf(const ObjectInfo& info);

// The field "Account.Ext__c" of a reference that points to records of `target`; `name` is its whole
// name.
sdk::Field RelationField(const FieldInfo& reference, const std::string& name,
                         const FieldInfo& target);

// `objects` empty: all that the user can write. Unknown ones are left out. Blocks.
sdk::Result<sdk::Catalog> DiscoverObjects(Schemas* schemas, sdk::Call call,
                                          const std::vector<std::string>& objects);

}  // namespace penstock::salesforce
