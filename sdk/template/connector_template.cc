#include "sdk/template/connector_template.h"

#include <string_view>

namespace penstock::sdk {
namespace {

constexpr size_t kMaxName = 40;

void ReplaceAll(std::string_view from, std::string_view to, std::string* text) {
  for (size_t at = text->find(from); at != std::string::npos; at = text->find(from, at)) {
    text->replace(at, from.size(), to);
    at += to.size();
  }
}

char UpperOf(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

// "big_crm" -> "BIG_CRM".
std::string Upper(std::string text) {
  for (char& c : text) c = UpperOf(c);
  return text;
}

// "big_crm" -> "Big Crm".
std::string Title(std::string title) {
  bool starts = true;
  for (char& c : title) {
    if (starts) c = UpperOf(c);
    if (c == '_') c = ' ';
    starts = c == ' ';
  }
  return title;
}

}  // namespace

std::string WhyNoConnectorName(const std::string& id) {
  if (id.empty()) return "is empty";
  if (id.size() > kMaxName) return "is longer than " + std::to_string(kMaxName) + " characters";
  if (id.front() < 'a' || id.front() > 'z') return "does not begin with a letter from a to z";
  for (const char c : id) {
    if ((c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_') {
      return "has a character that is none of a to z, 0 to 9 and _";
    }
  }
  if (id.back() == '_' || id.find("__") != std::string::npos) {
    return "ends with _ or has two of them in a row";
  }
  // The namespace of the source is NAME_connector; penstock/connector.h has penstock_connector.
  if (id == "penstock") return "is Penstock's own";
  return {};
}

std::string NearestConnectorName(const std::string& id) {
  std::string near;
  for (const char c : id) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    const bool plain = (lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9');
    if (plain) {
      near += lower;
    } else if (!near.empty() && near.back() != '_') {
      near += '_';
    }
  }
  while (!near.empty() && near.back() == '_') near.pop_back();
  return WhyNoConnectorName(near).empty() ? near : "";
}

// The template is itself a connector, called acme: its name is replaced wherever it stands.
std::vector<TemplateFile> ConnectorTemplate(const std::string& id) {
  const std::string title = Title(id), upper = Upper(id);
  std::vector<TemplateFile> files;
  for (const TemplateText* from = kTemplateTexts; from->path != nullptr; ++from) {
    TemplateFile file{from->path, from->text, false};
    for (std::string* text : {&file.path, &file.text}) {
      ReplaceAll("acme", id, text);
      ReplaceAll("Acme", title, text);
      ReplaceAll("ACME", upper, text);
    }
    file.executable = file.path.ends_with(".sh");
    files.push_back(std::move(file));
  }
  return files;
}

}  // namespace penstock::sdk
