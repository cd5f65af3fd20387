// discover.*: the catalog.
#include <algorithm>
#include <set>

#include "penstock/json.hpp"
#include "penstock/json_reader.hpp"
#include "sdk/testing/kit/exact_json.h"
#include "sdk/testing/kit/text.h"
#include "sdk/testing/kit/writes.h"

namespace penstock::kit {
namespace {

void Schema(Trial& t) {
  const sdk::Catalog* catalog = t.catalog();
  if (catalog == nullptr) return;
  if (catalog->objects.empty()) t.Fail("the catalog is empty");
  std::set<std::string> names;
  for (const sdk::Object& object : catalog->objects) {
    if (!names.insert(object.name).second) t.Fail("the object " + object.name + " is there twice");
    if (object.operations.empty()) t.Fail("the object " + object.name + " has no operation");
  }
}

void Identifiers(Trial& t) {
  const sdk::Catalog* catalog = t.catalog();
  if (catalog == nullptr) return;
  for (const sdk::Object& object : catalog->objects) {
    for (const auto& [name, operation] : object.operations) {
      const std::string what = object.name + ", " + name + ": ";
      if (operation.identifiers.empty() && name != "insert") {
        t.Fail(what + "nothing identifies a record");
      }
      for (const auto& identifier : operation.identifiers) {
        for (const std::string& part : identifier) {
          const sdk::Field* field = object.FindField(part);
          if (field == nullptr && part == "id") continue;
          if (field == nullptr) {
            t.Fail(what + "the identifier " + Quote(part) + " is no field");
          } else if (field->type != sdk::FieldType::kString &&
                     field->type != sdk::FieldType::kInteger) {
            t.Fail(what + "the identifier " + Quote(part) + " is of type " +
                   std::string(sdk::FieldTypeName(field->type)) + "; string or integer can be one");
          }
        }
      }
    }
  }
}

void FieldFlags(Trial& t) {
  const sdk::Catalog* catalog = t.catalog();
  if (catalog == nullptr) return;
  std::vector<std::string> idle;
  for (const sdk::Object& object : catalog->objects) {
    const bool writes = object.operations.count("upsert") + object.operations.count("insert") +
                            object.operations.count("update") >
                        0;
    size_t writable = 0;
    for (const sdk::Field& field : object.fields) {
      writable += field.createable || field.updateable ? 1 : 0;
      if (field.required && !field.createable) {
        t.Fail(object.name + "." + field.name + " is required and cannot be created");
      }
      if (!field.createable && !field.updateable) idle.push_back(object.name + "." + field.name);
    }
    if (writes && writable == 0) t.Fail("no field of " + object.name + " can be written");
  }
  if (!t.failed() && !idle.empty()) {
    t.Warn("fields that nobody can write are of no use to a user: " + JoinSome(idle, 3));
  }
}

std::string Sorted(sdk::Catalog catalog) {
  const auto by_name = [](const auto& a, const auto& b) { return a.name < b.name; };
  std::sort(catalog.objects.begin(), catalog.objects.end(), by_name);
  for (sdk::Object& object : catalog.objects) {
    std::sort(object.fields.begin(), object.fields.end(), by_name);
  }
  return ToJson(catalog);
}

void Stable(Trial& t) {
  const sdk::Catalog* first = t.catalog();
  if (first == nullptr) return;
  const auto second = t.instance()->Discover({}, t.host().Context());
  if (!second.ok()) return t.Fail("the second discover fails: " + second.failure().message);
  if (Sorted(*first) != Sorted(*second)) t.Fail("two catalogs of one account differ");
}

// Every text of a member called "name".
void CollectNames(const Json& json, std::set<std::string>* names) {
  if (json.IsObject()) {
    for (const auto& member : json.GetObject()) {
      if (Plain(member.name) == "name" && IsText(member.value)) {
        names->emplace(Plain(member.value));
      }
      CollectNames(member.value, names);
    }
  } else if (json.IsArray()) {
    for (const Json& item : json.GetArray()) CollectNames(item, names);
  }
}

void Pages(Trial& t) {
  if (!t.facts().paged_catalog) {
    return t.Skip(
        "the destination does not list its fields in pages (paged_catalog: true says so)");
  }
  const sdk::Catalog* catalog = t.catalog();
  if (catalog == nullptr) return;
  std::set<std::string> known, asked, named;
  for (const sdk::Object& object : catalog->objects) {
    known.insert(object.name);
    for (const sdk::Field& field : object.fields) known.insert(field.name);
  }
  for (const Exchange& exchange : t.host().exchanges()) {
    if (!asked.insert(exchange.request.method + exchange.request.url + exchange.request.body)
             .second) {
      t.Fail(exchange.request.url + " is read twice");
    }
    rapidjson::Document json;
    if (ParseExact(exchange.answer.body, &json)) CollectNames(json, &named);
  }
  if (asked.size() < 2) t.Fail("only one page was read");
  for (const std::string& name : named) {
    if (known.count(name) == 0) t.Fail("the catalog misses " + Quote(name));
  }
}

// The JSON with every text `from`, also as a name, replaced.
void Replace(const Json& json, const std::string& from, const std::string& to, sdk::JsonWriter* out,
             bool* found) {
  const auto renamed = [&](std::string_view text) {
    *found = *found || text == from;
    return text == from ? std::string_view(to) : text;
  };
  if (json.IsObject()) {
    out->BeginObject();
    for (const auto& member : json.GetObject()) {
      out->Key(renamed(Plain(member.name)));
      Replace(member.value, from, to, out, found);
    }
    out->EndObject();
  } else if (json.IsArray()) {
    out->BeginArray();
    for (const Json& item : json.GetArray()) Replace(item, from, to, out, found);
    out->EndArray();
  } else if (IsText(json)) {
    out->String(renamed(Plain(json)));
  } else {
    out->Raw(ExactText(json));
  }
}

// Every member's name.
void CollectMembers(const Json& json, std::set<std::string>* names) {
  if (json.IsObject()) {
    for (const auto& member : json.GetObject()) {
      names->emplace(Plain(member.name));
      CollectMembers(member.value, names);
    }
  } else if (json.IsArray()) {
    for (const Json& item : json.GetArray()) CollectMembers(item, names);
  }
}

// A field whose name is no word of the API itself, so that it can be replaced; 0: none.
size_t Replaceable(Trial& t, const WritePlan& plan) {
  std::set<std::string> members;
  for (const Exchange& exchange : t.host().exchanges()) {
    rapidjson::Document json;
    if (ParseExact(exchange.answer.body, &json)) CollectMembers(json, &members);
  }
  for (size_t f = 0; f < plan.n_fields(); ++f) {
    if (f != plan.key && members.count(plan.assignment.fields[f].name) == 0) return f;
  }
  return 0;
}

// Whether a body that writes names field `at`. True of forms that name no fields at all.
bool SaysName(const std::string& body, const WritePlan& plan, size_t at) {
  const std::string& name = plan.assignment.fields[at].name;
  rapidjson::Document json;
  if (ParseExact(body, &json)) {
    bool there = false;
    sdk::JsonWriter ignored;
    Replace(json, name, name, &ignored, &there);
    return there || !json.IsObject();
  }
  std::string in_csv;
  for (const char c : name) in_csv += c == '"' ? std::string(2, c) : std::string(1, c);
  if (body.find(name) != std::string::npos || body.find(in_csv) != std::string::npos) return true;
  const std::string head = body.substr(0, body.find('\n'));
  for (size_t f = 0; f < plan.n_fields(); ++f) {
    // Another name stands there as it is.
    if (f != at && head.find(plan.assignment.fields[f].name) != std::string::npos) return false;
  }
  return true;
}

void Names(Trial& t) {
  const std::string operation = MainOperation(t);
  auto plan = PlanFor(t, operation);
  if (!plan || plan->n_fields() < 2) return;
  const size_t at = Replaceable(t, *plan);
  if (at == 0) return t.Skip("every field is called like a word of the API");
  const std::string field = plan->assignment.fields[at].name;
  const std::vector<std::string> odd = {
      "na\xC3\xAFve \xD0\xBA\xD0\xBB\xD1\x8E\xD1\x87 \xE5\x90\x8D", "a.b.c",
      "with \"quotes\" and \\", "x/y?z=1&%20", std::string(255, 'n')};
  for (const std::string& name : odd) {
    bool found = false;
    t.host().after = [&](const PeerRequest&, size_t, PeerAnswer* answer) {
      rapidjson::Document json;
      if (!ParseExact(answer->body, &json)) return;
      sdk::JsonWriter out;
      Replace(json, field, name, &out, &found);
      answer->body = out.Take();
    };
    const auto catalog = t.instance()->Discover({}, t.host().Context());
    if (!found) return t.Skip("the names of fields do not come from the destination");
    const std::string shown = Transcript::Short(name, 40);
    if (!catalog.ok()) {
      t.Fail("discover fails on a field called " + shown + ": " + catalog.failure().message);
      continue;
    }
    const sdk::Object* object = catalog->FindObject(plan->assignment.object);
    if (object == nullptr || object->FindField(name) == nullptr) {
      t.Fail("a field called " + shown + " does not come through discover");
      continue;
    }
    t.host().after = nullptr;
    WritePlan renamed = *plan;
    renamed.assignment.fields[at].name = name;
    t.host().Forget();
    // A job is made before anything is said of its records.
    t.host().before = [](const PeerRequest& request, size_t) -> std::optional<PeerAnswer> {
      if (request.seqs.empty()) return std::nullopt;
      return PeerAnswer{};
    };
    (void)WriteRows(t, renamed, SampleRows(t, *plan, 1, 1));
    t.host().before = nullptr;
    std::vector<std::string> bodies;
    for (const Exchange& exchange : t.host().writes()) {
      if (!exchange.request.seqs.empty()) bodies.push_back(exchange.request.body);
    }
    const auto says = [&](const std::string& body) { return SaysName(body, renamed, at); };
    if (!bodies.empty() && std::none_of(bodies.begin(), bodies.end(), says)) {
      t.Fail("a field called " + shown + " is not written under that name");
    }
  }
}

void Subset(Trial& t) {
  const sdk::Catalog* all = t.catalog();
  if (all == nullptr || all->objects.empty()) return;
  const size_t for_all = t.host().requests();
  const std::string wanted = all->objects.front().name;
  t.host().Forget();
  const auto some = t.instance()->Discover({wanted}, t.host().Context());
  if (!some.ok()) return t.Fail("discover of " + wanted + " fails: " + some.failure().message);
  if (some->objects.size() != 1 || some->objects.front().name != wanted) {
    std::vector<std::string> names;
    for (const sdk::Object& object : some->objects) names.push_back(object.name);
    t.Fail("asked for " + wanted + ", got " + (names.empty() ? "nothing" : JoinSome(names)));
  }
  if (t.host().requests() > for_all) {
    t.Fail("one object takes " + std::to_string(t.host().requests()) + " requests, all of them " +
           std::to_string(for_all));
  }
}

std::set<std::string> PropertiesOf(const std::string& schema) {
  std::set<std::string> names;
  rapidjson::Document json;
  if (schema.empty() || !ParseExact(schema, &json)) return names;
  const Json* properties = sdk::Member(json, "properties");
  if (properties == nullptr || !properties->IsObject()) return names;
  for (const auto& property : properties->GetObject()) names.emplace(Plain(property.name));
  return names;
}

void Options(Trial& t) {
  const sdk::Catalog* catalog = t.catalog();
  if (catalog == nullptr || !t.subject().manifest.has_value()) return;
  const std::set<std::string> shown = PropertiesOf(t.subject().manifest->options_schema);
  bool any = false;
  for (const sdk::Object& object : catalog->objects) {
    for (const std::string& option : PropertiesOf(object.options_schema)) {
      any = true;
      if (shown.count(option) == 0) {
        t.Fail("the option " + Quote(option) + " of " + object.name +
               " is not in options_schema of the manifest; people read of it there");
      }
    }
  }
  if (!any) t.Skip("no object takes options");
}

}  // namespace

std::vector<Check> CatalogChecks() {
  return {
      {"discover.schema", 3, "the catalog is valid, not empty, without doubles", kDestination,
       Schema},
      {"discover.identifiers", 3, "what identifies a record is a field, of type string or integer",
       kDestination, Identifiers},
      {"discover.field_flags", 3, "fields can be written, required ones can be created",
       kDestination, FieldFlags},
      {"discover.stable", 3, "the catalog is the same when nothing changed", kDestination, Stable},
      {"discover.pages", 3, "every page is read, once", kDestination, Pages},
      {"discover.names", 3, "names of any characters come through unchanged", kDestination, Names},
      {"discover.subset", 3, "only the objects asked for are discovered", kDestination, Subset},
      {"discover.options", 3, "every option of an object is in the manifest", kDestination,
       Options},
  };
}

}  // namespace penstock::kit
