#include "host/cli/plan_view.h"

#include "host/engine/sentences.h"

namespace penstock::cli {
namespace {

constexpr char kMask[] = "•••";
constexpr size_t kInvalidShown = 5;
constexpr size_t kFieldsShown = 6;
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

// "0 unchanged + 19 invalid" of the parts that are not zero; the first one always.
std::string Sum(std::initializer_list<std::pair<const char*, uint64_t>> parts) {
  std::string out;
  for (const auto& [name, n] : parts) {
    if (n == 0 && !out.empty()) continue;
    out += (out.empty() ? "" : " + ") + Grouped(n) + " " + name;
  }
  return out;
}

std::string CountsText(const PlanCounts& c) {
  std::string out = "  rows      " + Grouped(c.read) + " read = " +
                    Sum({{"unchanged", c.unchanged},
                         {"invalid (never sent)", c.invalid},
                         {"quarantined (pending, not retried now)", c.quarantined},
                         {"to send", c.row_changes}}) +
                    "\n";
  out += "  changes   " + Grouped(ChangesOf(c)) + " = " +
         Sum({{"insert", c.insert}, {"update", c.update}, {"delete", c.remove}});
  if (c.fresh > 0) out += "; " + Grouped(c.fresh) + " new to Penstock";
  return out + "\n";
}

std::string FieldsText(const PlanCounts& c, const Paint& paint) {
  if (c.fields.empty()) return {};
  Table table({"field", ">changed in", ""});
  std::string warning;
  for (const FieldCount& field : c.fields) {
    const bool almost_all = c.update >= 10 && static_cast<double>(field.changed) >
                                                  kAlmostAll * static_cast<double>(c.entries);
    table.Add({field.field, Grouped(field.changed),
               almost_all ? "almost every record: does the model call now()?" : ""});
  }
  return "\n" + table.Text(paint, 2);
}

std::string SamplesText(const PlanDetails& details, const Paint& paint) {
  std::string out;
  for (const Sample& sample : details.samples) {
    const std::string mark = sample.op == "delete" ? paint.Red("- ")
                             : sample.op == "update" || sample.reason == "changed"
                                 ? paint.Yellow("~ ")
                                 : paint.Green("+ ");
    out += "  " + mark + Printable(sample.key) + "  " + paint.Dim(sample.reason);
    size_t shown = 0;
    for (const SampleField& field : sample.fields) {
      if (++shown > kFieldsShown) {
        out += ", " + std::to_string(sample.fields.size() - kFieldsShown) + " more";
        break;
      }
      out += (shown == 1 ? "  " : ", ") + field.name + " = " + Shortened(Printable(field.text), 40);
    }
    out += "\n";
  }
  return out.empty() ? out : "\n" + out;
}

std::string InvalidText(const PlannedRun& plan, const PlanDetails& details, const Paint& paint) {
  const PlanCounts& c = plan.header.counts;
  if (c.invalid == 0) return {};
  std::string out = "\n  " + paint.Bold("invalid rows") + ":";
  bool first = true;
  for (const auto& [code, n] : c.invalid_by_code) {
    out += (first ? " " : ", ") + code + " " + Grouped(n);
    first = false;
  }
  out += "\n";
  for (const InvalidRow& row : details.invalid) {
    out += "    row " + Grouped(row.row) + "  " +
           (row.key_text.empty() ? "(no key)" : Printable(row.key_text)) + "  " +
           (row.field.empty() ? "key" : row.field) + ": " + Printable(AsSentence(row.message)) +
           "\n";
  }
  return out;
}

std::string VerdictText(const PlannedRun& plan, const Paint& paint) {
  std::string out = "\n";
  const uint64_t changes = ChangesOf(plan.header.counts);
  if (plan.open_run) {
    out += "  " + paint.Yellow("Run " + *plan.open_run + " was interrupted.") +
           " The next sync settles it first, so its plan can differ from this one.\n";
  }
  if (changes > 0) {
    out += "  about " + Plural(plan.estimated_requests, "API call");
    if (plan.estimated_seconds >= 0.1) {
      out += ", " + DurationText(plan.estimated_seconds) + " at the destination's limit";
    }
    out += "\n";
  }
  for (const Hold& hold : plan.holds) {
    out += "  " + paint.Red("held") + " (" + hold.rule + "): " + AsSentence(hold.message) + "\n";
  }
  if (plan.holds.empty()) {
    out += changes > 0 ? "  guard: nothing is held\n" : "  Nothing to send.\n";
  }
  return out + "  next: " + paint.Bold(NextCommand(plan)) + "\n";
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
    if (details.invalid.size() < kInvalidShown) details.invalid.push_back(row);
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
  std::string out = paint.Bold("Plan " + ShortHash(h.hash)) + "  " + h.integration + " → " +
                    options.destination + " (" + h.connector + " account " + h.account + ", " +
                    h.object + "), mode " + std::string(ModeName(h.mode)) + "\n";
  out += paint.Dim("  made in " + DurationText(h.seconds) + ", can be applied until " +
                   engine::TimeText(h.expires_us)) +
         "\n\n";
  out += CountsText(h.counts);
  if (!details.reasons.empty()) {
    out += "  because  ";
    bool first = true;
    for (const auto& [reason, n] : details.reasons) {
      out += (first ? " " : ", ") + reason + " " + Grouped(n);
      first = false;
    }
    out += "\n";
  }
  out += FieldsText(h.counts, paint) + SamplesText(details, paint) +
         InvalidText(plan, details, paint) + VerdictText(plan, paint);
  return out;
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
      .Number("requests", plan.estimated_requests)
      .Real("seconds", plan.estimated_seconds)
      .End();
  if (plan.open_run) json->Text("open_run", *plan.open_run);
  json->Text("next", NextCommand(plan)).End();
}

}  // namespace penstock::cli
