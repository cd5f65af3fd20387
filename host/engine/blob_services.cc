#include "host/engine/blob_services.h"

#include <algorithm>

namespace penstock::engine {

sdk::Failure BlobFailure(const Error& error) {
  return {PENSTOCK_E_UNAVAILABLE, error.code, error.message, 0};
}

Status BlobSink::Start(int) {
  began_ = true;
  held_.clear();
  return blob_->Restart();
}

Status BlobSink::Write(std::string_view bytes) {
  held_ += bytes;
  if (auto without = redactor_.WithoutKnown(held_)) held_ = *std::move(without);
  const size_t keep = std::min(redactor_.LongestKnown(), held_.size());
  PENSTOCK_RETURN_IF_ERROR(blob_->Append(std::string_view(held_).substr(0, held_.size() - keep)));
  held_.erase(0, held_.size() - keep);
  return {};
}

Status BlobSink::Finish() {
  Status appended = blob_->Append(held_);
  held_.clear();
  return appended;
}

}  // namespace penstock::engine
