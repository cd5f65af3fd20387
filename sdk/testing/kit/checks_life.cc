// life.* and err.detail: any legal order of calls, and what every failure must say.
#include <memory>
#include <random>

#include "sdk/testing/kit/library.h"
#include "sdk/testing/kit/process_state.h"
#include "sdk/testing/kit/raw_calls.h"
#include "sdk/testing/kit/trial.h"

namespace penstock::kit {
namespace {

// A destination with its writers, in an order that the header allows.
struct Account {
  Account(const penstock_connector* table, Transcript* transcript)
      : host(Shape::kFull, transcript), destination(table, Shape::kFull) {}
  RawHost host;
  RawDestination destination;
  std::vector<std::unique_ptr<RawWriter>> writers;
};

void Step(Trial& t, const penstock_connector* table, std::mt19937& random, Account& account) {
  const auto any_writer = [&]() -> RawWriter* {
    return account.writers.empty() ? nullptr
                                   : account.writers[random() % account.writers.size()].get();
  };
  switch (random() % 6) {
    case 0:
      return Report(t, account.destination.Check(), "check");
    case 1:
      return Report(
          t, account.destination.Discover(random() % 2 == 0 ? "{}" : R"({"objects": ["things"]})"),
          "discover");
    case 2: {
      auto writer = std::make_unique<RawWriter>(table, Shape::kFull);
      Report(t, writer->Begin(account.destination, AnAssignment(t)), "begin");
      if (writer->c() != nullptr) account.writers.push_back(std::move(writer));
      return;
    }
    case 3:
      if (RawWriter* writer = any_writer()) Report(t, writer->Write(random() % 4), "write_batch");
      return;
    case 4:
      if (RawWriter* writer = any_writer()) Report(t, writer->Finish(), "finish");
      return;
    default:
      if (!account.writers.empty()) account.writers.erase(account.writers.begin());
  }
}

// One order of calls.
void Order(Trial& t, const penstock_connector* table, std::mt19937& random) {
  std::vector<std::unique_ptr<Account>> accounts;
  const size_t steps = random() % 12;
  for (size_t step = 0; step < steps; ++step) {
    if (accounts.empty() || random() % 8 == 0) {
      accounts.push_back(std::make_unique<Account>(table, nullptr));
      Report(t, accounts.back()->destination.Open(accounts.back()->host, RawConfig(t)), "open");
      if (accounts.back()->destination.c() == nullptr) return t.Skip("it does not open");
      continue;
    }
    Step(t, table, random, *accounts[random() % accounts.size()]);
  }
  for (const auto& account : accounts) account->writers.clear();
}

void LegalOrders(Trial& t) {
  const Library library(t.subject().path);
  const penstock_connector* table = TableOf(t, library);
  if (table == nullptr) return;
  constexpr int kOrders = 100;
  // The same orders in every round, so that all that differs is what the connector kept.
  const long grown = HeapGrowth([&] {
    std::mt19937 random(t.settings().seed);
    for (int order = 0; order < kOrders && !t.failed(); ++order) Order(t, table, random);
  });
  // Less than a leak of one object a destination comes to: the smallest block has 32 bytes.
  if (!t.failed() && grown > 16 * kOrders) {
    t.Fail("the heap grows by " + std::to_string(grown) + " bytes with every " +
           std::to_string(kOrders) + " orders of calls");
  }
}

void ErrorDetail(Trial& t) {
  const Library library(t.subject().path);
  const penstock_connector* table = TableOf(t, library);
  if (table == nullptr) return;
  const std::vector<std::pair<int, std::string>> answers = {
      {0, ""}, {401, ""}, {403, "{}"}, {404, "no"}, {429, ""}, {500, "{"}, {200, "<html>"}};
  for (const auto& [status, body] : answers) {
    RawHost host(Shape::kFull, &t.transcript());
    host.answer = [status = status, &body = body](const PeerRequest&) {
      PeerAnswer answer;
      answer.status = status;
      answer.body = body;
      if (status == 0) {
        answer.transport = PENSTOCK_TRANSPORT_NOT_SENT;
        answer.error = "this host sends nothing";
      }
      return answer;
    };
    const std::string when =
        status == 0 ? " without an answer" : " after status " + std::to_string(status);
    RawDestination destination(table, Shape::kFull);
    Report(t, destination.Open(host, RawConfig(t)), "open");
    if (destination.c() == nullptr) return t.Skip("it does not open");
    Report(t, destination.Check(), "check" + when);
    Report(t, destination.Discover("{}"), "discover" + when);
    Report(t, destination.Discover("nonsense"), "discover of nonsense");
    RawWriter writer(table, Shape::kFull);
    Report(t, writer.Begin(destination, "{}"), "begin with an empty assignment");
    writer.End();
    Report(t, writer.Begin(destination, AnAssignment(t)), "begin");
    if (writer.c() == nullptr) continue;
    Report(t, writer.Write(3), "write_batch" + when);
    Report(t, writer.Finish(), "finish" + when);
  }
}

}  // namespace

std::vector<Check> LifeChecks() {
  return {
      {"life.legal_orders", 2, "lives through any legal order of calls, in flat memory", kNothing,
       LegalOrders},
      {"err.detail", 2, "every failure says why exactly once, with a code and a sentence", kNothing,
       ErrorDetail},
  };
}

}  // namespace penstock::kit
