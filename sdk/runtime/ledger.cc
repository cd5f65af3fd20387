#include "sdk/runtime/ledger.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "sdk/runtime/call.h"

namespace penstock::sdk::runtime {
namespace {

constexpr size_t kNamed = 20;
constexpr size_t kMaxText = 8192;

// Which outcomes an operation can have besides REJECTED, UNSENT, IN_DOUBT and SPLIT.
bool Possible(int32_t operation, int32_t outcome) {
  if (outcome >= PENSTOCK_REJECTED) return outcome <= PENSTOCK_SPLIT;
  switch (operation) {
    case PENSTOCK_OP_UPSERT:
      return outcome == PENSTOCK_CREATED || outcome == PENSTOCK_UPDATED ||
             outcome == PENSTOCK_UNCHANGED;
    case PENSTOCK_OP_INSERT:
      return outcome == PENSTOCK_CREATED || outcome == PENSTOCK_EXISTS;
    case PENSTOCK_OP_UPDATE:
      return outcome == PENSTOCK_UPDATED || outcome == PENSTOCK_UNCHANGED ||
             outcome == PENSTOCK_MISSING;
    case PENSTOCK_OP_DELETE:
      return outcome == PENSTOCK_DELETED || outcome == PENSTOCK_MISSING;
    default:
      return false;
  }
}

penstock_str Clean(penstock_str text) {
  const std::string_view view = View(text);
  return Str(view.substr(0, std::min(view.size(), kMaxText)));
}

// Texts for people become well-formed UTF-8; `texts` holds them.
void Mend(penstock_outcome* outcome, std::array<std::string, 4>* texts) {
  auto mended = texts->begin();
  for (penstock_str* text :
       {&outcome->code, &outcome->message, &outcome->field, &outcome->warning}) {
    if (text->len == 0) continue;
    *mended = Bounded(View(*text), kMaxText);
    *text = Str(*mended++);
  }
}

}  // namespace

int32_t OperationCode(const std::string& name) {
  if (name == "upsert") return PENSTOCK_OP_UPSERT;
  if (name == "insert") return PENSTOCK_OP_INSERT;
  if (name == "update") return PENSTOCK_OP_UPDATE;
  if (name == "delete") return PENSTOCK_OP_DELETE;
  return 0;
}

std::string SeqList(const std::vector<uint64_t>& seqs, uint64_t total) {
  std::string text;
  const size_t n = std::min(seqs.size(), kNamed);
  for (size_t i = 0; i < n; ++i) text += (i == 0 ? "" : ", ") + std::to_string(seqs[i]);
  if (total > n) text += " and " + std::to_string(total - n) + " more";
  return text;
}

void Ledger::Expect(const uint64_t* seqs, size_t n) { outstanding_.insert(seqs, seqs + n); }

// A connector built with an older header reports shorter structs: what it does not know is empty.
penstock_outcome Ledger::Checked(const penstock_outcome& item) {
  penstock_outcome outcome{};
  std::memcpy(&outcome, &item, std::min<size_t>(item.struct_size, sizeof(outcome)));
  outcome.struct_size = sizeof(outcome);
  for (penstock_str* text : {&outcome.destination_id, &outcome.code, &outcome.message,
                             &outcome.field, &outcome.warning}) {
    *text = Clean(*text);
  }
  if (!Possible(operation_, outcome.outcome)) {
    outcome.outcome = PENSTOCK_IN_DOUBT;
    outcome.code = Str("PS-CONN-OUTCOME");
    outcome.message = Str("the connector reported an outcome that this operation cannot have");
  }
  if (outcome.outcome != PENSTOCK_REJECTED) {
    outcome.error_class = 0;
  } else if (outcome.error_class < PENSTOCK_CLASS_DATA ||
             outcome.error_class > PENSTOCK_CLASS_DESTINATION) {
    outcome.error_class = PENSTOCK_CLASS_DATA;
  }
  return outcome;
}

penstock_status Ledger::Report(const penstock_outcome* items, size_t n, size_t stride,
                               const OutcomeCallback& report) {
  if (n == 0) return PENSTOCK_OK;
  if (items == nullptr || stride < offsetof(penstock_outcome, error_class)) {
    return PENSTOCK_E_INVALID_ARGUMENT;
  }
  const char* bytes = reinterpret_cast<const char*>(items);
  penstock_status status = PENSTOCK_OK;
  std::array<std::string, 4> texts;
  for (size_t i = 0; i < n; ++i) {
    const auto& item = *reinterpret_cast<const penstock_outcome*>(bytes + i * stride);
    if (item.struct_size > stride || !PENSTOCK_HAS(penstock_outcome, &item, seq)) {
      status = PENSTOCK_E_INVALID_ARGUMENT;
      continue;
    }
    if (outstanding_.erase(item.seq) == 0) {
      if (unknown_.size() < kNamed) unknown_.push_back(item.seq);
      ++n_unknown_;
      status = PENSTOCK_E_INVALID_ARGUMENT;
      continue;
    }
    penstock_outcome outcome = Checked(item);
    Mend(&outcome, &texts);
    if (outcome.outcome == PENSTOCK_SPLIT) {
      splits_.push_back({outcome.seq, outcome.group, std::string(View(outcome.code)),
                         std::string(View(outcome.message))});
    } else {
      report(outcome);
    }
  }
  return status;
}

Status Ledger::Settle(std::string_view connector, const OutcomeCallback& report) {
  std::unordered_map<uint32_t, size_t> sizes;
  for (const Split& split : splits_) ++sizes[split.group];
  for (const Split& split : splits_) {
    penstock_outcome outcome{};
    outcome.struct_size = sizeof(outcome);
    outcome.seq = split.seq;
    outcome.outcome = PENSTOCK_SPLIT;
    outcome.group = split.group;
    outcome.code = Str(split.code);
    outcome.message = Str(split.message);
    if (sizes[split.group] < 2) {
      // Splitting it would hand it back for ever. Nothing of it was applied: that is a refusal.
      outcome.outcome = PENSTOCK_REJECTED;
      outcome.error_class = PENSTOCK_CLASS_DATA;
      outcome.group = 0;
      if (split.code.empty()) outcome.code = Str("PS-CONN-OUTCOME");
    }
    report(outcome);
  }
  splits_.clear();
  if (n_unknown_ == 0) return {};
  Failure failure{
      PENSTOCK_E_INTERNAL, "PS-CONN-OUTCOMES",
      "connector " + std::string(connector) +
          " reported records twice or that it was not given: " + SeqList(unknown_, n_unknown_),
      0};
  unknown_.clear();
  n_unknown_ = 0;
  return failure;
}

std::vector<uint64_t> Ledger::Outstanding() const {
  std::vector<uint64_t> seqs(outstanding_.begin(), outstanding_.end());
  std::sort(seqs.begin(), seqs.end());
  return seqs;
}

}  // namespace penstock::sdk::runtime
