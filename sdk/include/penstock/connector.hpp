// The C++20 layer: write a class, name it in PENSTOCK_CONNECTOR, and it is a connector.
//
//   class ContactWriter {
//    public:
//     Status Write(Call call, const Batch& batch, Outcomes& outcomes);
//     Status Finish(Call call, Outcomes& outcomes);
//   };
//   class Crm {
//    public:
//     using Writer = ContactWriter;
//     static Result<std::unique_ptr<Crm>> Open(Host host, Call call, std::string_view config_json);
//     Result<CheckReport> Check(Call call);
//     Result<Catalog> Discover(Call call, const std::vector<std::string>& objects);  // none: all
//     Result<std::unique_ptr<ContactWriter>> Begin(Call call, const Assignment& assignment,
//                                                  std::span<const Note> notes);
//     Status Lookup(Call call, const Assignment& assignment, const Keys& keys, Found& found);
//   };                                                                        // Lookup: optional
//   PENSTOCK_CONNECTOR(Crm, kManifest)
//
// Everything here is compiled into the connector and never crosses the boundary. Methods may throw:
// an exception ends the call with INTERNAL. Link penstock_sdk_documents; penstock_add_connector()
// does.
#pragma once

#include <concepts>
#include <cstring>
#include <exception>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "penstock/blob.hpp"
#include "penstock/connector.h"
#include "penstock/documents.hpp"
#include "penstock/host.hpp"
#include "penstock/http.hpp"
#include "penstock/json.hpp"
#include "penstock/records.hpp"
#include "penstock/result.hpp"
#include "penstock/values.hpp"
#include "penstock/write.hpp"

namespace penstock::sdk {

/// A token noted in an earlier run, with its records under new seqs: to be settled by Finish.
/// Borrowed during Begin. The fields of a record may be ABSENT but for its key.
struct Note {
  std::string_view token;
  Batch records;
};

/// A note to keep after Begin. What is left unreported by Finish stays in its job and is handed
/// back again; any outcome, IN_DOUBT too, ends that.
struct NotedRecords {
  std::string token;
  std::vector<uint64_t> seqs;
  std::vector<std::string> keys;  // text of the assignment's first key field
  std::vector<std::string> ids;   // at the destination, empty where not known
  size_t size() const { return seqs.size(); }
};
inline NotedRecords CopyNote(const Note& note, const Assignment& assignment) {
  NotedRecords copy;
  copy.token = std::string(note.token);
  size_t key = 0;
  while (key < assignment.fields.size() && !assignment.fields[key].key) ++key;
  for (size_t i = 0; i < note.records.size(); ++i) {
    copy.seqs.push_back(note.records.seq(i));
    copy.keys.push_back(key < note.records.n_fields() ? PlainText(note.records.value(i, key))
                                                      : std::string());
    copy.ids.emplace_back(note.records.id(i));
  }
  return copy;
}

template <typename W>
concept ConnectorWriterClass = requires(W writer, Call call, const Batch& batch, Outcomes& out) {
  { writer.Write(call, batch, out) } -> std::same_as<Status>;
  { writer.Finish(call, out) } -> std::same_as<Status>;
};

template <typename C>
concept ConnectorClass = ConnectorWriterClass<typename C::Writer> &&
    requires(C connector, Host host, Call call, std::string_view config,
             const std::vector<std::string>& objects, const Assignment& assignment,
             std::span<const Note> notes) {
  { C::Open(host, call, config) } -> std::same_as<Result<std::unique_ptr<C>>>;
  { connector.Check(call) } -> std::same_as<Result<CheckReport>>;
  { connector.Discover(call, objects) } -> std::same_as<Result<Catalog>>;
  {
    connector.Begin(call, assignment, notes)
    } -> std::same_as<Result<std::unique_ptr<typename C::Writer>>>;
};

template <typename C>
concept LooksUp = requires(C connector, Call call, const Assignment& assignment, const Keys& keys,
                           Found& found) {
  { connector.Lookup(call, assignment, keys, found) } -> std::same_as<Status>;
};

namespace boundary {

inline penstock_status Fail(const penstock_call* call, const Failure& failure) noexcept {
  penstock_error error{};
  error.struct_size = sizeof(error);
  error.retry_after_ms = failure.retry_after_ms;
  error.code = Str(failure.code);
  error.message = Str(failure.message);
  call->fail(call, &error);
  return failure.status == PENSTOCK_OK ? static_cast<penstock_status>(PENSTOCK_E_INTERNAL)
                                       : failure.status;
}

/// Runs one method: a Failure becomes a status and an error, an exception becomes INTERNAL.
template <typename Body>
penstock_status Guard(const penstock_call* call, Body&& body) noexcept {
  if (call == nullptr || call->fail == nullptr) return PENSTOCK_E_INVALID_ARGUMENT;
  try {
    const Status status = body();
    return status.ok() ? static_cast<penstock_status>(PENSTOCK_OK) : Fail(call, status.failure());
  } catch (const std::exception& e) {
    penstock_error error{};
    error.struct_size = sizeof(error);
    error.code = Str("connector.EXCEPTION");
    error.message = Str(e.what());
    call->fail(call, &error);
  } catch (...) {
    penstock_error error{};
    error.struct_size = sizeof(error);
    error.code = Str("connector.EXCEPTION");
    error.message = Str("an exception that is no std::exception");
    call->fail(call, &error);
  }
  return PENSTOCK_E_INTERNAL;
}

inline Status WriteText(const penstock_sink* sink, const std::string& text) {
  return ServiceStatus(sink->write(sink, text.data(), text.size()), "sink");
}

/// {"objects": ["contacts"]}, or {} for all.
Result<std::vector<std::string>> ParseDiscoverRequest(std::string_view json);

template <ConnectorClass C>
struct Thunks {
  using W = typename C::Writer;

  static C* Self(penstock_destination* destination) { return reinterpret_cast<C*>(destination); }
  static W* Self(penstock_writer* writer) { return reinterpret_cast<W*>(writer); }

  static penstock_status Open(const penstock_host* host, const penstock_call* call,
                              penstock_str config, penstock_destination** out) noexcept {
    return Guard(call, [&]() -> Status {
      Result<std::unique_ptr<C>> opened = C::Open(Host(host), sdk::Call(call), View(config));
      if (!opened.ok()) return opened.failure();
      *out = reinterpret_cast<penstock_destination*>((*opened).release());
      return {};
    });
  }
  static void Close(penstock_destination* destination) noexcept { delete Self(destination); }

  static penstock_status Check(penstock_destination* destination, const penstock_call* call,
                               const penstock_sink* sink) noexcept {
    return Guard(call, [&]() -> Status {
      Result<CheckReport> report = Self(destination)->Check(sdk::Call(call));
      return report.ok() ? WriteText(sink, ToJson(*report)) : Status(report.failure());
    });
  }
  static penstock_status Discover(penstock_destination* destination, const penstock_call* call,
                                  penstock_str request, const penstock_sink* sink) noexcept {
    return Guard(call, [&]() -> Status {
      Result<std::vector<std::string>> objects = ParseDiscoverRequest(View(request));
      if (!objects.ok()) return objects.failure();
      Result<Catalog> catalog = Self(destination)->Discover(sdk::Call(call), *objects);
      return catalog.ok() ? WriteText(sink, ToJson(*catalog)) : Status(catalog.failure());
    });
  }
  static penstock_status Begin(penstock_destination* destination, const penstock_call* call,
                               penstock_str json, const penstock_open_note* notes, size_t n_notes,
                               size_t stride, penstock_writer** out) noexcept {
    return Guard(call, [&]() -> Status {
      Result<Assignment> assignment = ParseAssignment(View(json));
      if (!assignment.ok()) return assignment.failure();
      std::vector<Note> list;
      const char* bytes = reinterpret_cast<const char*>(notes);
      for (size_t i = 0; i < n_notes; ++i) {
        const auto* note = reinterpret_cast<const penstock_open_note*>(bytes + i * stride);
        list.push_back({View(note->token), Batch(note->records)});
      }
      Result<std::unique_ptr<W>> writer =
          Self(destination)->Begin(sdk::Call(call), *assignment, list);
      if (!writer.ok()) return writer.failure();
      *out = reinterpret_cast<penstock_writer*>((*writer).release());
      return {};
    });
  }
  static penstock_status Write(penstock_writer* writer, const penstock_call* call,
                               const penstock_batch* batch,
                               const penstock_outcomes* outcomes) noexcept {
    return Guard(call, [&]() -> Status {
      Outcomes out(outcomes);
      return Self(writer)->Write(sdk::Call(call), Batch(batch), out);
    });
  }
  static penstock_status Finish(penstock_writer* writer, const penstock_call* call,
                                const penstock_outcomes* outcomes) noexcept {
    return Guard(call, [&]() -> Status {
      Outcomes out(outcomes);
      return Self(writer)->Finish(sdk::Call(call), out);
    });
  }
  static void End(penstock_writer* writer) noexcept { delete Self(writer); }

  static penstock_status Lookup(penstock_destination* destination, const penstock_call* call,
                                penstock_str json, const penstock_value* keys, size_t n_keys,
                                size_t n_key_fields, penstock_on_found on_found,
                                void* user) noexcept {
    return Guard(call, [&]() -> Status {
      if constexpr (LooksUp<C>) {
        Result<Assignment> assignment = ParseAssignment(View(json));
        if (!assignment.ok()) return assignment.failure();
        Found found(on_found, user);
        return Self(destination)
            ->Lookup(sdk::Call(call), *assignment, Keys(keys, n_keys, n_key_fields), found);
      } else {
        return Failure{PENSTOCK_E_UNSUPPORTED, "connector.NO_LOOKUP", "no lookup", 0};
      }
    });
  }

  static constexpr penstock_connector kTable = {
      sizeof(penstock_connector), 0, Open, Close, Check, Discover, Begin, Write, Finish, End};
  static constexpr penstock_connector_lookup kLookup = {sizeof(penstock_connector_lookup), 0,
                                                        Lookup};

  static const void* GetExtension(const char* id) noexcept {
    if (LooksUp<C> && id != nullptr && std::strcmp(id, PENSTOCK_CONNECTOR_LOOKUP) == 0) {
      return &kLookup;
    }
    return nullptr;
  }
};

}  // namespace boundary
}  // namespace penstock::sdk

/// Makes `Class` the connector of this library; once, outside every namespace. `manifest`: the text
/// generated from manifest.json (kManifest of penstock_manifest.h).
#define PENSTOCK_CONNECTOR(Class, manifest)                                              \
  static_assert(::penstock::sdk::ConnectorClass<Class>, "see the top of connector.hpp"); \
  constinit const penstock_connector_entry penstock_connector_entry_v0 = {               \
      PENSTOCK_MAGIC,                                                                    \
      sizeof(penstock_connector_entry),                                                  \
      PENSTOCK_ABI_MAJOR,                                                                \
      PENSTOCK_ABI_MINOR,                                                                \
      PENSTOCK_DRAFT_ID,                                                                 \
      manifest,                                                                          \
      &::penstock::sdk::boundary::Thunks<Class>::kTable,                                 \
      &::penstock::sdk::boundary::Thunks<Class>::GetExtension};
