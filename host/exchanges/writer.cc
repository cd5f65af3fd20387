#include "host/exchanges/writer.h"

#include <algorithm>
#include <filesystem>
#include <utility>

#include "host/exchanges/codec.h"

namespace penstock::exchanges {
namespace {

Result<file::Writer> CreateFile(const std::string& path) {
  PENSTOCK_ASSIGN_OR_RETURN(file::Writer file, file::Writer::Create(path));
  PENSTOCK_RETURN_IF_ERROR(file.Write(kFileMagic));
  std::string directory = std::filesystem::path(path).parent_path().string();
  PENSTOCK_RETURN_IF_ERROR(file::SyncDirectory(directory.empty() ? "." : directory));
  return file;
}

Result<file::Writer> ContinueFile(const std::string& path) {
  PENSTOCK_ASSIGN_OR_RETURN(file::Reader reader, file::Reader::Open(path));
  PENSTOCK_ASSIGN_OR_RETURN(uint64_t good, ScanFrames(reader, [](const FrameHead&, uint64_t) {}));
  PENSTOCK_ASSIGN_OR_RETURN(file::Writer file, file::Writer::Append(path));
  if (good < reader.size()) PENSTOCK_RETURN_IF_ERROR(file.Truncate(good));
  if (good == 0) PENSTOCK_RETURN_IF_ERROR(file.Write(kFileMagic));
  return file;
}

void RedactHeaders(const Redactor& redactor, Headers& headers) {
  for (auto& [name, value] : headers) value = redactor.Header(name, value);
}

}  // namespace

Result<std::unique_ptr<Writer>> Writer::Open(const std::string& path, Redactor redactor,
                                             WriterOptions options) {
  auto file = file::Exists(path) ? ContinueFile(path) : CreateFile(path);
  if (!file.ok()) return file.error();
  return std::unique_ptr<Writer>(new Writer(*std::move(file), std::move(redactor), options));
}

Writer::Writer(file::Writer file, Redactor redactor, WriterOptions options)
    : redactor_(std::move(redactor)), options_(options), file_(std::move(file)) {}

Body Writer::KeptBody(std::string_view text, uint64_t size) const {
  Body body;
  body.size = std::max<uint64_t>(size, text.size());
  body.text = redactor_.Beginning(text, options_.body_cap);
  body.truncated = body.size > options_.body_cap || text.size() < body.size;
  return body;
}

void Writer::Keep(Raw raw) {
  Exchange& exchange = raw.exchange;
  exchange.url = redactor_.Text(exchange.url);
  exchange.error = redactor_.Text(exchange.error);
  RedactHeaders(redactor_, exchange.request_headers);
  RedactHeaders(redactor_, exchange.response_headers);
  exchange.request = KeptBody(raw.request_body, raw.request_bytes);
  exchange.response = KeptBody(raw.response_body, raw.response_bytes);
  std::string frame = EncodeFrame(exchange);

  std::lock_guard<std::mutex> lock(mutex_);
  if (!status_.ok()) return;
  if (file_.size() + frame.size() > options_.file_cap) {
    for (Body* body : {&exchange.request, &exchange.response}) {
      body->text.clear();
      body->truncated = body->size > 0;
    }
    frame = EncodeFrame(exchange);
  }
  status_ = file_.Write(frame);
}

Status Writer::Close() {
  std::lock_guard<std::mutex> lock(mutex_);
  if (!status_.ok()) return status_;
  return file_.Sync();
}

}  // namespace penstock::exchanges
