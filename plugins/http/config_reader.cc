#include "plugins/http/config_reader.h"

#include <algorithm>
#include <array>

#include "plugins/http/template.h"

namespace penstock::http_plugin {

namespace {

// Answers with these never reach the rules: they are about the credential, or the host waits and
// sends again.
constexpr std::array<int, 7> kNotForRules = {401, 402, 403, 408, 423, 425, 429};

}  // namespace

Place Place::operator[](const char* name) const {
  const sdk::JsonValue* member = value_ == nullptr ? nullptr : sdk::Member(*value_, name);
  return {member, pointer_ + PointerPart(name), complaint_};
}

std::vector<std::pair<std::string, Place>> Place::Members() const {
  std::vector<std::pair<std::string, Place>> members;
  if (value_ == nullptr) return members;
  if (!value_->IsObject()) {
    Wrong("must be a map");
    return members;
  }
  for (const auto& member : value_->GetObject()) {
    const std::string name(sdk::JsonText(member.name));
    members.emplace_back(name, Place(&member.value, pointer_ + PointerPart(name), complaint_));
  }
  return members;
}

std::vector<Place> Place::Items() const {
  if (value_ == nullptr) return {};
  if (!value_->IsArray()) return {*this};
  std::vector<Place> items;
  for (const sdk::JsonValue& item : value_->GetArray()) {
    items.emplace_back(&item, pointer_ + "/" + std::to_string(items.size()), complaint_);
  }
  return items;
}

void Place::KnowsOnly(const std::vector<std::string_view>& names) const {
  std::string known;
  for (const std::string_view name : names) {
    known += (known.empty() ? "" : ", ") + std::string(name);
  }
  for (const auto& [name, place] : Members()) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    Wrong("has \"" + name + "\", which is not known here (known: " + known + ")");
  }
}

std::string Place::Text() const {
  if (value_ == nullptr) return {};
  if (!value_->IsString()) Wrong("must be a text");
  return std::string(sdk::JsonText(*value_));
}

bool Place::Flag(bool otherwise) const {
  if (value_ == nullptr) return otherwise;
  if (!value_->IsBool()) Wrong("must be true or false");
  return value_->IsTrue();
}

uint32_t Place::Number(uint32_t least, uint32_t most, uint32_t otherwise) const {
  if (value_ == nullptr) return otherwise;
  if (value_->IsUint() && value_->GetUint() >= least && value_->GetUint() <= most) {
    return value_->GetUint();
  }
  Wrong("must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
  return otherwise;
}

std::vector<std::string> Place::Texts() const {
  std::vector<std::string> texts;
  for (const Place& item : Items()) texts.push_back(item.Text());
  return texts;
}

std::optional<Pointer> Place::JsonPointer() const {
  if (value_ == nullptr) return std::nullopt;
  const std::string text = Text();
  Pointer pointer(text.data(), text.size());
  const bool plain = text.empty() || text[0] == '/';
  if (pointer.IsValid() && plain) return pointer;
  Wrong("must be a JSON pointer such as /error/code");
  return std::nullopt;
}

std::vector<int> ReadStatuses(const Place& place) {
  std::vector<int> statuses;
  for (const Place& item : place.Items()) {
    const int status = static_cast<int>(item.Number(200, 499, 200));
    if (std::find(kNotForRules.begin(), kNotForRules.end(), status) != kNotForRules.end()) {
      item.Wrong(std::to_string(status) +
                 " is no answer about a record: the credential is checked for 401, 402 and 403, "
                 "and 408, 423, 425 and 429 are tried again");
    }
    statuses.push_back(status);
  }
  return statuses;
}

std::optional<Condition> ReadCondition(const Place& place) {
  if (!place.there()) return std::nullopt;
  place.KnowsOnly({"status", "at", "equals", "absent"});
  Condition condition;
  condition.statuses = ReadStatuses(place["status"]);
  condition.at = place["at"].JsonPointer();
  for (const Place& item : place["equals"].Items()) {
    const bool scalar = item.value().IsString() || item.value().IsNumber() || item.value().IsBool();
    if (!scalar) item.Wrong("must be a text, a number, true or false");
    condition.equals.push_back(ScalarText(item.value()));
  }
  condition.absent = place["absent"].Flag(false);
  if (!place["at"].there() && (place["equals"].there() || condition.absent)) {
    place.Wrong("lacks \"at\", the pointer of what is looked at");
  } else if (condition.absent && place["equals"].there()) {
    place.Wrong("has \"equals\" and \"absent\", which exclude each other");
  } else if (!place["at"].there() && condition.statuses.empty()) {
    place.Wrong("needs \"status\" or \"at\"");
  }
  return condition;
}

Reading ReadReading(const Place& place) {
  Reading reading;
  reading.success = ReadCondition(place["success"]);
  reading.created = ReadCondition(place["created"]);
  reading.unchanged = ReadCondition(place["unchanged"]);
  reading.missing = ReadCondition(place["missing"]);
  reading.exists = ReadCondition(place["exists"]);
  reading.conflict = ReadCondition(place["conflict"]);
  reading.reference = ReadCondition(place["reference"]);
  reading.destination = ReadCondition(place["destination"]);
  reading.id = place["id"].JsonPointer();
  reading.code = place["code"].JsonPointer();
  reading.message = place["message"].JsonPointer();
  reading.field = place["field"].JsonPointer();
  return reading;
}

}  // namespace penstock::http_plugin
