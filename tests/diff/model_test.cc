// Random histories against a map of what was acknowledged.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/diff/world.h"

namespace penstock {
namespace {

struct Known {
  Cell name, city;
  bool departed = false;
};

/// What a plan must hold, worked out the obvious way.
class Model {
 public:
  std::vector<std::string> Expect(Mode mode, const std::vector<TextRow>& rows) {
    std::vector<std::string> lines;
    std::map<std::string, std::vector<const TextRow*>> by_key;
    for (const TextRow& row : rows) by_key[*row[0]].push_back(&row);
    std::set<std::string> all;
    for (const auto& [key, found] : by_key) all.insert(key);
    for (const auto& [key, entry] : known_) all.insert(key);
    for (const std::string& key : all) {
      const auto found = by_key.find(key);
      if (found == by_key.end()) {
        Gone(mode, key, &lines);
      } else if (found->second.size() > 1) {
        for (size_t i = 0; i < found->second.size(); ++i) {
          lines.push_back("invalid DUPLICATE_KEY key=" + key);
        }
      } else {
        Present(key, *found->second[0], &lines);
      }
    }
    std::sort(lines.begin(), lines.end());
    return lines;
  }

 private:
  static std::string Field(const char* name, const Cell& now, const Cell* before) {
    const bool ours = before != nullptr && before->has_value();
    return std::string(" ") + name + "=" + (now ? *now : ours ? "!" : "~");
  }

  void Gone(Mode mode, const std::string& key, std::vector<std::string>* lines) {
    Known& entry = known_.at(key);
    if (DeletesDeparted(mode)) {
      lines->push_back("delete " + key + (entry.departed ? " departed_before" : " departed") +
                       " id=id-" + key);
      known_.erase(key);
    } else if (!entry.departed) {
      lines->push_back("mark departed " + key);
      entry.departed = true;
    }
  }

  void Present(const std::string& key, const TextRow& row, std::vector<std::string>* lines) {
    const auto at = known_.find(key);
    const Known* before = at == known_.end() ? nullptr : &at->second;
    const bool same = before != nullptr && before->city == row[1] && before->name == row[2];
    if (same) {
      if (before->departed) lines->push_back("mark returned " + key);
    } else {
      std::string line;
      if (before == nullptr) {
        line = "upsert " + key + " new";
      } else {
        line = "update " + key + (before->departed ? " returned" : " changed") + " changed=";
        if (before->city != row[1]) line += "city";
        if (before->city != row[1] && before->name != row[2]) line += ",";
        if (before->name != row[2]) line += "name";
        line += " id=id-" + key;
      }
      const std::string fields = Field("city", row[1], before ? &before->city : nullptr) +
                                 Field("name", row[2], before ? &before->name : nullptr);
      if (fields.find('~') != std::string::npos) line += " sparse";
      lines->push_back(line + " |" + fields);
    }
    known_[key] = {row[2], row[1], false};
  }

  std::map<std::string, Known> known_;
};

Cell RandomCell(std::mt19937* random) {
  const auto n = (*random)() % 4;
  return n == 0 ? Cell() : Cell(std::string(1, static_cast<char>('w' + n)));
}

void RunHistory(unsigned seed) {
  std::mt19937 random(seed);
  World world("model-" + std::to_string(seed));
  world.fields = {{.name = "city"}, {.name = "name"}};
  Model model;
  const unsigned keys = 1 + random() % 60;
  std::map<std::string, TextRow> table;
  for (int round = 0; round < 6; ++round) {
    SCOPED_TRACE("seed " + std::to_string(seed) + ", round " + std::to_string(round));
    world.mode = random() % 2 == 0 ? Mode::kMirror : Mode::kUpsert;
    for (unsigned k = 0; k < keys; ++k) {
      const std::string key = "k" + std::to_string(k);
      if (random() % 3 == 0) table[key] = {key, RandomCell(&random), RandomCell(&random)};
      if (random() % 6 == 0) table.erase(key);
    }
    std::vector<TextRow> rows;
    for (const auto& [key, row] : table) {
      rows.push_back(row);
      if (random() % 20 == 0) rows.push_back(row);
    }
    std::shuffle(rows.begin(), rows.end(), random);
    const Status status = world.Plan(rows);
    ASSERT_TRUE(status.ok()) << status.error().message;
    ASSERT_EQ(world.Lines(), model.Expect(world.mode, rows));
    world.Apply({});
    if (random() % 3 == 0) world.Compact();
  }
}

TEST(DiffModel, RandomHistories) {
  for (unsigned seed = 1; seed <= 25; ++seed) {
    RunHistory(seed);
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace
}  // namespace penstock
