#include "sdk/runtime/instance.h"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include "sdk/runtime/call.h"
#include "sdk/runtime/finder.h"
#include "sdk/runtime/host_tables.h"

namespace penstock::sdk {

using runtime::CallScope;
using runtime::Contained;
using runtime::Str;

namespace {

std::string RequestJson(const std::vector<std::string>& objects) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  writer.StartObject();
  if (!objects.empty()) {
    writer.Key("objects");
    writer.StartArray();
    for (const std::string& object : objects) {
      writer.String(object.data(), static_cast<rapidjson::SizeType>(object.size()));
    }
    writer.EndArray();
  }
  writer.EndObject();
  return std::string(buffer.GetString(), buffer.GetSize());
}

// The C table of one call's outcomes.
struct Reporter {
  Reporter(runtime::Ledger* ledger_in, const OutcomeCallback& report_in)
      : ledger(ledger_in), report(report_in) {
    table = penstock_outcomes{sizeof(penstock_outcomes), 0, this, Report};
  }
  static penstock_status Report(const penstock_outcomes* outcomes, const penstock_outcome* items,
                                size_t n, size_t stride) {
    if (outcomes == nullptr) return PENSTOCK_E_INVALID_ARGUMENT;
    auto* self = static_cast<Reporter*>(outcomes->host_data);
    return Contained([&] { return self->ledger->Report(items, n, stride, self->report); });
  }
  runtime::Ledger* ledger;
  const OutcomeCallback& report;
  penstock_outcomes table;
};

class Writer final : public ConnectorWriter {
 public:
  Writer(const ConnectorLibrary& library, HostServices* services, penstock_writer* writer,
         int32_t operation, const CallContext& context)
      : library_(library),
        services_(services),
        writer_(writer),
        ledger_(operation),
        context_(context) {}
  ~Writer() override {
    Contained([&] {
      table().end(writer_);
      return PENSTOCK_OK;
    });
  }

  void Expect(const penstock_batch& batch) { ledger_.Expect(batch.seqs, batch.n_records); }

  Status Write(const penstock_batch& batch, const OutcomeCallback& report) override {
    Expect(batch);
    return Call("write_batch", report,
                [&](const penstock_call* call, const penstock_outcomes* out) {
                  return table().write_batch(writer_, call, &batch, out);
                });
  }

  Status Finish(const OutcomeCallback& report) override {
    Status status =
        Call("finish", report, [&](const penstock_call* call, const penstock_outcomes* out) {
          return table().finish(writer_, call, out);
        });
    if (!status.ok()) return status;
    const std::vector<uint64_t> left = ledger_.Outstanding();
    if (left.empty()) return {};
    return Failure{PENSTOCK_E_INTERNAL, "PS-CONN-OUTCOMES",
                   "connector " + id() + " finished without an outcome for records " +
                       runtime::SeqList(left, left.size()),
                   0};
  }

  std::vector<uint64_t> Outstanding() const override { return ledger_.Outstanding(); }
  Crash crash() const override { return crash_; }

 private:
  template <typename Body>
  Status Call(const char* what, const OutcomeCallback& report, Body&& body) {
    const CallScope call(context_, services_);
    const Reporter reporter(&ledger_, report);
    const penstock_status status = Contained([&] { return body(call.c(), &reporter.table); });
    Status settled = ledger_.Settle(id(), report);
    Status concluded = call.Conclude(status, id(), what);
    const bool threw = !concluded.ok() && concluded.failure().code == runtime::kException;
    crash_ = threw ? Crash::kCulprit : Crash::kNone;
    return concluded.ok() ? settled : concluded;
  }
  const penstock_connector& table() const { return *library_.entry().connector; }
  const std::string& id() const { return library_.manifest().id; }

  const ConnectorLibrary& library_;
  HostServices* services_;
  penstock_writer* writer_;
  runtime::Ledger ledger_;
  CallContext context_;
  Crash crash_ = Crash::kNone;
};

class Instance final : public ConnectorInstance {
 public:
  Instance(const ConnectorLibrary& library, HostServices* services)
      : library_(library), tables_(services) {}
  ~Instance() override {
    if (destination_ == nullptr) return;
    Contained([&] {
      table().close(destination_);
      return PENSTOCK_OK;
    });
  }

  Status OpenIt(std::string_view config_json, const CallContext& context) {
    const CallScope call(context, tables_.services());
    const penstock_status status = Contained(
        [&] { return table().open(tables_.c(), call.c(), Str(config_json), &destination_); });
    Status concluded = call.Conclude(status, id(), "open");
    if (!concluded.ok()) {
      destination_ = nullptr;
      return concluded;
    }
    return destination_ != nullptr ? Status() : Status(Contract("open gave no destination"));
  }

  const Manifest& manifest() const override { return library_.manifest(); }
  bool has_lookup() const override { return library_.has_lookup(); }

  Result<CheckReport> Check(const CallContext& context) override {
    runtime::TextSink sink(runtime::kMaxDocument);
    const CallScope call(context, tables_.services());
    const penstock_status status =
        Contained([&] { return table().check(destination_, call.c(), sink.c()); });
    Status concluded = Concluded(call, status, "check", sink);
    if (!concluded.ok()) return concluded.failure();
    Result<CheckReport> report =
        ParseCheckReport(sink.text(), tables_.services()->unknown_properties());
    if (!report.ok()) return Contract(report.failure().message);
    return report;
  }

  Result<Catalog> Discover(const std::vector<std::string>& objects,
                           const CallContext& context) override {
    runtime::TextSink sink(runtime::kMaxDocument);
    const std::string request = RequestJson(objects);
    const CallScope call(context, tables_.services());
    const penstock_status status =
        Contained([&] { return table().discover(destination_, call.c(), Str(request), sink.c()); });
    Status concluded = Concluded(call, status, "discover", sink);
    if (!concluded.ok()) return concluded.failure();
    Result<Catalog> catalog = ParseCatalog(sink.text(), tables_.services()->unknown_properties());
    if (!catalog.ok()) return Contract(catalog.failure().message);
    return catalog;
  }

  Result<std::unique_ptr<ConnectorWriter>> Begin(const Assignment& assignment,
                                                 std::span<const OpenNote> notes,
                                                 const CallContext& context) override {
    const std::string json = ToJson(assignment);
    std::vector<penstock_open_note> open;
    for (const OpenNote& note : notes) {
      open.push_back({sizeof(penstock_open_note), 0, Str(note.token), note.records});
    }
    penstock_writer* writer = nullptr;
    const CallScope call(context, tables_.services());
    const penstock_status status = Contained([&] {
      return table().begin(destination_, call.c(), Str(json), open.data(), open.size(),
                           sizeof(penstock_open_note), &writer);
    });
    Status concluded = call.Conclude(status, id(), "begin");
    if (!concluded.ok()) return concluded.failure();
    if (writer == nullptr) return Contract("begin gave no writer");
    auto owned = std::make_unique<Writer>(library_, tables_.services(), writer,
                                          runtime::OperationCode(assignment.operation), context);
    for (const OpenNote& note : notes) owned->Expect(*note.records);
    return std::unique_ptr<ConnectorWriter>(std::move(owned));
  }

  Status Lookup(const Assignment& assignment, std::span<const penstock_value> keys,
                size_t key_fields, const std::function<void(const FoundRecord&)>& on_found,
                const CallContext& context) override;

 private:
  Status Concluded(const CallScope& call, penstock_status status, const char* what,
                   const runtime::TextSink& sink) const {
    Status concluded = call.Conclude(status, id(), what);
    if (concluded.ok() && sink.overflowed()) {
      return Contract(std::string(what) + " wrote more than 64 MiB");
    }
    return concluded;
  }
  Failure Contract(const std::string& sentence) const {
    return Failure{PENSTOCK_E_INTERNAL, "PS-CONN-CONTRACT", "connector " + id() + ": " + sentence,
                   0};
  }
  const penstock_connector& table() const { return *library_.entry().connector; }
  const std::string& id() const { return library_.manifest().id; }

  const ConnectorLibrary& library_;
  runtime::HostTables tables_;
  penstock_destination* destination_ = nullptr;
};

Status Instance::Lookup(const Assignment& assignment, std::span<const penstock_value> keys,
                        size_t key_fields, const std::function<void(const FoundRecord&)>& on_found,
                        const CallContext& context) {
  if (!library_.has_lookup()) {
    return Failure{PENSTOCK_E_UNSUPPORTED, "PS-CONN-NO-LOOKUP",
                   "connector " + id() + " cannot look records up", 0};
  }
  const size_t n = key_fields == 0 ? 0 : keys.size() / key_fields;
  runtime::Finder finder(on_found, n);
  const std::string json = ToJson(assignment);
  const CallScope call(context, tables_.services());
  const penstock_status status = Contained([&] {
    return library_.lookup()->lookup(destination_, call.c(), Str(json), keys.data(), n, key_fields,
                                     runtime::Finder::OnFound, &finder);
  });
  Status concluded = call.Conclude(status, id(), "lookup");
  if (!concluded.ok()) return concluded;
  const std::string complaint = finder.Complaint();
  return complaint.empty() ? Status() : Status(Contract(complaint));
}

}  // namespace

Result<std::unique_ptr<ConnectorInstance>> ConnectorInstance::Open(const ConnectorLibrary& library,
                                                                   HostServices* services,
                                                                   std::string_view config_json,
                                                                   const CallContext& context) {
  auto instance = std::make_unique<Instance>(library, services);
  Status status = instance->OpenIt(config_json, context);
  if (!status.ok()) return status.failure();
  return std::unique_ptr<ConnectorInstance>(std::move(instance));
}

}  // namespace penstock::sdk
