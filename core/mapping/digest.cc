#include <openssl/evp.h>

#include <algorithm>

#include "core/mapping/key_template.h"
#include "core/mapping/mapping.h"

namespace penstock {
namespace {

// Digests a list of texts, each with its length before it, so that no two lists run together.
class Digest {
 public:
  void Add(std::string_view text) {
    AppendVarint(text.size(), &bytes_);
    bytes_.append(text);
  }
  void Add(uint64_t n) { AppendVarint(n, &bytes_); }
  std::string Hex() const {
    constexpr char kHex[] = "0123456789abcdef";
    unsigned char sum[EVP_MAX_MD_SIZE];
    unsigned int n = 0;
    EVP_Digest(bytes_.data(), bytes_.size(), sum, &n, EVP_sha256(), nullptr);
    std::string out;
    for (unsigned int i = 0; i < n; ++i) {
      out.push_back(kHex[sum[i] >> 4]);
      out.push_back(kHex[sum[i] & 15]);
    }
    return out;
  }

 private:
  std::string bytes_;
};

void AddNormalisers(const std::vector<sdk::Normaliser>& normalisers, Digest* digest) {
  digest->Add(normalisers.size());
  for (const sdk::Normaliser n : normalisers) digest->Add(sdk::NormaliserName(n));
}

}  // namespace

std::string MappingDigest(const Mapper& mapper, const Integration& integration) {
  Digest digest;
  digest.Add(kEncodingVersion);
  digest.Add(integration.key.columns.size());
  if (!integration.key.text_template.empty()) {
    const auto parsed = KeyTemplate::Parse(integration.key.text_template, integration.key.columns);
    digest.Add(parsed.ok() ? (*parsed).Canonical() : integration.key.text_template);
  }
  digest.Add(integration.time_zone);
  for (const MappedField& field : mapper.fields()) {
    digest.Add(field.name);
    digest.Add(sdk::FieldTypeName(field.type));
    digest.Add(field.key ? 1 : 0);
    digest.Add(field.hashed ? 1 : 0);
    digest.Add(static_cast<uint64_t>(field.null));
    AddNormalisers(field.normalisers, &digest);
    const auto mapping = std::find_if(integration.mapping.begin(), integration.mapping.end(),
                                      [&](const FieldMapping& m) { return m.field == field.name; });
    if (mapping == integration.mapping.end()) continue;
    digest.Add(mapping->run_variable);
    digest.Add(mapping->constant_null ? 1 : mapping->constant ? 2 : 0);
    if (mapping->constant) digest.Add(*mapping->constant);
  }
  return digest.Hex();
}

std::string SchemaDigest(const Mapper& mapper, const sdk::Object& object) {
  Digest digest;
  for (const MappedField& mapped : mapper.fields()) {
    digest.Add(mapped.name);
    const sdk::Field* field = object.FindField(mapped.name);
    if (field == nullptr) continue;  // the destination's own id
    digest.Add(sdk::FieldTypeName(field->type));
    digest.Add(field->max_length);
    for (const bool flag :
         {field->multiple, field->required, field->createable, field->updateable, field->unique}) {
      digest.Add(flag ? 1 : 0);
    }
    std::vector<std::string> allowed = field->allowed;
    std::sort(allowed.begin(), allowed.end());
    digest.Add(allowed.size());
    for (const std::string& value : allowed) digest.Add(value);
    AddNormalisers(field->normalisers, &digest);
  }
  return digest.Hex();
}

}  // namespace penstock
