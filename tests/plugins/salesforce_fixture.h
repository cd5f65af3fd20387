// Answers as Salesforce gives them, of an organization with accounts and contacts.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/plugins/connector_fixture.h"

namespace penstock::sdk {

class SalesforceFixture : public ConnectorFixture {
 protected:
  void SetUp() override {
    Open("salesforce",
         R"({"grant": "client_credentials", "client_id": "c", "client_secret": {"$secret": "s"}})");
    Describe("Account",
             {Text("Name", R"("nillable": false)"), ExternalId("Ext__c"),
              Field("Secret__c", "string", R"("createable": false, "updateable": false)")});
    Describe("User", {Text("Username", R"("idLookup": true)")});
    Describe("Group", {Text("Name", "")});
    Describe(
        "Contact",
        {Text("LastName", R"("nillable": false)"), ExternalId("Ext__c"),
         Field("Email", "email", R"("length": 80, "idLookup": true)"),
         Field("Amount__c", "currency", R"("precision": 18, "scale": 2)"),
         Field("Number__c", "double", R"("scale": 0, "externalId": true, "unique": true)"),
         Field("Day__c", "date"), Field("At__c", "datetime"), Field("Flag__c", "boolean"),
         Field("Stage__c", "picklist", R"("restrictedPicklist": true, "picklistValues": [
              {"active": true, "value": "lead"}, {"active": false, "value": "old"}])"),
         Field("Tags__c", "multipicklist", R"("restrictedPicklist": false, "picklistValues": [])"),
         Field("Formula__c", "string",
               R"("createable": false, "updateable": false, "calculated": true)"),
         Field("AccountId", "reference",
               R"("referenceTo": ["Account"], "relationshipName": "Account")"),
         Field("OwnerId", "reference", R"("referenceTo": ["Group", "User"],
              "relationshipName": "Owner", "nillable": false, "defaultedOnCreate": true)"),
         Field("RecordTypeId", "reference",
               R"("referenceTo": ["RecordType"], "relationshipName": "RecordType")")},
        R"({"developerName": "Partner", "recordTypeId": "012000000000001AAA", "available": true,
               "master": false},
              {"developerName": "Master", "recordTypeId": "012000000000000AAA", "available": true,
               "master": true})");
    host_.answer = [this](const SentRequest& request) { return Answer(request); };
  }

  static std::string Field(const std::string& name, const std::string& type,
                           const std::string& more = {}) {
    return R"({"createable": true, "updateable": true, "nillable": true, "length": 0, "name": ")" +
           name + R"(", "label": "The )" + name + R"(", "type": ")" + type + "\"" +
           (more.empty() ? "" : ", " + more) + "}";
  }
  static std::string Text(const std::string& name, const std::string& more) {
    return Field(name, "string", R"("length": 80)" + (more.empty() ? "" : ", " + more));
  }
  static std::string ExternalId(const std::string& name) {
    return Text(name, R"("externalId": true, "idLookup": true, "unique": true)");
  }
  void Describe(const std::string& name, const std::vector<std::string>& fields,
                const std::string& record_types = {}) {
    std::string list;
    for (const std::string& field : fields)
      list += (list.empty() ? "" : ",") + WithoutDefaults(field);
    describes_[name] = R"({"name": ")" + name + R"(", "label": "The )" + name +
                       R"(", "createable": true, "updateable": true, "deletable": true,
                           "fields": [)" +
                       list + R"(], "recordTypeInfos": [)" + record_types + "]}";
  }

  static Reply Error(int status, const std::string& code, const std::string& message) {
    return {status, R"([{"errorCode": ")" + code + R"(", "message": ")" + message + "\"}]"};
  }
  static Reply Results(const std::vector<std::string>& results) {
    std::string text;
    for (const std::string& result : results) text += (text.empty() ? "" : ",") + result;
    return {200, "[" + text + "]"};
  }
  static std::string Good(const std::string& id, const std::string& created = {}) {
    return R"({"id": ")" + id + R"(", "success": true, "errors": [])" +
           (created.empty() ? "" : R"(, "created": )" + created) + "}";
  }
  static std::string Bad(const std::string& code, const std::string& message,
                         const std::string& field = {}) {
    return R"({"success": false, "errors": [{"statusCode": ")" + code + R"(", "message": ")" +
           message + R"(", "fields": [)" + (field.empty() ? "" : "\"" + field + "\"") + "]}]}";
  }

  Reply Answer(const SentRequest& request) {
    const std::string root = "/services/data/v62.0";
    for (const auto& [name, body] : describes_) {
      if (request.url == root + "/sobjects/" + name + "/describe") return {200, body};
    }
    if (request.url.ends_with("/describe")) {
      return Error(404, "NOT_FOUND", "The requested resource does not exist");
    }
    if (request.url.rfind(root + "/query", 0) == 0) return query ? query(request) : Records({});
    return write ? write(request) : Reply{500, "no answer written"};
  }
  static Reply Records(const std::vector<std::string>& records) {
    std::string text;
    for (const std::string& record : records) text += (text.empty() ? "" : ",") + record;
    return {200, R"({"totalSize": )" + std::to_string(records.size()) +
                     R"(, "done": true, "records": [)" + text + "]}"};
  }

  /// The requests that were no describe.
  std::vector<SentRequest> Sent() const {
    std::vector<SentRequest> sent;
    for (const SentRequest& request : host_.sent) {
      if (!request.url.ends_with("/describe")) sent.push_back(request);
    }
    return sent;
  }
  /// `n` records with keys A1, A2, … and seqs 1, 2, …
  void Rows(TestBatch* batch, size_t n, const std::vector<std::string>& ids = {}) {
    for (size_t i = 0; i < n; ++i) {
      batch->Add(i + 1, {batch->Text("A" + std::to_string(i + 1)), batch->Text("name")},
                 i < ids.size() ? ids[i] : "");
    }
  }
  Assignment Contacts(const std::string& operation) {
    Assignment assignment = Assign("Contact", operation, {"Ext__c", "LastName"});
    assignment.limits = {1000, 200, 2};
    return assignment;
  }
  int32_t Outcome(uint64_t seq) { return outcomes_.count(seq) ? outcomes_[seq].outcome : 0; }

  std::function<Reply(const SentRequest&)> write, query;

 private:
  // Without the defaults that a field says otherwise of.
  static std::string WithoutDefaults(const std::string& field) {
    for (const char* flag : {"createable", "updateable", "nillable", "length"}) {
      const std::string name = "\"" + std::string(flag) + "\": ";
      const size_t first = field.find(name), last = field.rfind(name);
      if (first == last) continue;
      std::string text = field;
      text.erase(first, text.find(", ", first) + 2 - first);
      return WithoutDefaults(text);
    }
    return field;
  }

  std::map<std::string, std::string> describes_;
};

}  // namespace penstock::sdk
