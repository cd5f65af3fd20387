// The folder that a new connector begins with: connector/, with its name filled in.
#pragma once

#include <string>
#include <vector>

namespace penstock::sdk {

struct TemplateFile {
  std::string path;  // below the connector's folder, e.g. "acme.cc"
  std::string text;
  bool executable = false;
};

/// A file of connector/ as it stands there; the last one is null.
struct TemplateText {
  const char* path;
  const char* text;
};
extern const TemplateText kTemplateTexts[];

/// Empty when `id` can be a connector's id, its file name and part of a C++ name at once; else why
/// not, as the end of a sentence. [thread-safe]
std::string WhyNoConnectorName(const std::string& id);

/// The nearest name that can be: "my-crm" -> "my_crm". Empty when nothing is near. [thread-safe]
std::string NearestConnectorName(const std::string& id);

/// The files of a connector called `id`, sorted by path. [thread-safe]
std::vector<TemplateFile> ConnectorTemplate(const std::string& id);

}  // namespace penstock::sdk
