// load.* and ext.*: loading the library, its entry, its extensions.
#include <ctime>
#include <thread>

#include "sdk/runtime/elf_facts.h"
#include "sdk/testing/kit/library.h"
#include "sdk/testing/kit/process_state.h"
#include "sdk/testing/kit/raw_host.h"
#include "sdk/testing/kit/text.h"
#include "sdk/testing/kit/trial.h"

namespace penstock::kit {
namespace {

void NowLocal(Trial& t) {
  const Library library(t.subject().path);
  if (!library.loaded()) return t.Fail(library.error());
  if (library.entry() == nullptr) t.Fail("it has no penstock_connector_entry_v0");
}

double CpuSeconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

void ScanTime(Trial& t) {
  const double start = CpuSeconds();
  const Library library(t.subject().path);
  if (!library.loaded()) return t.Skip("it does not load");
  const double took = CpuSeconds() - start;
  if (took > 0.1) {
    t.Warn("loading takes " + std::to_string(static_cast<int>(took * 1000)) +
           " ms of CPU; move work out of static constructors");
  }
}

void Silent(Trial& t) {
  const ProcessState before = ProcessState::Take();
  const Library library(t.subject().path);
  if (!library.loaded()) return t.Skip("it does not load");
  for (const std::string& change : before.ChangedIn(ProcessState::Take())) {
    t.Fail(change + " when it was loaded");
  }
}

void Header(Trial& t) {
  const Library library(t.subject().path);
  const penstock_connector_entry* entry = library.entry();
  if (entry == nullptr) return t.Skip("it does not load, or has no entry");
  if (entry->magic != PENSTOCK_MAGIC) return t.Fail("the magic number is wrong");
  if (entry->abi_major != PENSTOCK_ABI_MAJOR) {
    return t.Fail("abi_major is " + std::to_string(entry->abi_major) + ", not " +
                  std::to_string(PENSTOCK_ABI_MAJOR));
  }
  if (!PENSTOCK_HAS(penstock_connector_entry, entry, get_extension)) {
    return t.Fail("struct_size is " + std::to_string(entry->struct_size) + ", less than the entry");
  }
  if (entry->struct_size > sizeof(penstock_connector_entry) &&
      entry->abi_minor <= PENSTOCK_ABI_MINOR) {
    t.Fail("struct_size is " + std::to_string(entry->struct_size) + ", more than abi_minor " +
           std::to_string(entry->abi_minor) + " has");
  }
  const std::string draft = entry->draft_id == nullptr ? "" : entry->draft_id;
  if (PENSTOCK_ABI_MAJOR == 0 && draft != PENSTOCK_DRAFT_ID) {
    t.Fail("it is built with draft " + Quote(draft) + ", this kit with " +
           Quote(PENSTOCK_DRAFT_ID));
  }
  if (library.table() == nullptr) t.Fail("its table of functions is not complete");
  if (t.subject().manifest.has_value() && t.subject().manifest->abi_major != entry->abi_major) {
    t.Fail("the manifest says ABI " + std::to_string(t.subject().manifest->abi_major));
  }
}

void EmbeddedManifest(Trial& t) {
  const Library library(t.subject().path);
  const penstock_connector_entry* entry = library.entry();
  if (entry == nullptr || !PENSTOCK_HAS(penstock_connector_entry, entry, manifest_json)) {
    return t.Skip("it does not load, or has no entry");
  }
  if (entry->manifest_json == nullptr) return t.Fail("it has no manifest inside");
  if (t.subject().sidecar != entry->manifest_json) {
    t.Fail("the manifest inside is not, byte for byte, " + t.subject().sidecar_path);
  }
}

void Reload(Trial& t) {
  const auto elf = sdk::ReadElf(t.subject().path);
  // A sanitizer keeps what it needs to tell of a library; memory is judged without.
  const bool sanitized = elf.ok() && elf->Sanitized();
  int rounds = sanitized ? 20 : 100;
  const double start = CpuSeconds();
  long warm = 0;
  for (int round = 0; round < rounds; ++round) {
    // load.scan_time is the one to complain of slow loading.
    if (round >= 10 && CpuSeconds() - start > 5) rounds = round;
    {
      const Library library(t.subject().path);
      if (!library.loaded()) return t.Skip("it does not load");
      if (TableOf(t, library) == nullptr) return;
    }
    if (IsMapped(t.subject().path)) {
      return t.Fail("it stays in memory after it was unloaded (round " + std::to_string(round + 1) +
                    ")");
    }
    if (round == rounds / 2) warm = ResidentKib();
  }
  const long grown = ResidentKib() - warm;
  if (!sanitized && warm > 0 && grown > 1024) {
    t.Fail("memory grew by " + std::to_string(grown) + " KiB in " + std::to_string(rounds / 2) +
           " rounds of loading and unloading");
  }
}

void NoUnloadLeak(Trial& t) {
  {
    const Library library(t.subject().path);  // what the system's loader itself keeps is open now
    if (!library.loaded()) return t.Skip("it does not load");
  }
  const ProcessState before = ProcessState::Take();
  {
    const Library library(t.subject().path);
    if (TableOf(t, library) == nullptr) return;
  }
  for (const std::string& change : before.ChangedIn(ProcessState::Take())) {
    t.Fail(change + " and left it so after it was unloaded");
  }
}

using GetExtension = const void* (*)(const char*);

GetExtension ExtensionsOf(Trial& t, const Library& library) {
  if (TableOf(t, library) == nullptr) return nullptr;
  if (!PENSTOCK_HAS(penstock_connector_entry, library.entry(), get_extension)) return nullptr;
  return library.entry()->get_extension;
}

void UnknownExtension(Trial& t) {
  const Library library(t.subject().path);
  const GetExtension get = ExtensionsOf(t, library);
  if (get == nullptr) return;
  const std::string long_id = PENSTOCK_CONNECTOR_LOOKUP + std::string(500, 'x');
  for (const char* id : {"", "penstock.nothing/0", "penstock.lookup", "penstock.lookup/",
                         "penstock.lookup/0 ", "penstock.lookup/99", long_id.c_str()}) {
    if (get(id) != nullptr) t.Fail("it offers an extension called " + Quote(id));
  }
}

void StableExtension(Trial& t) {
  const Library library(t.subject().path);
  const GetExtension get = ExtensionsOf(t, library);
  if (get == nullptr) return;
  const void* first = get(PENSTOCK_CONNECTOR_LOOKUP);
  std::vector<std::thread> threads;
  std::vector<int> different(8, 0);
  for (int& count : different) {
    threads.emplace_back([get, first, &count] {
      for (int i = 0; i < 1000; ++i) count += get(PENSTOCK_CONNECTOR_LOOKUP) == first ? 0 : 1;
    });
  }
  for (std::thread& thread : threads) thread.join();
  int total = 0;
  for (const int count : different) total += count;
  if (total > 0) t.Fail("the lookup extension is another pointer from call to call");
}

}  // namespace

std::vector<Check> LoadChecks() {
  return {
      {"load.now_local", 2, "loads with every symbol bound", kNothing, NowLocal},
      {"load.scan_time", 2, "loads in less than 100 ms of CPU", kNothing, ScanTime},
      {"load.silent", 2, "loading it changes nothing of the process", kNothing, Silent},
      {"load.header", 2, "the entry is whole and of this ABI", kNothing, Header},
      {"load.embedded_manifest", 2, "the manifest inside is the sidecar, byte for byte", kNothing,
       EmbeddedManifest},
      {"load.reload", 2, "can be loaded and unloaded again and again, in flat memory", kNothing,
       Reload},
      {"load.no_unload_leak", 2, "leaves nothing behind when unloaded", kNothing, NoUnloadLeak},
      {"ext.unknown", 2, "offers nothing for an extension id that it does not know", kNothing,
       UnknownExtension},
      {"ext.stable", 2, "gives the same extension to every thread, every time", kNothing,
       StableExtension},
  };
}

}  // namespace penstock::kit
