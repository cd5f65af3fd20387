// Key, mapping, guard and tolerance of an integration.
#include <algorithm>

#include "core/base/suggest.h"
#include "host/project/sections.h"

namespace penstock::project {
namespace {

constexpr const char* kKeyForms =
    "Write {field: column}, or {columns: [a, b], field: name, template: \"{a}:{b}\"}.";

std::vector<std::string> TextItems(Complaints* complaints, const YamlNode& node,
                                   const std::string& what) {
  std::vector<std::string> out;
  if (node.kind != YamlNode::Kind::kSequence) {
    complaints->Fail(node, "PS-CONF-TYPE", what + " must be a list.", kKeyForms);
    return out;
  }
  for (const YamlNode& item : node.items) {
    if (auto text = ScalarText(complaints, item, "Each item of " + what)) {
      out.push_back(std::move(*text));
    }
  }
  return out;
}

// Every column of the key stands in the template, and nothing else in braces does.
void CheckTemplate(Complaints* complaints, const YamlNode& at, const Integration& it) {
  std::vector<std::string> named;
  const std::string& text = it.key.text_template;
  for (size_t i = text.find('{'); i != std::string::npos; i = text.find('{', i + 1)) {
    const size_t end = text.find('}', i);
    if (end == std::string::npos) {
      complaints->Fail(at, "PS-CONF-KEYFORM", "A brace of the key's template is not closed.");
      return;
    }
    named.push_back(text.substr(i + 1, end - i - 1));
    i = end;
  }
  for (const std::string& name : named) {
    if (std::find(it.key.columns.begin(), it.key.columns.end(), name) == it.key.columns.end()) {
      complaints->Fail(at, "PS-CONF-KEYFORM",
                       "The key's template names {" + name + "}, which is not in columns.",
                       DidYouMean(name, it.key.columns));
    }
  }
  for (const std::string& column : it.key.columns) {
    if (std::find(named.begin(), named.end(), column) == named.end()) {
      complaints->Fail(
          at, "PS-CONF-KEYFORM",
          "The key's template leaves out {" + column + "}, so two records could get one key.");
    }
  }
}

void ReadCompositeKey(Complaints* complaints, const YamlNode& node, Integration* into) {
  MapReader map(complaints, node, "key of " + into->id);
  if (const YamlNode* columns = map.Require("columns", "columns: [a, b]")) {
    into->key.columns = TextItems(complaints, *columns, "\"columns\" of the key");
  }
  if (const auto field = map.RequireText("field", "field: ext_id")) into->key.field = *field;
  const bool several = into->key.columns.size() > 1;
  const YamlNode* template_at = map.node().Find("template");
  const auto text =
      several ? map.RequireText("template", "template: \"{a}:{b}\"") : map.Text("template");
  if (text) {
    into->key.text_template = *text;
    CheckTemplate(complaints, *template_at, *into);
  }
  if (into->key.columns.empty() && node.Find("columns") != nullptr) {
    complaints->Fail(node, "PS-CONF-KEYFORM", "The key of " + into->id + " names no column.",
                     kKeyForms);
  }
  into->places["key." + into->key.field] = complaints->PlaceOf(node);
  map.Finish();
}

std::optional<NullPolicy> ReadNull(MapReader* map) {
  const auto policy = map->OneOf("null", {"clear_ours", "clear", "leave"});
  if (!policy) return std::nullopt;
  return *policy == "leave"   ? NullPolicy::kLeave
         : *policy == "clear" ? NullPolicy::kClear
                              : NullPolicy::kClearOurs;
}

// {column: …}, {const: …} or {variable: …}, with null and sensitive.
void ReadFieldMap(Complaints* complaints, const YamlNode::Member& member, FieldMapping* out) {
  MapReader map(complaints, member.value, "mapping of field " + member.key);
  const auto column = map.Text("column");
  const YamlNode* constant = map.Take("const");
  const auto variable = map.OneOf("variable", {"run_id", "run_started_at"});
  const int forms = (member.value.Find("column") != nullptr ? 1 : 0) +
                    (constant != nullptr ? 1 : 0) +
                    (member.value.Find("variable") != nullptr ? 1 : 0);
  if (forms != 1) {
    complaints->Fail(
        member.value, "PS-CONF-MAPPING",
        "The mapping of field " + member.key + " needs exactly one of column, const and variable.");
  }
  if (column) out->column = *column;
  if (variable) out->run_variable = *variable;
  if (constant != nullptr && constant->IsScalar()) {
    if (constant->IsNull()) {
      out->constant_null = true;
    } else {
      out->constant = constant->text;
    }
  } else if (constant != nullptr) {
    out->constant = ToJson(*constant);
  }
  if (const auto policy = ReadNull(&map)) out->null = *policy;
  out->sensitive = map.Bool("sensitive").value_or(false);
  map.Later("template", "Templates in a mapping are not built yet; write them in the SQL.");
  map.Later("lookup", "Lookups in a mapping are not built yet.");
  map.Finish();
}

void ReadThreshold(Complaints* complaints, const YamlNode& node, const std::string& what,
                   Threshold* into) {
  MapReader map(complaints, node, what);
  if (const auto share = map.Share("share")) into->share = *share;
  if (const auto count = map.Count("count")) into->count = *count;
  if (const auto floor = map.Count("floor")) into->floor = *floor;
  map.Finish();
}

// A threshold that the user adds holds only by what it names.
Threshold Open() {
  Threshold t;
  t.share = 1;
  t.count = UINT64_MAX;
  return t;
}

}  // namespace

void ReadKey(Complaints* complaints, MapReader* from, Integration* into) {
  const YamlNode* node = from->Require("key", "key: {email: email}");
  if (node == nullptr) return;
  into->places["key"] = complaints->PlaceOf(*node);
  if (node->Find("columns") != nullptr) return ReadCompositeKey(complaints, *node, into);
  if (!node->IsMap() || node->members.size() != 1) {
    complaints->Fail(*node, "PS-CONF-KEYFORM",
                     "The key of " + into->id + " must name one field and its column.", kKeyForms);
    return;
  }
  const YamlNode::Member& member = node->members[0];
  into->key.field = member.key;
  into->places["key." + member.key] = complaints->PlaceOf(member);
  if (!member.value.IsScalar()) {
    complaints->Fail(member.value, "PS-CONF-KEYFORM", "The key's column must be a single name.",
                     kKeyForms);
  } else if (auto column = ScalarText(complaints, member.value, "The key's column")) {
    into->key.columns = {std::move(*column)};
  }
}

void ReadMapping(Complaints* complaints, MapReader* from, Integration* into) {
  const YamlNode* node = from->Take("mapping");
  if (node == nullptr || node->IsNull()) {
    if (into->mode != Mode::kDeleteOnly)
      from->Require("mapping", "mapping: {firstname: first_name}");
    return;
  }
  into->places["mapping"] = complaints->PlaceOf(*node);
  MapReader map(complaints, *node, "mapping of " + into->id);
  for (const YamlNode::Member& member : map.node().members) {
    FieldMapping field;
    field.field = member.key;
    into->places["mapping." + member.key] = complaints->PlaceOf(member);
    if (member.key == into->key.field) {
      complaints->FailAt(complaints->PlaceOf(member), "PS-CONF-MAPPING",
                         "Field " + member.key + " is the key already.",
                         "Take it out of the mapping.");
      continue;
    }
    if (member.value.IsMap()) {
      ReadFieldMap(complaints, member, &field);
    } else if (auto column =
                   ScalarText(complaints, member.value, "The column of field " + member.key)) {
      field.column = std::move(*column);
    }
    into->mapping.push_back(std::move(field));
  }
}

void ReadGuard(Complaints* complaints, MapReader* from, Integration* into) {
  const YamlNode* node = from->Take("guard");
  if (node == nullptr) return;
  into->places["guard"] = complaints->PlaceOf(*node);
  MapReader map(complaints, *node, "guard of " + into->id);
  if (const YamlNode* deletes = map.Take("deletes")) {
    ReadThreshold(complaints, *deletes, "guard for deletes", &into->guard.deletes);
  }
  if (const YamlNode* updates = map.Take("updates")) {
    into->guard.updates = Open();
    ReadThreshold(complaints, *updates, "guard for updates", &*into->guard.updates);
  }
  if (const YamlNode* fields = map.Take("fields")) {
    MapReader named(complaints, *fields, "guard for fields");
    for (const YamlNode::Member& member : named.node().members) {
      into->places["guard.fields." + member.key] = complaints->PlaceOf(member);
      Threshold limit = Open();
      ReadThreshold(complaints, member.value, "guard for field " + member.key, &limit);
      into->guard.fields[member.key] = limit;
      const bool mapped =
          std::any_of(into->mapping.begin(), into->mapping.end(),
                      [&](const FieldMapping& field) { return field.field == member.key; });
      if (!mapped) {
        complaints->FailAt(complaints->PlaceOf(member), "PS-CONF-VALUE",
                           "The guard names field " + member.key + ", which is not mapped.");
      }
    }
  }
  into->guard.first_run = map.OneOf("first_run", {"hold", "pass"}) == "hold";
  map.Finish();
}

void ReadTolerate(Complaints* complaints, MapReader* from, Integration* into) {
  const YamlNode* node = from->Take("tolerate");
  if (node == nullptr) return;
  MapReader map(complaints, *node, "tolerance of " + into->id);
  if (const auto n = map.Count("rejected")) into->tolerate.rejected = *n;
  if (const auto n = map.Count("invalid")) into->tolerate.invalid = *n;
  if (const auto n = map.Count("skipped")) into->tolerate.skipped = *n;
  if (const auto n = map.Count("in_doubt")) into->tolerate.in_doubt = *n;
  map.Finish();
}

}  // namespace penstock::project
