// Which handler answers a method and a path.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/testing/http.h"

namespace penstock::sandbox {

using Handler = std::function<Response(const Request&)>;

// A table of path templates such as "/v1/{object}/batch". Filled before the server starts, read by
// many threads afterwards.
class Router {
 public:
  // Adds a route. Each {name} matches one segment. The first route added that matches answers.
  void Add(std::string method, std::string path_template, Handler handler);

  // Finds the route of request->method and request->path, fills request->params and
  // request->route, and returns its handler; nullptr if there is none. *path_known tells whether
  // another method would have matched.
  const Handler* Find(Request* request, bool* path_known) const;

 private:
  struct Route {
    std::string method;
    std::string path_template;
    std::vector<std::string> segments;
    Handler handler;
  };
  std::vector<Route> routes_;
};

}  // namespace penstock::sandbox
