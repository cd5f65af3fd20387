#include "plugins/salesforce/sandbox/schema.h"

#include <algorithm>

namespace penstock::sandbox::salesforce {

const char* TypeName(Type type) {
  switch (type) {
    case Type::kId:
      return "id";
    case Type::kString:
      return "string";
    case Type::kEmail:
      return "email";
    case Type::kPhone:
      return "phone";
    case Type::kUrl:
      return "url";
    case Type::kTextArea:
      return "textarea";
    case Type::kPicklist:
      return "picklist";
    case Type::kMultiPicklist:
      return "multipicklist";
    case Type::kBoolean:
      return "boolean";
    case Type::kInt:
      return "int";
    case Type::kDouble:
      return "double";
    case Type::kCurrency:
      return "currency";
    case Type::kPercent:
      return "percent";
    case Type::kDate:
      return "date";
    case Type::kDateTime:
      return "datetime";
    case Type::kReference:
      return "reference";
  }
  return "";
}

bool IsText(Type type) {
  switch (type) {
    case Type::kString:
    case Type::kEmail:
    case Type::kPhone:
    case Type::kUrl:
    case Type::kTextArea:
    case Type::kPicklist:
    case Type::kMultiPicklist:
      return true;
    default:
      return false;
  }
}

bool IsNumber(Type type) {
  return type == Type::kInt || type == Type::kDouble || type == Type::kCurrency ||
         type == Type::kPercent;
}

namespace {

bool SameName(std::string_view a, std::string_view b) {
  auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

const Field* ObjectSchema::Find(std::string_view field) const {
  for (const Field& one : fields) {
    if (SameName(one.name, field)) return &one;
  }
  return nullptr;
}

const Field* ObjectSchema::FindRelationship(std::string_view relationship) const {
  for (const Field& one : fields) {
    if (!one.relationship.empty() && SameName(one.relationship, relationship)) return &one;
  }
  return nullptr;
}

const Field* ObjectSchema::NameField() const {
  for (const char* candidate : {"Name", "Subject"}) {
    if (const Field* field = Find(candidate)) return field;
  }
  return nullptr;
}

}  // namespace penstock::sandbox::salesforce
