#include "sdk/testing/router.h"

namespace penstock::sandbox {
namespace {

std::vector<std::string> Split(std::string_view path) {
  std::vector<std::string> segments;
  std::size_t start = path.starts_with('/') ? 1 : 0;
  while (true) {
    std::size_t end = path.find('/', start);
    segments.emplace_back(path.substr(start, end == path.npos ? path.npos : end - start));
    if (end == path.npos) return segments;
    start = end + 1;
  }
}

bool IsName(const std::string& segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

bool Matches(const std::vector<std::string>& wanted, const std::vector<std::string>& given) {
  if (wanted.size() != given.size()) return false;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (IsName(wanted[i]) ? given[i].empty() : wanted[i] != given[i]) return false;
  }
  return true;
}

}  // namespace

void Router::Add(std::string method, std::string path_template, Handler handler) {
  auto segments = Split(path_template);
  routes_.push_back(
      {std::move(method), std::move(path_template), std::move(segments), std::move(handler)});
}

const Handler* Router::Find(Request* request, bool* path_known) const {
  *path_known = false;
  std::vector<std::string> given = Split(request->path);
  for (const Route& route : routes_) {
    if (!Matches(route.segments, given)) continue;
    *path_known = true;
    if (route.method != request->method) continue;
    for (std::size_t i = 0; i < given.size(); ++i) {
      if (!IsName(route.segments[i])) continue;
      request->params[route.segments[i].substr(1, route.segments[i].size() - 2)] =
          UrlDecode(given[i], false);
    }
    request->route = route.path_template;
    return &route.handler;
  }
  return nullptr;
}

}  // namespace penstock::sandbox
