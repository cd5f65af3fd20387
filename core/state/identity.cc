// What a state belongs to, compared in words.
#include "core/state/identity.h"

namespace penstock {
namespace {

std::string Joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts) out += (out.empty() ? "" : ", ") + text;
  return out.empty() ? "none" : out;
}

std::string Quoted(const std::string& text) { return text.empty() ? "none" : "\"" + text + "\""; }

}  // namespace

Status CheckIdentity(const StateIdentity& stored, const StateIdentity& now) {
  const auto differ = [&](const std::string& what, const std::string& was, const std::string& is,
                          const char* hint) {
    return MakeError("PS-STATE-IDENTITY",
                     "The state of " + stored.integration + " belongs to " + what + " " + was +
                         "; this run has " + what + " " + is,
                     hint);
  };
  constexpr char kEither[] =
      "Set it back, or forget the integration's state to begin anew with the new one.";
  constexpr char kAccount[] =
      "Use the credentials of the account that the state belongs to, or another environment for "
      "the other account.";
  if (stored.integration != now.integration) {
    return differ("integration", stored.integration, now.integration, kEither);
  }
  if (stored.environment != now.environment) {
    return differ("environment", stored.environment, now.environment, kEither);
  }
  if (stored.connector != now.connector) {
    return differ("connector", stored.connector, now.connector, kEither);
  }
  if (stored.account != now.account) {
    return differ("account", stored.account, now.account, kAccount);
  }
  if (stored.object != now.object) return differ("object", stored.object, now.object, kEither);
  if (stored.key_field != now.key_field) {
    return differ("the key field", stored.key_field, now.key_field, kEither);
  }
  if (stored.key_columns != now.key_columns) {
    return differ("the key columns", Joined(stored.key_columns), Joined(now.key_columns), kEither);
  }
  if (stored.key_template != now.key_template) {
    return differ("the key template", Quoted(stored.key_template), Quoted(now.key_template),
                  kEither);
  }
  if (stored.normalisers != now.normalisers) {
    return differ("the key's normalisers", Joined(stored.normalisers), Joined(now.normalisers),
                  kEither);
  }
  if (stored.encoding != now.encoding) {
    return differ("encoding", std::to_string(stored.encoding), std::to_string(now.encoding),
                  "Use the version of Penstock that wrote the state.");
  }
  return Status();
}

}  // namespace penstock
