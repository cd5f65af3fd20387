// Runs every file of tests/diff/cases (their README.md says how they are written).
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "tests/diff/world.h"

namespace penstock {
namespace {

struct Round {
  int line = 0;
  std::vector<TextRow> rows;
  std::vector<std::string> expected;
  std::map<std::string, uint64_t> counts;
  std::map<std::string, OutcomeSpec> outcomes;
  std::vector<std::vector<std::string>> settings;
  std::vector<std::pair<std::string, OutcomeKind>> told;
  bool compact = false;
};

std::vector<std::string> Words(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

OutcomeSpec ParseOutcome(const std::vector<std::string>& words) {
  static const std::map<std::string, OutcomeKind> kKinds = {
      {"rejected", OutcomeKind::kRejected}, {"in_doubt", OutcomeKind::kInDoubt},
      {"missing", OutcomeKind::kMissing},   {"exists", OutcomeKind::kExists},
      {"unsent", OutcomeKind::kUnsent},     {"skipped", OutcomeKind::kSkipped},
      {"created", OutcomeKind::kCreated},   {"updated", OutcomeKind::kUpdated}};
  OutcomeSpec spec;
  spec.kind = kKinds.at(words[2]);
  spec.error_class = spec.kind == OutcomeKind::kRejected ? ErrorClass::kData : ErrorClass::kNone;
  for (size_t i = 3; i < words.size(); ++i) {
    if (words[i].starts_with("id=")) spec.id = words[i].substr(3);
    if (words[i].starts_with("job=")) spec.job = words[i].substr(4);
    if (words[i] == "reference") spec.error_class = ErrorClass::kReference;
  }
  return spec;
}

std::vector<Round> ReadCase(const std::string& path) {
  std::ifstream in(path);
  EXPECT_TRUE(in) << path;
  std::vector<Round> rounds;
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    std::vector<std::string> words = Words(line);
    if (words.empty() || words[0][0] == '#') continue;
    if (words[0] == "round") {
      rounds.emplace_back().line = number;
      continue;
    }
    if (rounds.empty()) {
      ADD_FAILURE() << path << ":" << number << ": no round yet";
      return {};
    }
    Round& round = rounds.back();
    if (words[0] == "row") {
      TextRow row;
      for (size_t i = 1; i < words.size(); ++i) {
        row.push_back(words[i] == "-" ? Cell() : Cell(words[i]));
      }
      round.rows.push_back(row);
    } else if (words[0] == "expect") {
      std::string text;
      for (size_t i = 1; i < words.size(); ++i) text += (i == 1 ? "" : " ") + words[i];
      round.expected.push_back(text);
    } else if (words[0] == "count") {
      for (size_t i = 1; i < words.size(); ++i) {
        const size_t equals = words[i].find('=');
        round.counts[words[i].substr(0, equals)] = std::stoull(words[i].substr(equals + 1));
      }
    } else if (words[0] == "outcome") {
      round.outcomes[words[1]] = ParseOutcome(words);
    } else if (words[0] == "told") {
      round.told.emplace_back(words[1], ParseOutcome(words).kind);
    } else if (words[0] == "compact") {
      round.compact = true;
    } else {
      round.settings.push_back(words);
    }
  }
  for (Round& round : rounds) std::sort(round.expected.begin(), round.expected.end());
  return rounds;
}

FieldSpec ParseField(const std::string& word) {
  std::istringstream in(word);
  FieldSpec field;
  std::getline(in, field.name, ':');
  for (std::string part; std::getline(in, part, ':');) {
    if (part == "leave") field.null = NullPolicy::kLeave;
    if (part == "clear") field.null = NullPolicy::kClear;
    if (part == "int") field.type = sdk::FieldType::kInteger;
    if (part == "run") field.run_variable = true;
  }
  return field;
}

void Set(const std::vector<std::string>& words, World* world) {
  if (words[0] == "mode") {
    world->mode = *ParseMode(words[1]);
    world->context.delete_created_only = words.size() > 2 && words[2] == "delete:created";
  } else if (words[0] == "fields") {
    world->fields.clear();
    for (size_t i = 1; i < words.size(); ++i) world->fields.push_back(ParseField(words[i]));
  } else if (words[0] == "hours") {
    world->context.now_us += std::stoll(words[1]) * 3600 * 1'000'000;
  } else if (words[0] == "no_update_by_id") {
    world->context.update_by_id = false;
  } else {
    ADD_FAILURE() << "unknown word " << words[0];
  }
}

uint64_t CountOf(const PlanCounts& c, const std::string& name) {
  const std::map<std::string, uint64_t> all = {{"read", c.read},
                                               {"unchanged", c.unchanged},
                                               {"invalid", c.invalid},
                                               {"quarantined", c.quarantined},
                                               {"row_changes", c.row_changes},
                                               {"insert", c.insert},
                                               {"update", c.update},
                                               {"delete", c.remove},
                                               {"fresh", c.fresh},
                                               {"retries", c.retries},
                                               {"in_doubt", c.in_doubt},
                                               {"in_job", c.in_job},
                                               {"departed_before", c.departed_before},
                                               {"newly_departed", c.newly_departed},
                                               {"departed", c.departed},
                                               {"new_keys", c.new_keys},
                                               {"entries", c.entries}};
  if (const auto at = all.find(name); at != all.end()) return at->second;
  if (const auto at = c.invalid_by_code.find(name); at != c.invalid_by_code.end())
    return at->second;
  for (const FieldCount& field : c.fields) {
    if ("field:" + field.field == name) return field.changed;
  }
  return 0;
}

/// Case file, and whether every round ends with a generation.
class CaseTest : public ::testing::TestWithParam<std::tuple<std::string, bool>> {};

TEST_P(CaseTest, Holds) {
  const auto& [name, always_compact] = GetParam();
  const std::string path = std::string(PENSTOCK_TEST_SOURCE_DIR) + "/tests/diff/cases/" + name;
  World world(name + (always_compact ? "-compacted" : "-journals"));
  for (Round& round : ReadCase(path)) {
    SCOPED_TRACE(path + ":" + std::to_string(round.line));
    for (const auto& setting : round.settings) Set(setting, &world);
    for (const auto& [key, kind] : round.told) world.Tell(key, kind);
    Status status = world.Plan(round.rows);
    ASSERT_TRUE(status.ok()) << status.error().message;
    EXPECT_EQ(world.Lines(), round.expected);
    const PlanCounts& counts = world.header.counts;
    EXPECT_EQ(counts.read, round.rows.size());
    EXPECT_EQ(counts.read,
              counts.unchanged + counts.invalid + counts.quarantined + counts.row_changes);
    for (const auto& [count, expected] : round.counts) {
      EXPECT_EQ(CountOf(counts, count), expected) << count;
    }
    // The same rows in any order: the same plan.
    const std::string hash = world.header.hash;
    std::vector<TextRow> shuffled = round.rows;
    std::mt19937 random(7);
    for (int i = 0; i < 3; ++i) {
      std::shuffle(shuffled.begin(), shuffled.end(), random);
      status = world.Plan(shuffled);
      ASSERT_TRUE(status.ok()) << status.error().message;
      EXPECT_EQ(world.header.hash, hash);
    }
    world.Apply(round.outcomes);
    if (round.compact || always_compact) world.Compact();
  }
}

std::vector<std::string> CaseNames() {
  std::vector<std::string> names;
  for (const auto& item : std::filesystem::directory_iterator(
           std::string(PENSTOCK_TEST_SOURCE_DIR) + "/tests/diff/cases")) {
    if (item.path().extension() == ".case") names.push_back(item.path().filename());
  }
  std::sort(names.begin(), names.end());
  return names;
}

INSTANTIATE_TEST_SUITE_P(Files, CaseTest,
                         ::testing::Combine(::testing::ValuesIn(CaseNames()), ::testing::Bool()),
                         [](const auto& param) {
                           std::string name = std::get<0>(param.param);
                           name.resize(name.size() - 5);
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name + (std::get<1>(param.param) ? "_compacted" : "_journals");
                         });

}  // namespace
}  // namespace penstock
