// The part of a request or answer that is about one record, for people.
#pragma once

#include <set>
#include <string>
#include <vector>

namespace penstock::engine {

struct Excerpt {
  std::string text;       // JSON, indented, or plain text
  uint64_t left_out = 0;  // items of arrays that are about other records
};

/// Of a JSON body: the first of `needles` that it holds (as a whole value) tells which items of
/// arrays are about the record; the others, and arrays of objects without it, are left out. Holds
/// it none of them, everything is shown. Members named in `masked` show "•••". Of any other body:
/// what stands around the first needle, or its beginning; nothing when fields are to be masked. At
/// most `limit` bytes. [thread-safe]
Excerpt ExcerptOf(const std::string& body, const std::vector<std::string>& needles,
                  const std::set<std::string>& masked, size_t limit);

/// Of a URL that is longer than `limit` bytes: of a list in its query, the items that are one of
/// `needles`, the others left out; other long values around the first needle, or cut.
/// [thread-safe]
Excerpt UrlExcerptOf(const std::string& url, const std::vector<std::string>& needles, size_t limit);

}  // namespace penstock::engine
