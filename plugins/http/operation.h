// One operation of an object, as the configuration describes it.
#pragma once

#include "plugins/http/config.h"
#include "plugins/http/config_reader.h"

namespace penstock::http_plugin {

// Complains at `place` of what is wrong. `headers`: of every request of the destination.
OperationConfig ReadOperation(const Place& place, const std::string& name,
                              const ObjectConfig& object,
                              const std::vector<std::pair<std::string, Text>>& headers);

// {field: text}; complains of names that are the host's to set.
std::vector<std::pair<std::string, Text>> ReadHeaders(const Place& place);

// A text with holes.
Text ReadText(const Place& place);

}  // namespace penstock::http_plugin
