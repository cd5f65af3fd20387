// Everything that is known of one key: what the model says now, what was acknowledged, which rule
// decides, the last exchange, and what happens next.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/diff/diff.h"
#include "core/state/entry.h"
#include "host/engine/engine.h"
#include "host/exchanges/exchange.h"

namespace penstock::engine {

struct FieldNow {
  std::string name;
  std::string text;
  bool null = false;
  bool absent = false;
  bool sensitive = false;
  bool key = false;
  bool changed = false;  // against what was acknowledged
};

/// The last attempt to write the key.
struct LastAttempt {
  std::string run;
  uint64_t seq = 0;
  std::optional<Outcome> outcome;
  std::optional<exchanges::Exchange> exchange;
  bool exchange_known = false;  // there was one, whether it is still kept or not
};

struct Inquiry {
  std::string key;    // canonical, as the state or the model has it
  uint64_t rows = 0;  // of the model with this key
  bool valid = true;
  std::string invalid_field, invalid_code, invalid_message;
  std::optional<Error> model_error;  // the model could not be read: then nothing is said of it
  std::vector<FieldNow> fields;      // of the first row
  std::set<std::string> sensitive;   // fields whose values are never shown
  std::optional<Entry> entry;
  std::optional<Decision> decision;
  std::optional<LastAttempt> attempt;
  std::vector<std::string> shared_with;  // other live keys whose record has the same id
  std::vector<std::string> near;         // similar keys, only when this one is nowhere
  std::string rule;                      // one sentence: which rule decides
  std::string next;                      // one sentence: what the next run does
};

/// Reads the model once and the state. Sends nothing. `progress` may be empty.
Result<Inquiry> Inquire(Session* session, const std::string& key_text);

/// A canonical key for people. [thread-safe]
std::string KeyText(std::string_view canonical);

/// The key's entry by the text that a user types, whatever the key's type; nothing when there is
/// none. Adds similar keys to `near` when it is not null and the key is not there.
Result<std::optional<Entry>> FindByText(const RunEnvironment& env, StateView* view,
                                        const sdk::Field* key_field, const std::string& text,
                                        std::vector<std::string>* near);

}  // namespace penstock::engine
