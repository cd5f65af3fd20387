#include "tests/e2e/account.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <sstream>

namespace penstock::e2e {

std::string Quoted(const std::string& text) {
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
  return {buffer.GetString(), buffer.GetSize()};
}

void Account::Start(const std::vector<std::string>& options) {
  std::string error;
  process_ = sandbox::SandboxProcess::Start(PENSTOCK_TEST_CONNECTOR_DIR "/" + vendor_ + "-sandbox",
                                            options, &error);
  ASSERT_NE(process_, nullptr) << error;
}

void Account::Stop() {
  if (process_ != nullptr) process_->Stop(SIGTERM);
  process_.reset();
}

sandbox::Reply Account::Call(const std::string& method, const std::string& path,
                             const std::string& body) const {
  return process_->Call(method, path, body, kToken);
}

void Account::MakeProperty(const std::string& name, const std::string& type,
                           const std::string& field_type, bool unique) {
  const sandbox::Reply reply =
      Call("POST", "/crm/v3/properties/contacts",
           R"({"name":)" + Quoted(name) + R"(,"label":)" + Quoted(name) +
               R"(,"groupName":"contactinformation","type":)" + Quoted(type) + R"(,"fieldType":)" +
               Quoted(field_type) + R"(,"hasUniqueValue":)" + (unique ? "true" : "false") + "}");
  ASSERT_EQ(reply.status, 201) << reply.body;
}

void Account::Put(const std::string& id, const std::map<std::string, std::string>& properties) {
  std::string line = R"({"id":)" + Quoted(id) + R"(,"archived":false,"properties":{)";
  for (const auto& [name, value] : properties) {
    line += (line.back() == '{' ? "" : ",") + Quoted(name) + ":" + Quoted(value);
  }
  const sandbox::Reply reply = Call("POST", "/_sandbox/objects/" + object_, line + "}}\n");
  ASSERT_EQ(reply.status / 100, 2) << reply.body;
}

std::vector<Contact> Account::Contacts() const {
  const sandbox::Reply reply = Call("GET", "/_sandbox/objects/" + object_);
  EXPECT_EQ(reply.status, 200);
  std::vector<Contact> contacts;
  std::istringstream lines(reply.body);
  for (std::string line; std::getline(lines, line);) {
    const Json json = Json::Parse(line);
    Contact contact;
    contact.id = json["id"].Text();
    contact.archived = json["archived"].True();
    const Json properties = json["properties"];
    for (const std::string& name : properties.names()) {
      if (!properties[name.c_str()].null()) {
        contact.properties[name] = properties[name.c_str()].Text();
      }
    }
    contacts.push_back(std::move(contact));
  }
  return contacts;
}

std::map<std::string, Contact> Account::ByEmail() const {
  std::map<std::string, Contact> by_email;
  for (Contact& contact : Contacts()) {
    if (contact.archived) continue;
    std::string email = contact.properties["email"];
    const bool fresh = by_email.emplace(std::move(email), std::move(contact)).second;
    EXPECT_TRUE(fresh) << "two contacts with one e-mail";
  }
  return by_email;
}

std::map<std::string, int64_t> Account::Writes() const {
  std::map<std::string, int64_t> writes;
  std::istringstream lines(Call("GET", "/_sandbox/writes/" + object_).body);
  for (std::string line; std::getline(lines, line);) {
    const Json json = Json::Parse(line);
    writes[json["id"].Text()] = json["writes"].Int();
  }
  return writes;
}

Json Account::Stats() const {
  const sandbox::Reply reply = Call("GET", "/_sandbox/stats");
  EXPECT_EQ(reply.status, 200);
  return Json::Parse(reply.body);
}

int64_t Account::WriteCalls() const {
  const Json requests = Stats()["requests"];
  int64_t calls = 0;
  for (const std::string& name : requests.names()) {
    const bool batch = name.find("/batch/") != std::string::npos && !name.ends_with("/batch/read");
    if (vendor_ == "hubspot" ? !batch : name.starts_with("GET ")) continue;
    const Json statuses = requests[name.c_str()];
    for (const std::string& status : statuses.names()) calls += statuses[status.c_str()].Int();
  }
  return calls;
}

int64_t Account::Ended(const std::string& status, const std::string& route) const {
  const Json requests = Stats()["requests"];
  int64_t sum = 0;
  for (const std::string& name : requests.names()) {
    const Json ended = requests[name.c_str()][status.c_str()];
    if ((route.empty() || name == route) && ended.exists()) sum += ended.Int();
  }
  return sum;
}

void Account::ResetStats() { Call("POST", "/_sandbox/reset?only=stats"); }

void Account::Faults(const std::string& json) {
  const sandbox::Reply reply = Call("PUT", "/_sandbox/faults", json);
  ASSERT_EQ(reply.status, 200) << reply.body;
}

void Account::Config(const std::string& json) {
  const sandbox::Reply reply = Call("PUT", "/_sandbox/config", json);
  ASSERT_EQ(reply.status, 200) << reply.body;
}

}  // namespace penstock::e2e
