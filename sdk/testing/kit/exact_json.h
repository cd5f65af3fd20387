// JSON whose numbers keep every digit: a number is a string value behind a mark.
#pragma once

#include <rapidjson/document.h>

#include <map>
#include <string>
#include <string_view>

namespace penstock::kit {

using Json = rapidjson::Value;

/// False when `text` is no JSON.
bool ParseExact(std::string_view text, rapidjson::Document* out);

/// What a parsed value was as text; compact.
std::string ExactText(const Json& value);

bool IsNumber(const Json& value);
/// A string that is no number.
bool IsText(const Json& value);
/// The digits of a number, or the text of a string; empty for others.
std::string_view Plain(const Json& value);

/// Null when `value` is no object or has no such member.
const Json* Find(const Json& value, std::string_view name);
/// The same by a JSON pointer; "" is the value itself.
const Json* At(const Json& value, const std::string& pointer);
/// Text of a string member, or `otherwise`.
std::string TextOf(const Json& value, std::string_view name, const std::string& otherwise = {});

/// The text with one more member at its end; as it is when it is no object or has the member.
std::string WithMember(const std::string& json, const std::string& name, const std::string& text);

/// The text with every {"$secret": NAME} replaced by the secret of that name, or by "secret".
std::string WithSecrets(const std::string& json, const std::map<std::string, std::string>& secrets);

}  // namespace penstock::kit
