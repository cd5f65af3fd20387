#include "host/cli/status_view.h"

#include <algorithm>

#include "host/cli/run_view.h"
#include "host/engine/sentences.h"

namespace penstock::cli {
namespace {

std::string JobsText(const IntegrationStatus& s, const Paint& paint) {
  std::string text;
  for (const OpenJob& job : s.jobs) {
    text += Plural(job.records, "record") + " in job " + Printable(job.token) + " (" +
            std::string(OpName(job.op)) + ") since " + engine::TimeText(job.since_us) +
            "; the next sync asks for it\n";
  }
  return Labelled("jobs", text, paint.width());
}

// Each record once, so that the numbers add up; what overlaps them is told behind.
std::string RecordsText(const StateCounts& c) {
  std::string text = Grouped(c.entries) + " known = " +
                     SumText({{"acknowledged", c.plain()},
                              {"rejected", c.rejected},
                              {"skipped", c.skipped},
                              {"in doubt", c.in_doubt}});
  if (c.acknowledged > c.plain()) {
    text += "; an earlier change of " + Grouped(c.acknowledged - c.plain()) +
            " of the others was acknowledged";
  }
  if (c.departed > 0) text += "; departed, of all: " + Grouped(c.departed);
  return text;
}

// How the newest run went, and when.
std::string LastText(const IntegrationStatus& s, const Paint& paint) {
  if (s.error) return paint.Red("cannot be read") + ": " + s.error->code;
  if (!s.last) return paint.Yellow("never ran");
  return StatusText(s.last->status, paint) + " in run " + s.last->run + ", " +
         engine::TimeText(s.last->started_us);
}

std::string OneText(const IntegrationStatus& s, const Paint& paint) {
  std::string out =
      Wrapped(paint.Bold(s.integration) + "  " + LastText(s, paint), paint.width(), 2) + "\n";
  if (s.error) return out;
  const StateCounts& c = s.counts;
  out += Labelled("records", RecordsText(c), paint.width());
  std::string rest;
  for (const std::string& what : NotAsTheModelSays(s)) rest += (rest.empty() ? "" : ", ") + what;
  if (!rest.empty()) {
    out += Labelled(paint.Yellow("differs"), "not as the model says: " + rest, paint.width());
  }
  std::string commands;
  const auto lead = [&](uint64_t n, const char* status) {
    if (n > 0) commands += "penstock records " + s.integration + " --status " + status + "\n";
  };
  lead(c.rejected, "rejected");
  lead(c.in_doubt, "in_doubt");
  lead(c.shared_ids, "conflict");
  lead(s.ended ? s.ended->plan.invalid : 0, "invalid");
  return out + JobsText(s, paint) + Labelled("see", commands);
}

}  // namespace

uint64_t UnsentOf(const IntegrationStatus& s) {
  if (!s.ended) return 0;
  const RunRecord& r = *s.ended;
  const uint64_t changes = r.plan.row_changes + r.plan.remove;
  const uint64_t told = r.outcomes.changes();
  // What is told of no change was done by an earlier run of the same plan, if this one got through.
  const bool through = !r.error && (r.status == "succeeded" || r.status == "completed_with_errors");
  return r.outcomes.unsent + (through || changes < told ? 0 : changes - told);
}

std::vector<std::string> NotAsTheModelSays(const IntegrationStatus& s) {
  std::vector<std::string> out;
  const auto count = [&](uint64_t n, const char* what) {
    if (n > 0) out.push_back(Grouped(n) + " " + what);
  };
  if (s.error) {
    out.emplace_back("its state cannot be read");
    return out;
  }
  count(s.counts.rejected, "rejected");
  count(s.counts.in_doubt, "in doubt");
  count(s.counts.shared_ids, "in conflict");
  if (!s.last) {
    out.emplace_back("it never ran");
    return out;
  }
  count(s.ended ? s.ended->plan.invalid : 0, "invalid");
  count(UnsentOf(s), "unsent");
  for (const char* bad : {"held", "failed", "interrupted", "cancelled"}) {
    if (s.ended && s.ended->status == bad) {
      out.push_back(std::string("the last run ") + (s.ended->status == "failed" ? "" : "was ") +
                    bad);
    }
  }
  if (s.interrupted && s.last->status != "running" && out.empty()) {
    out.emplace_back("a run was interrupted");
  }
  if (!s.jobs.empty() && s.counts.in_doubt == 0) out.emplace_back("a job may still run");
  return out;
}

std::string StatusText(const std::vector<IntegrationStatus>& all, const Paint& paint) {
  std::string out;
  for (const IntegrationStatus& s : all) out += OneText(s, paint);
  return out;
}

void PutStatus(Json* json, const IntegrationStatus& s) {
  json->Begin().Text("integration", s.integration);
  BeginStanding(json, s.counts).Number("skipped", s.counts.skipped).End();
  json->Number("invalid", s.ended ? s.ended->plan.invalid : 0).Number("unsent", UnsentOf(s));
  json->BeginList("not_as_the_model_says");
  for (const std::string& what : NotAsTheModelSays(s)) json->Text(what);
  json->EndList();
  json->Number("known", s.counts.entries)
      .Number("acknowledged", s.counts.acknowledged)
      .Bool("open_run", s.interrupted);
  json->BeginList("jobs");
  for (const OpenJob& job : s.jobs) {
    json->Begin()
        .Text("job", job.token)
        .Text("operation", OpName(job.op))
        .Text("run", s.integration + "-" + std::to_string(job.run))
        .Text("since", IsoTime(job.since_us))
        .Number("records", job.records)
        .End();
  }
  json->EndList();
  if (s.last) {
    json->Key("last_run");
    PutRun(json, *s.last);
  } else {
    json->Null("last_run");
  }
  if (s.error) {
    json->Key("error");
    PutError(json, *s.error);
  }
  json->End();
}

}  // namespace penstock::cli
