#include "plugins/salesforce/verdict.h"

#include <algorithm>
#include <array>

#include "plugins/salesforce/twins.h"

namespace penstock::salesforce {

using sdk::ErrorClass;
using sdk::Failure;

namespace {

constexpr std::array<std::string_view, 5> kConflicts = {
    "DUPLICATE_VALUE", "DUPLICATES_DETECTED", "DUPLICATE_EXTERNAL_ID", "DUPLICATE_USERNAME",
    "DUPLICATE_DEVELOPER_NAME"};

constexpr std::array<std::string_view, 3> kReferences = {
    "INVALID_CROSS_REFERENCE_KEY", "ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_TYPE_FOR_FIELD"};

// Nothing that the record says: it may go through another time as it is.
constexpr std::array<std::string_view, 17> kDestinations = {
    "INACTIVE_OWNER_OR_USER",
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
    "INSUFFICIENT_ACCESS_OR_READONLY",
    "INSUFFICIENT_ACCESS",
    "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
    "CANNOT_EXECUTE_FLOW_TRIGGER",
    "CANNOT_CASCADE_PRODUCT_ACTIVE",
    "ENTITY_IS_LOCKED",
    "DELETE_FAILED",
    "DELETE_OPERATION_TOO_LARGE",
    "TRANSFER_REQUIRES_READ",
    "OP_WITH_INVALID_USER_TYPE_EXCEPTION",
    "UNABLE_TO_LOCK_ROW",
    "UNKNOWN_EXCEPTION",
    "SERVER_UNAVAILABLE",
    "LIMIT_EXCEEDED",
    "APEX_DATA_ACCESS_RESTRICTION"};

template <size_t N>
bool Contains(const std::array<std::string_view, N>& codes, const std::string& code) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

bool Has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// What stands between two marks of a text; empty when they are not there.
std::string Between(const std::string& text, std::string_view before, std::string_view after) {
  const size_t at = text.find(before);
  if (at == std::string::npos) return {};
  const size_t begin = at + before.size();
  const size_t end = after.empty() ? text.size() : text.find(after, begin);
  return end == std::string::npos ? std::string() : text.substr(begin, end - begin);
}

// "Foreign key external ID: X not found for field Ext__c in entity Account".
bool IsMissingParent(const ApiError& error) {
  return error.code == "INVALID_FIELD" && Has(error.message, "Foreign key external ID");
}

// The mapped field that stands for the reference of that name or relationship.
const std::string& MappedName(const Shape& shape, const std::string& name) {
  for (const SentField& field : shape.fields) {
    if (field.target == name || field.relation.relationship == name) return field.name;
  }
  return name;
}

bool IsOwnId(const std::string& field) { return field == "Id" || field == "id"; }

// "duplicate value found: Ext__c duplicates value on record with id: 001…".
void ExplainDuplicate(const Shape& shape, const ApiError& error, Verdict* verdict) {
  if (Has(error.message, "Duplicate external id specified")) {
    verdict->twin = true;
    verdict->message = TwinText(shape.key_name(), {}, {});
    verdict->field = shape.key_name();
    return;
  }
  const std::string field = Between(error.message, "duplicate value found: ", " duplicates");
  if (shape.object->Find(field) != nullptr) verdict->field = MappedName(shape, field);
  std::string id = Between(error.message, "record with id: ", "");
  id.resize(std::min(id.find_first_of(" .,;:"), id.size()));
  if (!IsRecordId(id)) return;
  verdict->id = id;
  verdict->message = "record " + id + " has this value " +
                     (verdict->field.empty() ? "of a unique field" : "of " + verdict->field) +
                     " already, and no two may";
}

bool ContinuesCharacter(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Salesforce repeats a value that is too long, and says behind it what would not be.
std::string Shortened(const std::string& text) {
  constexpr size_t kHead = 200, kTail = 60;
  if (text.size() <= kHead + kTail) return text;
  size_t head = kHead, tail = text.size() - kTail;
  while (head > 0 && ContinuesCharacter(text[head])) --head;
  while (tail < text.size() && ContinuesCharacter(text[tail])) ++tail;
  return text.substr(0, head) + "…" + text.substr(tail);
}

std::string MessageOf(const ApiError& error) {
  if (error.more == 0) return Shortened(error.message);
  return Shortened(error.message) + " (and " + std::to_string(error.more) + " more errors)";
}

// Whether it is the record itself that is not there, not one that it refers to.
bool IsGone(const Shape& shape, const ApiError& error) {
  if (shape.verb != Verb::kUpdate && shape.verb != Verb::kDelete) return false;
  const bool own = error.fields.empty() || IsOwnId(error.fields[0]);
  if (error.code == "MALFORMED_ID") return !error.fields.empty() && own;
  // Without a field it may be a reference, too. Then the host, which plans the record as a new one,
  // is told so by the next error: an upsert knows no record that is gone.
  return own && (error.code == "ENTITY_IS_DELETED" || error.code == "NOT_FOUND" ||
                 error.code == "INVALID_CROSS_REFERENCE_KEY");
}

ErrorClass ClassOf(const ApiError& error) {
  if (Contains(kConflicts, error.code)) return ErrorClass::kConflict;
  if (Contains(kReferences, error.code) || IsMissingParent(error)) return ErrorClass::kReference;
  if (Contains(kDestinations, error.code) || IsContention(error)) return ErrorClass::kDestination;
  return ErrorClass::kData;
}

sdk::Status Ending(const ApiError& error) {
  sdk::Status known = RunStatus(error, "writing records");
  if (!known.ok()) return known;
  if ((error.code == "INVALID_FIELD" || error.code == "INVALID_TYPE") && !IsMissingParent(error)) {
    return Failure{PENSTOCK_E_NOT_FOUND, "salesforce." + error.code,
                   "writing records: " + error.message +
                       "; the object's fields changed, or the user may no longer see them",
                   0};
  }
  return {};
}

}  // namespace

bool IsContention(const ApiError& error) {
  return error.code == "UNABLE_TO_LOCK_ROW" || Has(error.message, "UNABLE_TO_LOCK_ROW") ||
         (error.code == "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY" &&
          Has(error.message, "Too many SOQL queries"));
}

Verdict Judge(const Shape& shape, const ApiError& error) {
  Verdict verdict;
  verdict.code = error.code.empty() ? "REJECTED" : error.code;
  verdict.message = MessageOf(error);
  if (!error.fields.empty()) verdict.field = MappedName(shape, error.fields[0]);
  verdict.ending = Ending(error);
  if (!verdict.ending.ok() || error.code == "ALL_OR_NONE_OPERATION_ROLLED_BACK") {
    verdict.outcome = PENSTOCK_UNSENT;
    return verdict;
  }
  if (IsGone(shape, error)) {
    verdict.outcome = PENSTOCK_MISSING;
    return verdict;
  }
  verdict.error_class = ClassOf(error);
  if (error.code == "DUPLICATE_VALUE") ExplainDuplicate(shape, error, &verdict);
  const bool own_key = shape.key != nullptr && verdict.field == shape.key_name();
  if (shape.verb == Verb::kInsert && own_key && !verdict.id.empty()) {
    verdict.outcome = PENSTOCK_EXISTS;
  }
  return verdict;
}

sdk::Status Report(const Verdict& verdict, size_t place, sdk::RequestOutcomes& records) {
  const sdk::Reason reason{verdict.code, verdict.message, verdict.field};
  switch (verdict.outcome) {
    case PENSTOCK_MISSING:
      records.Missing(place, reason);
      break;
    case PENSTOCK_EXISTS:
      records.Exists(place, verdict.id, reason);
      break;
    case PENSTOCK_UNSENT:
      records.Unsent(place, reason);
      break;
    default:
      records.Rejected(place, verdict.error_class, reason);
  }
  return verdict.ending;
}

}  // namespace penstock::salesforce
