#include "plugins/http/request.h"

#include <strings.h>

#include <boost/uuid/name_generator_sha1.hpp>
#include <boost/uuid/uuid_io.hpp>

namespace penstock::http_plugin {

namespace {

// The namespace of our names: a UUID that was drawn once for this purpose.
constexpr boost::uuids::uuid kNamespace = {{0x6d, 0x1f, 0x0b, 0x5e, 0x9a, 0x4c, 0x4e, 0x37, 0x8f,
                                            0x21, 0x0d, 0x5a, 0xc7, 0x64, 0xe3, 0x92}};

}  // namespace

RequestMaker::RequestMaker(const OperationConfig* operation, const sdk::Assignment& assignment)
    : operation_(operation), filler_(operation, assignment) {
  const auto add = [&](std::string_view part) {
    scope_ += part;
    scope_ += '\0';
  };
  add(assignment.environment);
  add(assignment.integration);
  add(operation->key_of == KeyOf::kRun ? assignment.run : "");
}

std::string RequestMaker::KeyOfRequest(const sdk::HttpRequest& request) const {
  std::string text = scope_;
  for (const std::string_view part :
       {std::string_view(request.method), std::string_view(request.url)}) {
    text += part;
    text += '\0';
  }
  text += request.body;
  boost::uuids::name_generator_sha1 generator(kNamespace);
  return boost::uuids::to_string(generator(text.data(), text.size()));
}

std::optional<Sent> RequestMaker::Make(const sdk::Batch& batch, Records records,
                                       CannotSend* why) const {
  Sent sent;
  sent.records.assign(records.begin(), records.end());
  sent.http.method = operation_->method;
  if (auto cannot =
          filler_.Fill(operation_->path, Into::kPath, batch, records[0], &sent.http.url)) {
    *why = *std::move(cannot);
    return std::nullopt;
  }
  bool typed = false;
  for (const auto& [name, text] : operation_->headers) {
    std::string value;
    if (auto cannot = filler_.Fill(text, Into::kHeader, batch, records[0], &value)) {
      *why = *std::move(cannot);
      return std::nullopt;
    }
    typed = typed || (name.size() == 12 && strncasecmp(name.data(), "Content-Type", 12) == 0);
    sent.http.headers.emplace_back(name, std::move(value));
  }
  sent.http.body = filler_.Body(batch, records);
  if (operation_->body && !typed) {
    sent.http.headers.emplace_back("Content-Type", operation_->format == Format::kForm
                                                       ? "application/x-www-form-urlencoded"
                                                       : "application/json");
  }
  if (operation_->key_of != KeyOf::kNothing) {
    sent.http.headers.emplace_back(operation_->key_header, KeyOfRequest(sent.http));
  }
  sent.http.idempotent = operation_->idempotent || operation_->key_of != KeyOf::kNothing;
  for (const size_t record : records) sent.http.seqs.push_back(batch.seq(record));
  return sent;
}

}  // namespace penstock::http_plugin
