// SHA-256 of a stream of bytes.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace penstock::plan {

/// Not thread-safe. The library that computes it cannot fail here: no key, no engine.
class Digest {
 public:
  Digest();
  ~Digest();
  Digest(const Digest&) = delete;
  Digest& operator=(const Digest&) = delete;
  void Update(std::string_view bytes);
  /// The 32 bytes of everything so far. Once.
  std::string Finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

/// A plan's hash from its parts (FORMAT.md), 64 lower-case hex digits. [thread-safe]
std::string PlanHash(std::string_view changes_digest, std::string_view marks_digest,
                     std::string_view covered);

}  // namespace penstock::plan
