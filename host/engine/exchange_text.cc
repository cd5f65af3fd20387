#include "host/engine/exchange_text.h"

#include <rapidjson/document.h>
#include <rapidjson/prettywriter.h>
#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace penstock::engine {
namespace {

using rapidjson::Document;
using rapidjson::Value;

constexpr char kMask[] = "•••";
constexpr size_t kAround = 300;
constexpr size_t kOneLine = 1000;  // what is shorter is not spread over lines

// Numbers are shown as they were sent, digit by digit: in the document they are strings behind
// kNumber, and strings stand behind kText.
constexpr char kNumber = '#';
constexpr char kText = '$';

std::string_view TextOf(const Value& tagged) {
  return std::string_view(tagged.GetString(), tagged.GetStringLength()).substr(1);
}

/// Hands events on, but for those of texts and numbers.
template <typename Self, typename To>
struct Passing : rapidjson::BaseReaderHandler<rapidjson::UTF8<>, Self> {
  explicit Passing(To* receiver) : to(receiver) {}
  bool Null() { return to->Null(); }
  bool Bool(bool value) { return to->Bool(value); }
  bool Key(const char* text, rapidjson::SizeType size, bool) { return to->Key(text, size, true); }
  bool StartObject() { return to->StartObject(); }
  bool EndObject(rapidjson::SizeType n) { return to->EndObject(n); }
  bool StartArray() { return to->StartArray(); }
  bool EndArray(rapidjson::SizeType n) { return to->EndArray(n); }
  To* to;
};

/// From a reader into a document.
struct Tagging : Passing<Tagging, Document> {
  using Passing::Passing;
  bool RawNumber(const char* text, rapidjson::SizeType size, bool) {
    return Tag(kNumber, text, size);
  }
  bool String(const char* text, rapidjson::SizeType size, bool) { return Tag(kText, text, size); }
  bool Tag(char tag, const char* text, rapidjson::SizeType size) {
    std::string tagged(1, tag);
    tagged.append(text, size);
    return to->String(tagged.data(), static_cast<rapidjson::SizeType>(tagged.size()), true);
  }
};

/// From a document to a writer.
template <typename To>
struct Untagging : Passing<Untagging<To>, To> {
  using Passing<Untagging<To>, To>::Passing;
  bool String(const char* tagged, rapidjson::SizeType size, bool) {
    if (tagged[0] == kNumber) {
      return this->to->RawValue(tagged + 1, size - 1, rapidjson::kNumberType);
    }
    return this->to->String(tagged + 1, size - 1);
  }
};

/// False: `body` is no JSON.
bool Parse(const std::string& body, Document* document) {
  rapidjson::MemoryStream bytes(body.data(), body.size());
  bool read = false;
  const auto generate = [&](Document& handler) {
    Tagging tagging(&handler);
    rapidjson::Reader reader;
    read = !reader.Parse<rapidjson::kParseNumbersAsStringsFlag>(bytes, tagging).IsError();
    return read;
  };
  document->Populate(generate);
  return read;
}

template <typename Writer>
void Write(const Document& document, Writer* writer) {
  Untagging<Writer> untagging(writer);
  document.Accept(untagging);
}

bool Holds(const Value& value, const std::vector<std::string>& needles) {
  if (value.IsObject()) {
    return std::any_of(value.MemberBegin(), value.MemberEnd(),
                       [&](const auto& member) { return Holds(member.value, needles); });
  }
  if (value.IsArray()) {
    return std::any_of(value.Begin(), value.End(),
                       [&](const Value& item) { return Holds(item, needles); });
  }
  if (!value.IsString()) return false;
  const std::string_view text = TextOf(value);
  return !text.empty() && std::find(needles.begin(), needles.end(), text) != needles.end();
}

// Leaves only the items that hold a needle in every array that has such items. Where one holds it
// (`elsewhere`), arrays of objects that do not are about other records: they are emptied.
void Prune(Value* value, const std::vector<std::string>& needles, bool elsewhere,
           uint64_t* left_out) {
  if (value->IsObject()) {
    for (auto& member : value->GetObject()) Prune(&member.value, needles, elsewhere, left_out);
    return;
  }
  if (!value->IsArray()) return;
  const bool any = std::any_of(value->Begin(), value->End(),
                               [&](const Value& item) { return Holds(item, needles); });
  const bool objects =
      std::all_of(value->Begin(), value->End(), [](const Value& item) { return item.IsObject(); });
  for (auto item = value->Begin(); item != value->End();) {
    const bool other = any ? !Holds(*item, needles) : elsewhere && objects;
    if (other) {
      item = value->Erase(item);
      ++*left_out;
    } else {
      Prune(&*item, needles, false, left_out);
      ++item;
    }
  }
}

std::optional<Place> PlaceOf(const Value& value, const std::vector<std::string>& needle) {
  if (value.IsObject()) {
    for (const auto& member : value.GetObject()) {
      if (const auto place = PlaceOf(member.value, needle)) return place;
    }
    return std::nullopt;
  }
  if (!value.IsArray()) return std::nullopt;
  std::optional<Place> found;
  for (rapidjson::SizeType i = 0; i < value.Size(); ++i) {
    if (!Holds(value[i], needle)) continue;
    if (found || !value[i].IsObject()) return std::nullopt;
    found = Place{i, value.Size()};
  }
  return found;
}

void Mask(Value* value, const std::set<std::string>& masked, Document::AllocatorType& allocator) {
  if (value->IsArray()) {
    for (Value& item : value->GetArray()) Mask(&item, masked, allocator);
  }
  if (!value->IsObject()) return;
  for (auto& member : value->GetObject()) {
    if (masked.contains(member.name.GetString())) {
      member.value.SetString(kText + std::string(kMask), allocator);
    } else {
      Mask(&member.value, masked, allocator);
    }
  }
}

constexpr size_t kLongValue = 60;  // of a query

bool IsNeedle(std::string_view text, const std::vector<std::string>& needles) {
  return !text.empty() && std::find(needles.begin(), needles.end(), text) != needles.end();
}

// A value of a query: a list with commas between its items, or anything else.
std::string ValueExcerpt(std::string_view value, const std::vector<std::string>& needles,
                         uint64_t* left_out) {
  std::string list;
  uint64_t others = 0;
  for (size_t begin = 0; begin <= value.size();) {
    const size_t end = std::min(value.find(',', begin), value.size());
    const std::string_view item = value.substr(begin, end - begin);
    if (IsNeedle(item, needles)) {
      list += (list.empty() ? "" : ",") + std::string(item);
    } else {
      ++others;
    }
    begin = end + 1;
  }
  if (!list.empty()) {
    *left_out += others;
    return others == 0 ? list : "…" + list + "…";
  }
  size_t at = std::string_view::npos;
  for (const std::string& needle : needles) {
    if (at == std::string_view::npos && !needle.empty()) at = value.find(needle);
  }
  const size_t begin =
      at == std::string_view::npos || at < kLongValue / 2 ? 0 : at - kLongValue / 2;
  const std::string_view part = value.substr(begin, kLongValue);
  return (begin > 0 ? "…" : "") + std::string(part) +
         (begin + part.size() < value.size() ? "…" : "");
}

std::string Cut(std::string text, size_t limit) {
  if (text.size() <= limit) return text;
  while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xC0) == 0x80) --limit;
  text.resize(limit);
  return text + "…";
}

}  // namespace

std::optional<Place> PlaceIn(const std::string& body, const std::vector<std::string>& needles) {
  Document document;
  if (!Parse(body, &document)) return std::nullopt;
  for (const std::string& needle : needles) {
    if (Holds(document, {needle})) return PlaceOf(document, {needle});
  }
  return std::nullopt;
}

Excerpt ExcerptOf(const std::string& body, const std::vector<std::string>& needles,
                  const std::set<std::string>& masked, size_t limit,
                  const std::optional<Place>& place) {
  Excerpt out;
  Document document;
  if (!Parse(body, &document) || !(document.IsObject() || document.IsArray())) {
    if (!masked.empty()) {
      out.text = body.empty() ? "" : "(not shown: it holds sensitive fields)";
      return out;
    }
    size_t at = std::string::npos;
    for (const std::string& needle : needles) at = std::min(at, body.find(needle));
    const size_t begin = at == std::string::npos || at < kAround ? 0 : at - kAround;
    out.text = Cut(body.substr(begin), limit);
    return out;
  }
  bool found = false;
  for (const std::string& needle : needles) {  // the strongest one that is there at all
    if (!Holds(document, {needle})) continue;
    Prune(&document, {needle}, true, &out.left_out);
    found = true;
    break;
  }
  if (!found && place && document.IsArray() && document.Size() == place->count) {
    out.left_out = place->count - 1;
    Value own = std::move(document[static_cast<rapidjson::SizeType>(place->index)]);
    document.Clear();
    document.PushBack(own, document.GetAllocator());
  }
  Mask(&document, masked, document.GetAllocator());
  rapidjson::StringBuffer compact;
  rapidjson::Writer<rapidjson::StringBuffer> line(compact);
  Write(document, &line);
  if (compact.GetSize() <= kOneLine) {
    out.text = {compact.GetString(), compact.GetSize()};
    return out;
  }
  rapidjson::StringBuffer buffer;
  rapidjson::PrettyWriter<rapidjson::StringBuffer> writer(buffer);
  writer.SetIndent(' ', 2);
  Write(document, &writer);
  out.text = Cut({buffer.GetString(), buffer.GetSize()}, limit);
  return out;
}

Excerpt UrlExcerptOf(const std::string& url, const std::vector<std::string>& needles,
                     size_t limit) {
  Excerpt out;
  const size_t query = std::min(url.find('?'), url.size());
  if (url.size() <= limit) {
    out.text = url;
    return out;
  }
  out.text = Cut(url.substr(0, query), limit);
  for (size_t begin = query; begin < url.size();) {
    const size_t end = std::min(url.find('&', begin + 1), url.size());
    const std::string_view part = std::string_view(url).substr(begin, end - begin);
    const size_t value = std::min(part.find('='), part.size());
    out.text += part.substr(0, std::min(value + 1, part.size()));
    const std::string_view said = part.substr(std::min(value + 1, part.size()));
    out.text +=
        said.size() <= kLongValue ? std::string(said) : ValueExcerpt(said, needles, &out.left_out);
    begin = end;
  }
  return out;
}

}  // namespace penstock::engine
