// The part of a request or answer that is about one record, for people.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace penstock::engine {

struct Excerpt {
  std::string text;       // JSON, indented, or plain text
  uint64_t left_out = 0;  // items of arrays that are about other records
};

/// Where a record stands in a list.
struct Place {
  size_t index = 0, count = 0;
};

/// The place of the only item that holds the first of `needles` that the body holds, in the list of
/// objects around it; nothing when there is none, or several. [thread-safe]
std::optional<Place> PlaceIn(const std::string& body, const std::vector<std::string>& needles);

/// Of a JSON body: the first of `needles` that it holds (as a whole value) tells which items of
/// arrays are about the record; the others, and arrays of objects without it, are left out. Holds
/// it none of them, everything is shown. Members named in `masked` show "•••". Of any other body:
/// what stands around the first needle, or its beginning; nothing when fields are to be masked. At
/// most `limit` bytes. `place`: of the record in the request; an answer that is a list of as many
/// items, none with a needle, goes by the order of the request. [thread-safe]
Excerpt ExcerptOf(const std::string& body, const std::vector<std::string>& needles,
                  const std::set<std::string>& masked, size_t limit,
                  const std::optional<Place>& place = std::nullopt);

/// Of a URL that is longer than `limit` bytes: of a list in its query, the items that are one of
/// `needles`, the others left out; other long values around the first needle, or cut.
/// [thread-safe]
Excerpt UrlExcerptOf(const std::string& url, const std::vector<std::string>& needles, size_t limit);

}  // namespace penstock::engine
