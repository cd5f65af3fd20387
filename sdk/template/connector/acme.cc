// The Acme connector: contacts of an account of Acme. It is whole, and small enough to be read from
// top to bottom; each part says what to change for your destination. The words in [brackets] are
// checks of the conformance kit: penstock-check proves that the part keeps that rule.
#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "penstock/connector.hpp"
#include "penstock/json_reader.hpp"
#include "penstock/settings.hpp"
#include "penstock_manifest.h"  // kManifest: the text of manifest.json, put here by the build

namespace acme_connector {

using namespace penstock::sdk;

// ---- 1. What an account has ---------------------------------------------------------------------
//
// Penstock asks for it once a day and checks every mapping against it, so that a wrong field name
// is found before anything is sent. Acme has one object with fixed fields. If your API describes
// its fields, make the request in Discover (part 3) and build this from the answer.

constexpr uint32_t kMaxRecords = 100;  // Acme takes no more in one request

Field MakeField(const char* name, const char* label, FieldType type) {
  Field field;
  field.name = name;
  field.label = label;
  field.type = type;
  return field;
}

Catalog TheCatalog() {
  Field email = MakeField("email", "E-mail address", FieldType::kString);
  email.required = true;
  email.unique = true;
  // Acme compares addresses like this; Penstock does the same before it looks for duplicates.
  email.normalisers = {Normaliser::kTrim, Normaliser::kLower};

  Object contacts;
  contacts.name = "contacts";
  contacts.label = "Contacts";
  contacts.fields = {email,
                     MakeField("name", "Name", FieldType::kString),
                     MakeField("note", "Note", FieldType::kString),
                     MakeField("amount", "Amount", FieldType::kDecimal),
                     MakeField("active", "Active", FieldType::kBoolean),
                     MakeField("joined", "Joined on", FieldType::kDate)};

  // What can be done to a contact, and by which field it is found. `idempotent`: doing it twice
  // leaves the same state, so that Penstock may send it again when an answer got lost. An insert is
  // not: the second one would find the record of the first. [write.request_flags]
  Operation by_email;
  by_email.identifiers = {{"email"}};
  by_email.idempotent = true;
  for (const char* name : {"upsert", "update", "delete"}) contacts.operations[name] = by_email;
  by_email.idempotent = false;
  contacts.operations["insert"] = by_email;

  contacts.limits.max_request_records = kMaxRecords;
  contacts.limits.max_batch_records = 10 * kMaxRecords;  // handed to Writer::Write at once
  contacts.limits.max_parallel_writers = 4;

  Catalog catalog;
  catalog.objects.push_back(std::move(contacts));
  return catalog;
}

// ---- 2. Writing ---------------------------------------------------------------------------------
//
// A writer has one object and one operation. Its whole job: records in, requests out, and for every
// record one outcome. [write.accounting] It never waits, retries or remembers: Penstock does.

class Writer {
 public:
  Writer(Http http, Assignment assignment, size_t max_records)
      : http_(http),
        assignment_(std::move(assignment)),
        key_(assignment_.KeyFields().front()),
        max_records_(max_records) {}

  Status Write(Call call, const Batch& batch, Outcomes& outcomes) {
    WriteRequests requests(batch);
    for (const Range& range : Chunk(batch.size(), max_records_)) {
      requests.Add(MakeRequest(batch, range), range);
    }
    // All of them at once: Penstock keeps to the limits of the manifest.
    return requests.Send(http_, call, outcomes,
                         [&](size_t index, const HttpResponse& response, RequestOutcomes& records) {
                           return ReadAnswer(KeysOf(batch, requests.records(index)), response,
                                             records);
                         });
  }

  // Everything is reported by Write. An API that works in jobs would poll the open ones here.
  Status Finish(Call, Outcomes&) { return {}; }

 private:
  // The places of a request's records, by their key.
  using Keys = std::multimap<std::string, size_t>;

  Keys KeysOf(const Batch& batch, const std::vector<size_t>& records) const {
    Keys keys;
    for (size_t place = 0; place < records.size(); ++place) {
      keys.emplace(PlainText(batch.value(records[place], key_)), place);
    }
    return keys;
  }

  // {"records": [{"key": "ann@example.com", "op": "upsert", "fields": {"name": "Ann"}}]}
  HttpRequest MakeRequest(const Batch& batch, const Range& range) const {
    JsonWriter json;
    json.BeginObject().Key("records").BeginArray();
    for (size_t i = range.begin; i < range.end; ++i) {
      json.BeginObject();
      json.Key("key").String(PlainText(batch.value(i, key_)));
      json.Key("op").String(assignment_.operation);
      json.Key("fields").BeginObject();
      for (size_t f = 0; f < batch.n_fields(); ++f) {
        const penstock_value& value = batch.value(i, f);
        // ABSENT: leave the field as it is. NULL is written as null, which clears it.
        // [write.null_absent]
        if (f == key_ || value.type == PENSTOCK_ABSENT) continue;
        json.Key(assignment_.fields[f].name).Value(value);  // numbers keep every digit
      }
      json.EndObject().EndObject();
    }
    json.EndArray().EndObject();
    HttpRequest request = HttpRequest::Post("/v1/contacts/batch", json.Take());
    request.idempotent = assignment_.operation != "insert";
    return request;
  }

  // Gives the records of one request their outcomes. Not ok when the run should stop. Whatever is
  // left out here is in doubt (or unsent, if Acme refused the request): nothing is claimed that the
  // answer does not say. [write.error_in_200, write.garbage_answer]
  static Status ReadAnswer(const Keys& keys, const HttpResponse& response,
                           RequestOutcomes& records) {
    const int status = response.status();
    const bool refused = status == 400 || status == 413 || status == 422;
    // Credentials, permissions, limits, the server's own trouble: nobody is rejected for that.
    // [write.auth_lost, write.rate_limited, write.unavailable]
    if (!response.success() && !refused) {
      return HttpFailure(response, "acme", "writing contacts");
    }
    rapidjson::Document answer;
    if (!ParseJson(response.body(), &answer)) answer.SetObject();
    if (refused) {
      // Nothing of the request was applied, and one record is to blame: Penstock sends the halves.
      // [write.all_or_nothing]
      records.RestRefused({TextMember(answer, "code"), TextMember(answer, "message"), {}});
      return {};
    }
    const JsonValue* results = ArrayMember(answer, "results");
    for (rapidjson::SizeType i = 0; results != nullptr && i < results->Size(); ++i) {
      const JsonValue& result = (*results)[i];
      // By key, never by position: Acme answers in any order. [write.mapping]
      const auto [first, last] = keys.equal_range(std::string(TextMember(result, "key")));
      const auto open = std::find_if(
          first, last, [&](const Keys::value_type& key) { return !records.settled(key.second); });
      if (open != last) ReadResult(result, open->second, records);
    }
    return {};
  }

  static void ReadResult(const JsonValue& result, size_t place, RequestOutcomes& records) {
    const std::string_view status = TextMember(result, "status");
    const std::string_view id = TextMember(result, "id");
    const Reason reason{TextMember(result, "code"), TextMember(result, "message"),
                        TextMember(result, "field")};
    if (status == "created") {
      records.Created(place, id);
    } else if (status == "updated") {
      records.Updated(place, id);
    } else if (status == "deleted") {
      records.Deleted(place, id);
    } else if (status == "missing") {  // of an update or a delete: that is no error
      records.Missing(place, reason);
    } else if (status == "exists") {  // of an insert: it is left as it is
      records.Exists(place, id, reason);
    } else if (status == "rejected") {
      // The class says when it is worth trying again: here, when the record's data changes.
      records.Rejected(place, ErrorClass::kData, reason);
    }
  }

  Http http_;
  Assignment assignment_;
  size_t key_;
  size_t max_records_;
};

// ---- 3. The connector ---------------------------------------------------------------------------
//
// One object of this class is one account. Credentials never come here: the manifest says where
// they go, and Penstock attaches them to the requests. [err.no_secret]

class Connector {
 public:
  using Writer = acme_connector::Writer;

  Connector(Host host, size_t max_records) : http_(host), max_records_(max_records) {}

  // `config_json` has passed config_schema of the manifest. No request is made here. [open.offline]
  static Result<std::unique_ptr<Connector>> Open(Host host, Call, std::string_view config_json) {
    Settings config(config_json, "config");
    const int64_t batch_size = config.Integer("batch_size", kMaxRecords);
    if (!config.status().ok()) return config.status().failure();
    if (batch_size < 1 || batch_size > int64_t{kMaxRecords}) {
      return config.Wrong("batch_size", "must be from 1 to " + std::to_string(kMaxRecords));
    }
    return std::make_unique<Connector>(host, static_cast<size_t>(batch_size));
  }

  // Which account the credentials open. Its id must never change: what Penstock knows of the
  // records belongs to it. Reads only. [check.ok, check.classes, check.read_only]
  Result<CheckReport> Check(Call call) {
    rapidjson::Document account;
    Status status = FetchJson(http_, call, HttpRequest::Get("/v1/account"), "acme",
                              "reading the account", &account);
    if (!status.ok()) return status.failure();
    CheckReport report;
    report.account_id = TextMember(account, "id");
    report.account_name = TextMember(account, "name");
    if (report.account_id.empty()) {
      return Failure{PENSTOCK_E_INTERNAL, "acme.BAD_ANSWER",
                     "reading the account: the answer has no id", 0};
    }
    return report;
  }

  // The objects of these names, or all. Reads only. [discover.schema, discover.subset]
  Result<Catalog> Discover(Call, const std::vector<std::string>& objects) {
    Catalog catalog;
    for (Object& object : TheCatalog().objects) {
      if (IsAskedFor(objects, object.name)) catalog.objects.push_back(std::move(object));
    }
    return catalog;
  }

  // Unknown objects, fields and operations are refused before anything is sent, and so is an
  // assignment without its key. [begin.unknown, begin.required_unmapped]
  Result<std::unique_ptr<Writer>> Begin(Call, const Assignment& assignment, std::span<const Note>) {
    Status known = CheckAssignment(TheCatalog(), assignment);
    if (!known.ok()) return known.failure();
    const size_t records = std::min<size_t>(assignment.limits.max_request_records, max_records_);
    return std::make_unique<Writer>(http_, assignment, records);
  }

  // Optional: finds records by their key. It settles what is in doubt after a lost answer, so offer
  // it whenever the API can. One call of `found` for each key.
  Status Lookup(Call call, const Assignment&, const Keys& keys, Found& found) {
    for (const Range& range : Chunk(keys.size(), kMaxRecords)) {
      JsonWriter json;
      json.BeginObject().Key("keys").BeginArray();
      for (size_t i = range.begin; i < range.end; ++i) json.String(PlainText(keys.value(i, 0)));
      json.EndArray().EndObject();
      HttpRequest request = HttpRequest::Post("/v1/contacts/lookup", json.Take());
      request.idempotent = true;  // a read, although it is a POST
      rapidjson::Document answer;
      Status status = FetchJson(http_, call, request, "acme", "finding contacts", &answer);
      if (!status.ok()) return status;
      std::map<std::string_view, std::string_view> ids;
      if (const JsonValue* records = ArrayMember(answer, "records")) {
        for (const JsonValue& record : records->GetArray()) {
          ids[TextMember(record, "key")] = TextMember(record, "id");
        }
      }
      for (size_t i = range.begin; i < range.end; ++i) {
        const auto id = ids.find(PlainText(keys.value(i, 0)));
        id == ids.end() ? found.Nothing(i) : found.At(i, id->second);
      }
    }
    return {};
  }

 private:
  Http http_;
  size_t max_records_;
};

}  // namespace acme_connector

// The one symbol that the library exports.
PENSTOCK_CONNECTOR(acme_connector::Connector, kManifest)
