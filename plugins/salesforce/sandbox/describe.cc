// What the org says of itself: versions, objects, fields.
#include "plugins/salesforce/sandbox/endpoints.h"
#include "plugins/salesforce/sandbox/errors.h"
#include "plugins/salesforce/sandbox/ids.h"

namespace penstock::sandbox::salesforce {
namespace {

void PutBool(JsonWriter& json, const char* name, bool value) {
  json.Key(name);
  json.Bool(value);
}

void PutInt(JsonWriter& json, const char* name, int value) {
  json.Key(name);
  json.Int(value);
}

void PutNull(JsonWriter& json, const char* name) {
  json.Key(name);
  json.Null();
}

void PutOrNull(JsonWriter& json, const char* name, const std::string& value) {
  if (value.empty()) return PutNull(json, name);
  PutMember(json, name, value);
}

const char* SoapType(Type type) {
  switch (type) {
    case Type::kId:
    case Type::kReference:
      return "tns:ID";
    case Type::kBoolean:
      return "xsd:boolean";
    case Type::kInt:
      return "xsd:int";
    case Type::kDouble:
    case Type::kCurrency:
    case Type::kPercent:
      return "xsd:double";
    case Type::kDate:
      return "xsd:date";
    case Type::kDateTime:
      return "xsd:dateTime";
    default:
      return "xsd:string";
  }
}

void WriteChoices(JsonWriter& json, const Field& field) {
  json.Key("picklistValues");
  json.StartArray();
  for (const Choice& choice : field.choices) {
    json.StartObject();
    PutBool(json, "active", choice.active);
    PutBool(json, "defaultValue", field.default_value == choice.value);
    PutMember(json, "label", choice.value);
    PutNull(json, "validFor");
    PutMember(json, "value", choice.value);
    json.EndObject();
  }
  json.EndArray();
}

bool DefaultedOnCreate(const Field& field) {
  return field.source == Source::kSystem || field.default_value || field.name == "OwnerId";
}

// The second half of a field's members.
void WriteRest(JsonWriter& json, const ObjectSchema& object, const Field& field) {
  const bool long_text = field.type == Type::kTextArea && field.length > 255;
  PutBool(json, "externalId", field.external_id);
  PutOrNull(json, "extraTypeInfo", long_text ? "plaintextarea" : "");
  PutBool(json, "filterable", !long_text);
  PutNull(json, "filteredLookupInfo");
  PutBool(json, "formulaTreatNullNumberAsZero", false);
  PutBool(json, "groupable", !long_text);
  PutBool(json, "highScaleNumber", false);
  PutBool(json, "htmlFormatted", false);
  PutBool(json, "idLookup", field.id_lookup);
  PutNull(json, "inlineHelpText");
  PutMember(json, "label", field.label);
  PutInt(json, "length", field.length);
  PutNull(json, "mask");
  PutNull(json, "maskType");
  PutMember(json, "name", field.name);
  PutBool(json, "nameField", &field == object.NameField());
  PutBool(json, "namePointing", field.references.size() > 1);
  PutBool(json, "nillable", !field.required);
  PutBool(json, "permissionable", field.source == Source::kStored && !field.required);
  WriteChoices(json, field);
  PutBool(json, "polymorphicForeignKey", field.references.size() > 1);
  PutInt(json, "precision", field.precision);
  PutBool(json, "queryByDistance", false);
  PutNull(json, "referenceTargetField");
  json.Key("referenceTo");
  json.StartArray();
  for (const std::string& to : field.references) PutString(json, to);
  json.EndArray();
  PutOrNull(json, "relationshipName", field.relationship);
  PutNull(json, "relationshipOrder");
  PutBool(json, "restrictedDelete", false);
  PutBool(json, "restrictedPicklist", field.restricted);
  PutInt(json, "scale", field.scale);
  PutBool(json, "searchPrefilterable", field.type == Type::kReference);
  PutMember(json, "soapType", SoapType(field.type));
  PutBool(json, "sortable", !long_text && field.type != Type::kMultiPicklist);
  PutMember(json, "type", TypeName(field.type));
  PutBool(json, "unique", field.unique);
  PutBool(json, "updateable", field.updateable);
  PutBool(json, "writeRequiresMasterRead", false);
}

void WriteField(JsonWriter& json, const ObjectSchema& object, const Field& field) {
  const bool long_text = field.type == Type::kTextArea && field.length > 255;
  json.StartObject();
  PutBool(json, "aggregatable", !long_text && field.type != Type::kBoolean);
  PutBool(json, "aiPredictionField", false);
  PutBool(json, "autoNumber", false);
  PutInt(json, "byteLength", field.length * 3);
  PutBool(json, "calculated", field.source == Source::kFormula);
  PutNull(json, "calculatedFormula");
  PutBool(json, "cascadeDelete", false);
  PutBool(json, "caseSensitive", false);
  PutNull(json, "compoundFieldName");
  PutNull(json, "controllerName");
  PutBool(json, "createable", field.createable);
  PutBool(json, "custom", field.custom());
  if (field.type == Type::kBoolean) {
    PutBool(json, "defaultValue", field.default_value == "true");
  } else {
    PutOrNull(json, "defaultValue", field.default_value.value_or(""));
  }
  PutNull(json, "defaultValueFormula");
  PutBool(json, "defaultedOnCreate", DefaultedOnCreate(field));
  PutBool(json, "dependentPicklist", false);
  PutBool(json, "deprecatedAndHidden", false);
  PutInt(json, "digits", field.type == Type::kInt ? 8 : 0);
  PutBool(json, "displayLocationInDecimal", false);
  PutBool(json, "encrypted", false);
  WriteRest(json, object, field);
  json.EndObject();
}

void WriteRecordType(JsonWriter& json, const RecordType& type, bool master,
                     const std::string& url) {
  json.StartObject();
  PutBool(json, "active", type.active);
  PutBool(json, "available", type.active);
  PutBool(json, "defaultRecordTypeMapping", type.is_default);
  PutMember(json, "developerName", type.developer_name);
  PutBool(json, "master", master);
  PutMember(json, "name", type.name);
  PutMember(json, "recordTypeId", type.id);
  json.Key("urls");
  json.StartObject();
  PutMember(json, "layout", url + "/describe/layouts/" + type.id);
  json.EndObject();
  json.EndObject();
}

void WriteRecordTypes(JsonWriter& json, const ObjectSchema& object, const std::string& url) {
  RecordType master{"Master", "Master", true, true, LongId("012000000000000")};
  for (const RecordType& type : object.record_types) master.is_default &= !type.is_default;
  json.Key("recordTypeInfos");
  json.StartArray();
  for (const RecordType& type : object.record_types) WriteRecordType(json, type, false, url);
  WriteRecordType(json, master, true, url);
  json.EndArray();
}

// The members that the list of objects and an object's own description share.
void WriteSummary(JsonWriter& json, const ObjectSchema& object, const std::string& url) {
  PutBool(json, "activateable", false);
  PutBool(json, "createable", object.createable);
  PutBool(json, "custom", object.name.ends_with("__c"));
  PutBool(json, "customSetting", false);
  PutBool(json, "deletable", object.createable);
  PutBool(json, "deprecatedAndHidden", false);
  PutBool(json, "feedEnabled", false);
  PutBool(json, "hasSubtypes", false);
  PutBool(json, "isInterface", false);
  PutBool(json, "isSubtype", false);
  PutMember(json, "keyPrefix", object.prefix);
  PutMember(json, "label", object.label);
  PutMember(json, "labelPlural", object.label + "s");
  PutBool(json, "layoutable", true);
  PutBool(json, "mergeable", false);
  PutBool(json, "mruEnabled", true);
  PutMember(json, "name", object.name);
  PutBool(json, "queryable", true);
  PutBool(json, "replicateable", true);
  PutBool(json, "retrieveable", true);
  PutBool(json, "searchable", true);
  PutBool(json, "triggerable", true);
  PutBool(json, "undeletable", object.createable);
  PutBool(json, "updateable", object.createable);
  json.Key("urls");
  json.StartObject();
  PutMember(json, "sobject", url);
  PutMember(json, "describe", url + "/describe");
  PutMember(json, "rowTemplate", url + "/{ID}");
  json.EndObject();
}

std::string UrlOf(const Request& request, const ObjectSchema& object) {
  return "/services/data/" + request.Param("version") + "/sobjects/" + object.name;
}

}  // namespace

Response GetVersions(const Request& /*request*/) {
  return Response::Json(200, [&](JsonWriter& json) {
    json.StartArray();
    for (int version = kFirstVersion; version <= kLastVersion; ++version) {
      const std::string number = std::to_string(version) + ".0";
      json.StartObject();
      PutMember(json, "label", "Release " + std::to_string(version));
      PutMember(json, "url", "/services/data/v" + number);
      PutMember(json, "version", number);
      json.EndObject();
    }
    json.EndArray();
  });
}

Response GetResources(const Org& org, const Request& request) {
  const std::string root = "/services/data/" + request.Param("version");
  return Response::Json(200, [&](JsonWriter& json) {
    json.StartObject();
    for (const char* name : {"composite", "jobs", "limits", "query", "sobjects"}) {
      PutMember(json, name, root + "/" + name);
    }
    PutMember(
        json, "identity",
        "https://" + std::string(request.Header("Host")) + "/id/" + org.id() + "/" + org.UserId());
    json.EndObject();
  });
}

Response DescribeGlobal(const Org& org, const Request& request) {
  return Response::Json(200, [&](JsonWriter& json) {
    json.StartObject();
    PutMember(json, "encoding", "UTF-8");
    PutInt(json, "maxBatchSize", 200);
    json.Key("sobjects");
    json.StartArray();
    for (const auto& object : org.objects()) {
      json.StartObject();
      WriteSummary(json, object->schema, UrlOf(request, object->schema));
      json.EndObject();
    }
    json.EndArray();
    json.EndObject();
  });
}

Response BasicInformation(const Org& org, const Request& request) {
  const Object* object = org.Find(request.Param("object"));
  if (object == nullptr) return ErrorResponse(NotFound());
  return Response::Json(200, [&](JsonWriter& json) {
    json.StartObject();
    json.Key("objectDescribe");
    json.StartObject();
    WriteSummary(json, object->schema, UrlOf(request, object->schema));
    json.EndObject();
    json.Key("recentItems");
    json.StartArray();
    json.EndArray();
    json.EndObject();
  });
}

Response DescribeObject(const Org& org, const Request& request) {
  const Object* object = org.Find(request.Param("object"));
  if (object == nullptr) return ErrorResponse(NotFound());
  const std::string url = UrlOf(request, object->schema);
  return Response::Json(200, [&](JsonWriter& json) {
    json.StartObject();
    for (const char* name : {"actionOverrides", "childRelationships", "namedLayoutInfos"}) {
      json.Key(name);
      json.StartArray();
      json.EndArray();
    }
    json.Key("fields");
    json.StartArray();
    for (const Field& field : object->schema.fields) WriteField(json, object->schema, field);
    json.EndArray();
    WriteRecordTypes(json, object->schema, url);
    WriteSummary(json, object->schema, url);
    json.EndObject();
  });
}

}  // namespace penstock::sandbox::salesforce
