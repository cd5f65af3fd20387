// Reads the configuration value by value and keeps the first thing that is wrong with it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/http/rules.h"

namespace penstock::http_plugin {

// Shared by all places of one document.
class Complaint {
 public:
  // "config: /objects/x lacks …".
  void Say(const std::string& pointer, const std::string& what) {
    if (sentence_.empty()) sentence_ = "config: " + pointer + (pointer.empty() ? "" : " ") + what;
  }
  const std::string& sentence() const { return sentence_; }

 private:
  std::string sentence_;
};

// One value with its place. What is missing or of another type reads as nothing.
class Place {
 public:
  Place(const sdk::JsonValue* value, std::string pointer, Complaint* complaint)
      : value_(value), pointer_(std::move(pointer)), complaint_(complaint) {}

  bool there() const { return value_ != nullptr; }
  const sdk::JsonValue& value() const { return *value_; }
  const std::string& pointer() const { return pointer_; }
  Complaint* complaint() const { return complaint_; }
  void Wrong(const std::string& what) const { complaint_->Say(pointer_, what); }

  Place operator[](const char* name) const;
  // Of an object, in order; complains when it is none.
  std::vector<std::pair<std::string, Place>> Members() const;
  // Of a list, or the value itself as the only one.
  std::vector<Place> Items() const;
  // Complains of the first member that is not one of these.
  void KnowsOnly(const std::vector<std::string_view>& names) const;

  std::string Text() const;
  bool Flag(bool otherwise) const;
  uint32_t Number(uint32_t least, uint32_t most, uint32_t otherwise) const;
  std::vector<std::string> Texts() const;
  std::optional<Pointer> JsonPointer() const;

 private:
  const sdk::JsonValue* value_;
  std::string pointer_;
  Complaint* complaint_;
};

// The statuses, conditions and pointers of README.md's "How an answer is read".
std::vector<int> ReadStatuses(const Place& place);
std::optional<Condition> ReadCondition(const Place& place);
Reading ReadReading(const Place& place);

}  // namespace penstock::http_plugin
