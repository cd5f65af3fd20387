#include "sdk/testing/control.h"

#include <utility>

namespace penstock::sandbox {
namespace {

constexpr std::string_view kPrefix = "/_sandbox/";

Response Refused(int status, std::string_view message) {
  return Response::Json(status, [&](JsonWriter& json) {
    json.StartObject();
    PutMember(json, "message", message);
    json.EndObject();
  });
}

Response Done() { return Response::Json(200, "{}"); }

Response StreamTable(const Store& store, const Table& table, bool writes) {
  Response response;
  response.content_type = "application/x-ndjson";
  response.stream = [&store, &table, writes](std::ostream& out) {
    writes ? store.StreamWrites(table, out) : store.StreamObjects(table, out);
  };
  return response;
}

bool ReadValues(const JsonValue& line, const Table& table, Vendor& vendor, Values* values) {
  const JsonValue* properties = Member(line, "properties");
  if (properties == nullptr || !properties->IsObject()) return false;
  for (const auto& property : properties->GetObject()) {
    if (property.value.IsNull()) continue;
    values->push_back({std::string(Text(property.name)), property.value.IsString()
                                                             ? std::string(Text(property.value))
                                                             : ToJson(property.value)});
  }
  vendor.Normalise(table, values);
  return true;
}

// Objects that were there before: JSON lines {"properties": {…}, "archived": false}.
Response Seed(Sandbox& sandbox, Vendor& vendor, Table& table, const Request& request) {
  auto lock = table.Lock();
  std::uint64_t created = 0;
  std::string_view rest = request.body;
  for (std::size_t number = 1; !rest.empty(); ++number) {
    std::size_t end = rest.find('\n');
    std::string_view text = Trim(rest.substr(0, end));
    rest = end == rest.npos ? std::string_view() : rest.substr(end + 1);
    if (text.empty()) continue;
    JsonDocument line;
    line.Parse(text.data(), text.size());
    Values values;
    if (line.HasParseError() || !ReadValues(line, table, vendor, &values)) {
      return Refused(400, "Line " + std::to_string(number) + " is not {\"properties\": {…}}.");
    }
    const Record& record = table.Create(values, request.now_ms, /*counted=*/false);
    const JsonValue* archived = Member(line, "archived");
    if (archived != nullptr && archived->IsBool() && archived->GetBool()) {
      table.Archive(record, request.now_ms, /*counted=*/false);
    }
    ++created;
  }
  sandbox.store.Flush();
  return Response::Json(200, [&](JsonWriter& json) {
    json.StartObject();
    json.Key("created");
    json.Uint64(created);
    json.EndObject();
  });
}

Response StatsOf(Sandbox& sandbox, Vendor& vendor) {
  return Response::Json(200, [&](JsonWriter& json) {
    json.StartObject();
    sandbox.stats.Write(json);
    json.Key("writes");
    sandbox.store.WriteCounts(json);
    vendor.WriteStats(json);
    json.EndObject();
  });
}

Response Reset(Sandbox& sandbox, Vendor& vendor, const Request& request) {
  const std::string& only = request.Query("only");
  if (!only.empty() && only != "stats" && only != "faults" && only != "objects") {
    return Refused(400, "\"only\" may be stats, faults or objects.");
  }
  if (only.empty() || only == "faults") sandbox.faults.Clear();
  if (only.empty() || only == "objects") {
    sandbox.store.Clear();
    vendor.Reset();
  }
  if (only.empty() || only == "stats") {
    sandbox.stats.Clear();
    sandbox.store.ClearCounts();
  }
  return Done();
}

// One member of PUT /_sandbox/config.
bool Configure(Sandbox& sandbox, Vendor& vendor, std::string_view name, const JsonValue& value) {
  if (name == "latency_ms" && value.IsInt64()) {
    sandbox.latency_ms.store(value.GetInt64());
    return true;
  }
  if (name == "clock_offset_ms" && value.IsInt64()) {
    sandbox.clock.SetOffset(value.GetInt64());
    return true;
  }
  if (name == "clock_ms" && value.IsInt64()) {
    sandbox.clock.Freeze(value.GetInt64());
    return true;
  }
  if (name == "limits" && value.IsBool()) {
    sandbox.limits.store(value.GetBool());
    return true;
  }
  return vendor.Configure(name, value);
}

Response Config(Sandbox& sandbox, Vendor& vendor, const Request& request) {
  JsonDocument body;
  std::string error;
  if (!request.ParseBody(&body, &error)) return Refused(400, error);
  if (!body.IsObject()) return Refused(400, "The body must be an object of settings.");
  for (const auto& member : std::as_const(body).GetObject()) {
    if (!Configure(sandbox, vendor, Text(member.name), member.value)) {
      return Refused(400, "The setting \"" + std::string(Text(member.name)) +
                              "\" is not known, or not with this value.");
    }
  }
  return Done();
}

}  // namespace

bool IsControlPath(std::string_view path) { return path.starts_with(kPrefix); }

Response HandleControl(Sandbox& sandbox, Vendor& vendor, Request& request) {
  std::string path = request.path.substr(kPrefix.size());
  std::string call = request.method + " " + path.substr(0, path.find('/'));
  if (std::size_t slash = path.find('/'); slash != path.npos) {
    std::string name = UrlDecode(path.substr(slash + 1), false);
    Table* table = sandbox.store.Find(vendor.TableName(name));
    if (table == nullptr) return Refused(404, "There is no object \"" + name + "\".");
    if (call == "GET objects") return StreamTable(sandbox.store, *table, false);
    if (call == "GET writes") return StreamTable(sandbox.store, *table, true);
    if (call == "POST objects") return Seed(sandbox, vendor, *table, request);
  } else {
    if (call == "GET stats") return StatsOf(sandbox, vendor);
    if (call == "GET faults") return Response::Json(200, sandbox.faults.Json());
    if (call == "POST reset") return Reset(sandbox, vendor, request);
    if (call == "PUT config") return Config(sandbox, vendor, request);
    if (call == "PUT faults") {
      std::string error;
      if (!sandbox.faults.Set(request.body, sandbox.options.seed, &error)) {
        return Refused(400, error);
      }
      return Done();
    }
  }
  return Refused(404, "There is no control path " + request.method + " " + request.path + ".");
}

}  // namespace penstock::sandbox
