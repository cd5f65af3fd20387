#include "plugins/hubspot/verdict.h"

namespace penstock::hubspot {

using sdk::ErrorClass;

namespace {

bool Has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

// "Contact already exists. Existing ID: 123".
std::string ExistingId(const std::string& message) {
  constexpr std::string_view kMark = "Existing ID: ";
  const size_t at = message.find(kMark);
  if (at == std::string::npos) return {};
  const size_t begin = at + kMark.size();
  const size_t end = message.find_first_not_of("0123456789", begin);
  return message.substr(begin, end == std::string::npos ? end : end - begin);
}

bool IsConflict(const ApiError& error) {
  return error.category == "CONFLICT" || error.code == "CONFLICTING_UNIQUE_VALUE" ||
         Has(error.message, "already has that value");
}

ErrorClass ClassOf(const ApiError& error) {
  if (IsConflict(error)) return ErrorClass::kConflict;
  if (error.category == "OBJECT_NOT_FOUND") return ErrorClass::kReference;
  // Owners come and go without any change of the record.
  if (error.code == "INVALID_OWNER_ID" || error.field == "hubspot_owner_id") {
    return ErrorClass::kDestination;
  }
  return ErrorClass::kData;
}

std::string MessageOf(const ApiError& error) {
  if (error.n_fields == 0) return error.message;
  std::string message = error.field_message.empty() ? error.message : error.field_message;
  if (error.n_fields > 1) {
    message += " (" + std::to_string(error.n_fields - 1) + " more of its properties refused)";
  }
  return message;
}

// Only a record that holds the very key of the insert is "the same one, already there".
bool IsKeyTaken(std::string_view key_property, const ApiError& error) {
  if (!IsConflict(error)) return false;
  if (Has(error.message, "Contact already exists")) return key_property == "email";
  return error.field == key_property ||
         Has(error.message, "Cannot set " + std::string(key_property) + " to ");
}

}  // namespace

bool IsAboutSchema(const ApiError& error) {
  return error.code == "PROPERTY_DOESNT_EXIST" || error.code == "READ_ONLY_VALUE";
}

sdk::Failure SchemaFailure(const ApiError& error) {
  return {PENSTOCK_E_NOT_FOUND, "hubspot." + error.code,
          "writing contacts: " + MessageOf(error) + "; the account's properties changed", 0};
}

sdk::Status ReportError(Verb verb, std::string_view key_property, size_t place,
                        const ApiError& error, sdk::RequestOutcomes& records) {
  const std::string message = MessageOf(error);
  const std::string code = !error.code.empty()       ? error.code
                           : !error.category.empty() ? error.category
                                                     : "REJECTED";
  const sdk::Reason reason{code, message, error.field};
  if (IsAboutSchema(error)) {
    records.Unsent(place, reason);
    return SchemaFailure(error);
  }
  const bool updates = verb == Verb::kUpdate || verb == Verb::kArchive;
  if (updates && error.category == "OBJECT_NOT_FOUND") {
    records.Missing(place, reason);
  } else if (verb == Verb::kCreate && IsKeyTaken(key_property, error)) {
    records.Exists(place, ExistingId(error.message), reason);
  } else {
    records.Rejected(place, ClassOf(error), reason);
  }
  return {};
}

bool IsAboutRecords(int status, const ApiError& error) {
  switch (status) {
    case 400:
    case 409:
    case 413:
    case 422:
      return true;
    case 404:
      return error.category == "OBJECT_NOT_FOUND";
    default:
      return false;
  }
}

bool IsBadKey(const ApiError& error) { return Has(error.message, "by non-unique "); }

}  // namespace penstock::hubspot
