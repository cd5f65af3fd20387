// abi.*: what the file of the library tells before any of its code runs.
#include <algorithm>
#include <array>
#include <filesystem>

#include "sdk/runtime/elf_facts.h"
#include "sdk/testing/kit/text.h"
#include "sdk/testing/kit/trial.h"

namespace penstock::kit {
namespace {

constexpr char kEntry[] = "penstock_connector_entry_v0";

// What every supported system has.
constexpr std::array<std::string_view, 9> kSystem = {
    "libc.so.6",       "libm.so.6",  "libgcc_s.so.1",        "libstdc++.so.6",       "libdl.so.2",
    "libpthread.so.0", "librt.so.1", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"};
constexpr std::array<std::string_view, 8> kSanitizers = {"libasan",   "libubsan",    "libtsan",
                                                         "liblsan",   "libclang_rt", "libhwasan",
                                                         "libresolv", "libmsan"};
constexpr std::array<std::string_view, 9> kNetworkLibraries = {
    "libssl",     "libcrypto",     "libcurl",   "libgnutls", "libnghttp",
    "libPocoNet", "libboost_asio", "libresolv", "libcares"};
constexpr std::array<std::string_view, 9> kNetworkSymbols = {
    "socket",     "connect", "getaddrinfo", "gethostbyname", "accept",
    "socketpair", "bind",    "listen",      "curl_easy_init"};

bool StartsWithAny(std::string_view text, std::span<const std::string_view> prefixes) {
  return std::any_of(prefixes.begin(), prefixes.end(),
                     [&](std::string_view prefix) { return text.starts_with(prefix); });
}

void SingleExport(Trial& t) {
  const auto elf = sdk::ReadElf(t.subject().path);
  if (!elf.ok()) return t.Fail(elf.failure().message);
  const auto& names = elf->exported;
  if (std::find(names.begin(), names.end(), kEntry) == names.end()) {
    t.Fail(std::string("it does not export ") + kEntry);
  }
  std::vector<std::string> others;
  std::copy_if(names.begin(), names.end(), std::back_inserter(others),
               [](const std::string& name) { return name != kEntry; });
  if (!others.empty()) {
    t.Fail("it also exports " + JoinSome(others) +
           "; link with sdk/cmake/connector.map, as penstock_add_connector() does");
  }
}

void NoUnique(Trial& t) {
  const auto elf = sdk::ReadElf(t.subject().path);
  if (!elf.ok()) return t.Fail(elf.failure().message);
  if (!elf->unique.empty()) {
    t.Fail("unique symbols keep it from ever being unloaded: " + JoinSome(elf->unique));
  }
}

void Needed(Trial& t) {
  const auto elf = sdk::ReadElf(t.subject().path);
  if (!elf.ok()) return t.Fail(elf.failure().message);
  std::vector<std::string> others, sanitizers;
  for (const std::string& library : elf->needed) {
    if (std::find(kSystem.begin(), kSystem.end(), library) != kSystem.end()) continue;
    (StartsWithAny(library, kSanitizers) ? sanitizers : others).push_back(library);
  }
  if (!others.empty()) {
    t.Fail("it needs " + JoinSome(others) + ", which a user may not have; link them statically");
  }
  if (!elf->runpath.empty() && !elf->runpath.starts_with("$ORIGIN")) {
    t.Fail("its run path is " + elf->runpath + ", a place of the machine that built it");
  }
  if (!sanitizers.empty()) {
    t.Warn("a build with a sanitizer (" + JoinSome(sanitizers) + "); check what you release, too");
  }
}

void NoNetwork(Trial& t) {
  const auto elf = sdk::ReadElf(t.subject().path);
  if (!elf.ok()) return t.Fail(elf.failure().message);
  std::vector<std::string> bad;
  for (const std::string& library : elf->needed) {
    if (StartsWithAny(library, kNetworkLibraries)) bad.push_back(library);
  }
  for (const std::string_view symbol : kNetworkSymbols) {
    if (elf->Imports(std::string(symbol))) bad.push_back(std::string(symbol) + "()");
  }
  for (const std::string& symbol : elf->exported) {
    if (symbol.starts_with("SSL_") || symbol.starts_with("curl_")) bad.push_back(symbol);
  }
  if (!bad.empty()) {
    t.Fail("it has its own way to the network: " + JoinSome(bad) +
           "; requests go through the host's http service only");
  }
}

void Baseline(Trial& t) {
  const auto elf = sdk::ReadElf(t.subject().path);
  if (!elf.ok()) return t.Fail(elf.failure().message);
  const std::vector<std::string> newer = elf->BeyondBaseline();
  if (!newer.empty()) {
    t.Fail("it needs " + JoinSome(newer) +
           "; build on Debian 12 (glibc 2.36, libstdc++ of GCC 12) or older");
  }
}

void Hardening(Trial& t) {
  const auto elf = sdk::ReadElf(t.subject().path);
  if (!elf.ok()) return t.Fail(elf.failure().message);
  if (!elf->relro) t.Fail("its relocations stay writable; link with -Wl,-z,relro");
  if (elf->executable_stack) t.Fail("it asks for an executable stack");
  if (elf->text_relocations) t.Fail("its code has to be patched when loaded; build with -fPIC");
}

}  // namespace

std::vector<Check> StaticChecks() {
  return {
      {"abi.single_export", 1, "exports the entry and nothing else", kNothing, SingleExport},
      {"abi.no_unique", 1, "has no symbol that keeps it from being unloaded", kNothing, NoUnique},
      {"abi.needed", 1, "needs only libraries that every supported system has", kNothing, Needed},
      {"abi.no_network_libs", 1, "has no way to the network of its own", kNothing, NoNetwork},
      {"abi.baseline", 1, "runs on the oldest supported system", kNothing, Baseline},
      {"abi.hardening", 1, "read-only relocations, no executable stack, no text relocations",
       kNothing, Hardening},
  };
}

}  // namespace penstock::kit
