// A connector that does what each record tells it to, mostly what it must not. Written against the
// C ABI, so that nothing of the C++ layer contains it.
#include <stdexcept>
#include <string>

#include "penstock/connector.h"
#include "tests/sdk/connectors/test_manifest.h"

namespace {

int destination_marker = 0;
int writer_marker = 0;

penstock_str Str(const char* text) { return {text, std::char_traits<char>::length(text)}; }

penstock_status Open(const penstock_host*, const penstock_call* call, penstock_str config,
                     penstock_destination** out) {
  if (std::string(config.ptr, config.len).find("refuse") != std::string::npos) {
    penstock_error error{};
    error.struct_size = sizeof(error);
    error.code = Str("unruly.NO");
    error.message = Str("the configuration says no");
    call->fail(call, &error);
    return PENSTOCK_E_INVALID_CONFIG;
  }
  *out = reinterpret_cast<penstock_destination*>(&destination_marker);
  return PENSTOCK_OK;
}
void Close(penstock_destination*) {}

penstock_status Check(penstock_destination*, const penstock_call*, const penstock_sink* sink) {
  const std::string half = R"({"account": {"id": "1", )";
  sink->write(sink, half.data(), half.size());
  return PENSTOCK_OK;  // half a document
}

penstock_status Discover(penstock_destination*, const penstock_call*, penstock_str,
                         const penstock_sink*) {
  throw std::runtime_error("out of the connector");
}

penstock_status Begin(penstock_destination*, const penstock_call*, penstock_str,
                      const penstock_open_note*, size_t, size_t, penstock_writer** out) {
  *out = reinterpret_cast<penstock_writer*>(&writer_marker);
  return PENSTOCK_OK;
}

void Report(const penstock_outcomes* out, uint64_t seq, int32_t outcome, uint32_t group = 0) {
  penstock_outcome item{};
  item.struct_size = sizeof(item);
  item.seq = seq;
  item.outcome = outcome;
  item.group = group;
  item.error_class = 99;
  out->report(out, &item, 1, sizeof(item));
}

penstock_status Obey(const std::string& order, uint64_t seq, const penstock_call* call,
                     const penstock_outcomes* out) {
  if (order == "create") Report(out, seq, PENSTOCK_CREATED);
  if (order == "twice") Report(out, seq, PENSTOCK_CREATED), Report(out, seq, PENSTOCK_UPDATED);
  if (order == "unknown") Report(out, seq + 1000000, PENSTOCK_CREATED);
  if (order == "enumerator") Report(out, seq, 77);
  if (order == "impossible") Report(out, seq, PENSTOCK_DELETED);
  if (order == "reject") Report(out, seq, PENSTOCK_REJECTED);
  if (order == "split") Report(out, seq, PENSTOCK_SPLIT, 1);
  if (order == "split2") Report(out, seq, PENSTOCK_SPLIT, 2);
  if (order == "throw") throw std::runtime_error("out of the connector");
  if (order == "silent failure") return PENSTOCK_E_UNAVAILABLE;
  if (order == "no status") return 4711;
  if (order == "fail and ok") {
    penstock_error error{};
    error.struct_size = sizeof(error);
    error.message = Str("something");
    call->fail(call, &error);
  }
  return PENSTOCK_OK;
}

penstock_status Write(penstock_writer*, const penstock_call* call, const penstock_batch* batch,
                      const penstock_outcomes* out) {
  penstock_status status = PENSTOCK_OK;
  for (size_t i = 0; i < batch->n_records; ++i) {
    const penstock_value& value = batch->values[i * batch->n_fields];
    const penstock_status one = Obey({value.v.text, value.len}, batch->seqs[i], call, out);
    if (status == PENSTOCK_OK) status = one;
  }
  return status;
}
penstock_status Finish(penstock_writer*, const penstock_call*, const penstock_outcomes*) {
  return PENSTOCK_OK;
}
void End(penstock_writer*) {}

const penstock_connector kTable = {
    sizeof(penstock_connector), 0, Open, Close, Check, Discover, Begin, Write, Finish, End};

}  // namespace

extern const penstock_connector_entry penstock_connector_entry_v0;
const penstock_connector_entry penstock_connector_entry_v0 = {PENSTOCK_MAGIC,
                                                              sizeof(penstock_connector_entry),
                                                              PENSTOCK_ABI_MAJOR,
                                                              PENSTOCK_ABI_MINOR,
                                                              PENSTOCK_DRAFT_ID,
                                                              TEST_MANIFEST("unruly"),
                                                              &kTable,
                                                              nullptr};
