// The endpoints below /services/data: what the file of that name answers.
#pragma once

#include "plugins/salesforce/sandbox/org.h"
#include "sdk/testing/vendor.h"

namespace penstock::sandbox::salesforce {

// describe.cc
Response GetVersions(const Request& request);
Response GetResources(const Org& org, const Request& request);
Response DescribeGlobal(const Org& org, const Request& request);
Response BasicInformation(const Org& org, const Request& request);
Response DescribeObject(const Org& org, const Request& request);

// rows.cc
Response CreateRow(const Org& org, const Request& request);
Response GetRow(const Org& org, const Request& request);
Response UpdateRow(const Org& org, const Request& request);
Response DeleteRow(const Org& org, const Request& request);
Response GetRowByKey(const Org& org, const Request& request);
Response UpsertRow(const Org& org, const Request& request);
Response DeleteRowByKey(const Org& org, const Request& request);
// "attributes" and the values of the fields, into an open object.
void WriteRow(JsonWriter& json, const Org& org, const Object& object, const Record& record,
              const std::vector<const Field*>& fields, const std::string& version);
// "attributes" alone.
void WriteAttributes(JsonWriter& json, const Object& object, const Record* record,
                     const std::string& version);

// collections.cc
Response CreateRows(const Org& org, const Request& request);
Response UpdateRows(const Org& org, const Request& request);
Response UpsertRows(const Org& org, const Request& request);
Response DeleteRows(const Org& org, const Request& request);
Response GetRows(const Org& org, const Request& request);
Response PostGetRows(const Org& org, const Request& request);

// composite.cc: up to 25 requests in one, each with what earlier ones answered.
Response Composite(const Org& org, const Request& request);

}  // namespace penstock::sandbox::salesforce
