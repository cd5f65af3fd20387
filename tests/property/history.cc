#include "tests/property/history.h"

#include <algorithm>
#include <filesystem>
#include <random>

namespace penstock::testing {
namespace {

constexpr int64_t kHour = int64_t{3600} * 1'000'000;

template <typename T>
const T& Pick(const std::vector<T>& from, std::mt19937* random) {
  return from[(*random)() % from.size()];
}

const std::vector<std::string> kKeys = {"a@x", "b@x", "c@x", "d@x", "e@x",
                                        "f@x", "g@x", "h@x", "i@x", "j@x"};

std::optional<std::string> RandomScore(std::mt19937* random) {
  static const std::vector<std::string> kScores = {"1", "2.5", "-3",
                                                   "12345678901234567890.123456789", "nan"};
  return (*random)() % 5 == 0 ? std::nullopt : std::optional(Pick(kScores, random));
}

std::optional<std::string> RandomName(std::mt19937* random) {
  static const std::vector<std::string> kNames = {
      "ann", "bob", "cy", "bad", "bad2", "much-too-long-name", "u1", "u2"};
  return (*random)() % 5 == 0 ? std::nullopt : std::optional(Pick(kNames, random));
}

TableRow RandomRow(std::mt19937* random) {
  TableRow row;
  const uint32_t form = (*random)() % 12;
  row.email = Pick(kKeys, random);
  if (form == 0) row.email = std::nullopt;
  if (form == 1) row.email = "  ";
  if (form == 2) row.email = " " + Pick(kKeys, random);
  if (form == 3) row.email = "A@X";
  row.score = RandomScore(random);
  row.name = RandomName(random);
  if ((*random)() % 2 == 0) row.note = "n" + std::to_string((*random)() % 3);
  return row;
}

void EditTable(World* world, std::mt19937* random) {
  std::vector<TableRow>& rows = world->source.rows;
  const uint32_t edits = 1 + (*random)() % 5;
  for (uint32_t i = 0; i < edits; ++i) {
    const uint32_t what = (*random)() % 6;
    if (rows.empty() || what <= 1) {
      rows.push_back(RandomRow(random));
    } else if (what == 2) {
      rows.erase(rows.begin() + (*random)() % rows.size());
    } else if (what == 3) {
      rows[(*random)() % rows.size()].score = RandomScore(random);
    } else if (what == 4) {
      rows[(*random)() % rows.size()].name = RandomName(random);
    } else {
      rows[(*random)() % rows.size()] = RandomRow(random);
    }
  }
}

void EditMapping(World* world) {
  auto& mapping = world->integration.mapping;
  if (mapping.size() > 2) {
    mapping.pop_back();
    return;
  }
  FieldMapping note;
  note.field = "note";
  note.column = "t";
  mapping.push_back(note);
}

/// From any mode to one whose outcome the final table alone decides.
void SwitchMode(World* world, uint32_t random) {
  Mode& mode = world->integration.mode;
  const bool to_mirror = mode == Mode::kUpsert || (mode != Mode::kMirror && random % 2 == 0);
  mode = to_mirror ? Mode::kMirror : Mode::kUpsert;
}

void SeedAccount(World* world, std::mt19937* random) {
  const std::string key = Pick(kKeys, random);
  if (world->account.FindId(key)) return;
  const std::map<std::string, std::string> fields = {
      {"name", "x" + std::to_string((*random)() % 3)}};
  world->seeded[key] = fields;
  world->account.Seed(key, fields);
}

}  // namespace

std::string StepName(Step::Kind kind) {
  static const std::vector<std::string> kNames = {
      "edit",       "clear",       "seed",  "wait",         "sync",        "faulty sync", "part",
      "plan+apply", "source lost", "retry", "edit mapping", "switch mode", "reorder"};
  return kNames[static_cast<size_t>(kind)];
}

History MakeHistory(uint32_t seed) {
  std::mt19937 random(seed);
  History history;
  history.mode = static_cast<Mode>(seed % 5);
  history.all_or_nothing = random() % 3 == 0;
  const uint32_t steps = 4 + random() % 14;
  static const std::vector<Step::Kind> kKinds = {
      Step::Kind::kEdit,       Step::Kind::kEdit,        Step::Kind::kEdit,
      Step::Kind::kEdit,       Step::Kind::kClear,       Step::Kind::kSeed,
      Step::Kind::kWait,       Step::Kind::kSync,        Step::Kind::kSync,
      Step::Kind::kFaultySync, Step::Kind::kFaultySync,  Step::Kind::kFaultySync,
      Step::Kind::kPart,       Step::Kind::kPlanApply,   Step::Kind::kSourceLost,
      Step::Kind::kRetry,      Step::Kind::kEditMapping, Step::Kind::kSwitchMode,
      Step::Kind::kReorder};
  for (uint32_t i = 0; i < steps; ++i) {
    Step step{Pick(kKinds, &random), static_cast<uint32_t>(random())};
    if (step.kind == Step::Kind::kClear && random() % 3 != 0) step.kind = Step::Kind::kEdit;
    history.steps.push_back(step);
  }
  return history;
}

std::string RunStep(const Step& step, bool all_or_nothing, World* world) {
  std::mt19937 random(step.seed);
  FaultSettings none;
  none.all_or_nothing = all_or_nothing;
  none.jobs = step.seed % 3 == 0;
  FaultSettings faults = none;
  faults.job_stuck = step.seed % 5 == 0;
  faults.job_half = step.seed % 7 == 0;
  faults.job_done_early = step.seed % 2 == 0;
  faults.seed = step.seed;
  faults.per_request = 0.2 + 0.1 * static_cast<double>(random() % 6);
  SyncOptions options;
  std::string wrong;
  switch (step.kind) {
    case Step::Kind::kEdit:
      EditTable(world, &random);
      return "";
    case Step::Kind::kClear:
      world->source.rows.clear();
      return "";
    case Step::Kind::kSeed:
      SeedAccount(world, &random);
      return "";
    case Step::Kind::kWait:
      world->clock.now_us += static_cast<int64_t>(random() % 30) * kHour;
      return "";
    case Step::Kind::kSync:
      return world->Sync(none);
    case Step::Kind::kFaultySync:
      return world->Sync(faults);
    case Step::Kind::kPart:
      options.limit = 1 + random() % 3;
      if (random() % 3 == 0) {
        options.limit = 0;
        options.only = "upserts";
      }
      return world->Sync(none, options);
    case Step::Kind::kPlanApply:
      return world->PlanAndApply(random() % 2 == 0 ? none : faults);
    case Step::Kind::kSourceLost:
      world->source.fail_after = static_cast<int>(random() % (world->source.rows.size() + 1));
      wrong = world->Sync(none);
      world->source.fail_after = -1;
      return wrong;
    case Step::Kind::kRetry:
      return world->RetryAll();
    case Step::Kind::kEditMapping:
      EditMapping(world);
      return "";
    case Step::Kind::kSwitchMode:
      SwitchMode(world, random());
      return "";
    case Step::Kind::kReorder:
      std::shuffle(world->source.rows.begin(), world->source.rows.end(), random);
      return "";
  }
  return "";
}

std::string RunHistory(const History& history, const std::string& directory) {
  std::filesystem::remove_all(directory);
  std::filesystem::create_directories(directory);
  World world(directory, history.mode);
  for (size_t i = 0; i < history.steps.size(); ++i) {
    const std::string wrong = RunStep(history.steps[i], history.all_or_nothing, &world);
    if (!wrong.empty())
      return "step " + std::to_string(i + 1) + " (" + StepName(history.steps[i].kind) +
             "): " + wrong;
  }
  return world.Converge();
}

Shrunk Shrink(History history, std::string failure, const std::string& directory) {
  bool shorter = true;
  while (shorter) {
    shorter = false;
    for (size_t chunk = std::max<size_t>(1, history.steps.size() / 2); chunk >= 1; chunk /= 2) {
      for (size_t at = 0; at + chunk <= history.steps.size();) {
        History candidate = history;
        const auto first = candidate.steps.begin() + static_cast<std::ptrdiff_t>(at);
        candidate.steps.erase(first, first + static_cast<std::ptrdiff_t>(chunk));
        const std::string wrong = RunHistory(candidate, directory);
        if (wrong.empty()) {
          at += chunk;
          continue;
        }
        history = std::move(candidate);
        failure = wrong;
        shorter = true;
      }
      if (chunk == 1) break;
    }
  }
  return {history, failure};
}

std::string Describe(const History& history) {
  std::string text = "mode " + std::string(ModeName(history.mode)) +
                     (history.all_or_nothing ? ", all-or-nothing requests" : "") + ":";
  for (const Step& step : history.steps)
    text += " [" + StepName(step.kind) + " " + std::to_string(step.seed) + "]";
  return text;
}

}  // namespace penstock::testing
