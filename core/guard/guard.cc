#include "core/guard/guard.h"

#include <algorithm>
#include <cmath>

namespace penstock {
namespace {

constexpr double kChurnShare = 0.30;
constexpr double kChangedSetupShare = 0.10;

/// 1234567 -> "1,234,567".
std::string Grouped(uint64_t n) {
  std::string digits = std::to_string(n);
  for (int at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3)
    digits.insert(static_cast<size_t>(at), ",");
  return digits;
}

std::string Percent(double share) {
  const double tenths = std::round(share * 1000) / 10;
  std::string text = std::to_string(tenths);
  text.erase(text.find('.') + 2);
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  return text + " %";
}

double ShareOf(uint64_t part, uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

bool Exceeds(uint64_t n, uint64_t entries, const Threshold& limit) {
  if (n <= limit.floor) return false;
  return n > limit.count || static_cast<double>(n) > limit.share * static_cast<double>(entries);
}

std::string Limits(const Threshold& limit) {
  return "the limit is " + Percent(limit.share) + " or " + Grouped(limit.count);
}

std::string OfEntries(uint64_t n, uint64_t entries) {
  entries = std::max(n, entries);  // departed ones come on top
  return Grouped(n) + " of " + Grouped(entries) + " known records (" +
         Percent(ShareOf(n, entries)) + ")";
}

void CheckDeletes(const GuardInput& in, std::vector<Hold>* holds) {
  const PlanCounts& c = in.plan->counts;
  if (in.allow_deletes) {
    if (c.remove > *in.allow_deletes) {
      holds->push_back({"deletes", "would delete " + OfEntries(c.remove, c.entries) +
                                       "; --allow deletes=" + std::to_string(*in.allow_deletes) +
                                       " is fewer"});
    }
    return;
  }
  if (DeletesDeparted(in.plan->mode) && c.read == 0 && c.entries > 0) {
    holds->push_back({"empty_model", "the model returned no row while " + Grouped(c.entries) +
                                         " records are known: all of them would be deleted"});
    return;
  }
  if (Exceeds(c.remove, c.entries, in.settings.deletes)) {
    holds->push_back({"deletes", "would delete " + OfEntries(c.remove, c.entries) + "; " +
                                     Limits(in.settings.deletes)});
  }
  if (c.departed_before > 0) {
    holds->push_back(
        {"mode_switch",
         "would delete " + Grouped(c.departed_before) +
             " records that had left the model before the mode became a deleting one"});
  }
}

/// A key that turned empty looks like a row that left: its record must not be deleted for that.
void CheckKeyless(const GuardInput& in, std::vector<Hold>* holds) {
  const PlanCounts& c = in.plan->counts;
  const uint64_t before = in.basis ? in.basis->keyless : 0;
  if (c.remove == 0 || in.now.keyless <= before || in.allow_deletes) return;
  holds->push_back({"keyless", Grouped(in.now.keyless - before) +
                                   " more rows have no key than in the last run, and " +
                                   Grouped(c.remove) +
                                   " records would be deleted: they may be the same ones"});
}

void CheckSetup(const GuardInput& in, std::vector<Hold>* holds) {
  if (!in.basis) return;
  const PlanCounts& c = in.plan->counts;
  std::string what;
  if (in.basis->mode != in.now.mode) what = "mode";
  if (in.basis->key_digest != in.now.key_digest) what += what.empty() ? "key" : " and key";
  if (in.basis->model_digest != in.now.model_digest) what += what.empty() ? "SQL" : " and SQL";
  const uint64_t touched = c.update + c.remove;
  if (what.empty() || ShareOf(touched, c.entries) <= kChangedSetupShare) return;
  holds->push_back(
      {"changed_setup", "the " + what + " changed since the last run, and this plan touches " +
                            OfEntries(touched, c.entries) + "; the limit after such a change is " +
                            Percent(kChangedSetupShare)});
}

void CheckFields(const GuardInput& in, std::vector<Hold>* holds) {
  const PlanCounts& c = in.plan->counts;
  for (const auto& [field, limit] : in.settings.fields) {
    const auto at = std::find_if(c.fields.begin(), c.fields.end(),
                                 [&name = field](const FieldCount& f) { return f.field == name; });
    if (at != c.fields.end() && Exceeds(at->changed, c.entries, limit)) {
      holds->push_back({"field", "would change " + field + " in " +
                                     OfEntries(at->changed, c.entries) + "; " + Limits(limit)});
    }
  }
}

}  // namespace

std::vector<Hold> Guard(const GuardInput& in) {
  std::vector<Hold> holds;
  const PlanCounts& c = in.plan->counts;
  CheckDeletes(in, &holds);
  CheckKeyless(in, &holds);
  if (c.entries > 0 && ShareOf(c.new_keys, c.entries) > kChurnShare &&
      ShareOf(c.newly_departed, c.entries) > kChurnShare) {
    holds.push_back({"key_churn", Grouped(c.new_keys) + " keys are new and " +
                                      Grouped(c.newly_departed) + " are gone, of " +
                                      Grouped(c.entries) +
                                      " known: it looks as if the key column changed"});
  }
  CheckSetup(in, &holds);
  if (in.settings.updates && Exceeds(c.update, c.entries, *in.settings.updates)) {
    holds.push_back({"updates", "would update " + OfEntries(c.update, c.entries) + "; " +
                                    Limits(*in.settings.updates)});
  }
  CheckFields(in, &holds);
  if (in.settings.first_run && !in.basis && c.row_changes + c.remove > 0) {
    holds.push_back(
        {"first_run",
         "this is the first run of the integration, and `guard: {first_run: hold}` is set"});
  }
  return holds;
}

}  // namespace penstock
