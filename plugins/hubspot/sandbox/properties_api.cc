// /crm/v3/properties/{object}: what an account's records can hold.
#include "plugins/hubspot/sandbox/objects.h"

namespace penstock::sandbox::hubspot {
namespace {

constexpr int kMaxUnique = 10;

// Definitions made by users outlive a restart under this key.
std::string SettingKey(const Object& object, const std::string& name) {
  return "property/" + object.name + "/" + name;
}

Response Missing(const std::string& name) {
  return ErrorResponse(NotFound("Property " + name + " does not exist.", {name}));
}

}  // namespace

Response ListProperties(const Portal& portal, const Request& request) {
  return WithObject(portal, request, [&](Object& object) {
    return Response::Json(200, [&](JsonWriter& json) {
      json.StartObject();
      json.Key("results");
      json.StartArray();
      for (const auto& [name, property] : object.schema.all()) WriteProperty(json, property);
      json.EndArray();
      json.EndObject();
    });
  });
}

Response GetProperty(const Portal& portal, const Request& request) {
  return WithObject(portal, request, [&](Object& object) {
    const Property* property = object.schema.Find(request.Param("name"));
    if (property == nullptr) return Missing(request.Param("name"));
    return Response::Json(200, [&](JsonWriter& json) { WriteProperty(json, *property); });
  });
}

Response CreateProperty(const Portal& portal, const Request& request) {
  return WithBody(portal, request, [&](Object& object, const JsonValue& body) {
    std::string error;
    Property property;
    if (!ReadProperty(body, &property, &error)) return ErrorResponse(Invalid(error));
    property.created_ms = request.now_ms;
    if (object.schema.Find(property.name) != nullptr) {
      ApiError exists = Invalid("A property named '" + property.name + "' already exists.");
      exists.status = 409;
      exists.category = "OBJECT_ALREADY_EXISTS";
      return ErrorResponse(exists);
    }
    if (property.unique && object.schema.CountUnique() >= kMaxUnique) {
      return ErrorResponse(Invalid("An object can have at most 10 properties with unique values."));
    }
    std::string json = WriteJson([&](JsonWriter& out) { WriteProperty(out, property); });
    if (property.unique) object.table->AddUnique(property.name);
    portal.sandbox->store.SaveSetting(SettingKey(object, property.name), json);
    object.schema.Put(std::move(property));
    return Response::Json(201, std::move(json));
  });
}

Response DeleteProperty(const Portal& portal, const Request& request) {
  return WithObject(portal, request, [&](Object& object) {
    const std::string& name = request.Param("name");
    const Property* property = object.schema.Find(name);
    if (property == nullptr) return Missing(name);
    if (property->hubspot_defined) {
      return ErrorResponse(Invalid("Property " + name + " is the vendor's and stays."));
    }
    portal.sandbox->store.SaveSetting(SettingKey(object, name), "null");
    object.schema.Remove(name);
    return Response::Empty(204);
  });
}

}  // namespace penstock::sandbox::hubspot
