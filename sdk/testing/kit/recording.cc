#include "sdk/testing/kit/recording.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <mutex>
#include <vector>

#include "penstock/json.hpp"
#include "sdk/testing/kit/exact_json.h"
#include "sdk/testing/kit/redact.h"
#include "sdk/testing/kit/trial.h"
#include "sdk/testing/kit/yaml.h"

namespace penstock::kit {
namespace {

constexpr char kHeading[] =
    "# Recorded by penstock-check --record from a real account, without its secrets. Look through "
    "it before you share\n"
    "# it: what the account said of itself and its fields is here. penstock-check --fixture "
    "THIS_FILE replays it.\n";

sdk::Failure Refused(const std::string& sentence) {
  return {PENSTOCK_E_INVALID_ARGUMENT, "KIT-RECORD", sentence, 0};
}

bool WriteAll(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(descriptor, text.data(), text.size());
    if (n <= 0) return false;
    text.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

std::string ReadAll(int descriptor) {
  std::string text;
  char block[65536];
  ::lseek(descriptor, 0, SEEK_SET);
  for (ssize_t n = 0; (n = ::read(descriptor, block, sizeof(block))) > 0;) {
    text.append(block, static_cast<size_t>(n));
  }
  return text;
}

// Headers that a connector may read; the others are about the connection or secret.
bool IsKept(const std::string& header) {
  std::string name;
  for (const char c : header)
    name += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return name == "content-type" || name == "retry-after" || name == "location" || name == "link" ||
         name.find("ratelimit") != std::string::npos;
}

// A request and its answer as one line. Credentials are in headers of requests, which nobody needs
// to know a request again.
std::string Line(const PeerRequest& request, const PeerAnswer& answer) {
  sdk::JsonWriter json;
  json.BeginObject().Key("method").String(request.method).Key("url").String(request.url);
  json.Key("sent").String(request.body);
  json.Key("lost").Raw(answer.transport == PENSTOCK_TRANSPORT_OK ? "false" : "true");
  json.Key("status").Raw(std::to_string(answer.status)).Key("headers").BeginObject();
  for (const auto& [name, value] : answer.headers) {
    if (IsKept(name)) json.Key(name).String(value);
  }
  json.EndObject().Key("body").String(answer.body).EndObject();
  return json.Take();
}

class Recorder final : public Destination {
 public:
  Recorder(std::unique_ptr<Destination> account, int kept)
      : account_(std::move(account)), kept_(kept) {}
  sdk::Status Reset() override { return account_->Reset(); }
  void Connect() override { account_->Connect(); }
  PeerAnswer Answer(const PeerRequest& request) override {
    PeerAnswer answer = account_->Answer(request);
    const std::lock_guard<std::mutex> lock(mutex_);
    // An exchange that is not kept must not look as if there had been none: the check fails.
    if (!WriteAll(kept_, Line(request, answer) + "\n")) {
      answer.transport = PENSTOCK_TRANSPORT_LOST;
      answer.error = std::string("it could not be recorded: ") + std::strerror(errno);
    }
    return answer;
  }

 private:
  std::unique_ptr<Destination> account_;
  int kept_;
  std::mutex mutex_;
};

// A body as a member: JSON as it is, anything else as text.
void PutBody(const Redactor& redactor, const std::string& body, bool as_pattern,
             sdk::JsonWriter* out) {
  rapidjson::Document json;
  const bool is_json = ParseExact(body, &json);
  // In an answer, ${name} would be filled in.
  const bool structured = is_json && (json.IsObject() || json.IsArray()) &&
                          (as_pattern || body.find("${") == std::string::npos);
  if (!structured) {
    out->Key("text").String(is_json && !as_pattern ? redactor.Value(json) : redactor.Text(body));
    return;
  }
  out->Key("body");
  if (as_pattern) out->BeginObject().Key("");  // the pointer of the whole body
  out->Raw(redactor.Value(json, !as_pattern));
  if (as_pattern) out->EndObject();
}

// The same request again and again: one route, whose answers come in turn.
struct Route {
  std::string when;
  std::vector<std::string> then;
  bool has_query = false;
};

sdk::Result<std::vector<Route>> Routes(const std::vector<rapidjson::Document>& exchanges,
                                       const Redactor& redactor) {
  std::vector<Route> routes;
  for (const rapidjson::Document& exchange : exchanges) {
    const std::string url = redactor.Text(TextOf(exchange, "url"));
    const std::string what = TextOf(exchange, "method") + " " + url;
    if (Find(exchange, "lost")->IsTrue()) {
      return Refused("the answer to " + what + " was lost; record again");
    }
    sdk::JsonWriter when, then;
    when.BeginObject().Key("method").String(TextOf(exchange, "method")).Key("path").String(url);
    const std::string sent = TextOf(exchange, "sent");
    if (!sent.empty()) PutBody(redactor, sent, true, &when);
    when.EndObject();
    then.BeginObject().Key("status").Raw(Plain(*Find(exchange, "status")));
    then.Key("headers").Raw(redactor.Value(*Find(exchange, "headers")));
    PutBody(redactor, TextOf(exchange, "body"), false, &then);
    then.EndObject();
    const std::string key = when.Take();
    auto route = std::find_if(routes.begin(), routes.end(),
                              [&](const Route& known) { return known.when == key; });
    if (route == routes.end()) {
      routes.push_back({key, {}, url.find('?') != std::string::npos});
      route = routes.end() - 1;
    }
    route->then.push_back(then.Take());
  }
  // A path without a query fits every query: the exact ones come first.
  std::stable_partition(routes.begin(), routes.end(), [](const Route& r) { return r.has_query; });
  return routes;
}

// The configuration with {$secret: name} for what the manifest calls a secret.
std::string Config(const Redactor& redactor, const Json& account,
                   const std::vector<std::string>& secret_names) {
  sdk::JsonWriter out;
  out.BeginObject();
  const Json* config = Find(account, "config");
  if (config != nullptr && config->IsObject()) {
    for (const auto& member : config->GetObject()) {
      const std::string name(Plain(member.name));
      out.Key(name);
      const bool secret =
          std::find(secret_names.begin(), secret_names.end(), name) != secret_names.end();
      if (secret && IsText(member.value)) {
        out.BeginObject().Key("$secret").String(name).EndObject();
      } else {
        out.Raw(redactor.Value(member.value));
      }
    }
  }
  out.EndObject();
  return out.Take();
}

void PutRoutes(const std::vector<Route>& routes, sdk::JsonWriter* json) {
  json->Key("destination").BeginObject().Key("routes").BeginArray();
  for (const Route& route : routes) {
    json->BeginObject().Key("when").Raw(route.when).Key("then");
    if (route.then.size() > 1) json->BeginArray();
    for (const std::string& then : route.then) json->Raw(then);
    if (route.then.size() > 1) json->EndArray();
    json->EndObject();
  }
  json->EndArray().EndObject();
}

// Members of the account's file that say how to write to it.
constexpr const char* kCarriedOver[] = {"object",  "key",     "fields",       "samples",
                                        "rejects", "results", "reads",        "results_pointer",
                                        "success", "skip",    "open_fields",  "paged_catalog",
                                        "options", "trims",   "whole_seconds"};

}  // namespace

sdk::Result<std::unique_ptr<Recording>> Recording::Create(
    const std::string& path, const std::map<std::string, std::string>& secrets) {
  if (const auto possible = Redactor::For(secrets); !possible.ok()) return possible.failure();
  std::unique_ptr<Recording> recording(new Recording(path));
  recording->file_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (recording->file_ < 0) {
    return errno == EEXIST
               ? Refused(path + " is there already; delete it or record to another file")
               : Refused(path + " cannot be written: " + std::strerror(errno));
  }
  recording->kept_ = ::memfd_create("recording", MFD_CLOEXEC);
  if (recording->kept_ < 0) return Refused(std::string("no memory: ") + std::strerror(errno));
  return recording;
}

Recording::~Recording() {
  if (kept_ >= 0) ::close(kept_);
  if (file_ < 0) return;
  ::close(file_);
  if (!written_) ::unlink(path_.c_str());
}

std::unique_ptr<Destination> Recording::Around(std::unique_ptr<Destination> account) const {
  return std::make_unique<Recorder>(std::move(account), kept_);
}

sdk::Status Recording::Write(const FileFixture& account, const Facts& facts,
                             const Subject& subject) {
  rapidjson::Document document;
  if (!ParseExact(account.source(), &document)) return Refused("the account's file is no JSON");
  const std::vector<std::string> secret_names =
      subject.manifest ? subject.manifest->secrets : std::vector<std::string>();
  std::map<std::string, std::string> secrets = facts.secrets;
  const Json* config = Find(document, "config");
  for (const std::string& name : secret_names) {
    const std::string literal = config == nullptr ? "" : TextOf(*config, name);
    if (!literal.empty()) secrets[name] = literal;
  }
  sdk::Result<Redactor> redactor = Redactor::For(secrets);
  if (!redactor.ok()) return redactor.failure();
  std::string base_url = facts.base_url;
  while (base_url.ends_with('/')) base_url.pop_back();
  redactor->Replace(base_url, DefaultBaseUrl(subject));

  std::vector<rapidjson::Document> exchanges;
  const std::string lines = ReadAll(kept_);
  for (size_t at = 0; at < lines.size();) {
    const size_t end = lines.find('\n', at);
    exchanges.emplace_back();
    if (!ParseExact(std::string_view(lines).substr(at, end - at), &exchanges.back())) {
      return Refused("request " + std::to_string(exchanges.size()) +
                     " or its answer is no UTF-8 text, which a fixture file cannot hold");
    }
    redactor->Said(TextOf(exchanges.back(), "url") + "\n" + TextOf(exchanges.back(), "sent"));
    redactor->Learn(TextOf(exchanges.back(), "body"));
    at = end + 1;
  }
  requests_ = exchanges.size();
  if (exchanges.empty()) return Refused("nothing was asked of the account");
  const sdk::Result<std::vector<Route>> routes = Routes(exchanges, *redactor);
  if (!routes.ok()) return routes.failure();

  sdk::JsonWriter json;
  json.BeginObject().Key("config").Raw(Config(*redactor, document, secret_names));
  json.Key("secrets").BeginObject();
  for (const auto& [name, secret] : secrets) json.Key(name).String("redacted");
  json.EndObject();
  for (const char* name : kCarriedOver) {
    if (const Json* member = Find(document, name))
      json.Key(name).Raw(redactor->Value(*member, false));
  }
  json.Key("recorded").Raw(std::to_string(facts.recorded));
  PutRoutes(*routes, &json);
  json.EndObject();
  const std::string text =
      path_.ends_with(".json") ? json.Take() + "\n" : kHeading + JsonToYaml(json.Take());
  if (const std::string name = redactor->Left(text); !name.empty()) {
    return Refused("the secret \"" + name + "\" would still be in the recording");
  }
  written_ = WriteAll(file_, text);
  return written_ ? sdk::Status()
                  : sdk::Status(Refused(path_ + " cannot be written: " + std::strerror(errno)));
}

}  // namespace penstock::kit
