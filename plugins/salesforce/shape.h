// How each field of an assignment is sent: what the writer knows before its first record.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "penstock/documents.hpp"
#include "plugins/salesforce/schema.h"

namespace penstock::salesforce {

enum class Verb { kUpsert, kInsert, kUpdate, kDelete };

// One field of the assignment, in its order.
struct SentField {
  enum class Kind {
    kValue,       // a field of the object
    kRelation,    // stands for a reference
    kRecordType,  // stands for RecordTypeId
    kOmitted,     // the record id, or a key that this operation may not write
  };
  Kind kind = Kind::kValue;
  std::string name;       // of the assignment
  std::string target;     // the object's own field: "AccountId" for "Account.Ext__c"
  RelationName relation;  // of kRelation
  bool checkbox = false;  // has no third state: NULL unticks it
};

struct Shape {
  Verb verb = Verb::kUpsert;
  std::shared_ptr<const ObjectInfo> object;
  size_t key_index = 0;            // of the key among the fields
  const FieldInfo* key = nullptr;  // null: the key is the record id
  std::vector<SentField> fields;

  const std::string& key_name() const { return fields[key_index].name; }
};

// INVALID_ARGUMENT, NOT_FOUND or UNSUPPORTED where the object cannot do what is assigned;
// INVALID_CONFIG where two fields stand for one reference.
sdk::Result<Shape> MakeShape(std::shared_ptr<const ObjectInfo> object,
                             const sdk::Assignment& assignment);

}  // namespace penstock::salesforce
