#include "host/exchanges/reader.h"

namespace penstock::exchanges {

Result<Reader> Reader::Open(const std::string& path) {
  PENSTOCK_ASSIGN_OR_RETURN(file::Reader opened, file::Reader::Open(path));
  Reader reader(std::move(opened));
  PENSTOCK_ASSIGN_OR_RETURN(uint64_t good,
                            ScanFrames(reader.file_, [&](const FrameHead& head, uint64_t offset) {
                              reader.frames_[head.id] = {head, offset};
                            }));
  reader.torn_ = good != reader.file_.size();
  return reader;
}

Result<std::optional<Exchange>> Reader::Find(uint64_t id) const {
  auto found = frames_.find(id);
  if (found == frames_.end()) return std::optional<Exchange>();
  const auto& [head, offset] = found->second;
  std::string payload(head.stored_bytes, '\0');
  PENSTOCK_RETURN_IF_ERROR(file_.ReadAt(payload.data(), payload.size(), offset + kFrameHead));
  PENSTOCK_ASSIGN_OR_RETURN(Exchange exchange, DecodePayload(head, payload));
  return std::optional<Exchange>(std::move(exchange));
}

std::vector<uint64_t> Reader::ids() const {
  std::vector<uint64_t> ids;
  ids.reserve(frames_.size());
  for (const auto& [id, frame] : frames_) ids.push_back(id);
  return ids;
}

}  // namespace penstock::exchanges
