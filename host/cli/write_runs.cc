#include "host/cli/write_runs.h"

#include <charconv>

#include "host/cli/json.h"
#include "host/cli/progress.h"
#include "host/cli/run_view.h"
#include "host/project/scalars.h"

namespace penstock::cli {
namespace {

// Which of two exits says more: a failure, cancelled, held, outcomes above tolerance, done.
int Worse(int a, int b) {
  constexpr int kRank[] = {0, 5, 4, 1, 2, 3};  // by exit code
  const auto rank = [&](int code) { return code >= 0 && code <= 5 ? kRank[code] : 5; };
  return rank(b) > rank(a) ? b : a;
}

// A run that could not begin, in the shape of one.
RunRecord NeverBegan(const std::string& integration, const Error& error) {
  RunRecord record;
  record.integration = integration;
  record.status = error.exit == ExitCode::kCancelled ? "cancelled" : "failed";
  record.error = error;
  return record;
}

}  // namespace

Result<SyncOptions> SyncOptionsOf(const RunArgs& args) {
  SyncOptions options;
  options.limit = args.limit;
  options.only = args.only;
  if (!args.wait.empty()) {
    const auto wait = project::ParseDuration(args.wait);
    if (!wait) {
      return UsageError("PS-CLI-USAGE", "--wait needs a duration with its unit.",
                        "For example: --wait 10m");
    }
    options.wait_ms = *wait;
  }
  for (const std::string& allow : args.allow) {
    constexpr std::string_view kDeletes = "deletes=";
    uint64_t n = 0;
    const char* begin = allow.data() + std::min(allow.size(), kDeletes.size());
    const char* end = allow.data() + allow.size();
    const auto [rest, error] = std::from_chars(begin, end, n);
    if (!allow.starts_with(kDeletes) || error != std::errc() || rest != end) {
      return UsageError("PS-CLI-USAGE", "--allow needs a bound of deletions.",
                        "For example: --allow deletes=6000");
    }
    options.allow_deletes = n;
  }
  return options;
}

void RunAll(Context* context, const std::vector<std::string>& integrations,
            const std::function<Result<RunRecord>(const RunEnvironment&)>& work) {
  engine::Engine* engine = context->OpenEngine();
  if (engine == nullptr) return;
  std::vector<RunRecord> records;
  const auto take = [&](const RunRecord& record, const Tolerance& tolerate) {
    context->exit = Worse(context->exit, static_cast<int>(ExitOf(record, tolerate)));
    if (!context->json()) context->Print(RunText(record, context->paint(), &tolerate));
    records.push_back(record);
  };
  for (const std::string& name : integrations) {
    if (Cancelled()) break;
    Result<RunRecord> record = MakeError("", "");
    Tolerance tolerate;
    {
      auto session = engine->Prepare(name, {.record_settings = true});
      if (session.ok()) {
        tolerate = (*session)->integration().tolerate;
        ProgressLine line(context, name);
        (*session)->environment().progress = [&](const Progress& p) { line.Show(p); };
        (*session)->environment().jobs_awaited = [&](const std::vector<OpenJob>& jobs) {
          line.Say(AwaitedJobsText(name, jobs));
        };
        (*session)->environment().run_settled = [&](const RunRecord& r) { take(r, tolerate); };
        record = work((*session)->environment());
      } else {
        record = session.status();
      }
    }
    if (!record.ok()) {
      if (!context->json()) context->Fail(record.error());
      context->exit = Worse(context->exit, static_cast<int>(record.error().exit));
      records.push_back(NeverBegan(name, record.error()));
      continue;
    }
    take(*record, tolerate);
  }
  if (Cancelled() && records.size() < integrations.size()) {
    context->exit = static_cast<int>(ExitCode::kCancelled);
  }
  if (context->json()) context->Print(RunsJson(records) + "\n");
}

}  // namespace penstock::cli
