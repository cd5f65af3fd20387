#include "plugins/http/operation.h"

#include <algorithm>
#include <array>
#include <cctype>

namespace penstock::http_plugin {

namespace {

constexpr char kIdempotencyKey[] = "Idempotency-Key";
constexpr uint32_t kMostRecords = 10000;
// As host and transport set them; webhook-id alone may be chosen.
constexpr std::array<std::string_view, 9> kNotTheirs = {
    "authorization", "connection",        "content-length",   "expect", "host", "te",
    "upgrade",       "transfer-encoding", "webhook-signature"};

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

bool IsHeaderName(std::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
  });
}

void ReadHeader(const Place& place, std::string_view name) {
  if (!IsHeaderName(name)) place.Wrong("is no name of a header");
  const std::string lower = Lower(name);
  if (std::find(kNotTheirs.begin(), kNotTheirs.end(), lower) == kNotTheirs.end()) return;
  place.Wrong(lower == "authorization" || lower == "webhook-signature"
                  ? "is set by Penstock from \"auth\" and \"secret\""
                  : "is set by Penstock");
}

// Whether each hole of a part can be filled.
class HoleCheck {
 public:
  HoleCheck(const ObjectConfig& object, const OperationConfig& operation)
      : object_(object), operation_(operation) {}

  // `one`: the part is about one record.
  void Check(const Place& place, const std::vector<Piece>& holes, bool one) const {
    for (const Piece& hole : holes) {
      const std::string name = "{" + hole.text + "}";
      if (hole.hole != Hole::kRecords && !one) {
        place.Wrong("has " + name + ", but a request has up to " +
                    std::to_string(operation_.max_records) +
                    " records: use {$records} in \"body\", and " + name + " in \"record\"");
      } else if (hole.hole == Hole::kField) {
        CheckField(place, hole.text);
      }
    }
  }
  // Of a text: it has room for single values only.
  void CheckText(const Place& place, const Text& text) const {
    const std::vector<Piece> holes = HolesOf(text);
    for (const Piece& hole : holes) {
      if (hole.hole != Hole::kRecord && hole.hole != Hole::kRecords) continue;
      place.Wrong("has {" + hole.text + "}, which only \"body\" can take");
    }
    Check(place, holes, operation_.max_records == 1);
  }

 private:
  void CheckField(const Place& place, const std::string& name) const {
    std::string known;
    for (const sdk::Field& field : object_.fields) {
      known += (known.empty() ? "" : ", ") + field.name;
      if (field.name != name) continue;
      if (operation_.verb == Verb::kDelete && name != object_.key) {
        place.Wrong("has {" + name + "}: of a record that is deleted only the key {" + object_.key +
                    "} and {$id} are known");
      }
      return;
    }
    place.Wrong("has {" + name + "}, which is no field of " + object_.name + " (fields: " + known +
                ")");
  }

  const ObjectConfig& object_;
  const OperationConfig& operation_;
};

std::optional<Node> ReadNode(const Place& place) {
  std::string at, wrong;
  std::optional<Node> node = ParseNode(place.value(), &at, &wrong);
  if (!node) place.complaint()->Say(place.pointer() + at, wrong);
  return node;
}

bool HasHole(const std::vector<Piece>& holes, Hole hole) {
  return std::any_of(holes.begin(), holes.end(), [&](const Piece& p) { return p.hole == hole; });
}

// A form is a flat list of names and texts.
void CheckForm(const Place& place, const Node& body) {
  if (body.Whole() == Hole::kRecord) return;
  if (body.kind != Node::Kind::kObject) place.Wrong("must be a map, because \"format\" is form");
  for (size_t i = 0; i < body.items.size() && i < body.names.size(); ++i) {
    const std::string& name = body.names[i];
    const Node& member = body.items[i];
    const bool flat = member.kind == Node::Kind::kPlain || member.kind == Node::Kind::kText;
    if (flat && member.Whole() != Hole::kRecord && member.Whole() != Hole::kRecords) continue;
    place[name.c_str()].Wrong("must be a single value, because \"format\" is form");
  }
}

void ReadBody(const Place& place, const HoleCheck& check, OperationConfig* operation) {
  const bool one = operation->max_records == 1;
  const Place body = place["body"], record = place["record"];
  operation->record = NodeOf(Hole::kRecord);
  if (record.there()) {
    std::optional<Node> node = ReadNode(record);
    if (!node) return;
    operation->record = *std::move(node);
    check.Check(record, HolesOf(operation->record), true);
    if (HasHole(HolesOf(operation->record), Hole::kRecords))
      record.Wrong("must not have {$records}");
  }
  if (!body.there()) {
    if (operation->verb != Verb::kDelete || !one) {
      operation->body = one && !record.there() ? NodeOf(Hole::kRecord) : NodeOf(Hole::kRecords);
    }
  } else if (!body.value().IsNull()) {
    operation->body = ReadNode(body);
    if (!operation->body) return;
    check.Check(body, HolesOf(*operation->body), one);
  }
  const bool lists = operation->body && HasHole(HolesOf(*operation->body), Hole::kRecords);
  if (!one && !lists) {
    body.Wrong("lacks {$records}, so that it would say nothing of the records of a request");
  }
  if (record.there() && !lists) {
    record.Wrong("is not used: \"body\" has no {$records}");
  }
  if (operation->format == Format::kForm && operation->body) CheckForm(body, *operation->body);
}

void ReadKey(const Place& place, OperationConfig* operation) {
  const Place key = place["idempotency_key"];
  if (!key.there()) return;
  const bool map = key.value().IsObject();
  if (map) key.KnowsOnly({"of", "header"});
  const Place of = map ? key["of"] : key;
  const std::string text = of.Text();
  if (text != "run" && text != "content") of.Wrong("must be run or content");
  operation->key_of = text == "content" ? KeyOf::kContent : KeyOf::kRun;
  operation->key_header = kIdempotencyKey;
  if (map && key["header"].there()) {
    operation->key_header = key["header"].Text();
    ReadHeader(key["header"], operation->key_header);
  }
}

// Outcomes that an operation cannot have.
void CheckOutcomes(const Place& place, Verb verb) {
  const auto only = [&](const char* name, bool possible, const char* where) {
    if (place[name].there() && !possible) {
      place[name].Wrong(std::string("can be an outcome of ") + where + " only");
    }
  };
  only("created", verb == Verb::kUpsert, "upsert");
  only("unchanged", verb == Verb::kUpsert || verb == Verb::kUpdate, "upsert and update");
  only("missing", verb == Verb::kUpdate || verb == Verb::kDelete, "update and delete");
  only("exists", verb == Verb::kInsert, "insert");
}

void ReadMatch(const Place& place, const ObjectConfig& object, Verb verb, Results* results) {
  const Place match = place["match"];
  if (!match.there()) {
    if (results->failures_only) {
      place.Wrong("lists failures, which needs \"match\": which record is each of them about?");
    }
    return;
  }
  match.KnowsOnly({"field", "at", "index"});
  results->index = match["index"].JsonPointer();
  results->match_field = match["field"].Text();
  results->match_at = match["at"].JsonPointer();
  if (results->index.has_value() == match["field"].there() ||
      match["field"].there() != match["at"].there()) {
    match.Wrong("needs \"field\" and \"at\", or \"index\" alone");
  }
  if (results->match_field.empty()) return;
  const bool known = object.Has(results->match_field);
  if (!known) match["field"].Wrong("is no field of " + object.name);
  if (known && verb == Verb::kDelete && results->match_field != object.key) {
    match["field"].Wrong("must be the key, which is all that is known of a deleted record");
  }
}

std::optional<Results> ReadResults(const Place& place, const ObjectConfig& object, Verb verb) {
  if (!place.there()) return std::nullopt;
  Results results;
  place.KnowsOnly({"at", "lists", "match", "success", "created", "unchanged", "missing", "exists",
                   "conflict", "reference", "destination", "id", "code", "message", "field"});
  if (const auto at = place["at"].JsonPointer()) results.at = *at;
  const std::string lists = place["lists"].Text();
  if (!lists.empty() && lists != "all" && lists != "failures") {
    place["lists"].Wrong("must be all or failures");
  }
  results.failures_only = lists == "failures";
  ReadMatch(place, object, verb, &results);
  results.reading = ReadReading(place);
  CheckOutcomes(place, verb);
  for (const char* name : {"success", "created", "unchanged", "missing", "exists", "conflict",
                           "reference", "destination"}) {
    if (place[name]["status"].there()) {
      place[name]["status"].Wrong("is of the whole answer; a result is judged by \"at\"");
    }
  }
  if (!results.failures_only && !results.reading.success) {
    place.Wrong("lacks \"success\": what tells a record that was written from one that was not?");
  }
  return results;
}

void ReadAnswer(const Place& place, const ObjectConfig& object, OperationConfig* operation) {
  const bool one = operation->max_records == 1;
  place.KnowsOnly({"success", "created", "unchanged", "missing", "exists", "conflict", "reference",
                   "destination", "id", "code", "message", "field", "split", "results"});
  operation->answer = ReadReading(place);
  CheckOutcomes(place, operation->verb);
  operation->split = {400, 413, 422};
  if (place["split"].there()) operation->split = ReadStatuses(place["split"]);
  operation->results = ReadResults(place["results"], object, operation->verb);
  for (const char* name : {"created", "unchanged", "missing", "exists"}) {
    if (place[name].there() && (!one || operation->results)) {
      place[name].Wrong("is of one record: put it into \"results\"");
    }
  }
  if (!one || operation->results) return;
  // What a status usually means where the path names the record.
  const bool by_path = !HolesOf(operation->path).empty();
  const bool names_it = operation->verb == Verb::kUpdate || operation->verb == Verb::kDelete;
  const bool unless_said =
      !operation->answer.success || operation->answer.success->statuses.empty();
  const auto usual = [&](std::initializer_list<int> statuses) {
    Condition condition;
    for (const int status : statuses) {
      if (unless_said || !operation->answer.success->Lists(status)) {
        condition.statuses.push_back(status);
      }
    }
    return condition.statuses.empty() ? std::nullopt : std::optional<Condition>(condition);
  };
  if (names_it && by_path && !place["missing"].there())
    operation->answer.missing = usual({404, 410});
  if (operation->verb == Verb::kInsert && !place["exists"].there()) {
    operation->answer.exists = usual({409});
  }
  if (operation->verb == Verb::kUpsert && !place["created"].there()) {
    operation->answer.created = Condition{{201}, {}, {}, false};
  }
}

}  // namespace

Text ReadText(const Place& place) {
  std::string wrong;
  std::optional<Text> text = ParseText(place.Text(), &wrong);
  if (!text) place.Wrong(wrong);
  return text ? *std::move(text) : Text();
}

std::vector<std::pair<std::string, Text>> ReadHeaders(const Place& place) {
  std::vector<std::pair<std::string, Text>> headers;
  for (const auto& [name, value] : place.Members()) {
    ReadHeader(value, name);
    headers.emplace_back(name, ReadText(value));
  }
  return headers;
}

OperationConfig ReadOperation(const Place& place, const std::string& name,
                              const ObjectConfig& object,
                              const std::vector<std::pair<std::string, Text>>& headers) {
  OperationConfig operation;
  place.KnowsOnly({"method", "path", "headers", "max_records", "format", "body", "record",
                   "idempotent", "idempotency_key", "answer"});
  operation.verb = name == "insert"   ? Verb::kInsert
                   : name == "update" ? Verb::kUpdate
                   : name == "delete" ? Verb::kDelete
                                      : Verb::kUpsert;
  operation.method = place["method"].there() ? place["method"].Text()
                     : name == "delete"      ? "DELETE"
                                             : "POST";
  if (operation.method != "POST" && operation.method != "PUT" && operation.method != "PATCH" &&
      operation.method != "DELETE") {
    place["method"].Wrong("must be POST, PUT, PATCH or DELETE");
  }
  operation.max_records = place["max_records"].Number(1, kMostRecords, 1);
  const std::string format = place["format"].Text();
  if (!format.empty() && format != "json" && format != "form") {
    place["format"].Wrong("must be json or form");
  }
  operation.format = format == "form" ? Format::kForm : Format::kJson;
  if (operation.format == Format::kForm && operation.max_records != 1) {
    place["max_records"].Wrong("must be 1, because \"format\" is form");
  }
  operation.path = ReadText(place["path"]);
  operation.address = operation.method + " " + place["path"].Text();
  if (!place["path"].Text().starts_with("/")) place["path"].Wrong("must begin with /");
  const HoleCheck check(object, operation);
  check.CheckText(place["path"], operation.path);
  operation.headers = headers;
  for (auto& [header, text] : ReadHeaders(place["headers"])) {
    check.CheckText(place["headers"][header.c_str()], text);
    std::erase_if(operation.headers, [lower = Lower(header)](const auto& other) {
      return Lower(other.first) == lower;
    });
    operation.headers.emplace_back(header, std::move(text));
  }
  ReadBody(place, check, &operation);
  ReadKey(place, &operation);
  ReadAnswer(place["answer"], object, &operation);
  operation.idempotent = place["idempotent"].Flag(operation.verb != Verb::kInsert);
  std::vector<Piece> holes = HolesOf(operation.path);
  for (const Node* node : {&operation.record, operation.body ? &*operation.body : nullptr}) {
    if (node == nullptr) continue;
    for (Piece& hole : HolesOf(*node)) holes.push_back(std::move(hole));
  }
  operation.uses_id = HasHole(holes, Hole::kId);
  return operation;
}

}  // namespace penstock::http_plugin
