// What a diff costs: CPU, wall time, memory. tests/bench/README.md says how it is measured.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "core/diff/diff.h"
#include "core/state/journal.h"
#include "core/state/state.h"
#include "tests/bench/diff_bench_rows.h"

namespace penstock::bench {
namespace {

struct Settings {
  uint64_t rows = 1'000'000;
  uint64_t memory_mib = 64;
  bool real_mapper = false;
  bool ids = false;    // the state knows destination ids
  bool first = false;  // no state yet
  Mode mode = Mode::kMirror;
  uint64_t changed_every = 100;
  std::string directory;
};

const Hasher kHasher("0123456789abcdef0123456789abcdef");

struct Usage {
  double user = 0, system = 0, wall = 0;
  double peak_mib = 0;
};

Usage Now() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  const auto wall = std::chrono::steady_clock::now().time_since_epoch();
  return {seconds(usage.ru_utime), seconds(usage.ru_stime),
          std::chrono::duration<double>(wall).count(), static_cast<double>(usage.ru_maxrss) / 1024};
}

void Report(const char* what, uint64_t rows, const Usage& from, const Usage& to) {
  const double cpu = to.user - from.user + to.system - from.system;
  const double wall = to.wall - from.wall;
  std::printf("%-22s %7.2f CPU-s (%.2f user, %.2f system) %7.2f s wall %8.2f M rows/s %7.1f MiB\n",
              what, cpu, to.user - from.user, to.system - from.system, wall,
              static_cast<double>(rows) / wall / 1e6, to.peak_mib);
}

bool Check(const Status& status) {
  if (!status.ok()) {
    std::fprintf(stderr, "%s: %s\n", status.error().code.c_str(), status.error().message.c_str());
  }
  return status.ok();
}

Result<std::unique_ptr<Mapper>> MapperOf(const Settings& settings) {
  if (settings.real_mapper) return RealMapper(kHasher);
  return HashingMapper(kHasher);
}

/// All rows acknowledged in a generation.
Status BuildState(const Settings& settings) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto mapper, MapperOf(settings));
  JournalOpen open;
  open.lineage = "L";
  open.run = "contacts-1";
  open.run_ordinal = 1;
  open.mode = settings.mode;
  for (const MappedField& field : mapper->fields()) open.fields.push_back(field.name);
  PENSTOCK_ASSIGN_OR_RETURN(const auto journal,
                            Journal::Create(JournalPath(settings.directory, 1), open));
  SyntheticRows rows({0, settings.rows, 0});
  for (uint64_t i = 0;; ++i) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto row, rows.Next());
    if (row.data() == nullptr) break;
    const Record& record = mapper->Map(row);
    Outcome outcome;
    outcome.kind = OutcomeKind::kCreated;
    outcome.key_hash = record.key_hash;
    outcome.key = record.key;
    outcome.fingerprint = record.fingerprint;
    if (settings.ids) outcome.destination_id = std::to_string(20'000'000'000 + i);
    // What the hashes are does not matter to the diff's cost.
    outcome.fields.assign(mapper->fields().size(),
                          static_cast<uint32_t>(record.fingerprint.lo) | 2);
    PENSTOCK_RETURN_IF_ERROR(journal->Report(std::move(outcome)));
  }
  JournalClose close;
  close.status = "succeeded";
  PENSTOCK_RETURN_IF_ERROR(journal->Close(close));
  StateAnchor anchor;
  anchor.lineage = "L";
  PENSTOCK_ASSIGN_OR_RETURN(
      const auto view, StateView::Open(settings.directory, anchor, settings.directory, 256u << 20));
  CompactOptions compact;
  compact.lineage = "L";
  return penstock::Compact(settings.directory, view.get(), compact).status();
}

/// Reading, or reading and mapping alone: what is not the diff's.
Status RunAlone(const Settings& settings, const RowRange& range, bool map) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto mapper, MapperOf(settings));
  SyntheticRows rows(range);
  uint64_t sum = 0;
  for (;;) {
    PENSTOCK_ASSIGN_OR_RETURN(const auto row, rows.Next());
    if (row.data() == nullptr) break;
    sum += map ? mapper->Map(row).fingerprint.lo : row[0].len;
  }
  if (sum == 0) std::puts("");
  return {};
}

Status RunDiff(const Settings& settings, const RowRange& range, PlanHeader* header) {
  PENSTOCK_ASSIGN_OR_RETURN(const auto mapper, MapperOf(settings));
  StateAnchor anchor;
  anchor.lineage = "L";
  const std::string state = settings.first ? settings.directory + "/empty" : settings.directory;
  std::filesystem::create_directories(state);
  PENSTOCK_ASSIGN_OR_RETURN(const auto view,
                            StateView::Open(state, anchor, settings.directory, 8u << 20));
  const std::string plan = settings.directory + "/bench.plan";
  std::filesystem::remove(plan);
  PENSTOCK_ASSIGN_OR_RETURN(const auto writer, PlanWriter::Create(plan));
  SyntheticRows rows(range);
  DecisionContext context;
  context.mode = settings.mode;
  context.clear_ours.assign(mapper->fields().size(), true);
  DiffOptions options;
  options.memory_bytes = settings.memory_mib << 20;
  options.scratch_dir = settings.directory;
  header->mode = settings.mode;
  header->fields = mapper->fields();
  header->key_field = mapper->key_field();
  PENSTOCK_RETURN_IF_ERROR(
      Diff(&rows, mapper.get(), kHasher, view.get(), context, options, writer.get(), header));
  return writer->Finish(header);
}

/// In a process of its own, so that its memory is not counted.
bool InChild(const std::function<bool()>& work) {
  std::fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    const bool good = work();
    std::fflush(stdout);
    _exit(good ? 0 : 1);
  }
  int status = 0;
  return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

bool Run(const Settings& settings) {
  const std::string done = settings.directory + "/built";
  if (!settings.first && !std::filesystem::exists(done)) {
    const bool built = InChild([&] { return Check(BuildState(settings)); });
    if (!built) return false;
    std::filesystem::create_directories(done);
  }
  // Half a percent left, half a percent is new.
  const uint64_t moved = settings.rows / 200;
  const RowRange range{moved, settings.rows, settings.changed_every};
  const auto alone = [&](const char* what, bool map) {
    return InChild([&] {
      const Usage from = Now();
      if (!Check(RunAlone(settings, range, map))) return false;
      Report(what, range.count, from, Now());
      return true;
    });
  };
  if (!alone("rows alone", false) || !alone("rows and mapping", true)) return false;
  return InChild([&] {
    PlanHeader header;
    const Usage from = Now();
    if (!Check(RunDiff(settings, range, &header))) return false;
    Report("rows, mapping and diff", range.count, from, Now());
    const PlanCounts& c = header.counts;
    std::printf("  read %lu, unchanged %lu, insert %lu, update %lu, delete %lu\n", c.read,
                c.unchanged, c.insert, c.update, c.remove);
    return true;
  });
}

bool Parse(int argc, char** argv, Settings* settings) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view arg = argv[i];
    const char* value = i + 1 < argc ? argv[i + 1] : nullptr;
    if (arg == "--real-mapper") {
      settings->real_mapper = true;
    } else if (arg == "--ids") {
      settings->ids = true;
    } else if (arg == "--first") {
      settings->first = true;
    } else if (arg == "--upsert") {
      settings->mode = Mode::kUpsert;
    } else if (value != nullptr && arg == "--rows") {
      settings->rows = std::strtoull(argv[++i], nullptr, 10);
    } else if (value != nullptr && arg == "--memory") {
      settings->memory_mib = std::strtoull(argv[++i], nullptr, 10);
    } else if (value != nullptr && arg == "--changed-every") {
      settings->changed_every = std::strtoull(argv[++i], nullptr, 10);
    } else if (value != nullptr && arg == "--dir") {
      settings->directory = argv[++i];
    } else {
      return false;
    }
  }
  return !settings->directory.empty();
}

}  // namespace
}  // namespace penstock::bench

int main(int argc, char** argv) {
  penstock::bench::Settings settings;
  if (!penstock::bench::Parse(argc, argv, &settings)) {
    std::fprintf(stderr,
                 "usage: diff_bench --dir DIR [--rows N] [--memory MIB] [--real-mapper] [--ids] "
                 "[--first] [--upsert] [--changed-every N]\n");
    return 2;
  }
  std::filesystem::create_directories(settings.directory);
  std::printf("%lu rows, %lu MiB, %s mapper%s%s\n", settings.rows, settings.memory_mib,
              settings.real_mapper ? "real" : "hashing", settings.ids ? ", ids" : "",
              settings.first ? ", first run" : "");
  return penstock::bench::Run(settings) ? 0 : 1;
}
