#include "plugins/salesforce/sandbox/soql.h"

#include <algorithm>
#include <charconv>

#include "plugins/salesforce/sandbox/ids.h"
#include "plugins/salesforce/sandbox/values.h"

namespace penstock::sandbox::salesforce {
namespace {

struct Token {
  enum class Kind { kWord, kText, kSign, kEnd };
  Kind kind = Kind::kEnd;
  std::string text;
};

ApiError Malformed(const std::string& message) { return {400, "MALFORMED_QUERY", message, {}}; }

bool IsWordChar(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("_.:+-").find(c) != std::string_view::npos;
}

// Takes a quoted text off the front; false if it does not end.
bool TakeQuoted(std::string_view* rest, std::string* text) {
  rest->remove_prefix(1);
  while (!rest->empty() && rest->front() != '\'') {
    char c = rest->front();
    rest->remove_prefix(1);
    if (c == '\\' && !rest->empty()) {
      c = rest->front();
      rest->remove_prefix(1);
      c = c == 'n' ? '\n' : c == 'r' ? '\r' : c == 't' ? '\t' : c;
    }
    *text += c;
  }
  if (rest->empty()) return false;
  rest->remove_prefix(1);
  return true;
}

std::optional<ApiError> Tokenise(std::string_view rest, std::vector<Token>* tokens) {
  while (true) {
    rest.remove_prefix(std::min(rest.find_first_not_of(" \t\r\n"), rest.size()));
    if (rest.empty()) break;
    Token token;
    if (rest.front() == '\'') {
      token.kind = Token::Kind::kText;
      if (!TakeQuoted(&rest, &token.text)) {
        return Malformed("line 1: a string literal does not end");
      }
    } else if (IsWordChar(rest.front())) {
      token.kind = Token::Kind::kWord;
      while (!rest.empty() && IsWordChar(rest.front())) {
        token.text += rest.front();
        rest.remove_prefix(1);
      }
    } else {
      token.kind = Token::Kind::kSign;
      const std::string_view two = rest.substr(0, 2);
      const bool wide = two == "!=" || two == "<>" || two == "<=" || two == ">=";
      token.text = rest.substr(0, wide ? 2 : 1);
      rest.remove_prefix(token.text.size());
    }
    tokens->push_back(std::move(token));
  }
  tokens->emplace_back();
  return std::nullopt;
}

// Reads the tokens; the first thing that is wrong ends it.
class Reader {
 public:
  Reader(const Org& org, const std::vector<Token>& tokens, Soql* soql)
      : org_(org), tokens_(tokens), soql_(soql) {}

  std::optional<ApiError> Read();

 private:
  // Thrown inside, caught by Read().
  struct Stop {
    ApiError error;
  };

  const Token& Peek() const { return tokens_[at_]; }
  bool PeekWord(std::string_view word) const {
    return Peek().kind == Token::Kind::kWord && Lower(Peek().text) == word;
  }
  bool TakeWord(std::string_view word) {
    if (!PeekWord(word)) return false;
    ++at_;
    return true;
  }
  bool TakeSign(std::string_view sign) {
    if (Peek().kind != Token::Kind::kSign || Peek().text != sign) return false;
    ++at_;
    return true;
  }
  [[noreturn]] void Unexpected() const {
    if (Peek().kind == Token::Kind::kEnd) throw Stop{Malformed("unexpected token: '<EOF>'")};
    throw Stop{Malformed("unexpected token: '" + Peek().text + "'")};
  }
  void NeedWord(std::string_view word) {
    if (!TakeWord(word)) Unexpected();
  }
  void NeedSign(std::string_view sign) {
    if (!TakeSign(sign)) Unexpected();
  }
  std::string Name() {
    if (Peek().kind != Token::Kind::kWord) Unexpected();
    return tokens_[at_++].text;
  }
  std::uint64_t Number() {
    const std::string text = Name();
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) {
      throw Stop{Malformed("unexpected token: '" + text + "'")};
    }
    return number;
  }

  void ReadAll();
  Path ReadPath(const std::string& name) const;
  Condition ReadOr(int depth);
  Condition ReadAnd(int depth);
  Condition ReadOne(int depth);
  Condition ReadCompare();
  std::optional<std::string> ReadValue(const Condition& condition);
  void ReadOrder();

  const Org& org_;
  const std::vector<Token>& tokens_;
  Soql* soql_;
  std::size_t at_ = 0;
};

std::optional<ApiError> Reader::Read() {
  try {
    ReadAll();
    return std::nullopt;
  } catch (const Stop& stop) {
    return stop.error;
  }
}

void Reader::ReadAll() {
  NeedWord("select");
  std::vector<std::string> names;
  do {
    const std::string name = Name();
    if (names.empty() && Lower(name) == "count" && TakeSign("(")) {
      NeedSign(")");
      soql_->count = true;
      break;
    }
    names.push_back(name);
  } while (TakeSign(","));
  NeedWord("from");
  const std::string object = Name();
  soql_->object = org_.Find(object);
  if (soql_->object == nullptr) {
    throw Stop{{400, "INVALID_TYPE", "sObject type '" + object + "' is not supported.", {}}};
  }
  for (const std::string& name : names) soql_->fields.push_back(ReadPath(name));
  if (TakeWord("where")) soql_->where = ReadOr(0);
  if (TakeWord("order")) ReadOrder();
  if (TakeWord("limit")) soql_->limit = Number();
  if (TakeWord("offset")) soql_->offset = Number();
  if (Peek().kind != Token::Kind::kEnd) Unexpected();
  if (soql_->offset > 2000) {
    throw Stop{{400, "NUMBER_OUTSIDE_VALID_RANGE", "Maximum SOQL offset allowed is 2000", {}}};
  }
}

Path Reader::ReadPath(const std::string& name) const {
  const Object* object = soql_->object;
  auto missing = [&](const std::string& what, const std::string& where) {
    return Stop{
        {400, "INVALID_FIELD", "No such column '" + what + "' on entity '" + where + "'.", {}}};
  };
  Path path;
  const std::size_t dot = name.find('.');
  if (dot == name.npos) {
    path.field = object->schema.Find(name);
    if (path.field == nullptr) throw missing(name, object->name());
    path.name = path.field->name;
    return path;
  }
  const std::string relationship = name.substr(0, dot);
  path.name = name.substr(dot + 1);
  path.relationship = object->schema.FindRelationship(relationship);
  if (path.relationship == nullptr) {
    throw Stop{{400,
                "INVALID_FIELD",
                "Didn't understand relationship '" + relationship +
                    "' in field path. If you are attempting to use a custom relationship, be sure "
                    "to append the '__r' after the custom relationship name.",
                {}}};
  }
  const bool one = path.relationship->references.size() == 1;
  const Object* target = org_.Find(path.relationship->references.front());
  path.field = target->schema.Find(path.name);
  const std::string lower = Lower(path.name);
  if (path.field == nullptr || (!one && lower != "id" && lower != "name")) {
    throw missing(path.name, one ? target->name() : "Name");
  }
  path.name = path.field->name;
  return path;
}

Condition Reader::ReadOr(int depth) {
  if (depth > 50) throw Stop{Malformed("the condition is nested too deeply")};
  Condition all = ReadAnd(depth);
  if (!PeekWord("or")) return all;
  Condition any;
  any.kind = Condition::Kind::kOr;
  any.parts.push_back(std::move(all));
  while (TakeWord("or")) any.parts.push_back(ReadAnd(depth));
  return any;
}

Condition Reader::ReadAnd(int depth) {
  Condition one = ReadOne(depth);
  if (!PeekWord("and")) return one;
  Condition all;
  all.kind = Condition::Kind::kAnd;
  all.parts.push_back(std::move(one));
  while (TakeWord("and")) all.parts.push_back(ReadOne(depth));
  return all;
}

Condition Reader::ReadOne(int depth) {
  if (TakeWord("not")) {
    Condition none;
    none.kind = Condition::Kind::kNot;
    none.parts.push_back(ReadOne(depth));
    return none;
  }
  if (TakeSign("(")) {
    Condition inner = ReadOr(depth + 1);
    NeedSign(")");
    return inner;
  }
  return ReadCompare();
}

Condition Reader::ReadCompare() {
  Condition condition;
  condition.path = ReadPath(Name());
  const Field& field = *condition.path.field;
  if (field.type == Type::kTextArea && field.length > 255) {
    throw Stop{{400,
                "INVALID_FIELD",
                "field '" + field.name + "' can not be filtered in a query call",
                {}}};
  }
  bool list = false;
  if (TakeWord("like")) {
    condition.comparison = Comparison::kLike;
  } else if (TakeWord("in")) {
    condition.comparison = Comparison::kIn;
    list = true;
  } else if (TakeWord("not")) {
    NeedWord("in");
    condition.comparison = Comparison::kNotIn;
    list = true;
  } else if (TakeSign("=")) {
    condition.comparison = Comparison::kEqual;
  } else if (TakeSign("!=") || TakeSign("<>")) {
    condition.comparison = Comparison::kNotEqual;
  } else if (TakeSign("<")) {
    condition.comparison = Comparison::kLess;
  } else if (TakeSign("<=")) {
    condition.comparison = Comparison::kLessEqual;
  } else if (TakeSign(">")) {
    condition.comparison = Comparison::kMore;
  } else if (TakeSign(">=")) {
    condition.comparison = Comparison::kMoreEqual;
  } else {
    Unexpected();
  }
  if (list) {
    NeedSign("(");
    do {
      condition.values.push_back(ReadValue(condition));
    } while (TakeSign(","));
    NeedSign(")");
  } else {
    condition.values.push_back(ReadValue(condition));
  }
  return condition;
}

// A literal of the field's type, in the form that is kept.
std::optional<std::string> Reader::ReadValue(const Condition& condition) {
  const Field& field = *condition.path.field;
  const Token token = Peek();
  if (token.kind != Token::Kind::kWord && token.kind != Token::Kind::kText) Unexpected();
  ++at_;
  const bool quoted = token.kind == Token::Kind::kText;
  if (!quoted && Lower(token.text) == "null") return std::nullopt;
  const bool texts =
      IsText(field.type) || field.type == Type::kId || field.type == Type::kReference;
  std::string kept;
  const std::string literal = quoted ? token.text : Lower(token.text);
  if (field.type == Type::kDateTime && !quoted) {
    if (TakeCsv(field, token.text, &kept)) return kept;
  } else if (texts == quoted) {
    if (field.type == Type::kId || field.type == Type::kReference) {
      if (IsId(literal)) return LongId(literal);
      throw Stop{{400, "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: " + literal, {}}};
    }
    if (TakeCsv(field, literal, &kept)) return kept;
  }
  throw Stop{{400,
              "INVALID_FIELD",
              "value of filter criterion for field '" + field.name + "' must be of type " +
                  TypeName(field.type) + " and " +
                  (texts ? "should be enclosed in quotes" : "should not be enclosed in quotes"),
              {}}};
}

void Reader::ReadOrder() {
  NeedWord("by");
  do {
    Order order;
    order.path = ReadPath(Name());
    if (!TakeWord("asc")) order.descending = TakeWord("desc");
    if (TakeWord("nulls")) {
      order.nulls_last = TakeWord("last");
      if (!order.nulls_last) NeedWord("first");
    }
    soql_->order.push_back(std::move(order));
  } while (TakeSign(","));
}

}  // namespace

std::optional<ApiError> ReadSoql(const Org& org, std::string_view text, Soql* soql) {
  std::vector<Token> tokens;
  if (auto error = Tokenise(text, &tokens)) return error;
  return Reader(org, tokens, soql).Read();
}

}  // namespace penstock::sandbox::salesforce
