#include "sdk/testing/kit/subject.h"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace penstock::kit {

namespace fs = std::filesystem;

namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

bool IsTrue(const rapidjson::Value& object, const char* name) {
  const auto it = object.FindMember(name);
  return it != object.MemberEnd() && it->value.IsTrue();
}

int64_t Number(const rapidjson::Value& object, const char* name, int64_t otherwise) {
  const auto it = object.FindMember(name);
  return it != object.MemberEnd() && it->value.IsInt64() ? it->value.GetInt64() : otherwise;
}

void MakeUp(const rapidjson::Value& schema, const std::string& name, Writer* json);

void MakeUpObject(const rapidjson::Value& schema, Writer* json) {
  json->StartObject();
  const auto properties = schema.FindMember("properties");
  const auto required = schema.FindMember("required");
  if (required != schema.MemberEnd() && required->value.IsArray()) {
    for (const auto& item : required->value.GetArray()) {
      if (!item.IsString()) continue;
      json->Key(item.GetString());
      const bool known = properties != schema.MemberEnd() && properties->value.IsObject() &&
                         properties->value.HasMember(item);
      if (known && properties->value[item].IsObject()) {
        MakeUp(properties->value[item], item.GetString(), json);
      } else {
        json->String("x");
      }
    }
  }
  json->EndObject();
}

void MakeUpString(const rapidjson::Value& schema, const std::string& name, Writer* json) {
  if (IsTrue(schema, "x-secret")) {
    json->StartObject();
    json->Key("$secret");
    json->String(name.c_str());
    json->EndObject();
    return;
  }
  json->String(
      std::string(static_cast<size_t>(std::max<int64_t>(1, Number(schema, "minLength", 1))), 'x'));
}

void MakeUp(const rapidjson::Value& schema, const std::string& name, Writer* json) {
  if (const auto it = schema.FindMember("default"); it != schema.MemberEnd()) {
    it->value.Accept(*json);
    return;
  }
  if (const auto it = schema.FindMember("enum");
      it != schema.MemberEnd() && it->value.IsArray() && !it->value.Empty()) {
    it->value[0].Accept(*json);
    return;
  }
  if (const auto it = schema.FindMember("oneOf");
      it != schema.MemberEnd() && it->value.IsArray() && !it->value.Empty()) {
    MakeUp(it->value[0], name, json);
    return;
  }
  const auto type_it = schema.FindMember("type");
  const std::string type = type_it != schema.MemberEnd() && type_it->value.IsString()
                               ? type_it->value.GetString()
                               : "string";
  if (type == "object") {
    MakeUpObject(schema, json);
  } else if (type == "array") {
    json->StartArray();
    const auto items = schema.FindMember("items");
    for (int64_t i = 0; i < Number(schema, "minItems", 0); ++i) {
      if (items != schema.MemberEnd()) MakeUp(items->value, name, json);
    }
    json->EndArray();
  } else if (type == "boolean") {
    json->Bool(false);
  } else if (type == "integer" || type == "number") {
    json->Int64(Number(schema, "minimum", 1));
  } else if (type == "null") {
    json->Null();
  } else {
    MakeUpString(schema, name, json);
  }
}

}  // namespace

sdk::Result<std::string> ReadText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file || fs::is_directory(path)) {
    return sdk::Failure{PENSTOCK_E_NOT_FOUND, "KIT-FILE", "the file " + path + " cannot be read",
                        0};
  }
  return std::move(text).str();
}

sdk::Result<Subject> ReadSubject(const std::string& path) {
  Subject subject;
  std::error_code error;
  subject.path = fs::absolute(path, error).lexically_normal().string();
  if (error || !fs::is_regular_file(subject.path, error)) {
    return sdk::Failure{PENSTOCK_E_NOT_FOUND, "KIT-SUBJECT", "there is no library " + path, 0};
  }
  subject.directory = fs::path(subject.path).parent_path().string();
  subject.id = fs::path(subject.path).stem().string();
  subject.sidecar_path = subject.directory + "/" + subject.id + ".connector.json";
  sdk::Result<std::string> sidecar = ReadText(subject.sidecar_path);
  if (!sidecar.ok()) {
    return sdk::Failure{PENSTOCK_E_NOT_FOUND, "KIT-SUBJECT",
                        "the manifest " + subject.sidecar_path +
                            " must lie beside the library; penstock_add_connector() puts it there",
                        0};
  }
  subject.sidecar = *std::move(sidecar);
  subject.json.Parse(subject.sidecar.data(), subject.sidecar.size());
  if (subject.json.HasParseError() || !subject.json.IsObject()) subject.json.SetNull();
  sdk::Result<sdk::Manifest> manifest = sdk::ParseManifest(subject.sidecar);
  if (manifest.ok()) {
    subject.manifest = *std::move(manifest);
  } else {
    subject.manifest_failure = manifest.failure();
  }
  return subject;
}

std::string MadeUpConfig(const rapidjson::Value& schema) {
  rapidjson::StringBuffer buffer;
  Writer json(buffer);
  if (schema.IsObject()) {
    MakeUpObject(schema, &json);
  } else {
    json.StartObject();
    json.EndObject();
  }
  return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace penstock::kit
