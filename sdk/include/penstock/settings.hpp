// Reading what the user wrote: the `config` of a destination (Open) and the `options` of an
// integration (Assignment::options).
//
//   Settings config(config_json, "config");
//   const std::string portal = config.Text("portal");
//   const int64_t page = config.Integer("page_size", 100);
//   if (!config.status().ok()) return config.status().failure();
//
// The host has checked both against their JSON Schema, so an error here means that the schema and
// the code disagree, or that a value is wrong in a way that no schema can say (Wrong).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "penstock/json_reader.hpp"
#include "penstock/result.hpp"

namespace penstock::sdk {

/// The members of one JSON object. Readers return the member, or `otherwise` where it is missing
/// or null. The first member of another type is kept in status(). One thread at a time.
class Settings {
 public:
  /// Copies `json`. `what` begins the sentences of errors: "config" or "options".
  Settings(std::string_view json, std::string what) : what_(std::move(what)) {
    if (ParseJson(json, &document_) && document_.IsObject()) return;
    status_ =
        Failure{PENSTOCK_E_INVALID_CONFIG, "connector.SETTINGS", what_ + " is no JSON object", 0};
    document_.SetObject();
  }

  /// There, and not null.
  bool Has(const char* name) const {
    const JsonValue* member = Member(document_, name);
    return member != nullptr && !member->IsNull();
  }
  std::string Text(const char* name, std::string_view otherwise = {}) {
    const JsonValue* member = Find(name);
    if (member == nullptr) return std::string(otherwise);
    if (member->IsString()) return std::string(JsonText(*member));
    Note(name, "is no text");
    return std::string(otherwise);
  }
  int64_t Integer(const char* name, int64_t otherwise = 0) {
    const JsonValue* member = Find(name);
    if (member == nullptr) return otherwise;
    if (member->IsInt64()) return member->GetInt64();
    Note(name, "is no whole number of 64 bits");
    return otherwise;
  }
  double Number(const char* name, double otherwise = 0) {
    const JsonValue* member = Find(name);
    if (member == nullptr) return otherwise;
    if (member->IsNumber()) return member->GetDouble();
    Note(name, "is no number");
    return otherwise;
  }
  bool Flag(const char* name, bool otherwise = false) {
    const JsonValue* member = Find(name);
    if (member == nullptr) return otherwise;
    if (member->IsBool()) return member->GetBool();
    Note(name, "is neither true nor false");
    return otherwise;
  }
  std::vector<std::string> Texts(const char* name) {
    std::vector<std::string> texts;
    const JsonValue* member = Find(name);
    if (member == nullptr) return texts;
    bool good = member->IsArray();
    for (rapidjson::SizeType i = 0; good && i < member->Size(); ++i) {
      good = (*member)[i].IsString();
      if (good) texts.emplace_back(JsonText((*member)[i]));
    }
    if (!good) Note(name, "is no list of texts");
    return texts;
  }
  /// Whether the member is a secret: its value stays with the host, which attaches it to requests.
  bool IsSecret(const char* name) const {
    const JsonValue* member = Member(document_, name);
    return member != nullptr && Member(*member, "$secret") != nullptr;
  }
  /// Any member, for what has a shape of its own; null where there is none. Borrowed.
  const JsonValue* Json(const char* name) const { return Member(document_, name); }

  /// INVALID_CONFIG for a value that the schema lets through and that cannot be: `sentence`
  /// continues "config: /name ", e.g. "names a region that does not exist".
  Failure Wrong(std::string_view name, std::string_view sentence) const {
    return {PENSTOCK_E_INVALID_CONFIG, "connector.SETTINGS",
            what_ + ": /" + std::string(name) + " " + std::string(sentence), 0};
  }
  /// Not ok after the first member of another type than its reader takes.
  const Status& status() const { return status_; }

 private:
  const JsonValue* Find(const char* name) const { return Has(name) ? Json(name) : nullptr; }
  void Note(const char* name, std::string_view sentence) {
    if (status_.ok()) status_ = Wrong(name, sentence);
  }

  std::string what_;
  rapidjson::Document document_;
  Status status_;
};

}  // namespace penstock::sdk
