#include "host/cli/run_view.h"

#include "host/cli/codes.h"
#include "host/engine/sentences.h"

namespace penstock::cli {
namespace {

constexpr size_t kReasonsShown = 5;

std::string CountsText(const RunRecord& r, size_t width) {
  const PlanCounts& p = r.plan;
  const OutcomeCounts& o = r.outcomes;
  std::string rows = Grouped(p.read) + " read = " +
                     SumText({{"unchanged", p.unchanged},
                              {"invalid", p.invalid},
                              {"quarantined", p.quarantined},
                              {"to send", p.row_changes}});
  if (p.invalid > 0) {
    rows += "; invalid: `penstock records " + r.integration + " --status invalid`";
  }
  const bool of_jobs = r.trigger == "settle";  // it read no row
  std::string out = of_jobs ? "" : Labelled("rows", rows, width);
  const uint64_t changes = p.row_changes + p.remove;
  const std::string sum = Grouped(changes) + " = ";
  const bool at_work = r.status == "running";
  if (at_work && p.read + changes == 0) return {};  // it has no plan yet
  if (r.status == "held" || at_work) {
    return out +
           Labelled(
               "changes",
               sum + SumText({{"insert", p.insert}, {"update", p.update}, {"delete", p.remove}}) +
                   (p.in_doubt > 0 ? ", " + Grouped(p.in_doubt) + " of them to settle a doubt"
                                   : "") +
                   (at_work ? "; what became of them is told when it has ended"
                            : ", none of them sent"),
               width);
  }
  const uint64_t told = o.changes();
  const uint64_t rest = changes > told ? changes - told : 0;
  out += Labelled(
      "changes",
      sum + SumText({{"succeeded", o.succeeded},
                     {"rejected", o.rejected},
                     {"skipped", o.skipped},
                     {"in doubt", o.in_doubt},
                     {r.limited ? "left for the next run" : "unsent", o.unsent},
                     {r.error ? "not reached" : "done by an earlier run of this plan", rest}}),
      width);
  if (o.succeeded == 0) return out;
  return out + Labelled("applied", SumText({{"created", o.created},
                                            {"updated", o.updated},
                                            {"deleted", o.deleted},
                                            {"already so", o.unchanged}}));
}

std::string ReasonsText(const RunRecord& r, const Paint& paint) {
  std::string lines;
  size_t shown = 0;
  for (const ErrorCount& e : r.errors) {
    if (++shown > kReasonsShown) {
      lines += "and " + Plural(r.errors.size() - kReasonsShown, "other reason") + "\n";
      break;
    }
    // Without a record it is about the run: a job that failed after all was done, a lost answer.
    const std::string times = e.example_key.empty() ? "" : Grouped(e.count) + " × ";
    lines += paint.Yellow(times + Printable(e.code));
    if (!e.message.empty()) lines += ": " + Printable(e.message);
    if (!e.example_key.empty()) {
      lines +=
          " → penstock why " + r.integration + " " + engine::ShellWord(Printable(e.example_key));
    } else {
      lines += " → penstock explain " + Printable(e.code);
    }
    lines += "\n";
  }
  return Labelled("reasons", lines, paint.width());
}

std::string HoldsText(const RunRecord& r, const Paint& paint) {
  if (r.holds.empty()) return {};
  const std::string hash = r.plan_hash.substr(0, 12);
  std::string holds;
  for (const Hold& hold : r.holds) holds += hold.rule + ": " + AsSentence(hold.message) + "\n";
  Table ways({"", ""});
  ways.Add({paint.Bold("penstock apply " + hash), "exactly this plan"});
  if (r.plan.remove > 0) {
    ways.Add({"penstock apply " + hash + " --only upserts", "without its deletes"});
    ways.Add(
        {"penstock sync " + r.integration + " --allow deletes=" + std::to_string(r.plan.remove),
         "plan again, up to that many"});
  }
  ways.Add({"penstock discard " + hash, "drop it"});
  return Labelled(paint.Red("held"), holds, paint.width()) + Labelled("next", ways.Text(paint));
}

// "; exit 3: more than `tolerate:` allows (8 rejected)".
std::string AboveText(const RunRecord& r, const Tolerance& tolerate) {
  if (ExitOf(r, tolerate) != ExitCode::kOutcomes) return {};
  std::string above;
  const auto check = [&](const char* what, uint64_t n, uint64_t allowed) {
    if (n > allowed) above += (above.empty() ? "" : ", ") + Grouped(n) + " " + what;
  };
  check("rejected", r.outcomes.rejected, tolerate.rejected);
  check("invalid", r.plan.invalid, tolerate.invalid);
  check("skipped", r.outcomes.skipped, tolerate.skipped);
  check("in doubt", r.outcomes.in_doubt, tolerate.in_doubt);
  check("unsent", r.outcomes.unsent, 0);
  return "; exit 3: more than `tolerate:` allows (" + above + ")";
}

}  // namespace

std::string StatusText(const std::string& status, const Paint& paint) {
  if (status == "succeeded") return paint.Green(status);
  if (status == "failed" || status == "held") return paint.Red(status);
  if (status == "running") return status;
  return paint.Yellow(status == "completed_with_errors" ? "completed with errors" : status);
}

bool EndIsKnown(const RunRecord& r) { return r.status != "running" && r.status != "interrupted"; }

double SecondsOf(const RunRecord& r) {
  return r.ended_us > r.started_us ? static_cast<double>(r.ended_us - r.started_us) / 1e6 : 0;
}

std::string RunText(const RunRecord& r, const Paint& paint, const Tolerance* tolerate) {
  const bool unsettled = r.status == "interrupted" && r.ended_us == 0;
  std::string head =
      paint.Bold("Run " + r.run) + "  " + StatusText(r.status, paint) +
      (r.status == "running" ? "  since " + engine::TimeText(r.started_us) : "") +
      (EndIsKnown(r) ? "  in " + DurationText(SecondsOf(r)) + ", " + Plural(r.requests, "request")
                     : "") +
      (unsettled ? "; the next sync settles what it left open" : "") +
      (tolerate == nullptr ? std::string() : AboveText(r, *tolerate)) +
      (r.trigger == "settle" ? "; it settled what an earlier run left open" : "");
  std::string out = Wrapped(head, paint.width(), 2) + "\n";
  out += CountsText(r, paint.width());
  const StateCounts& s = r.standing;
  std::string standing;
  if (s.rejected > 0) standing = Grouped(s.rejected) + " rejected";
  if (s.in_doubt > 0) {
    standing += (standing.empty() ? "" : " + ") + Grouped(s.in_doubt) + " in doubt";
  }
  // These may be among those.
  if (s.departed > 0)
    standing += (standing.empty() ? "" : "; ") + Grouped(s.departed) + " departed";
  out += Labelled("standing", standing);
  if (s.shared_ids > 0) {
    out += Labelled("conflict",
                    paint.Yellow(Grouped(s.shared_ids) + " keys") +
                        " have a record of the destination that is another key's, too, and write "
                        "over each other\npenstock records " +
                        r.integration + " --status conflict",
                    paint.width());
  }
  out += ReasonsText(r, paint) + HoldsText(r, paint);
  if (r.error) {
    const auto line = [&](const std::string& text) {
      out += "  " + Wrapped(text, paint.width(), 2) + "\n";
    };
    line(PlaceText(*r.error) + paint.Red(r.error->code) + ": " +
         Printable(AsSentence(r.error->message)));
    const std::string hint = HintOf(*r.error);
    if (!hint.empty()) line(Printable(AsSentence(hint)));
  }
  return out;
}

}  // namespace penstock::cli
