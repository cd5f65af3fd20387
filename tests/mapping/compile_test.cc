#include "tests/mapping/fixture.h"

namespace penstock::testing {
namespace {

Error Refusal(const Integration& integration, const std::vector<std::string>& columns,
              const sdk::Object& object) {
  const auto mapper = Compile(integration, columns, object);
  if (mapper.ok()) return MakeError("none", "it compiled");
  EXPECT_EQ(mapper.error().exit, ExitCode::kUsage);
  return mapper.error();
}

const std::vector<sdk::Field> kFields = {MakeField("firstname"),
                                         MakeField("age", sdk::FieldType::kInteger)};

TEST(Compile, MissingColumns) {
  Integration integration = MakeIntegration({{"firstname", "frist_name"}});
  integration.places["mapping.firstname"] = {"penstock.yaml", 12, 7};
  Error error = Refusal(integration, {"email", "first_name"}, Contacts(kFields));
  EXPECT_EQ(error.code, "PS-MAP-COLUMN");
  EXPECT_EQ(error.message, "The model has no column \"frist_name\".");
  EXPECT_EQ(error.hint, "Did you mean \"first_name\"?");
  EXPECT_EQ(error.file, "penstock.yaml");
  EXPECT_EQ(error.line, 12);
  EXPECT_EQ(error.column, 7);
  error = Refusal(MakeIntegration({{"firstname", "wages"}}), {"email", "total"}, Contacts(kFields));
  EXPECT_EQ(error.hint, "Its columns are: email, total.");
  error = Refusal(MakeIntegration(), {"mail_adress"}, Contacts());
  EXPECT_EQ(error.message, "The model has no column \"email\".");
  error = Refusal(MakeIntegration(), {"email", "x", "email"}, Contacts());
  EXPECT_EQ(error.code, "PS-MAP-COLUMN");
  EXPECT_NE(error.message.find("two columns"), std::string::npos);
}

TEST(Compile, UnknownAndReadOnlyFields) {
  Error error = Refusal(MakeIntegration({{"first_name", "a"}}), {"email", "a"}, Contacts(kFields));
  EXPECT_EQ(error.code, "PS-MAP-FIELD");
  EXPECT_EQ(error.message, "contacts has no field \"first_name\".");
  EXPECT_EQ(error.hint, "Did you mean \"firstname\"?");

  std::vector<sdk::Field> fields = kFields;
  fields[0].createable = fields[0].updateable = false;
  error = Refusal(MakeIntegration({{"firstname", "a"}}), {"email", "a"}, Contacts(fields));
  EXPECT_EQ(error.message, "\"firstname\" of contacts is read-only.");
  fields[0].read_only_because = "a formula calculates it";
  error = Refusal(MakeIntegration({{"firstname", "a"}}), {"email", "a"}, Contacts(fields));
  EXPECT_EQ(error.message, "\"firstname\" of contacts is read-only: a formula calculates it.");

  fields[0].createable = true;
  Integration integration = MakeIntegration({{"firstname", "a"}});
  error = Refusal(integration, {"email", "a"}, Contacts(fields));
  EXPECT_NE(error.message.find("only when a record is created"), std::string::npos);
  integration.mode = Mode::kInsertOnly;
  EXPECT_TRUE(Compile(integration, {"email", "a"}, Contacts(fields)).ok());
  integration.mode = Mode::kDeleteOnly;
  EXPECT_TRUE(Compile(integration, {"email", "a"}, Contacts(fields)).ok());

  error = Refusal(MakeIntegration({{"age", "a"}, {"age", "b"}}), {"email", "a", "b"},
                  Contacts(kFields));
  EXPECT_EQ(error.message, "\"age\" is mapped twice.");
  error = Refusal(MakeIntegration({{"email", "a"}}), {"email", "a"}, Contacts());
  EXPECT_EQ(error.message, "\"email\" is the key and is mapped a second time.");
}

TEST(Compile, OneOfTheFieldsThatSetTheSameIsMapped) {
  std::vector<sdk::Field> fields = kFields;
  sdk::Field owner;
  owner.name = "owner_id";
  owner.required = true;
  fields.push_back(owner);
  owner.name = "owner.email";
  owner.required = false;
  owner.sets = "owner_id";
  fields.push_back(owner);
  const sdk::Object object = Contacts(fields);
  Error error = Refusal(MakeIntegration({{"firstname", "a"}}), {"email", "a"}, object);
  EXPECT_EQ(error.code, "PS-MAP-REQUIRED");
  EXPECT_NE(error.message.find("without owner_id (or owner.email), and"), std::string::npos)
      << error.message;
  EXPECT_TRUE(Compile(MakeIntegration({{"owner.email", "a"}}), {"email", "a"}, object).ok());
  EXPECT_TRUE(Compile(MakeIntegration({{"owner_id", "a"}}), {"email", "a"}, object).ok());
  error = Refusal(MakeIntegration({{"owner_id", "a"}, {"owner.email", "b"}}), {"email", "a", "b"},
                  object);
  EXPECT_EQ(error.code, "PS-MAP-FIELD");
  EXPECT_EQ(error.message, "\"owner_id\" and \"owner.email\" both set owner_id.");
}

TEST(Compile, OptionsAreThoseOfTheObject) {
  Integration integration = MakeIntegration({{"firstname", "a"}});
  integration.options = R"({"rule": "on"})";
  integration.places["options"] = {"penstock.yaml", 9, 5};
  sdk::Object object = Contacts(kFields);
  Error error = Refusal(integration, {"email", "a"}, object);
  EXPECT_EQ(error.code, "PS-MAP-OPTIONS");
  EXPECT_EQ(error.line, 9);
  object.options_schema =
      R"({"type": "object", "properties": {"rule": {"enum": ["on", "off"]}},
          "additionalProperties": false})";
  EXPECT_TRUE(Compile(integration, {"email", "a"}, object).ok());
  for (const char* wrong : {R"({"rule": "maybe"})", R"({"rul": "on"})"}) {
    integration.options = wrong;
    EXPECT_EQ(Refusal(integration, {"email", "a"}, object).code, "PS-MAP-OPTIONS") << wrong;
  }
}

TEST(Compile, AWrongOptionIsToldAsItsWriterWouldTellIt) {
  Integration integration = MakeIntegration({{"firstname", "a"}});
  integration.id = "people";
  integration.places["options"] = {"penstock.yaml", 9, 5};
  integration.places["options.threshold"] = {"penstock.yaml", 11, 20};
  sdk::Object object = Contacts(kFields);
  object.options_schema = R"({"type": "object", "additionalProperties": false, "properties": {
      "path": {"type": "string", "enum": ["auto", "bulk"], "default": "auto"},
      "threshold": {"type": "integer", "minimum": 1, "maximum": 1000000, "default": 2000,
                    "title": "Changes above which jobs are used"},
      "serial": {"type": "boolean"},
      "rule": {"type": "string", "pattern": "^(none|01Q.*)$", "description": "None or a rule's id."},
      "tags": {"type": "array", "items": {"type": "string", "minLength": 1}}}})";
  struct {
    const char *options, *message, *hint;
    int line;
  } const cases[] = {
      {R"({"threshold": 0})",
       "Option \"threshold\" of people is 0, and takes a whole number from 1 to 1,000,000.",
       "Changes above which jobs are used. Without it: 2000.", 11},
      {R"({"threshold": "many"})",
       "Option \"threshold\" of people is \"many\", and takes a whole number from 1 to 1,000,000.",
       "Changes above which jobs are used. Without it: 2000.", 11},
      {R"({"path": "auot"})", "Option \"path\" of people is \"auot\", and takes one of auto, bulk.",
       "Did you mean \"auto\"? Without it: \"auto\".", 9},
      {R"({"serial": "yes"})", "Option \"serial\" of people is \"yes\", and takes true or false.",
       "`penstock connector show NAME` describes the options.", 9},
      {R"({"serial": null})", "Option \"serial\" of people is empty, and takes true or false.",
       "`penstock connector show NAME` describes the options.", 9},
      {R"({"rule": "x"})", "Option \"rule\" of people is \"x\", which it does not take.",
       "None or a rule's id. ", 9},
      {R"({"tags": "x"})", "Option \"tags\" of people is \"x\", and takes a list.",
       "`penstock connector show NAME` describes the options.", 9},
      {R"({"tags": [""]})",
       "Option \"tags.0\" of people is \"\", and takes text that is not empty.",
       "`penstock connector show NAME` describes the options.", 9},
      {R"({"serail": true})", "Object contacts has no option \"serail\".",
       "Did you mean \"serial\"? `penstock connector show NAME` describes the options.", 9},
      {R"({"zzz": true})", "Object contacts has no option \"zzz\".",
       "It has path, threshold, serial, rule, tags. `penstock connector show NAME` describes the "
       "options.",
       9},
  };
  for (const auto& a_case : cases) {
    integration.options = a_case.options;
    const Error error = Refusal(integration, {"email", "a"}, object);
    EXPECT_EQ(error.code, "PS-MAP-OPTIONS");
    EXPECT_EQ(error.message, a_case.message);
    EXPECT_EQ(error.hint, a_case.hint);
    EXPECT_EQ(error.line, a_case.line);
  }
}

TEST(Compile, OptionsThatDoNotGoTogetherSaySo) {
  Integration integration = MakeIntegration({{"firstname", "a"}});
  integration.id = "people";
  integration.options = R"({"path": "bulk", "serial": true})";
  sdk::Object object = Contacts(kFields);
  object.options_schema = R"({"type": "object", "properties": {"path": {"type": "string"},
      "serial": {"type": "boolean"}}, "allOf": [{"description": "serial does not go with path",
      "not": {"required": ["path", "serial"]}}]})";
  const Error error = Refusal(integration, {"email", "a"}, object);
  EXPECT_EQ(error.code, "PS-MAP-OPTIONS");
  EXPECT_EQ(error.message,
            "`options:` of people contradict each other: serial does not go with path.");
}

TEST(Compile, Constants) {
  Integration integration = MakeIntegration({{"age", ""}});
  integration.mapping[0].constant = "forty";
  integration.places["mapping.age"] = {"f", 1, 1};
  integration.places["mapping.age.const"] = {"f", 2, 3};
  Error error = Refusal(integration, {"email"}, Contacts(kFields));
  EXPECT_EQ(error.code, "PS-MAP-CONST");
  EXPECT_EQ(error.message,
            "The constant does not fit: \"age\" takes an integer, and got the text \"forty\".");
  EXPECT_EQ(error.line, 2);
  integration.mapping[0].constant.reset();
  error = Refusal(integration, {"email"}, Contacts(kFields));
  EXPECT_EQ(error.code, "PS-MAP-CONST");
  EXPECT_EQ(error.line, 1);
  integration.mapping[0].constant_null = true;
  EXPECT_TRUE(Compile(integration, {"email"}, Contacts(kFields)).ok());
  integration.mapping[0].constant_null = false;
  integration.mapping[0].run_variable = "run_started_at";
  EXPECT_EQ(Refusal(integration, {"email"}, Contacts(kFields)).code, "PS-MAP-CONST");
  integration.mapping[0].run_variable = "run";
  EXPECT_EQ(Refusal(integration, {"email"}, Contacts(kFields)).message,
            "There is no run variable \"run\".");
  integration.mapping[0].field = "firstname";
  integration.mapping[0].run_variable = "run_started_at";
  EXPECT_TRUE(Compile(integration, {"email"}, Contacts(kFields)).ok());
}

TEST(Compile, KeysThatDoNotIdentify) {
  Integration integration = MakeIntegration();
  integration.key.field = "firstname";
  integration.places["key"] = {"f", 9, 2};
  Error error = Refusal(integration, {"email"}, Contacts(kFields));
  EXPECT_EQ(error.code, "PS-MAP-KEY");
  EXPECT_EQ(error.message, "\"firstname\" cannot identify contacts for upsert.");
  EXPECT_EQ(error.hint, "Fields that can be the key: email, id.");
  EXPECT_EQ(error.line, 9);
  integration.key.field = "emial";
  EXPECT_EQ(Refusal(integration, {"email"}, Contacts()).hint, "Did you mean \"email\"?");

  // Deleted by id: the push knows it or looks the key up, as long as some operation takes the key.
  sdk::Object object = Contacts();
  object.operations["delete"].identifiers = {{"id"}};
  integration = MakeIntegration();
  integration.mode = Mode::kDeleteOnly;
  EXPECT_TRUE(Compile(integration, {"email"}, object).ok());
  for (auto& [name, operation] : object.operations) operation.identifiers = {{"id"}};
  EXPECT_EQ(Refusal(integration, {"email"}, object).code, "PS-MAP-KEY");

  integration = MakeIntegration();
  integration.key.columns = {"a", "b"};
  EXPECT_EQ(Refusal(integration, {"a", "b"}, Contacts()).code, "PS-MAP-KEY");
  integration.key.text_template = "{a}:{b}";
  EXPECT_TRUE(Compile(integration, {"a", "b"}, Contacts()).ok());
  object = Contacts();
  object.fields.back().normalisers = {sdk::Normaliser::kDigits};
  EXPECT_NE(Refusal(integration, {"a", "b"}, object).message.find("run together"),
            std::string::npos);
  object = Contacts();
  object.fields.back().type = sdk::FieldType::kInteger;
  EXPECT_EQ(Refusal(integration, {"a", "b"}, object).code, "PS-MAP-KEY");
}

TEST(Compile, ModesThatTheObjectDoesNotSupport) {
  sdk::Object object = Contacts();
  object.operations.erase("delete");
  object.operations.erase("insert");
  Integration integration = MakeIntegration();
  integration.mode = Mode::kMirror;
  integration.places["mode"] = {"f", 4, 5};
  const Error error = Refusal(integration, {"email"}, object);
  EXPECT_EQ(error.code, "PS-MAP-MODE");
  EXPECT_EQ(error.message, "Mode mirror needs delete, which contacts does not support.");
  EXPECT_EQ(error.hint, "Modes that work here: upsert, update_only.");
  EXPECT_EQ(error.line, 4);
}

TEST(Compile, RequiredFields) {
  std::vector<sdk::Field> fields = kFields;
  fields[0].required = fields[1].required = true;
  Integration integration = MakeIntegration({{"age", "a"}});
  const Error error = Refusal(integration, {"email", "a"}, Contacts(fields));
  EXPECT_EQ(error.code, "PS-MAP-REQUIRED");
  EXPECT_EQ(error.message,
            "contacts cannot be created without firstname, and the mapping does not set it.");
  integration.mode = Mode::kUpdateOnly;
  EXPECT_TRUE(Compile(integration, {"email", "a"}, Contacts(fields)).ok());
}

TEST(Compile, TimeZones) {
  Integration integration = MakeIntegration();
  integration.time_zone = "Mars/Olympus";
  EXPECT_EQ(Refusal(integration, {"email"}, Contacts()).code, "PS-MAP-ZONE");
}

TEST(Modes, HaveNamesBothWays) {
  for (const char* name : {"mirror", "upsert", "update_only", "delete_only", "insert_only"}) {
    ASSERT_TRUE(ParseMode(name).has_value());
    EXPECT_EQ(ModeName(*ParseMode(name)), name);
  }
  EXPECT_FALSE(ParseMode("delete").has_value());
  EXPECT_TRUE(DeletesDeparted(Mode::kMirror));
  EXPECT_FALSE(DeletesDeparted(Mode::kUpsert));
}

}  // namespace
}  // namespace penstock::testing
