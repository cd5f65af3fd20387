// records and why: single records.
#include <algorithm>
#include <memory>

#include "core/run/shared_ids.h"
#include "host/cli/context.h"
#include "host/cli/json.h"
#include "host/cli/verbs.h"
#include "host/cli/why_view.h"
#include "host/engine/inquiry.h"
#include "host/engine/sentences.h"

namespace penstock::cli {
namespace {

const std::vector<std::string> kStatuses = {"rejected", "in_doubt", "skipped", "conflict",
                                            "departed", "synced",   "invalid", "all"};

struct RecordArgs {
  std::string integration, status = "all", code, run;
  uint64_t limit = 0;
};

// One line of `records`.
struct RecordLine {
  std::string key, status, code, field, message, run, destination_id, at;
};

// Prints records as they come: a line of columns each with tabs between them, pages on a terminal,
// or items of one JSON document.
class RecordPrinter {
 public:
  explicit RecordPrinter(Context* context) : context_(context) {
    if (context_->json()) context_->Print("{\"records\":[");
  }
  void Add(const RecordLine& line) {
    ++count_;
    if (context_->json()) {
      Json json;
      json.Begin()
          .Text("key", line.key)
          .Text("status", line.status)
          .Text("code", line.code)
          .Text("field", line.field)
          .Text("message", line.message)
          .Text("run", line.run)
          .Text("destination_id", line.destination_id)
          .Text("at", line.at)
          .End();
      return context_->Print((count_ > 1 ? ",\n" : "\n") + json.Take());
    }
    if (context_->out_is_terminal()) return context_->Print(OnTerminal(line));
    std::string text = Printable(line.key) + "\t" + line.status;
    if (!line.code.empty()) text += "\t" + Printable(line.code);
    if (!line.field.empty()) text += "\t" + line.field;
    if (!line.message.empty()) text += "\t" + Printable(line.message);
    context_->Print(text + "\n");
  }
  void Finish() {
    if (context_->json()) {
      context_->Print("\n]}\n");
    } else if (count_ == 0) {
      context_->PrintError("No such records.\n");
    }
  }
  uint64_t count() const { return count_; }

 private:
  // For eyes: what it is on one line, the whole reason below.
  std::string OnTerminal(const RecordLine& line) const {
    const Paint& paint = context_->paint();
    const std::string key = line.key.empty() ? "(no key)" : Printable(line.key);
    std::string text = paint.Bold(key) + "  " + line.status;
    if (!line.code.empty()) text += "  " + paint.Yellow(Printable(line.code));
    if (!line.field.empty()) text += "  field " + Printable(line.field);
    text += "\n";
    if (line.message.empty()) return text;
    return text + "  " + Wrapped(Printable(AsSentence(line.message)), paint.width(), 2) + "\n";
  }

  Context* context_;
  uint64_t count_ = 0;
};

std::string StatusOf(const Entry& entry) {
  if (entry.pending) {
    const OutcomeKind kind = entry.pending->outcome;
    if (kind == OutcomeKind::kInDoubt) return "in_doubt";
    return Skipped(kind) ? "skipped" : "rejected";
  }
  return entry.departed ? "departed" : "synced";
}

RecordLine LineOf(const std::string& integration, const Entry& entry) {
  RecordLine line;
  line.key = engine::KeyText(entry.key);
  line.status = StatusOf(entry);
  line.destination_id = entry.destination_id;
  uint32_t run = entry.last_run;
  if (entry.pending) {
    line.code = entry.pending->code;
    line.field = entry.pending->field;
    line.message = entry.pending->message;
    line.at = IsoTime(entry.pending->at_us);
    run = entry.pending->run;
  }
  line.run = integration + "-" + std::to_string(run);
  return line;
}

bool Wanted(const RecordArgs& args, const RecordLine& line) {
  return (args.status == "all" || args.status == line.status) &&
         (args.code.empty() || args.code == line.code) &&
         (args.run.empty() || args.run == line.run);
}

// Invalid rows are not state: the newest plan knows them.
Status PrintInvalid(engine::Engine* engine, const RecordArgs& args, RecordPrinter* printer) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto runs, engine->store()->Runs(args.integration, 0));
  for (const RunRecord& run : runs) {
    if (run.plan_hash.empty() || (!args.run.empty() && args.run != run.run)) continue;
    PENSTOCK_ASSIGN_OR_RETURN(const auto plans, engine::FindPlans(*engine, run.plan_hash));
    if (plans.empty()) continue;
    PENSTOCK_ASSIGN_OR_RETURN(auto plan, PlanReader::Open(plans.front()));
    return plan->InvalidRows([&](const InvalidRow& row) -> Status {
      RecordLine line{row.key_text, "invalid", row.code, row.field, row.message, run.run, "", ""};
      const bool more = args.limit == 0 || printer->count() < args.limit;
      if (more && Wanted(args, line)) printer->Add(line);
      return {};
    });
  }
  return {};
}

constexpr char kCaseAlone[] =
    ": the keys differ in case alone, which the destination ignores; leave one of them out of the "
    "model";

// Keys that are one record of the destination: each is in sync, and writes over the other.
Status PrintConflicts(StateView* view, const RecordArgs& args, RecordPrinter* printer) {
  PENSTOCK_ASSIGN_OR_RETURN(const std::vector<SharedId> shared, ListSharedIds(view));
  for (const SharedId& record : shared) {
    for (size_t i = 0; i < record.keys.size(); ++i) {
      const std::string& other = record.keys[i == 0 ? 1 : 0];
      const std::string more = record.keys.size() > 2
                                   ? " and " + Plural(record.keys.size() - 2, "other key")
                                   : std::string();
      RecordLine line;
      line.key = engine::KeyText(record.keys[i]);
      line.status = "conflict";
      line.code = "SHARED_ID";
      line.message = "record " + record.destination_id + " is that of " + engine::KeyText(other) +
                     more + ", too" +
                     (engine::DifferInCase(line.key, engine::KeyText(other)) ? kCaseAlone : "");
      line.destination_id = record.destination_id;
      const bool room = args.limit == 0 || printer->count() < args.limit;
      if (room && Wanted(args, line)) printer->Add(line);
    }
  }
  return {};
}

void RecordsVerb(Context* context, const RecordArgs& args) {
  engine::Engine* engine = context->OpenEngine();
  if (engine == nullptr) return;
  auto session = engine->Prepare(args.integration, {.source = false, .destination = false});
  if (!session.ok()) return context->Fail(session.error());
  auto view = OpenState((*session)->environment());
  if (!view.ok()) return context->Fail(view.error());
  RecordPrinter printer(context);
  Status done;
  if (args.status == "invalid") {
    done = PrintInvalid(engine, args, &printer);
  } else if (args.status == "conflict") {
    done = PrintConflicts(view->get(), args, &printer);
  } else {
    done = (*view)->ForEach([&](const Entry& entry) -> Status {
      const RecordLine line = LineOf(args.integration, entry);
      const bool more = args.limit == 0 || printer.count() < args.limit;
      if (more && Wanted(args, line)) printer.Add(line);
      return {};
    });
  }
  printer.Finish();
  if (!done.ok()) {
    context->options.json = false;  // the document is out already
    context->Fail(done.error());
  }
}

void WhyVerb(Context* context, const std::string& integration, const std::string& key, bool whole) {
  engine::Engine* engine = context->OpenEngine();
  if (engine == nullptr) return;
  auto session = engine->Prepare(integration, {});
  if (!session.ok()) return context->Fail(session.error());
  const auto inquiry = engine::Inquire(session->get(), key);
  if (!inquiry.ok()) return context->Fail(inquiry.error());
  const bool nowhere = !inquiry->entry && inquiry->rows == 0 && !inquiry->attempt;
  if (context->json()) {
    Json json;
    PutWhy(&json, integration, *inquiry);
    context->Print(json.Take() + "\n");
  } else {
    WhyOptions options;
    options.show_values = context->out_is_terminal() || whole;
    options.whole = whole;
    context->Print(WhyText((*session)->integration(), *inquiry, options, context->paint()));
  }
  if (nowhere) context->exit = static_cast<int>(ExitCode::kFailed);
}

}  // namespace

void AddRecordVerbs(Verb program, Context* context) {
  Verb records = program.AddVerb("records", "List records by what became of them",
                                 "penstock records contacts --status rejected\n"
                                 "penstock records contacts --status invalid --json\n"
                                 "penstock records contacts --code INVALID_EMAIL --limit 20");
  auto args = std::make_shared<RecordArgs>();
  records.Positional("INTEGRATION", &args->integration, "Of which one").Required();
  records
      .Option("--status", &args->status,
              "rejected, in_doubt, skipped, conflict, departed, synced, "
              "invalid or all")
      .OneOf(kStatuses);
  records.Option("--code", &args->code, "Only this reason");
  records.Option("--run", &args->run, "Only what this run left");
  records.Option("--limit", &args->limit, "How many; 0: all");
  records.Do([context, args] { RecordsVerb(context, *args); });

  struct WhyArgs {
    std::string integration, key;
    bool whole = false;
  };
  Verb why = program.AddVerb("why", "Everything that is known of one record",
                             "penstock why contacts anna@example.com\n"
                             "penstock why contacts anna@example.com --whole");
  auto why_args = std::make_shared<WhyArgs>();
  why.Positional("INTEGRATION", &why_args->integration, "Which one").Required();
  why.Positional("KEY", &why_args->key, "The record's key").Required();
  why.Flag("--whole", &why_args->whole, "Show values and longer parts of request and answer");
  why.Do([context, why_args] {
    WhyVerb(context, why_args->integration, why_args->key, why_args->whole);
  });
}

}  // namespace penstock::cli
