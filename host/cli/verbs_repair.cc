// retry, settle, forget: what a person decides about records.
#include <algorithm>
#include <memory>

#include "host/cli/context.h"
#include "host/cli/json.h"
#include "host/cli/verbs.h"
#include "host/engine/inquiry.h"

namespace penstock::cli {
namespace {

// The entries of the keys that the user typed; complains of those that are not known.
Result<std::vector<Hash128>> FindKeys(const RunEnvironment& env,
                                      const std::vector<std::string>& keys) {
  PENSTOCK_ASSIGN_OR_RETURN(auto view, OpenState(env));
  sdk::Field field;  // with the normalisers that the state's keys went through
  using sdk::Normaliser;
  for (const Normaliser one :
       {Normaliser::kTrim, Normaliser::kLower, Normaliser::kDigits, Normaliser::kE164}) {
    const std::vector<std::string> names =
        view->identity() ? view->identity()->normalisers : std::vector<std::string>();
    if (std::find(names.begin(), names.end(), sdk::NormaliserName(one)) != names.end())
      field.normalisers.push_back(one);
  }
  std::vector<Hash128> hashes;
  for (const std::string& key : keys) {
    std::vector<std::string> near;
    PENSTOCK_ASSIGN_OR_RETURN(const auto entry,
                              engine::FindByText(env, view.get(), &field, key, &near));
    if (!entry) {
      return UsageError("PS-CLI-NO-KEY",
                        "The state of " + env.integration->id + " has no key \"" + key + "\".",
                        near.empty() ? "`penstock records " + env.integration->id + "` lists them."
                                     : "Did you mean \"" + near.front() + "\"?");
    }
    hashes.push_back(entry->key_hash);
  }
  return hashes;
}

struct RetryArgs {
  std::string integration;
  std::vector<std::string> keys;
};

void RetryVerb(Context* context, const RetryArgs& args) {
  engine::Engine* engine = context->OpenEngine();
  if (engine == nullptr) return;
  auto session = engine->Prepare(args.integration, {.source = false, .destination = false});
  if (!session.ok()) return context->Fail(session.error());
  const RunEnvironment& env = (*session)->environment();
  const auto keys = FindKeys(env, args.keys);
  if (!keys.ok()) return context->Fail(keys.error());
  const auto count = Retry(env, *keys, args.keys.empty());
  if (!count.ok()) return context->Fail(count.error());
  if (context->json()) {
    Json json;
    json.Begin().Text("integration", args.integration).Number("retried", *count).End();
    return context->Print(json.Take() + "\n");
  }
  context->Print(Plural(*count, "rejected record") + " of " + args.integration +
                 (*count == 0
                      ? ": nothing to retry.\n"
                      : " will be sent again.\n  next: penstock sync " + args.integration + "\n"));
}

struct SettleArgs {
  std::string integration, key;
  bool applied = false, not_applied = false;
};

void SettleVerb(Context* context, const SettleArgs& args) {
  if (args.applied == args.not_applied) {
    return context->Fail(UsageError("PS-CLI-USAGE",
                                    "Say what happened: --applied or --not-applied.",
                                    "Look the record up at the destination first."));
  }
  engine::Engine* engine = context->OpenEngine();
  if (engine == nullptr) return;
  auto session = engine->Prepare(args.integration, {.source = false, .destination = false});
  if (!session.ok()) return context->Fail(session.error());
  const RunEnvironment& env = (*session)->environment();
  const auto keys = FindKeys(env, {args.key});
  if (!keys.ok()) return context->Fail(keys.error());
  const Status settled = Settle(env, keys->front(), args.applied);
  if (!settled.ok()) return context->Fail(settled.error());
  Json data;
  data.Begin().Text("key", args.key).Bool("applied", args.applied).End();
  const Status logged = engine->store()->Log("record.settled", args.integration, data.Take());
  if (!logged.ok()) return context->Fail(logged.error());
  if (context->json()) return context->Print(data.Take() + "\n");
  context->Print("Settled: " + Printable(args.key) +
                 (args.applied ? " counts as applied.\n" : " counts as not applied.\n"));
}

void ForgetVerb(Context* context, const std::string& integration, bool yes) {
  engine::Engine* engine = context->OpenEngine();
  if (engine == nullptr) return;
  auto session = engine->Prepare(integration, {.source = false, .destination = false});
  if (!session.ok()) return context->Fail(session.error());
  const RunEnvironment& env = (*session)->environment();
  if (!yes) {
    const auto view = OpenState(env);
    const std::string known =
        view.ok() ? Plural((*view)->counts().entries, "record") : "a state that cannot be read";
    return context->Fail(UsageError(
        "PS-CLI-CONFIRM",
        "This would forget " + known + " of " + integration +
            ": the next run is a first run, which sends every row again and deletes nothing.",
        "Nothing was done. Say `penstock forget " + integration + " --yes` to do it."));
  }
  const auto aside = Forget(env);
  if (!aside.ok()) return context->Fail(aside.error());
  Json data;
  data.Begin().Text("integration", integration).Text("set_aside", *aside).End();
  const Status logged = engine->store()->Log("state.forgotten", integration, data.Take());
  if (!logged.ok()) return context->Fail(logged.error());
  if (context->json()) return context->Print(data.Take() + "\n");
  context->Print("Forgot the state of " + integration + "; it was set aside as " + *aside + "\n");
}

}  // namespace

void AddRepairVerbs(Verb program, Context* context) {
  Verb retry = program.AddVerb("retry", "Send rejected records again with the next run",
                               "penstock retry contacts\npenstock retry contacts anna@example.com");
  auto retry_args = std::make_shared<RetryArgs>();
  retry.Positional("INTEGRATION", &retry_args->integration, "Of which one").Required();
  retry.Positional("KEY", &retry_args->keys, "Which records; all rejected ones without a key");
  retry.Do([context, retry_args] { RetryVerb(context, *retry_args); });

  Verb settle = program.AddVerb("settle", "Say what became of a record that is in doubt",
                                "penstock settle contacts anna@example.com --applied\n"
                                "penstock settle contacts anna@example.com --not-applied");
  auto settle_args = std::make_shared<SettleArgs>();
  settle.Positional("INTEGRATION", &settle_args->integration, "Of which one").Required();
  settle.Positional("KEY", &settle_args->key, "Which record").Required();
  settle.Flag("--applied", &settle_args->applied, "The destination has it");
  settle.Flag("--not-applied", &settle_args->not_applied, "The destination does not have it");
  settle.Do([context, settle_args] { SettleVerb(context, *settle_args); });

  struct ForgetArgs {
    std::string integration;
    bool yes = false;
  };
  Verb forget = program.AddVerb("forget", "Drop the state of an integration; nothing is sent",
                                "penstock forget contacts\npenstock forget contacts --yes");
  auto forget_args = std::make_shared<ForgetArgs>();
  forget.Positional("INTEGRATION", &forget_args->integration, "Which one").Required();
  forget.Flag("--yes", &forget_args->yes, "Do it");
  forget.Do(
      [context, forget_args] { ForgetVerb(context, forget_args->integration, forget_args->yes); });
}

}  // namespace penstock::cli
