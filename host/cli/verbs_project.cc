// validate, check, preview: before anything is sent.
#include <algorithm>
#include <memory>

#include "core/push/failure.h"
#include "host/cli/context.h"
#include "host/cli/json.h"
#include "host/cli/verbs.h"
#include "host/engine/offline.h"
#include "host/project/connectors.h"
#include "host/trust/trust.h"

namespace penstock::cli {
namespace {

void Validate(Context* context) {
  auto loaded = context->ReadProject();
  if (!loaded.ok()) return context->Fail(loaded.error());
  project::CheckConnectors(context->ConnectorFolders(), secrets::ProcessEnvironment(), &*loaded);
  engine::CheckLogins(context->ConnectorFolders(), secrets::ProcessEnvironment(), &*loaded);
  project::CheckNeighbours(&*loaded);
  engine::CheckAgainstCatalogs(&*loaded);
  trust::CheckProject(context->ConnectorFolders(), &*loaded);
  for (const auto& [id, settings] : loaded->project.integrations) {
    if (!settings.trigger_place) continue;
    Error note = UsageError("PS-CONF-TRIGGER",
                            "The trigger of " + id + " (" + settings.trigger +
                                ") acts only under `penstock serve`, which is not built yet.",
                            "Until then, call `penstock sync " + id + "` from cron.");
    loaded->warnings.push_back(At(std::move(note), *settings.trigger_place));
  }
  if (context->json()) {
    Json json;
    json.Begin().Bool("valid", loaded->errors.empty()).BeginList("errors");
    for (const Error& e : loaded->errors) PutError(&json, e);
    json.EndList().BeginList("warnings");
    for (const Error& e : loaded->warnings) PutError(&json, e);
    json.EndList().End();
    context->Print(json.Take() + "\n");
    context->exit = loaded->errors.empty() ? 0 : static_cast<int>(ExitCode::kUsage);
    return;
  }
  context->Fail(loaded->errors);
  for (const Error& e : loaded->warnings) context->Warn(e);
  const auto& p = loaded->project;
  if (loaded->errors.empty()) {
    const std::string said = context->paint().Green("valid") + ": " + p.file + " (environment " +
                             p.environment + "): " + Plural(p.sources.size(), "source") + ", " +
                             Plural(p.destinations.size(), "destination") + ", " +
                             Plural(p.integrations.size(), "integration");
    context->Print(Wrapped(said, context->paint().width(), 2) + "\n");
  }
}

struct CheckOutcome {
  std::string name, kind;
  std::optional<Error> error;
  std::optional<sdk::CheckReport> report;
  uint64_t objects = 0;
};

CheckOutcome CheckDestination(engine::Engine* engine, const std::string& name) {
  CheckOutcome out{name, "destination", {}, {}, 0};
  auto destination = engine->OpenDestination(name);
  if (!destination.ok()) {
    out.error = destination.error();
    return out;
  }
  CallLimits limits;
  limits.cancelled = Cancelled;
  // As a run would tell it.
  const auto told = [&](const sdk::Failure& failure) {
    return Explain(failure, name, (*destination)->manifest()).error;
  };
  const auto report = (*destination)->Check(limits);
  if (!report.ok()) {
    out.error = told(report.failure());
    return out;
  }
  out.report = *report;
  const auto catalog = (*destination)->Refresh(limits);
  if (!catalog.ok()) {
    out.error = told(catalog.failure());
  } else {
    out.objects = catalog->objects.size();
  }
  return out;
}

void PrintCheck(Context* context, const CheckOutcome& out, const std::string& catalog_path) {
  std::string text =
      (out.error ? context->paint().Red("fails ") : context->paint().Green("works ")) + out.kind +
      " " + out.name;
  if (out.report) {
    text += ": account " + out.report->account_id;
    if (!out.report->account_name.empty()) text += " (" + Printable(out.report->account_name) + ")";
    if (!out.error) text += ", " + Plural(out.objects, "object") + " in " + catalog_path;
  }
  const size_t width = context->paint().width();
  text = Wrapped(text, width, 2) + "\n";
  if (out.report) {
    for (const auto& missing : out.report->missing) {
      text +=
          "  " +
          Wrapped("missing permission " + missing.permission + ", needed for " + missing.needed_for,
                  width, 2) +
          "\n";
    }
    for (const std::string& warning : out.report->warnings) {
      text += "  " +
              Wrapped(context->paint().Yellow("warning") + ": " + Printable(AsSentence(warning)),
                      width, 2) +
              "\n";
    }
  }
  context->Print(text);
}

void PutCheck(Json* json, const CheckOutcome& out) {
  json->Begin().Text("kind", out.kind).Text("name", out.name).Bool("works", !out.error);
  if (out.report) {
    json->Begin("account")
        .Text("id", out.report->account_id)
        .Text("name", out.report->account_name)
        .End();
    json->BeginList("scopes");
    for (const std::string& scope : out.report->scopes) json->Text(scope);
    json->EndList().BeginList("missing");
    for (const auto& m : out.report->missing) {
      json->Begin().Text("permission", m.permission).Text("needed_for", m.needed_for).End();
    }
    json->EndList().BeginList("warnings");
    for (const std::string& warning : out.report->warnings) json->Text(warning);
    json->EndList();
  }
  if (out.error) {
    json->Key("error");
    PutError(json, *out.error);
  }
  json->End();
}

void Check(Context* context, const std::vector<std::string>& names) {
  engine::Engine* engine = context->OpenEngine();
  if (engine == nullptr) return;
  const project::Project& p = engine->project();
  const auto wanted = [&](const std::string& name) {
    return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
  };
  std::vector<std::string> known;
  for (const auto& [name, s] : p.sources) known.push_back(name);
  for (const auto& [name, d] : p.destinations) known.push_back(name);
  for (const std::string& name : names) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      return context->Fail(project::UnknownName("source or destination", name, known));
    }
  }
  std::vector<CheckOutcome> outcomes;
  for (const auto& [name, settings] : p.sources) {
    if (!wanted(name)) continue;
    CheckOutcome out{name, "source", {}, {}, 0};
    auto source = engine->OpenSource(name);
    const Status status = source.ok() ? (*source)->Check() : source.status();
    if (!status.ok()) out.error = status.error();
    outcomes.push_back(std::move(out));
  }
  for (const auto& [name, settings] : p.destinations) {
    if (wanted(name)) outcomes.push_back(CheckDestination(engine, name));
  }
  Json json;
  json.Begin().BeginList("checks");
  std::vector<Error> errors;
  for (const CheckOutcome& out : outcomes) {
    if (out.error) errors.push_back(*out.error);
    if (context->json()) {
      PutCheck(&json, out);
    } else {
      PrintCheck(context, out, p.CatalogPath(out.name));
    }
  }
  json.EndList().End();
  if (context->json()) {
    context->Print(json.Take() + "\n");
    if (!errors.empty()) context->exit = static_cast<int>(errors.front().exit);
  } else {
    context->Fail(errors);
  }
}

void PutCell(Json* json, const std::string& name, const Value& value) {
  if (TypeOf(value) == ValueType::kNull || TypeOf(value) == ValueType::kAbsent) {
    json->Null(name);
  } else {
    json->Text(name, ToText(value));
  }
}

Status PreviewRows(Context* context, RowReader* rows, uint64_t limit) {
  std::vector<std::string> names;
  for (const Column& column : rows->columns()) names.push_back(column.name + " " + column.type);
  Table table(names);
  table.Data();
  Json json;
  json.Begin().BeginList("columns");
  for (const Column& column : rows->columns()) {
    json.Begin().Text("name", column.name).Text("type", column.type).End();
  }
  json.EndList().BeginList("rows");
  for (uint64_t n = 0; n < limit; ++n) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto row, rows->Next());
    if (row.data() == nullptr) break;
    std::vector<std::string> cells;
    json.Begin();
    for (size_t c = 0; c < row.size(); ++c) {
      const bool null = TypeOf(row[c]) == ValueType::kNull;
      cells.push_back(null ? "NULL" : Printable(ToText(row[c])));
      PutCell(&json, rows->columns()[c].name, row[c]);
    }
    json.End();
    table.Add(std::move(cells));
  }
  json.EndList().End();
  if (context->json()) {
    context->Print(json.Take() + "\n");
  } else {
    context->Print(table.Text(context->paint()));
    if (table.ShortenedOn(context->paint())) {
      context->Print(context->paint().Dim("long values are shortened; whole: --json") + "\n");
    }
    if (table.empty()) context->Print("(the model returns no row)\n");
  }
  return {};
}

void Preview(Context* context, const std::string& integration, uint64_t limit) {
  engine::Engine* engine = context->OpenEngine();
  if (engine == nullptr) return;
  auto session = engine->Prepare(integration, {.source = true, .destination = false});
  if (!session.ok()) return context->Fail(session.error());
  const RunEnvironment& env = (*session)->environment();
  ReadOptions read;
  read.limit = limit;
  read.cancelled = Cancelled;
  auto rows = env.source->Read(env.integration->sql, read);
  const Status done = rows.ok() ? PreviewRows(context, rows->get(), limit) : rows.status();
  if (!done.ok()) context->Fail(done.error());
}

}  // namespace

void AddProjectVerbs(Verb program, Context* context) {
  Verb validate = program.AddVerb("validate", "Check the project files without a connection",
                                  "penstock validate\npenstock validate --env staging --json");
  validate.Do([context] { Validate(context); });

  Verb check = program.AddVerb(
      "check", "Connect to sources and destinations; fetch the catalogs of accounts",
      "penstock check\npenstock check crm");
  auto names = std::make_shared<std::vector<std::string>>();
  check.Positional("NAME", names.get(), "Sources and destinations; all without a name");
  check.Do([context, names] { Check(context, *names); });

  Verb preview = program.AddVerb("preview", "Show the first rows of an integration's model",
                                 "penstock preview contacts\npenstock preview contacts --limit 50");
  struct Args {
    std::string integration;
    uint64_t limit = 10;
  };
  auto args = std::make_shared<Args>();
  preview.Positional("INTEGRATION", &args->integration, "Whose model").Required();
  preview.Option("--limit", &args->limit, "Rows to show").ShowDefault();
  preview.Do([context, args] { Preview(context, args->integration, args->limit); });
}

}  // namespace penstock::cli
