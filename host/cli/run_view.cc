#include "host/cli/run_view.h"

#include "host/cli/codes.h"

namespace penstock::cli {
namespace {

constexpr size_t kReasonsShown = 5;

std::string Quoted(const std::string& word) {
  const bool plain =
      !word.empty() && word.find_first_of(" \t\"'\\$`&|;<>()*?!#~") == std::string::npos;
  if (plain) return word;
  std::string out = "'";
  for (const char c : word) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

// "a 1 + b 2 + …" of the parts that are not zero; the first one always.
std::string Sum(std::initializer_list<std::pair<const char*, uint64_t>> parts) {
  std::string out;
  for (const auto& [name, n] : parts) {
    if (n == 0 && !out.empty()) continue;
    out += (out.empty() ? "" : " + ") + Grouped(n) + " " + name;
  }
  return out;
}

std::string CountsText(const RunRecord& r) {
  const PlanCounts& p = r.plan;
  const OutcomeCounts& o = r.outcomes;
  std::string out = "  rows      " + Grouped(p.read) + " read = " +
                    Sum({{"unchanged", p.unchanged},
                         {"invalid", p.invalid},
                         {"quarantined", p.quarantined},
                         {"to send", p.row_changes}}) +
                    "\n";
  const uint64_t changes = p.row_changes + p.remove;
  if (r.status == "held") {
    return out + "  changes   " + Grouped(changes) + " = " +
           Sum({{"insert", p.insert}, {"update", p.update}, {"delete", p.remove}}) +
           ", none of them sent\n";
  }
  const uint64_t told = o.succeeded + o.rejected + o.skipped + o.in_doubt + o.unsent;
  const uint64_t rest = changes > told ? changes - told : 0;
  out += "  changes   " + Grouped(changes) + " = " +
         Sum({{"succeeded", o.succeeded},
              {"rejected", o.rejected},
              {"skipped", o.skipped},
              {"in doubt", o.in_doubt},
              {"unsent", o.unsent},
              {r.error ? "not reached" : "done by an earlier run of this plan", rest}}) +
         "\n";
  if (o.succeeded > 0) {
    out += "  applied   " +
           Sum({{"created", o.created},
                {"updated", o.updated},
                {"deleted", o.deleted},
                {"already so", o.unchanged}}) +
           "\n";
  }
  return out;
}

std::string ReasonsText(const RunRecord& r, const Paint& paint) {
  if (r.errors.empty()) return {};
  std::string out = "\n";
  size_t shown = 0;
  for (const ErrorCount& e : r.errors) {
    if (++shown > kReasonsShown) {
      out += "  and " + Plural(r.errors.size() - kReasonsShown, "other reason") + "\n";
      break;
    }
    out += "  " + paint.Yellow(Grouped(e.count) + " × " + Printable(e.code)) + "  " +
           Shortened(Printable(e.message), 90) + "\n";
    if (!e.example_key.empty()) {
      out += "      penstock why " + r.integration + " " + Quoted(Printable(e.example_key)) + "\n";
    }
  }
  return out;
}

std::string HoldsText(const RunRecord& r, const Paint& paint) {
  if (r.holds.empty()) return {};
  const std::string hash = r.plan_hash.substr(0, 12);
  std::string out = "\n";
  for (const Hold& hold : r.holds) {
    out += "  " + paint.Red("held") + " (" + hold.rule + "): " + AsSentence(hold.message) + "\n";
  }
  out += "  release exactly this plan:  " + paint.Bold("penstock apply " + hash) + "\n";
  if (r.plan.remove > 0) {
    out += "  without its deletes:        penstock apply " + hash + " --only upserts\n";
    out += "  or plan again up to a bound: penstock sync " + r.integration +
           " --allow deletes=" + std::to_string(r.plan.remove) + "\n";
  }
  return out + "  or drop it:                 penstock discard " + hash + "\n";
}

}  // namespace

std::string StatusText(const std::string& status, const Paint& paint) {
  if (status == "succeeded") return paint.Green(status);
  if (status == "failed" || status == "held") return paint.Red(status);
  if (status == "running") return status;
  return paint.Yellow(status == "completed_with_errors" ? "completed with errors" : status);
}

std::string RunText(const RunRecord& r, const Paint& paint) {
  const double seconds =
      r.ended_us > r.started_us ? static_cast<double>(r.ended_us - r.started_us) / 1e6 : 0;
  std::string out = paint.Bold("Run " + r.run) + "  " + StatusText(r.status, paint) + "  in " +
                    DurationText(seconds) + ", " + Plural(r.requests, "request") + "\n";
  out += CountsText(r);
  const StateCounts& s = r.standing;
  if (s.rejected + s.in_doubt + s.departed > 0) {
    out += "  standing  " +
           Sum({{"rejected", s.rejected}, {"in doubt", s.in_doubt}, {"departed", s.departed}}) +
           "\n";
  }
  out += ReasonsText(r, paint) + HoldsText(r, paint);
  if (r.plan.invalid > 0 && r.status != "held") {
    out += "\n  invalid rows: penstock records " + r.integration + " --status invalid\n";
  }
  if (r.error) {
    out +=
        "\n  " + paint.Red(r.error->code) + ": " + Printable(AsSentence(r.error->message)) + "\n";
    const std::string hint = HintOf(*r.error);
    if (!hint.empty()) out += "  " + Printable(AsSentence(hint)) + "\n";
  }
  return out;
}

}  // namespace penstock::cli
