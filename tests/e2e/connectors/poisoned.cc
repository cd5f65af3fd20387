// The loopback connector with a fault: a record whose name is an order brings it down.
#include <csignal>
#include <cstdlib>

#include "tests/e2e/connectors/wrapped_loopback.h"

namespace penstock::loopback {
namespace {

void Ruin(std::string_view order) {
  if (order == "segv") ::raise(SIGSEGV);
  if (order == "abort") std::abort();
  while (order == "eat") *static_cast<volatile char*>(::operator new(1 << 20)) = 1;
  while (order == "loop") {
    static volatile int turns = 0;
    turns = turns + 1;
  }
}

class PoisonedWriter : public LoopbackWriter {
 public:
  using LoopbackWriter::LoopbackWriter;
  Status Write(Call call, const Batch& batch, Outcomes& outcomes) {
    for (size_t i = 0; i < batch.size(); ++i) {
      for (size_t f = 0; f < batch.n_fields(); ++f) {
        if (batch.value(i, f).type == PENSTOCK_STRING) Ruin(TextOf(batch.value(i, f)));
      }
    }
    return LoopbackWriter::Write(call, batch, outcomes);
  }
};

class Poisoned : public Loopback {
 public:
  using Writer = PoisonedWriter;

  explicit Poisoned(Host host) : Loopback(host), poisoned_http_(host) {}
  static Result<std::unique_ptr<Poisoned>> Open(Host host, Call, std::string_view) {
    return std::make_unique<Poisoned>(host);
  }
  Result<std::unique_ptr<PoisonedWriter>> Begin(Call, const Assignment& assignment,
                                                std::span<const Note>) {
    return std::make_unique<PoisonedWriter>(poisoned_http_, assignment);
  }

 private:
  Http poisoned_http_;
};

}  // namespace
}  // namespace penstock::loopback

PENSTOCK_CONNECTOR(penstock::loopback::Poisoned, kManifest)
