#include "sdk/worker/session.h"

#include <signal.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <utility>

namespace penstock::sdk::worker {
namespace {

constexpr size_t kFlushBytes = 64u << 10;
constexpr size_t kSignalStack = 64u << 10;

thread_local Session* current = nullptr;
thread_local volatile int crash_fd = -1;
thread_local std::array<char, kSignalStack> signal_stack;

[[noreturn]] void HostIsGone() { ::_exit(0); }

// Async-signal-safe: one write, then the signal's own end.
void OnCrash(int signal) {
  if (crash_fd >= 0) {
    std::array<char, 9> frame{};
    const uint32_t length = sizeof(int32_t);
    const int32_t number = signal;
    std::memcpy(frame.data(), &length, sizeof(length));
    frame[4] = static_cast<char>(wire::Kind::kCrashed);
    std::memcpy(frame.data() + 5, &number, sizeof(number));
    (void)!::write(crash_fd, frame.data(), frame.size());
  }
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

}  // namespace

Session::Session(wire::Channel* channel) : channel_(channel), outer_(current) {
  stack_t stack{};
  stack.ss_sp = signal_stack.data();
  stack.ss_size = signal_stack.size();
  ::sigaltstack(&stack, &outer_stack_);  // a stack that overflowed has no room for the handler
  current = this;
  crash_fd = channel->fd();
}

Session::~Session() {
  ::sigaltstack(&outer_stack_, nullptr);
  current = outer_;
  crash_fd = outer_ == nullptr ? -1 : outer_->channel_->fd();
}

Session* Session::Current() { return current; }

std::string Session::TakeOutcomes() {
  wire::Packer frame;
  frame.U64(std::exchange(n_outcomes_, 0));
  return frame.bytes() + std::exchange(outcomes_, wire::Packer()).bytes();
}

void Session::Report(const penstock_outcome& outcome) {
  wire::PutOutcome(outcome, &outcomes_);
  ++n_outcomes_;
  if (outcomes_.bytes().size() < kFlushBytes) return;
  if (!channel_->Send(wire::Kind::kOutcomes, TakeOutcomes())) HostIsGone();
}

void Session::Send(wire::Kind kind, std::string_view payload) {
  const bool sent =
      n_outcomes_ == 0 ? channel_->Send(kind, payload)
                       : channel_->Send({{wire::Kind::kOutcomes, TakeOutcomes()}, {kind, payload}});
  if (!sent) HostIsGone();
}

void Session::Receive(wire::Kind* kind, std::string* payload) {
  if (!channel_->Receive(kind, payload)) HostIsGone();
}

void Session::Ask(wire::Kind kind, const wire::Packer& question, std::string* reply) {
  Send(kind, question.bytes());
  wire::Kind answered = wire::Kind::kReply;
  Receive(&answered, reply);
  if (answered != wire::Kind::kReply) HostIsGone();  // it speaks another language
}

void TellCrashes() {
  struct sigaction action {};
  action.sa_handler = OnCrash;
  action.sa_flags = SA_ONSTACK | SA_NODEFER;
  for (const int signal : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT}) {
    ::sigaction(signal, &action, nullptr);
  }
}

}  // namespace penstock::sdk::worker
