// What an error of HubSpot's means for the record that it is about.
#pragma once

#include <string>
#include <string_view>

#include "penstock/write.hpp"
#include "plugins/hubspot/answers.h"

namespace penstock::hubspot {

enum class Verb { kUpsert, kCreate, kUpdate, kArchive };

// Reports `error` as the outcome of the record at `place`. `key_property`: what identifies records.
// Not ok when the error is not the record's: a property is gone or read-only now, so that the run
// stops, and nobody is rejected for it.
sdk::Status ReportError(Verb verb, std::string_view key_property, size_t place,
                        const ApiError& error, sdk::RequestOutcomes& records);

// Whether an error body is about records of the request (and so ends nothing but them).
bool IsAboutRecords(int status, const ApiError& error);

// Whether a property that the catalog has is gone, or cannot be written any more: true of every
// record alike.
bool IsAboutSchema(const ApiError& error);
sdk::Failure SchemaFailure(const ApiError& error);

// Whether the user chose a key that HubSpot cannot identify records by.
bool IsBadKey(const ApiError& error);

}  // namespace penstock::hubspot
