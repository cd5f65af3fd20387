#include "core/changelog/line.h"

#include <openssl/evp.h>
#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <array>

#include "core/file/file.h"

namespace penstock::changelog {
namespace {

// The last member of every line, so that the hash can cover all bytes before it.
constexpr std::string_view kHashMember = ",\"hash\":\"";
constexpr size_t kHashLength = 64;
constexpr size_t kBlock = 64u << 10;

std::string Member(const rapidjson::Document& document, const char* name) {
  const auto found = document.FindMember(name);
  if (found == document.MemberEnd() || !found->value.IsString()) return {};
  return {found->value.GetString(), found->value.GetStringLength()};
}

std::string JsonOf(const rapidjson::Value& value) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  value.Accept(writer);
  return {buffer.GetString(), buffer.GetSize()};
}

Error Corrupt(const std::string& why) {
  return MakeError("PS-LOG-CORRUPT", "A line of the changelog " + why + ".",
                   "Compare the file with a backup; what it says from this line on is not proven.");
}

}  // namespace

std::string Sha256(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int n = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), &n, EVP_sha256(), nullptr);
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  for (unsigned int i = 0; i < n; ++i) {
    out += kHex[digest[i] >> 4];
    out += kHex[digest[i] & 15];
  }
  return out;
}

std::string Format(ChangelogLine* line) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  writer.StartObject();
  writer.Key("seq");
  writer.Uint64(line->seq);
  const std::pair<const char*, const std::string*> texts[] = {{"time", &line->time},
                                                              {"kind", &line->kind},
                                                              {"actor", &line->actor},
                                                              {"integration", &line->integration}};
  for (const auto& [name, text] : texts) {
    writer.Key(name);
    writer.String(*text);
  }
  writer.Key("data");
  writer.RawValue(line->data.data(), line->data.size(), rapidjson::kObjectType);
  writer.Key("prev");
  writer.String(line->previous);
  writer.EndObject();
  std::string body(buffer.GetString(), buffer.GetSize() - 1);  // without its closing brace
  line->hash = Sha256(body);
  body.append(kHashMember).append(line->hash).append("\"}\n");
  return body;
}

Result<ChangelogLine> Parse(std::string_view bytes) {
  const size_t tail = kHashMember.size() + kHashLength + 2;
  if (bytes.size() < tail || !bytes.ends_with("\"}") ||
      bytes.substr(bytes.size() - tail, kHashMember.size()) != kHashMember) {
    return Corrupt("does not end with its hash");
  }
  const std::string_view body = bytes.substr(0, bytes.size() - tail);
  ChangelogLine line;
  line.hash = bytes.substr(bytes.size() - kHashLength - 2, kHashLength);
  if (Sha256(body) != line.hash) return Corrupt("does not match its hash: it was edited");
  rapidjson::Document document;
  document.Parse(bytes.data(), bytes.size());
  if (document.HasParseError() || !document.IsObject() || !document.HasMember("seq") ||
      !document["seq"].IsUint64() || !document.HasMember("data") || !document["data"].IsObject()) {
    return Corrupt("is not an entry of a changelog");
  }
  line.seq = document["seq"].GetUint64();
  line.time = Member(document, "time");
  line.kind = Member(document, "kind");
  line.actor = Member(document, "actor");
  line.integration = Member(document, "integration");
  line.previous = Member(document, "prev");
  line.data = JsonOf(document["data"]);
  return line;
}

bool IsJsonObject(const std::string& text) {
  rapidjson::Document document;
  document.Parse(text.data(), text.size());
  return !document.HasParseError() && document.IsObject() && text.find('\n') == std::string::npos;
}

Status ForEachLine(const std::string& path,
                   const std::function<Status(std::string_view bytes, uint64_t line)>& visit,
                   bool* torn) {
  *torn = false;
  if (!file::Exists(path)) return {};
  PENSTOCK_ASSIGN_OR_RETURN(const file::Reader reader, file::Reader::Open(path));
  std::string pending;
  std::string block;
  uint64_t number = 0;
  const uint64_t size = reader.size();
  for (uint64_t at = 0; at < size; at += block.size()) {
    block.resize(std::min<uint64_t>(kBlock, size - at));
    PENSTOCK_RETURN_IF_ERROR(reader.ReadAt(block.data(), block.size(), at));
    pending += block;
    size_t start = 0;
    for (size_t end = pending.find('\n'); end != std::string::npos;
         end = pending.find('\n', start)) {
      const std::string_view bytes = std::string_view(pending).substr(start, end - start);
      PENSTOCK_RETURN_IF_ERROR(visit(bytes, ++number));
      start = end + 1;
    }
    pending.erase(0, start);
  }
  *torn = !pending.empty();
  return {};
}

}  // namespace penstock::changelog
