#include "host/sources/sql_text.h"

#include <vector>

namespace penstock::sources {
namespace {

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f'; }
bool IsWord(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool Continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Walks over SQL, one token of interest at a time.
class Scanner {
 public:
  explicit Scanner(std::string_view sql) : sql_(sql) {}

  enum class Token { kEnd, kSemicolon, kBlank, kOther };
  // `at()` is the position of the token returned last.
  Token Next() {
    at_ = next_;
    if (at_ >= sql_.size()) return Token::kEnd;
    const char c = sql_[at_];
    if (c == ';') {
      ++next_;
      return Token::kSemicolon;
    }
    if (IsSpace(c)) {
      ++next_;
      return Token::kBlank;
    }
    if (Starts("--")) {
      next_ = std::min(sql_.find('\n', at_), sql_.size());
      return Token::kBlank;
    }
    if (Starts("/*")) {
      SkipComment();
      return Token::kBlank;
    }
    if (c == '\'' || c == '"') {
      SkipQuoted(c, c == '\'' && AfterEscapePrefix());
    } else if (c != '$' || !SkipDollarQuoted()) {
      ++next_;
    }
    return Token::kOther;
  }
  size_t at() const { return at_; }

 private:
  bool Starts(std::string_view text) const { return sql_.substr(at_, text.size()) == text; }
  // E'...' has backslash escapes.
  bool AfterEscapePrefix() const {
    if (at_ == 0 || (sql_[at_ - 1] != 'e' && sql_[at_ - 1] != 'E')) return false;
    return at_ == 1 || !IsWord(sql_[at_ - 2]);
  }
  void SkipComment() {  // they nest
    int depth = 0;
    while (next_ < sql_.size()) {
      const std::string_view two = sql_.substr(next_, 2);
      if (two == "/*" || two == "*/") {
        depth += two == "/*" ? 1 : -1;
        next_ += 2;
        if (depth == 0) return;
      } else {
        ++next_;
      }
    }
  }
  void SkipQuoted(char quote, bool escapes) {
    for (++next_; next_ < sql_.size(); ++next_) {
      if (escapes && sql_[next_] == '\\') {
        ++next_;
      } else if (sql_[next_] == quote) {
        ++next_;  // a doubled quote begins another string at once: the same to us
        return;
      }
    }
    next_ = sql_.size();
  }
  bool SkipDollarQuoted() {
    if (at_ > 0 && IsWord(sql_[at_ - 1])) return false;
    size_t end = at_ + 1;
    while (end < sql_.size() && IsWord(sql_[end])) ++end;
    if (end >= sql_.size() || sql_[end] != '$') return false;
    const std::string_view tag = sql_.substr(at_, end + 1 - at_);
    const size_t close = sql_.find(tag, end + 1);
    next_ = close == std::string_view::npos ? sql_.size() : close + tag.size();
    return true;
  }

  std::string_view sql_;
  size_t at_ = 0;
  size_t next_ = 0;
};

}  // namespace

SqlPlace PlaceOfByte(std::string_view sql, size_t offset) {
  SqlPlace place{1, 1};
  for (size_t i = 0; i < offset && i < sql.size(); ++i) {
    if (sql[i] == '\n') {
      ++place.line;
      place.column = 1;
    } else if (!Continuation(sql[i])) {
      ++place.column;
    }
  }
  return place;
}

SqlPlace PlaceOfCharacter(std::string_view sql, size_t index) {
  size_t offset = 0;
  for (; offset < sql.size(); ++offset) {
    if (Continuation(sql[offset])) continue;
    if (index == 0) break;
    --index;
  }
  return PlaceOfByte(sql, offset);
}

bool HasSeveralStatements(std::string_view sql) {
  Scanner scanner(sql);
  bool statement = false, ended = false;
  while (true) {
    switch (scanner.Next()) {
      case Scanner::Token::kEnd:
        return false;
      case Scanner::Token::kSemicolon:
        ended = ended || statement;
        break;
      case Scanner::Token::kBlank:
        break;
      case Scanner::Token::kOther:
        if (ended) return true;
        statement = true;
    }
  }
}

std::string WithoutTerminators(std::string_view sql) {
  std::string out(sql);
  Scanner scanner(sql);
  while (true) {
    const auto token = scanner.Next();
    if (token == Scanner::Token::kEnd) return out;
    if (token == Scanner::Token::kSemicolon) out[scanner.at()] = ' ';
  }
}

std::string OneLine(std::string_view message) {
  const size_t end = message.find('\n');
  if (end != std::string_view::npos) message = message.substr(0, end);
  while (!message.empty() && (IsSpace(message.back()) || message.back() == '.')) {
    message.remove_suffix(1);
  }
  while (!message.empty() && IsSpace(message.front())) message.remove_prefix(1);
  return std::string(message);
}

}  // namespace penstock::sources
