// fuzz.*: answers and documents that nobody would send.
#include <algorithm>
#include <random>

#include "sdk/testing/kit/exact_json.h"
#include "sdk/testing/kit/library.h"
#include "sdk/testing/kit/raw_calls.h"
#include "sdk/testing/kit/text.h"
#include "sdk/testing/kit/writes.h"

namespace penstock::kit {
namespace {

class Mutator {
 public:
  explicit Mutator(uint32_t seed) : random_(seed) {}

  size_t Below(size_t n) { return n == 0 ? 0 : random_() % n; }

  std::string Bytes(std::string text) {
    for (size_t i = Below(4) + 1; i > 0 && !text.empty(); --i) {
      switch (Below(4)) {
        case 0:
          text[Below(text.size())] = static_cast<char>(Below(256));
          break;
        case 1:
          text.resize(Below(text.size()));
          break;
        case 2:
          text.insert(Below(text.size()), text.substr(Below(text.size()), Below(20)));
          break;
        default:
          text.erase(Below(text.size()), Below(10) + 1);
      }
    }
    return text;
  }

  // One value somewhere in the tree becomes another one, or goes.
  std::string Tree(const std::string& text) {
    rapidjson::Document document;
    if (!ParseExact(text, &document)) return Bytes(text);
    std::vector<Json*> all;
    Collect(&document, &all);
    Json* chosen = all[Below(all.size())];
    auto& allocator = document.GetAllocator();
    switch (Below(9)) {
      case 0:
        chosen->SetNull();
        break;
      case 1:
        chosen->SetString("\x01-1");
        break;
      case 2:
        chosen->SetArray();
        break;
      case 3:
        chosen->SetObject();
        break;
      case 4:
        chosen->SetBool(true);
        break;
      case 5:
        chosen->SetString("");
        break;
      case 6:
        chosen->SetString(
            "\x01"
            "1e400");
        break;
      case 7: {
        const std::string longer(70000, 'z');
        chosen->SetString(longer.data(), static_cast<rapidjson::SizeType>(longer.size()),
                          allocator);
        break;
      }
      default:
        Cut(chosen);
    }
    return ExactText(document);
  }

 private:
  static void Collect(Json* json, std::vector<Json*>* all) {
    all->push_back(json);
    if (json->IsObject()) {
      for (auto& member : json->GetObject()) Collect(&member.value, all);
    } else if (json->IsArray()) {
      for (Json& item : json->GetArray()) Collect(&item, all);
    }
  }
  void Cut(Json* json) {
    if (json->IsArray() && !json->Empty()) {
      json->Erase(json->Begin() + static_cast<std::ptrdiff_t>(Below(json->Size())));
    } else if (json->IsObject() && !json->ObjectEmpty()) {
      json->RemoveMember(json->MemberBegin() +
                         static_cast<std::ptrdiff_t>(Below(json->MemberCount())));
    } else {
      json->SetNull();
    }
  }
  std::mt19937 random_;
};

PeerAnswer Mutated(Mutator& mutator, PeerAnswer answer) {
  static constexpr int kStatuses[] = {200, 201, 204, 207, 301, 400, 401, 403, 404, 409,
                                      413, 422, 429, 500, 502, 503, 100, 0,   999};
  switch (mutator.Below(8)) {
    case 0:
      answer.status = kStatuses[mutator.Below(std::size(kStatuses))];
      break;
    case 1:
      answer.status = kStatuses[mutator.Below(std::size(kStatuses))];
      answer.body = mutator.Tree(answer.body);
      break;
    case 2:
      answer.headers.clear();
      answer.retry_after_ms = -1;
      break;
    case 3:
    case 4:
      answer.body = mutator.Bytes(answer.body);
      break;
    default:
      answer.body = mutator.Tree(answer.body);
  }
  return answer;
}

void Answers(Trial& t) {
  std::vector<std::string> operations;
  for (const char* name : {"upsert", "insert", "update", "delete"}) {
    if (HasOperation(t, name)) operations.emplace_back(name);
  }
  (void)t.instance();
  if (t.failed()) return;
  (void)t.catalog();
  // The plans are made while the answers are still good.
  std::vector<WritePlan> plans;
  for (const std::string& name : operations) {
    if (auto plan = PlanFor(t, name)) plans.push_back(*plan);
  }
  if (plans.empty()) return;
  Mutator mutator(t.settings().seed);
  t.host().after = [&](const PeerRequest&, size_t, PeerAnswer* answer) {
    *answer = Mutated(mutator, *answer);
  };
  for (uint32_t round = 0; round < t.settings().fuzz_rounds && !t.failed(); ++round) {
    if (round % 8 == 0) (void)t.instance()->Check(t.host().Context());
    if (round % 8 == 4) (void)t.instance()->Discover({}, t.host().Context());
    const WritePlan& plan = plans[round % plans.size()];
    const std::vector<Row> rows = SampleRows(t, plan, 1 + (round % 16) * 4, 4);
    const Written written = WriteRows(t, plan, rows);
    const std::string what = "round " + std::to_string(round);
    if (!written.status.ok() && written.status.failure().code.starts_with("PS-CONN-")) {
      t.Fail(what + ": " + written.ShowStatus());
    }
    for (const Row& row : rows) {
      if (written.status.ok() && written.Of(row.seq) == nullptr) {
        t.Fail(what + ": record " + std::to_string(row.seq) + " has no outcome");
        break;
      }
    }
    t.host().Forget();
  }
}

void Documents(Trial& t) {
  const Library library(t.subject().path);
  const penstock_connector* table = TableOf(t, library);
  if (table == nullptr) return;
  Mutator mutator(t.settings().seed);
  const std::string config = RawConfig(t), assignment = AnAssignment(t);
  for (uint32_t round = 0; round < t.settings().fuzz_rounds && !t.failed(); ++round) {
    const auto mutated = [&](const std::string& text) {
      return mutator.Below(2) == 0 ? mutator.Tree(text) : mutator.Bytes(text);
    };
    const std::string what = "round " + std::to_string(round) + ", ";
    RawHost host(Shape::kFull);
    {
      RawDestination odd(table, Shape::kFull);
      const RawResult result = odd.Open(host, mutated(config));
      Report(t, result, what + "open");
      if (result.status != PENSTOCK_OK) odd.Forget();
    }
    RawDestination destination(table, Shape::kFull);
    (void)destination.Open(host, config);
    if (destination.c() == nullptr) return t.Skip("it does not open");
    Report(t, destination.Discover(mutated(R"({"objects": ["things", "others"]})")),
           what + "discover");
    RawWriter writer(table, Shape::kFull);
    Report(t, writer.Begin(destination, mutated(assignment)), what + "begin");
  }
}

}  // namespace

std::vector<Check> FuzzChecks() {
  return {
      {"fuzz.answers", 4, "no answer makes it crash, hang or lose a record", kDestination, Answers},
      {"fuzz.documents", 4, "no document makes it crash or fail without saying why", kNothing,
       Documents},
  };
}

}  // namespace penstock::kit
