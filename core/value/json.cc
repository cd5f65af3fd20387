#include "core/value/json.h"

#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace penstock {
namespace {

// Receives the parser's events and writes them out; an object whose keys are out of order is put
// in order when it ends.
class Canonicaliser {
 public:
  using Ch = char;
  explicit Canonicaliser(std::string* out) : out_(out) {}

  bool Null() { return Scalar("null"); }
  bool Bool(bool b) { return Scalar(b ? "true" : "false"); }
  // Never called: numbers come as text.
  bool Int(int) { return false; }
  bool Uint(unsigned) { return false; }
  bool Int64(int64_t) { return false; }
  bool Uint64(uint64_t) { return false; }
  bool Double(double) { return false; }
  bool RawNumber(const char* text, rapidjson::SizeType n, bool) { return Scalar({text, n}); }
  bool String(const char* text, rapidjson::SizeType n, bool) {
    BeginValue();
    AppendJsonString({text, n}, out_);
    return true;
  }
  bool Key(const char* text, rapidjson::SizeType n, bool) {
    Frame& frame = frames_.back();
    Member member;
    member.key.assign(text, n);
    member.order = frame.members.size();
    member.begin = out_->size();
    if (!frame.members.empty()) frame.members.back().end = out_->size();
    frame.members.push_back(std::move(member));
    AppendJsonString({text, n}, out_);
    out_->push_back(':');
    return true;
  }
  bool StartObject() { return Start(true); }
  bool EndObject(rapidjson::SizeType) {
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    SortMembers(&frame);
    out_->push_back('}');
    return true;
  }
  bool StartArray() { return Start(false); }
  bool EndArray(rapidjson::SizeType) {
    frames_.pop_back();
    out_->push_back(']');
    return true;
  }

 private:
  struct Member {
    std::string key;
    size_t order = 0;
    size_t begin = 0;  // in out_
    size_t end = 0;
  };
  struct Frame {
    bool object = false;
    bool empty = true;
    size_t begin = 0;  // in out_, after the brace
    std::vector<Member> members;
  };

  bool Scalar(std::string_view text) {
    BeginValue();
    out_->append(text);
    return true;
  }
  bool Start(bool object) {
    if (frames_.size() >= kMaxJsonDepth) return false;
    BeginValue();
    out_->push_back(object ? '{' : '[');
    Frame frame;
    frame.object = object;
    frame.begin = out_->size();
    frames_.push_back(std::move(frame));
    return true;
  }
  // A comma between the items of an array. Members of an object get theirs when it ends.
  void BeginValue() {
    if (frames_.empty() || frames_.back().object) return;
    if (!frames_.back().empty) out_->push_back(',');
    frames_.back().empty = false;
  }
  void SortMembers(Frame* frame) {
    std::vector<Member>& members = frame->members;
    if (members.empty()) return;
    members.back().end = out_->size();
    std::sort(members.begin(), members.end(), [](const Member& a, const Member& b) {
      return a.key != b.key ? a.key < b.key : a.order < b.order;
    });
    std::string sorted;
    sorted.reserve(out_->size() - frame->begin + members.size());
    for (size_t i = 0; i < members.size(); ++i) {
      if (i + 1 < members.size() && members[i].key == members[i + 1].key) continue;
      if (!sorted.empty()) sorted.push_back(',');
      sorted.append(*out_, members[i].begin, members[i].end - members[i].begin);
    }
    out_->resize(frame->begin);
    out_->append(sorted);
  }

  std::string* out_;
  std::vector<Frame> frames_;
};

}  // namespace

bool CanonicalJson(std::string_view text, std::string* out) {
  constexpr unsigned kFlags = rapidjson::kParseIterativeFlag | rapidjson::kParseFullPrecisionFlag |
                              rapidjson::kParseNumbersAsStringsFlag |
                              rapidjson::kParseValidateEncodingFlag;
  const size_t before = out->size();
  if (text.empty()) return false;
  rapidjson::MemoryStream stream(text.data(), text.size());
  rapidjson::Reader reader;
  Canonicaliser canonicaliser(out);
  // The parser takes NUL for the end: what follows one must not be lost.
  if (reader.Parse<kFlags>(stream, canonicaliser) && stream.Tell() == text.size()) return true;
  out->resize(before);
  return false;
}

void AppendJsonString(std::string_view text, std::string* out) {
  constexpr char kHex[] = "0123456789abcdef";
  out->push_back('"');
  size_t clean = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c >= 0x20 && c != '"' && c != '\\') continue;
    out->append(text.substr(clean, i - clean));
    clean = i + 1;
    out->push_back('\\');
    switch (c) {
      case '"':
      case '\\':
        out->push_back(static_cast<char>(c));
        break;
      case '\b':
        out->push_back('b');
        break;
      case '\f':
        out->push_back('f');
        break;
      case '\n':
        out->push_back('n');
        break;
      case '\r':
        out->push_back('r');
        break;
      case '\t':
        out->push_back('t');
        break;
      default:
        out->append("u00");
        out->push_back(kHex[c >> 4]);
        out->push_back(kHex[c & 15]);
    }
  }
  out->append(text.substr(clean));
  out->push_back('"');
}

}  // namespace penstock
