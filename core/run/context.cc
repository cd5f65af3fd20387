#include "core/run/context.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/base/suggest.h"
#include "core/file/file.h"
#include "core/push/failure.h"

namespace penstock::run {
namespace {

std::string Joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text.empty() ? "none" : text;
}

std::string KeyText(const StateIdentity& identity) {
  const std::string& parts = identity.key_template;
  return identity.key_field + (parts.empty() ? "" : " (\"" + parts + "\")");
}

struct Difference {
  const char* what;
  std::string before, now;
};

}  // namespace

StateIdentity IdentityOf(const RunEnvironment& env, const sdk::Object& object,
                         const std::string& account) {
  const Integration& integration = *env.integration;
  StateIdentity identity;
  identity.integration = integration.id;
  identity.environment = integration.environment;
  identity.account = account;
  identity.object = integration.object;
  identity.connector = env.destination->manifest().id;
  identity.key_columns = integration.key.columns;
  identity.key_field = integration.key.field;
  identity.key_template = integration.key.text_template;
  if (const sdk::Field* key = object.FindField(integration.key.field)) {
    for (const sdk::Normaliser normaliser : key->normalisers) {
      identity.normalisers.emplace_back(sdk::NormaliserName(normaliser));
    }
  }
  return identity;
}

bool IsIdempotent(const sdk::Object& object, Op op) {
  const auto at = object.operations.find(std::string(OpName(op)));
  return at != object.operations.end() && at->second.idempotent;
}

Status CompareIdentity(const StateIdentity& state, const StateIdentity& now) {
  const bool accounts_known = !state.account.empty() && !now.account.empty();
  const std::array<Difference, 7> differences = {{
      {"account", accounts_known ? state.account : "", accounts_known ? now.account : ""},
      {"integration", state.integration, now.integration},
      {"environment", state.environment, now.environment},
      {"connector", state.connector, now.connector},
      {"object", state.object, now.object},
      {"key", KeyText(state), KeyText(now)},
      {"normalisers of the key", Joined(state.normalisers), Joined(now.normalisers)},
  }};
  for (const Difference& difference : differences) {
    if (difference.before == difference.now) continue;
    const bool account = &difference == &differences[0];
    Error error = UsageError(
        "PS-STATE-IDENTITY",
        "state of " + now.integration + " belongs to " + difference.what + " " + difference.before +
            "; " + (account ? "this credential opens " : "the project file now says ") +
            difference.now,
        account ? "use the credential of that account, or another environment for this one"
                : "undo the change, give the integration a new name, or drop its state with "
                  "`penstock forget " +
                      now.integration + "`");
    return error;
  }
  if (state.encoding != now.encoding) {
    return UsageError("PS-STATE-IDENTITY",
                      "state of " + now.integration + " was written with encoding " +
                          std::to_string(state.encoding) + "; this build uses " +
                          std::to_string(now.encoding),
                      "use the build that wrote it");
  }
  return {};
}

std::string Digest(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> bytes{};
  unsigned int size = 0;
  EVP_Digest(text.data(), text.size(), bytes.data(), &size, EVP_sha256(), nullptr);
  static constexpr char kHex[] = "0123456789abcdef";
  std::string hex;
  for (unsigned int i = 0; i < size; ++i) {
    hex += kHex[bytes[i] >> 4];
    hex += kHex[bytes[i] & 15];
  }
  return hex;
}

PlanBasis BasisOf(const Integration& integration, const PlanHeader& header) {
  PlanBasis basis;
  basis.mode = integration.mode;
  std::string key = integration.key.field + '\0' + integration.key.text_template;
  for (const std::string& column : integration.key.columns) key += '\0' + column;
  basis.key_digest = Digest(key);
  basis.model_digest = Digest(integration.sql);
  basis.mapping_digest = header.mapping_digest;
  const auto keyless = header.counts.invalid_by_code.find("KEY_MISSING");
  if (keyless != header.counts.invalid_by_code.end()) basis.keyless = keyless->second;
  return basis;
}

std::string SetupDigest(const Integration& integration) {
  std::string text = integration.sql;
  const auto add = [&](std::string_view part) {
    text += '\0';
    text += part;
  };
  add(integration.key.field);
  add(integration.key.text_template);
  for (const std::string& column : integration.key.columns) add(column);
  for (const FieldMapping& mapping : integration.mapping) {
    add(mapping.field);
    add(mapping.column);
    add(mapping.constant        ? "const:" + *mapping.constant
        : mapping.constant_null ? "const null"
                                : "");
    add(mapping.run_variable);
    add(std::to_string(static_cast<int>(mapping.null)));
  }
  return Digest(text);
}

Result<std::unique_ptr<StateView>> OpenView(const RunEnvironment& env) {
  PENSTOCK_ASSIGN_OR_RETURN(const StateAnchor anchor, env.store->Anchor(env.integration->id));
  PENSTOCK_RETURN_IF_ERROR(file::MakeDirectories(env.directory));
  PENSTOCK_RETURN_IF_ERROR(file::MakeDirectories(env.scratch_dir));
  return StateView::Open(env.directory, anchor, env.scratch_dir, env.integration->memory_bytes / 4);
}

Error Explained(const RunEnvironment& env, const sdk::Failure& failure) {
  return Explain(failure, env.integration->destination, env.destination->manifest()).error;
}

Result<sdk::Object> FindObject(const RunEnvironment& env) {
  const Integration& integration = *env.integration;
  CallLimits limits;
  limits.cancelled = env.cancelled;
  auto catalog = env.destination->Discover({integration.object}, limits);
  if (!catalog.ok()) return Explained(env, catalog.failure());
  if (const sdk::Object* object = catalog->FindObject(integration.object)) return *object;
  std::vector<std::string> names;
  auto all = env.destination->Discover({}, limits);
  if (all.ok()) {
    for (const sdk::Object& object : all->objects) names.push_back(object.name);
  }
  const std::string near = Suggest(integration.object, names);
  Error error =
      UsageError("PS-MAP-OBJECT",
                 "integration " + integration.id + ": destination " + integration.destination +
                     " has no object " + integration.object,
                 near.empty() ? "objects are: " + Joined(names) : "did you mean " + near + "?");
  const auto at = integration.places.find("object");
  return at == integration.places.end() ? error : At(std::move(error), at->second);
}

Result<std::string> AskAccount(const RunEnvironment& env) {
  CallLimits limits;
  limits.cancelled = env.cancelled;
  auto report = env.destination->Check(limits);
  if (!report.ok()) return Explained(env, report.failure());
  return report->account_id;
}

}  // namespace penstock::run

namespace penstock {

DecisionContext DecisionsFor(const RunEnvironment& env, const sdk::Object& object,
                             const Mapper& mapper) {
  const Integration& integration = *env.integration;
  DecisionContext context;
  context.mode = integration.mode;
  context.delete_created_only = integration.delete_created_only;
  context.retry_rejected = integration.retry_rejected;
  context.connector_version = env.destination->manifest().version;
  context.schema = SchemaDigest(mapper, object);
  context.now_us = env.clock->UnixMicros();
  context.can_upsert = object.operations.contains("upsert");
  const auto update = object.operations.find("update");
  const std::vector<std::string> by_id = {"id"};
  context.update_by_id =
      update != object.operations.end() &&
      std::find(update->second.identifiers.begin(), update->second.identifiers.end(), by_id) !=
          update->second.identifiers.end();
  context.upsert_idempotent = run::IsIdempotent(object, Op::kUpsert);
  context.insert_idempotent = run::IsIdempotent(object, Op::kInsert);
  context.update_idempotent = run::IsIdempotent(object, Op::kUpdate);
  context.delete_idempotent = run::IsIdempotent(object, Op::kDelete);
  for (const MappedField& field : mapper.fields()) {
    context.clear_ours.push_back(field.null == NullPolicy::kClearOurs);
  }
  return context;
}

}  // namespace penstock
