#include "plugins/http/body.h"

#include <algorithm>
#include <cctype>
#include <cstring>

#include "penstock/json.hpp"
#include "penstock/values.hpp"

namespace penstock::http_plugin {

namespace {

// Everything but the unreserved characters; in a form a space is a plus.
void AppendEncoded(std::string_view text, bool form, std::string* out) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || (c != '\0' && std::strchr("-_.~", c) != nullptr)) {
      out->push_back(c);
    } else if (form && c == ' ') {
      out->push_back('+');
    } else {
      out->push_back('%');
      out->push_back(kHex[byte >> 4]);
      out->push_back(kHex[byte & 15]);
    }
  }
}

// A value of "." or ".." as a whole segment would name another place.
bool HasDotSegment(std::string_view path) {
  path = path.substr(0, path.find('?'));
  for (size_t at = 0; at <= path.size();) {
    const size_t end = std::min(path.find('/', at), path.size());
    const std::string_view segment = path.substr(at, end - at);
    if (segment == "." || segment == "..") return true;
    at = end + 1;
  }
  return false;
}

bool IsHeaderText(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte == '\t' || (byte >= 0x20 && byte != 0x7F);
  });
}

}  // namespace

std::string ValueText(const penstock_value& value) {
  switch (value.type) {
    case PENSTOCK_ABSENT:
    case PENSTOCK_NULL:
      return {};
    case PENSTOCK_STRING:
      return std::string(sdk::TextOf(value));
    case PENSTOCK_BYTES:
      return sdk::Base64(sdk::TextOf(value));
    case PENSTOCK_DATE:
      return sdk::DateText(value.v.i64);
    case PENSTOCK_TIMESTAMP:
      return sdk::TimestampText(value.v.i64);
    default: {
      std::string json;
      sdk::AppendJson(value, &json);
      return json;
    }
  }
}

Filler::Filler(const OperationConfig* operation, const sdk::Assignment& assignment)
    : operation_(operation) {
  for (const auto& field : assignment.fields) {
    columns_.emplace(field.name, names_.size());
    names_.push_back(field.name);
  }
}

const penstock_value* Filler::Value(const std::string& field, const sdk::Batch& batch,
                                    size_t record) const {
  const auto column = columns_.find(field);
  return column == columns_.end() ? nullptr : &batch.value(record, column->second);
}

std::optional<std::string> Filler::HoleText(const Piece& piece, const sdk::Batch& batch,
                                            size_t record) const {
  if (piece.hole == Hole::kId) {
    if (batch.id(record).empty()) return std::nullopt;
    return std::string(batch.id(record));
  }
  const penstock_value* value = Value(piece.text, batch, record);
  if (value == nullptr || value->type == PENSTOCK_ABSENT) return std::nullopt;
  return ValueText(*value);
}

std::optional<CannotSend> Filler::Fill(const Text& text, Into into, const sdk::Batch& batch,
                                       size_t record, std::string* out) const {
  for (const Piece& piece : text) {
    if (piece.hole == Hole::kNone) {
      out->append(piece.text);
      continue;
    }
    const bool id = piece.hole == Hole::kId;
    const std::string field = id ? "" : piece.text;
    const std::optional<std::string> value = HoleText(piece, batch, record);
    if (into == Into::kHeader) {
      if (value && !IsHeaderText(*value)) {
        return CannotSend{"NOT_A_HEADER",
                          "a header cannot hold this value: it has a control character", field};
      }
      out->append(value.value_or(""));
      continue;
    }
    if (id && !value) {
      return CannotSend{"ID_UNKNOWN",
                        "the address needs the destination's id of this record, which is not known",
                        field};
    }
    if (!value || value->empty()) {
      return CannotSend{"EMPTY_IN_PATH", "the address needs this value, and there is none", field};
    }
    AppendEncoded(*value, false, out);
  }
  if (into == Into::kPath && HasDotSegment(*out)) {
    return CannotSend{"DOTS_IN_PATH", "the value would name another place in the address", {}};
  }
  return std::nullopt;
}

void Filler::AppendRecord(const sdk::Batch& batch, size_t record, std::string* out) const {
  out->push_back('{');
  bool first = true;
  for (size_t i = 0; i < names_.size(); ++i) {
    const penstock_value& value = batch.value(record, i);
    if (value.type == PENSTOCK_ABSENT) continue;
    if (!first) out->push_back(',');
    first = false;
    sdk::AppendJsonString(names_[i], out);
    out->push_back(':');
    sdk::AppendJson(value, out);
  }
  out->push_back('}');
}

void Filler::AppendRecords(const sdk::Batch& batch, Records records, std::string* out) const {
  out->push_back('[');
  for (size_t i = 0; i < records.size(); ++i) {
    if (i > 0) out->push_back(',');
    if (!Append(operation_->record, batch, records.subspan(i, 1), out)) out->append("null");
  }
  out->push_back(']');
}

bool Filler::AppendText(const Node& node, const sdk::Batch& batch, Records records,
                        std::string* out) const {
  switch (node.Whole()) {
    case Hole::kRecords:
      AppendRecords(batch, records, out);
      return true;
    case Hole::kRecord:
      AppendRecord(batch, records[0], out);
      return true;
    case Hole::kField: {
      const penstock_value* value = Value(node.text[0].text, batch, records[0]);
      if (value == nullptr || value->type == PENSTOCK_ABSENT) return false;
      sdk::AppendJson(*value, out);
      return true;
    }
    default:
      break;
  }
  std::string text;
  for (const Piece& piece : node.text) {
    std::optional<std::string> part = piece.text;
    if (piece.hole != Hole::kNone) part = HoleText(piece, batch, records[0]);
    if (!part) return false;
    text += *part;
  }
  sdk::AppendJsonString(text, out);
  return true;
}

bool Filler::Append(const Node& node, const sdk::Batch& batch, Records records,
                    std::string* out) const {
  if (node.kind == Node::Kind::kText) return AppendText(node, batch, records, out);
  if (node.kind == Node::Kind::kPlain) {
    out->append(node.json);
    return true;
  }
  const bool object = node.kind == Node::Kind::kObject;
  out->push_back(object ? '{' : '[');
  bool first = true;
  const auto add = [&](const std::string* name, const Node& part) {
    const size_t before = out->size();
    if (!first) out->push_back(',');
    if (name != nullptr) {
      sdk::AppendJsonString(*name, out);
      out->push_back(':');
    }
    if (Append(part, batch, records, out)) {
      first = false;
    } else {
      out->resize(before);
    }
  };
  for (size_t i = 0; i < node.items.size(); ++i) {
    add(object ? &node.names[i] : nullptr, node.items[i]);
  }
  out->push_back(object ? '}' : ']');
  return true;
}

std::string Filler::Form(const sdk::Batch& batch, size_t record) const {
  std::string out;
  const auto add = [&](std::string_view name, std::string_view value) {
    if (!out.empty()) out.push_back('&');
    AppendEncoded(name, true, &out);
    out.push_back('=');
    AppendEncoded(value, true, &out);
  };
  if (operation_->body->Whole() == Hole::kRecord) {
    for (size_t i = 0; i < names_.size(); ++i) {
      const penstock_value& value = batch.value(record, i);
      if (value.type != PENSTOCK_ABSENT) add(names_[i], ValueText(value));
    }
    return out;
  }
  for (size_t i = 0; i < operation_->body->items.size(); ++i) {
    const std::string& name = operation_->body->names[i];
    const Node& member = operation_->body->items[i];
    if (member.kind == Node::Kind::kPlain) {
      add(name, member.json == "null" ? "" : member.json);
      continue;
    }
    std::string text;
    bool whole = true;
    for (const Piece& piece : member.text) {
      std::optional<std::string> part = piece.text;
      if (piece.hole != Hole::kNone) part = HoleText(piece, batch, record);
      whole = whole && part.has_value();
      text += part.value_or("");
    }
    if (whole) add(name, text);
  }
  return out;
}

std::string Filler::Body(const sdk::Batch& batch, Records records) const {
  if (!operation_->body) return {};
  if (operation_->format == Format::kForm) return Form(batch, records[0]);
  std::string out;
  if (!Append(*operation_->body, batch, records, &out)) out = "null";
  return out;
}

}  // namespace penstock::http_plugin
