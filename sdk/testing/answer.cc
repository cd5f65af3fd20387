#include "sdk/testing/answer.h"

#include <Poco/Exception.h>
#include <Poco/Net/StreamSocket.h>
#include <Poco/Timespan.h>

#include <algorithm>
#include <chrono>
#include <sstream>
#include <thread>

namespace penstock::sandbox {
namespace {

using Poco::Net::HTTPServerResponse;

constexpr std::int64_t kHugeBytes = 64LL << 20;

// Statuses that vendors use and Poco has no words for.
std::string Reason(int status) {
  switch (status) {
    case 207:
      return "Multi-Status";
    case 423:
      return "Locked";
    case 429:
      return "Too Many Requests";
    case 477:
      return "Migration in Progress";
    default:
      return HTTPServerResponse::getReasonForStatus(
          static_cast<HTTPServerResponse::HTTPStatus>(status));
  }
}

void PutHead(Connection& connection, const Response& answer) {
  auto& response = connection.response;
  response.setStatusAndReason(static_cast<HTTPServerResponse::HTTPStatus>(answer.status),
                              Reason(answer.status));
  for (const auto& [name, value] : answer.headers) response.add(name, value);
  if (!answer.content_type.empty()) response.setContentType(answer.content_type);
}

void EndConnection(Connection& connection) {
  connection.response.setKeepAlive(false);
  try {
    connection.request.socket().shutdown();
  } catch (const Poco::Exception&) {  // the client was faster
  }
}

// The body of the head's full length, of which only the first `kept` bytes are sent.
void SendTruncated(Connection& connection, const Response& answer, std::size_t kept) {
  PutHead(connection, answer);
  connection.response.setContentLength64(static_cast<std::int64_t>(answer.body.size()));
  std::ostream& out = connection.response.send();
  out.write(answer.body.data(), static_cast<std::streamsize>(std::min(kept, answer.body.size())));
  out.flush();
  EndConnection(connection);
}

void SendDrip(Connection& connection, const Response& answer, const Fault& fault) {
  PutHead(connection, answer);
  connection.response.setContentLength64(static_cast<std::int64_t>(answer.body.size()));
  std::ostream& out = connection.response.send();
  auto piece = static_cast<std::size_t>(fault.bytes > 0 ? fault.bytes : 16);
  for (std::size_t at = 0; at < answer.body.size() && out && !connection.stopping(); at += piece) {
    std::size_t length = std::min(piece, answer.body.size() - at);
    out.write(answer.body.data() + at, static_cast<std::streamsize>(length));
    out.flush();
    Sleep(connection, fault.interval_ms);
  }
}

void SendHuge(Connection& connection, Response answer, const Fault& fault) {
  std::int64_t wanted = fault.bytes > 0 ? fault.bytes : kHugeBytes;
  answer.stream = [wanted, &connection](std::ostream& out) {
    const std::string piece(64 * 1024, 'x');
    out << "{\"padding\":\"";
    for (std::int64_t sent = 0; sent < wanted && out && !connection.stopping();
         sent += static_cast<std::int64_t>(piece.size())) {
      out.write(piece.data(), static_cast<std::streamsize>(piece.size()));
    }
    out << "\"}";
  };
  Send(connection, answer);
}

// Answers nothing until the time is over or the client goes away.
void Stall(Connection& connection, std::int64_t seconds) {
  auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  auto& socket = connection.request.socket();
  while (!connection.stopping()) {
    if (seconds > 0 && std::chrono::steady_clock::now() >= end) break;
    if (socket.poll(Poco::Timespan(0, 100'000), Poco::Net::Socket::SELECT_READ)) {
      char byte = 0;
      if (socket.receiveBytes(&byte, 1) <= 0) break;
    }
  }
  EndConnection(connection);
}

// Takes elements off a top-level array of the answer.
void OmitElements(Response* answer, const Fault& fault) {
  JsonDocument document;
  document.Parse(answer->body.data(), answer->body.size());
  if (document.HasParseError() || !document.IsObject()) return;
  if (!document.HasMember(fault.array)) return;
  JsonValue& array = document[fault.array];
  if (!array.IsArray()) return;
  for (std::int64_t i = 0; i < fault.count && !array.Empty(); ++i) array.PopBack();
  answer->body = ToJson(document);
}

}  // namespace

void Send(Connection& connection, const Response& answer) {
  PutHead(connection, answer);
  auto& response = connection.response;
  if (answer.stream) {
    response.setChunkedTransferEncoding(true);
    std::ostream& out = response.send();
    answer.stream(out);
    out.flush();
  } else if (answer.body.empty()) {
    if (answer.status != 204) response.setContentLength(0);
    response.send();
  } else {
    response.sendBuffer(answer.body.data(), answer.body.size());
  }
}

void Drop(Connection& connection, bool reset) {
  try {
    connection.response.setKeepAlive(false);
    if (reset) {
      connection.request.socket().setLinger(true, 0);  // the close that follows sends an RST
    } else {
      connection.request.socket().shutdown();
    }
  } catch (const Poco::Exception&) {  // the client was faster
  }
}

void Sleep(const Connection& connection, std::int64_t ms) {
  using Clock = std::chrono::steady_clock;
  auto end = Clock::now() + std::chrono::milliseconds(ms);
  while (Clock::now() < end && !connection.stopping()) {
    auto left = std::chrono::duration_cast<std::chrono::microseconds>(end - Clock::now());
    std::this_thread::sleep_for(std::min(left, std::chrono::microseconds(100'000)));
  }
}

std::string SendFaulty(Connection& connection, const Fault& fault, Response answer,
                       std::int64_t now_ms) {
  using Kind = Fault::Kind;
  if (answer.stream) {  // spoiled like any other
    std::ostringstream whole;
    answer.stream(whole);
    answer.body = whole.str();
    answer.stream = nullptr;
  }
  if (fault.retry_after >= 0 || fault.retry_after_date >= 0) {
    std::erase_if(answer.headers, [](const auto& header) { return header.first == "Retry-After"; });
  }
  for (const auto& header : fault.headers) answer.headers.push_back(header);
  if (fault.retry_after >= 0) {
    answer.headers.emplace_back("Retry-After", std::to_string(fault.retry_after));
  }
  if (fault.retry_after_date >= 0) {
    answer.headers.emplace_back("Retry-After", HttpDate(now_ms + fault.retry_after_date * 1000));
  }
  if (fault.body) answer.body = *fault.body;
  if (!fault.content_type.empty()) answer.content_type = fault.content_type;
  switch (fault.kind) {
    case Kind::kDropBefore:
    case Kind::kDropAfter:
      Drop(connection, fault.reset);
      return "dropped";
    case Kind::kStall:
      Stall(connection, fault.seconds);
      return "stalled";
    case Kind::kTruncate:
      SendTruncated(
          connection, answer,
          fault.bytes > 0 ? static_cast<std::size_t>(fault.bytes) : answer.body.size() / 2);
      return "truncated";
    case Kind::kDrip:
      SendDrip(connection, answer, fault);
      break;
    case Kind::kHuge:
      SendHuge(connection, answer, fault);
      break;
    case Kind::kOmit:
      OmitElements(&answer, fault);
      Send(connection, answer);
      break;
    default:
      Send(connection, answer);
  }
  return std::to_string(answer.status);
}

}  // namespace penstock::sandbox
