// explain: what a code means, whoever gave it.
#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>

#include "core/base/suggest.h"
#include "host/cli/codes.h"
#include "host/cli/context.h"
#include "host/cli/json.h"
#include "host/cli/verbs.h"
#include "sdk/runtime/loader.h"

namespace penstock::cli {
namespace {

constexpr uint64_t kRunsLookedAt = 200;

// One meaning of a code.
struct Meaning {
  std::string code, meaning, remedy;
  std::string connector;  // whose code it is; empty: Penstock's own
  std::string vendor;     // name of the vendor whose word it is; empty: nobody's
};

std::string Upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

// Of the connectors that are installed: their manifests say it, none of their code runs.
std::vector<Meaning> ConnectorCodes(const Context& context) {
  std::vector<Meaning> out;
  const project::ConnectorFolders folders = context.ConnectorFolders();
  for (const std::string& id : folders.Connectors()) {
    const auto sidecar = sdk::ReadSidecar(folders.Of(id), id);
    if (!sidecar.ok()) continue;
    for (const sdk::CodeMeaning& code : sidecar->manifest.codes) {
      out.push_back({code.code, code.meaning, code.remedy, id,
                     code.vendor ? sidecar->manifest.name : std::string()});
    }
  }
  return out;
}

std::vector<Meaning> AllCodes(const Context& context) {
  std::vector<Meaning> out;
  for (const auto part : {Codes(), ReasonCodes()}) {
    for (const CodeEntry& e : part) {
      out.push_back({std::string(e.code), std::string(e.meaning), std::string(e.remedy), "", ""});
    }
  }
  for (Meaning& meaning : ConnectorCodes(context)) out.push_back(std::move(meaning));
  return out;
}

bool IsHttpStatus(const std::string& code) {
  return code.size() == 8 && code.starts_with("HTTP_") &&
         code.find_first_not_of("0123456789", 5) == std::string::npos;
}

// What the code means: "PS-PLAN-STALE", "plan-stale", "JOB_FAILED", "salesforce.JOB_FAILED".
std::vector<Meaning> Find(const std::vector<Meaning>& all, const std::string& asked) {
  const size_t dot = asked.find('.');
  const std::string prefix = dot == std::string::npos ? "" : asked.substr(0, dot);
  const std::string name = Upper(asked.substr(dot == std::string::npos ? 0 : dot + 1));
  std::vector<Meaning> own, others;
  for (const Meaning& m : all) {
    const std::string code = Upper(m.code);
    const bool same =
        code == name || code == "PS-" + name || (IsHttpStatus(name) && m.code == "HTTP_…");
    if (!same) continue;
    (!prefix.empty() && m.connector == prefix ? own : others).push_back(m);
  }
  return own.empty() ? others : own;
}

struct Met {
  std::string run, code, connector, message;
};

// The newest run of the project here that tells of the code; nothing without a project. Reads what
// is there and makes nothing.
std::optional<Met> NewestWith(Context* context, const std::string& code) {
  if (context->ProjectDirectory().empty()) return std::nullopt;
  const auto loaded = context->ReadProject();
  if (!loaded.ok() || !loaded->errors.empty()) return std::nullopt;
  const project::Project& project = loaded->project;
  std::error_code ignored;
  if (!std::filesystem::exists(project.StateDirectory() + "/store.db", ignored)) return {};
  store::StoreOptions options;
  options.path = project.StateDirectory() + "/store.db";
  options.changelog_path = project.StateDirectory() + "/changelog.jsonl";
  const auto store = store::Store::Open(options);
  if (!store.ok()) return std::nullopt;
  const auto runs = (*store)->Runs("", kRunsLookedAt);
  if (!runs.ok()) return std::nullopt;
  for (const RunRecord& run : *runs) {
    for (const ErrorCount& error : run.errors) {
      if (Upper(error.code) != Upper(code)) continue;
      const auto integration = project.integrations.find(run.integration);
      const auto destination =
          integration == project.integrations.end()
              ? project.destinations.end()
              : project.destinations.find(integration->second.integration.destination);
      return Met{run.run, error.code,
                 destination == project.destinations.end() ? "" : destination->second.connector,
                 error.message};
    }
  }
  return std::nullopt;
}

std::string WhoseText(const Meaning& m) {
  if (!m.vendor.empty()) {
    return m.vendor + "'s own code, from its answer; what connector " + m.connector +
           " makes of it:";
  }
  return m.connector.empty() ? std::string() : "Of connector " + m.connector + ":";
}

void PutMeaning(Json* json, const Meaning& m) {
  json->Begin()
      .Text("code", m.code)
      .Text("meaning", m.meaning)
      .Text("remedy", m.remedy)
      .Text("connector", m.connector)
      .Bool("vendor", !m.vendor.empty())
      .End();
}

void ListAll(Context* context, const std::vector<Meaning>& all) {
  if (context->json()) {
    Json json;
    json.Begin().BeginList("codes");
    for (const Meaning& m : all) PutMeaning(&json, m);
    json.EndList().End();
    return context->Print(json.Take() + "\n");
  }
  Table table({"code", "meaning"});
  for (const Meaning& m : all) {
    table.Add({m.connector.empty() ? m.code : m.connector + "." + m.code, m.meaning});
  }
  context->Print(table.Text(context->paint()));
}

std::string MetText(const Met& met) {
  return "Met last in run " + met.run + ": " + Printable(AsSentence(met.message));
}

// A code that nobody explains, but that a run was given.
void ExplainForeign(Context* context, const Met& met) {
  const std::string whose =
      "It is none of Penstock's codes: " +
      (met.connector.empty() ? std::string("the destination")
                             : "the destination (connector " + met.connector + ")") +
      " gave it with its answer.";
  const std::string what =
      "Its documentation says what it means; `penstock why` shows request and "
      "answer of a record.";
  if (context->json()) {
    Json json;
    json.Begin().BeginList("codes");
    PutMeaning(&json, {met.code, whose + " " + MetText(met), what, met.connector, "vendor"});
    json.EndList().End();
    return context->Print(json.Take() + "\n");
  }
  const size_t width = context->paint().width();
  std::string text = context->paint().Bold(Printable(met.code)) + "\n";
  for (const std::string& line : {whose, MetText(met), what}) {
    text += "  " + Wrapped(line, width, 2) + "\n";
  }
  context->Print(text);
}

void NobodyKnows(Context* context, const std::vector<Meaning>& all, const std::string& asked) {
  std::vector<std::string> known;
  known.reserve(all.size());
  for (const Meaning& m : all) known.push_back(m.code);
  std::string near = DidYouMean(Upper(asked), known);
  if (near.empty() && !asked.starts_with("PS-")) near = DidYouMean("PS-" + Upper(asked), known);
  context->Fail(UsageError(
      "PS-CLI-USAGE",
      "Neither Penstock nor an installed connector has a code " + Printable(asked) + ".",
      near.empty() ? "`penstock explain` lists them. A reason of a record can be the destination's "
                     "own word: then its documentation explains it."
                   : near));
}

void ExplainVerb(Context* context, const std::string& asked) {
  const std::vector<Meaning> all = AllCodes(*context);
  if (asked.empty()) return ListAll(context, all);
  const std::vector<Meaning> found = Find(all, asked);
  const std::string bare =
      asked.substr(asked.find('.') == std::string::npos ? 0 : asked.find('.') + 1);
  const std::optional<Met> met = NewestWith(context, bare);
  if (found.empty() && met) return ExplainForeign(context, *met);
  if (found.empty()) return NobodyKnows(context, all, asked);
  if (context->json()) {
    Json json;
    json.Begin().BeginList("codes");
    for (const Meaning& m : found) PutMeaning(&json, m);
    json.EndList();
    if (met) json.Begin("met").Text("run", met->run).Text("message", met->message).End();
    return context->Print(json.End().Take() + "\n");
  }
  const Paint& paint = context->paint();
  std::string text =
      paint.Bold(found.front().code == "HTTP_…" ? Upper(bare) : found.front().code) + "\n";
  const auto line = [&](const std::string& sentence) {
    if (!sentence.empty()) text += "  " + Wrapped(sentence, paint.width(), 2) + "\n";
  };
  for (const Meaning& m : found) {
    line(WhoseText(m));
    line(m.meaning);
    line(m.remedy);
  }
  if (met) line(MetText(*met));
  context->Print(text);
}

}  // namespace

void AddExplainVerb(Verb program, Context* context) {
  Verb explain = program.AddVerb("explain", "What an error code means and what to do",
                                 "penstock explain PS-PLAN-STALE\n"
                                 "penstock explain salesforce.JOB_FAILED\npenstock explain");
  auto code = std::make_shared<std::string>();
  explain.Positional(
      "CODE", code.get(),
      "Penstock's, a connector's or a destination's; all that are known without one");
  explain.Do([context, code] { ExplainVerb(context, *code); });
}

}  // namespace penstock::cli
