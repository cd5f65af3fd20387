#include "host/cli/plan_view.h"

#include "host/engine/sentences.h"

namespace penstock::cli {
namespace {

constexpr char kMask[] = "•••";
constexpr size_t kFieldsShown = 6;
constexpr size_t kLongestSample = 40;
constexpr size_t kShortHash = 12;
constexpr double kAlmostAll = 0.9;

std::string ShortHash(const std::string& hash) { return hash.substr(0, kShortHash); }

uint64_t ChangesOf(const PlanCounts& c) { return c.row_changes + c.remove; }

Sample SampleOf(const Change& change, const PlanHeader& header, bool show_values) {
  Sample sample;
  sample.op = OpName(change.op);
  sample.reason = ReasonName(change.reason);
  sample.key = change.key_text;
  if (change.op == Op::kDelete) return sample;
  std::string_view payload = change.payload;
  Arena arena;
  for (size_t i = 0; i < header.fields.size(); ++i) {
    const auto value = DecodeValue(&payload, &arena);
    if (!value.ok()) break;
    const MappedField& field = header.fields[i];
    bool changed = change.changed.empty() && TypeOf(*value) != ValueType::kAbsent;
    for (const uint16_t index : change.changed) changed = changed || index == i;
    if (!changed || field.key) continue;
    const bool shown = show_values && !field.sensitive;
    const bool null = TypeOf(*value) == ValueType::kNull;
    sample.fields.push_back({field.name, null    ? "(cleared)"
                                         : shown ? "\"" + ToText(*value) + "\""
                                                 : kMask});
  }
  return sample;
}

std::string CountsText(const PlanDetails& details, const PlanCounts& c, size_t width) {
  const std::string in_job =
      c.in_job == 0 ? ""
                    : "; " + Grouped(c.in_job) + " of the quarantined in a job that may still run";
  std::string out = Labelled("rows",
                             Grouped(c.read) + " read = " +
                                 SumText({{"unchanged", c.unchanged},
                                          {"invalid (never sent)", c.invalid},
                                          {"quarantined (pending, not retried now)", c.quarantined},
                                          {"to send", c.row_changes}}) +
                                 in_job,
                             width);
  std::string changes = Grouped(ChangesOf(c)) + " = " +
                        SumText({{"insert", c.insert}, {"update", c.update}, {"delete", c.remove}});
  const char* between = ", because ";
  for (const auto& [reason, n] : details.reasons) {
    changes += between + reason + " " + Grouped(n);
    between = ", ";
  }
  if (c.fresh > 0) changes += "; " + Grouped(c.fresh) + " new to Penstock";
  return out + Labelled("changes", changes, width);
}

std::string FieldsText(const PlanCounts& c, const Paint& paint) {
  Table table({"", ">", ""});
  for (const FieldCount& field : c.fields) {
    const bool almost_all = c.update >= 10 && static_cast<double>(field.changed) >
                                                  kAlmostAll * static_cast<double>(c.entries);
    table.Add({field.field, "changed in " + Grouped(field.changed),
               almost_all ? "almost every record: does the model call now()?" : ""});
  }
  return Labelled("fields", table.Text(paint));
}

std::string SamplesText(const PlanDetails& details, const Paint& paint) {
  std::string out;
  bool shortened = false;
  for (const Sample& sample : details.samples) {
    const std::string mark = sample.op == "delete" ? paint.Red("- ")
                             : sample.op == "update" || sample.reason == "changed"
                                 ? paint.Yellow("~ ")
                                 : paint.Green("+ ");
    out += mark + Printable(sample.key) + "  " + paint.Dim(sample.reason);
    size_t shown = 0;
    for (const SampleField& field : sample.fields) {
      if (++shown > kFieldsShown) {
        out += ", " + std::to_string(sample.fields.size() - kFieldsShown) + " more";
        break;
      }
      const std::string value = Printable(field.text);
      const std::string text = Shortened(value, kLongestSample);
      shortened = shortened || text != value;
      out += (shown == 1 ? "  " : ", ") + field.name + " = " + text;
    }
    out += "\n";
  }
  if (shortened) out += paint.Dim("long values are shortened; whole: --json") + "\n";
  return Labelled("samples", out, paint.width());
}

std::string InvalidText(const PlannedRun& plan, const PlanDetails& details, size_t width) {
  const PlanCounts& c = plan.header.counts;
  if (c.invalid == 0) return {};
  std::string out = Grouped(c.invalid) + " = ";
  const char* between = "";
  for (const auto& [code, n] : c.invalid_by_code) {
    out += between + code + " " + Grouped(n);
    between = " + ";
  }
  out += "\n";
  for (const InvalidRow& row : details.invalid) {
    out += "row " + Grouped(row.row) + "  " +
           (row.key_text.empty() ? "(no key)" : Printable(row.key_text)) + "  " +
           (row.field.empty() ? "key" : row.field) + ": " + Printable(AsSentence(row.message)) +
           "\n";
  }
  return Labelled("invalid", out, width);
}

std::string CostText(const PlannedRun& plan) {
  std::string cost = "about " + Plural(plan.cost.requests, "API call");
  if (plan.cost.jobs > 0) cost += " and " + Plural(plan.cost.jobs, "job");
  if (plan.estimated_seconds >= 0.1) {
    cost += ", " + DurationText(plan.estimated_seconds) + " at the destination's limit";
  }
  if (plan.cost.jobs > 0) cost += "; more calls while a job takes long";
  return cost;
}

std::string VerdictText(const PlannedRun& plan, const Paint& paint) {
  std::string out;
  const uint64_t changes = ChangesOf(plan.header.counts);
  if (plan.open_run && plan.open_run_at_work) {
    out += Labelled("open",
                    paint.Yellow("Run " + *plan.open_run + " is at work.") +
                        " What it has yet to send is in this plan, too, which it makes stale: make "
                        "one when it has ended.",
                    paint.width());
  } else if (plan.open_run) {
    out += Labelled("open",
                    paint.Yellow("Run " + *plan.open_run + " was interrupted.") +
                        " The next sync settles it first, so its plan can differ from "
                        "this one.",
                    paint.width());
  }
  if (changes > 0) out += Labelled("cost", CostText(plan), paint.width());
  std::string holds;
  for (const Hold& hold : plan.holds) holds += hold.rule + ": " + AsSentence(hold.message) + "\n";
  out += Labelled(paint.Red("held"), holds, paint.width());
  if (holds.empty()) out += Labelled("guard", changes > 0 ? "nothing is held" : "nothing to send");
  if (holds.empty()) return out + Labelled("next", paint.Bold(NextCommand(plan)));
  const std::string hash = ShortHash(plan.header.hash);
  Table ways({"", ""});
  ways.Add({paint.Bold("penstock apply " + hash), "exactly this plan"});
  ways.Add({"penstock discard " + hash, "drop it"});
  return out + Labelled("next", ways.Text(paint));
}

}  // namespace

Result<PlanDetails> ReadDetails(const std::string& path, const PlanViewOptions& options) {
  PENSTOCK_ASSIGN_OR_RETURN(auto reader, PlanReader::Open(path));
  PlanDetails details;
  std::map<std::string, uint64_t> taken;
  PENSTOCK_RETURN_IF_ERROR(reader->Changes(1, [&](const Change& change) -> Status {
    ++details.reasons[std::string(ReasonName(change.reason))];
    const std::string kind =
        std::string(OpName(change.op)) + std::string(ReasonName(change.reason));
    if (taken[kind] < options.samples) {
      ++taken[kind];
      details.samples.push_back(SampleOf(change, reader->header(), options.show_values));
    }
    return {};
  }));
  PENSTOCK_RETURN_IF_ERROR(reader->InvalidRows([&](const InvalidRow& row) -> Status {
    if (details.invalid.size() < options.invalid) details.invalid.push_back(row);
    return {};
  }));
  return details;
}

std::string NextCommand(const PlannedRun& plan) {
  const std::string hash = ShortHash(plan.header.hash);
  if (!plan.holds.empty()) {
    return "penstock apply " + hash + "   (releases exactly this plan; or: penstock discard " +
           hash + ")";
  }
  if (ChangesOf(plan.header.counts) > 0) return "penstock apply " + hash;
  return "penstock status";
}

std::string PlanText(const PlannedRun& plan, const PlanDetails& details,
                     const PlanViewOptions& options, const Paint& paint) {
  const PlanHeader& h = plan.header;
  std::string head = paint.Bold("Plan " + ShortHash(h.hash)) + "  " + h.integration + " → " +
                     options.destination + " (" + h.connector + " account " + h.account + ", " +
                     h.object + "), mode " + std::string(ModeName(h.mode)) + ", good until " +
                     engine::TimeText(h.expires_us);
  const size_t width = paint.width();
  return Wrapped(head, width, 2) + "\n" + CountsText(details, h.counts, width) +
         FieldsText(h.counts, paint) + SamplesText(details, paint) +
         InvalidText(plan, details, width) + VerdictText(plan, paint);
}

void PutPlan(Json* json, const PlannedRun& plan, const PlanDetails& details) {
  const PlanHeader& h = plan.header;
  const PlanCounts& c = h.counts;
  json->Begin()
      .Text("integration", h.integration)
      .Text("hash", h.hash)
      .Text("mode", ModeName(h.mode))
      .Text("connector", h.connector)
      .Text("account", h.account)
      .Text("object", h.object)
      .Text("created", IsoTime(h.created_us))
      .Text("expires", IsoTime(h.expires_us));
  json->Begin("rows")
      .Number("read", c.read)
      .Number("unchanged", c.unchanged)
      .Number("invalid", c.invalid)
      .Number("quarantined", c.quarantined)
      .Number("in_job", c.in_job)
      .End();
  json->Begin("changes")
      .Number("insert", c.insert)
      .Number("update", c.update)
      .Number("delete", c.remove)
      .Number("new", c.fresh)
      .End();
  json->Begin("reasons");
  for (const auto& [reason, n] : details.reasons) json->Number(reason, n);
  json->End().Begin("fields");
  for (const FieldCount& field : c.fields) json->Number(field.field, field.changed);
  json->End().Begin("invalid");
  for (const auto& [code, n] : c.invalid_by_code) json->Number(code, n);
  json->End().BeginList("invalid_rows");
  for (const InvalidRow& row : details.invalid) {
    json->Begin()
        .Number("row", row.row)
        .Text("key", row.key_text)
        .Text("field", row.field)
        .Text("code", row.code)
        .Text("message", row.message)
        .End();
  }
  json->EndList().BeginList("samples");
  for (const Sample& sample : details.samples) {
    json->Begin()
        .Text("operation", sample.op)
        .Text("reason", sample.reason)
        .Text("key", sample.key);
    json->Begin("fields");
    for (const SampleField& field : sample.fields) json->Text(field.name, field.text);
    json->End().End();
  }
  json->EndList().BeginList("holds");
  for (const Hold& hold : plan.holds) {
    json->Begin().Text("rule", hold.rule).Text("message", hold.message).End();
  }
  json->EndList();
  json->Begin("estimate")
      .Number("requests", plan.cost.requests)
      .Number("jobs", plan.cost.jobs)
      .Real("seconds", plan.estimated_seconds)
      .End();
  if (plan.open_run) {
    json->Text("open_run", *plan.open_run).Bool("open_run_at_work", plan.open_run_at_work);
  }
  json->Text("next", NextCommand(plan)).End();
}

}  // namespace penstock::cli
