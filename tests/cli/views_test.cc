// The pages that plans, runs and answers are shown as.
#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include "host/cli/json.h"
#include "host/cli/plan_view.h"
#include "host/cli/run_view.h"
#include "host/cli/why_view.h"

namespace penstock::cli {
namespace {

constexpr char kHash[] = "3f2a9c41d0e23f2a9c41d0e23f2a9c41d0e23f2a9c41d0e23f2a9c41d0e2aaaa";

RunRecord SampleRun() {
  RunRecord r;
  r.run = "contacts-12";
  r.integration = "contacts";
  r.status = "completed_with_errors";
  r.plan_hash = kHash;
  r.plan.read = 4213;
  r.plan.unchanged = 3900;
  r.plan.invalid = 13;
  r.plan.quarantined = 2;
  r.plan.row_changes = r.plan.insert = 298;
  r.plan.remove = 12;
  r.outcomes.succeeded = 308;
  r.outcomes.created = 296;
  r.outcomes.deleted = 12;
  r.outcomes.rejected = 2;
  r.standing.rejected = 4;
  r.errors = {{"INVALID_EMAIL", "Email address x is invalid", 2, "o'brien x"}};
  r.requests = 5;
  r.started_us = 1'700'000'000'000'000;
  r.ended_us = r.started_us + 2'500'000;
  return r;
}

bool Has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(RunViewTest, CountsAddUpAndReasonsLeadOn) {
  const std::string text = RunText(SampleRun(), Paint(false));
  EXPECT_TRUE(Has(text, "Run contacts-12  completed with errors  in 2.5 s, 5 requests")) << text;
  EXPECT_TRUE(Has(text, "4,213 read = 3,900 unchanged + 13 invalid + 2 quarantined + 298 to send"));
  EXPECT_TRUE(Has(text, "310 = 308 succeeded + 2 rejected"));
  EXPECT_TRUE(Has(text, "296 created + 12 deleted"));
  EXPECT_TRUE(Has(text, "2 × INVALID_EMAIL"));
  EXPECT_TRUE(Has(text, "penstock why contacts 'o'\\''brien x'"));
  EXPECT_TRUE(Has(text, "penstock records contacts --status invalid"));
}

TEST(RunViewTest, AHeldRunNamesTheWaysOut) {
  RunRecord r = SampleRun();
  r.status = "held";
  r.holds = {{"deletes", "would delete 12 of 20 known records (60 %)"}};
  r.outcomes = {};
  const std::string text = RunText(r, Paint(false));
  EXPECT_TRUE(Has(text, "none of them sent")) << text;
  EXPECT_TRUE(Has(text, "held      deletes: Would delete 12"));
  EXPECT_TRUE(Has(text, "next      penstock apply 3f2a9c41d0e2 "));
  EXPECT_TRUE(Has(text, "penstock apply 3f2a9c41d0e2 --only upserts"));
  EXPECT_TRUE(Has(text, "--allow deletes=12"));
  EXPECT_TRUE(Has(text, "penstock discard 3f2a9c41d0e2"));
}

TEST(RunJsonTest, HasTheShapeThatIsPromised) {
  RunRecord r = SampleRun();
  r.error = MakeError("PS-SRC-LOST", "The source broke off.", "Run again.");
  rapidjson::Document d;
  d.Parse(RunsJson({r}));
  ASSERT_FALSE(d.HasParseError());
  const auto& run = d["runs"][0];
  for (const char* name : {"run", "integration", "status", "plan", "rows", "changes", "outcomes",
                           "applied", "standing", "errors", "requests", "duration_s", "error"}) {
    EXPECT_TRUE(run.HasMember(name)) << name;
  }
  EXPECT_EQ(run["rows"]["read"].GetUint64(), 4213u);
  EXPECT_EQ(run["changes"]["delete"].GetUint64(), 12u);
  EXPECT_EQ(run["outcomes"]["rejected"].GetUint64(), 2u);
  EXPECT_EQ(run["applied"]["created"].GetUint64(), 296u);
  EXPECT_EQ(run["standing"]["rejected"].GetUint64(), 4u);
  EXPECT_STREQ(run["plan"]["hash"].GetString(), kHash);
  EXPECT_STREQ(run["errors"][0]["code"].GetString(), "INVALID_EMAIL");
  EXPECT_STREQ(run["errors"][0]["example_key"].GetString(), "o'brien x");
  EXPECT_STREQ(run["error"]["code"].GetString(), "PS-SRC-LOST");
  EXPECT_DOUBLE_EQ(run["duration_s"].GetDouble(), 2.5);
  r.error.reset();
  d.Parse(RunsJson({r}));
  EXPECT_TRUE(d["runs"][0]["error"].IsNull());
}

TEST(RunJsonTest, BytesThatAreNoTextAreReplaced) {
  RunRecord r = SampleRun();
  r.errors[0].example_key = "a\xff\xfe";
  rapidjson::Document d;
  d.Parse<rapidjson::kParseValidateEncodingFlag>(RunsJson({r}));
  EXPECT_FALSE(d.HasParseError());
}

PlannedRun Planned() {
  PlannedRun p;
  p.header.integration = "contacts";
  p.header.hash = kHash;
  p.header.connector = "hubspot";
  p.header.account = "123";
  p.header.object = "contacts";
  p.header.mode = Mode::kMirror;
  p.header.counts = SampleRun().plan;
  p.header.counts.update = 0;
  p.header.counts.fresh = 298;
  p.header.counts.invalid_by_code = {{"KEY_MISSING", 13}};
  p.estimated_requests = 4;
  return p;
}

TEST(PlanViewTest, SaysWhatWouldHappenAndWhatIsNext) {
  PlanDetails details;
  details.reasons = {{"new", 298}, {"departed", 12}};
  details.samples = {{"upsert", "new", "anna@x", {{"firstname", "•••"}}},
                     {"delete", "departed", "bob@x", {}}};
  details.invalid = {{7, "", "", "KEY_MISSING", "the key is NULL"}};
  PlanViewOptions options;
  options.destination = "crm";
  const std::string text = PlanText(Planned(), details, options, Paint(false));
  for (const char* part :
       {"Plan 3f2a9c41d0e2", "contacts → crm (hubspot account 123, contacts), mode mirror", "4,213",
        "298 new to Penstock", "departed 12, new 298", "+ anna@x", "firstname = •••", "- bob@x",
        "KEY_MISSING 13", "row 7", "about 4 API calls", "nothing is held",
        "next      penstock apply 3f2a9c41d0e2"}) {
    EXPECT_TRUE(Has(text, part)) << part << "\n" << text;
  }
}

TEST(PlanViewTest, AHeldPlanAndAnEmptyOne) {
  PlannedRun held = Planned();
  held.holds = {{"empty_model", "the model returned no row"}};
  held.open_run = "contacts-11";
  PlanViewOptions options;
  const std::string text = PlanText(held, {}, options, Paint(false));
  EXPECT_TRUE(Has(text, "held      empty_model: The model returned no row.")) << text;
  EXPECT_TRUE(Has(text, "contacts-11 was interrupted"));
  PlannedRun empty = Planned();
  empty.header.counts = {};
  EXPECT_TRUE(Has(PlanText(empty, {}, options, Paint(false)), "nothing to send"));
}

engine::Inquiry Asked() {
  engine::Inquiry q;
  q.key = "anna@x";
  q.rows = 1;
  q.rule = "It was rejected.";
  q.next = "Nothing.";
  q.sensitive = {"phone"};
  q.fields = {{"email", "anna@x", false, false, false, true, false},
              {"phone", "+155512345", false, false, true, false, true}};
  q.entry.emplace();
  q.entry->destination_id = "101";
  q.attempt.emplace();
  q.attempt->run = "contacts-1";
  q.attempt->seq = 7;
  q.attempt->exchange_known = true;
  auto& e = q.attempt->exchange.emplace();
  e.method = "POST";
  e.url = "https://api.example.com/batch";
  e.status = 207;
  e.request.text = R"({"inputs":[{"id":"anna@x","properties":{"phone":"+155512345","a":"1"}},)"
                   R"({"id":"bob@x","properties":{"phone":"+155599999"}}]})";
  e.request.size = e.request.text.size();
  e.response.text = R"({"errors":[{"context":{"trace":["7"]},"message":"bad"}],)"
                    R"("results":[{"id":"102","properties":{"email":"bob@x"}}]})";
  e.response.size = e.response.text.size();
  return q;
}

TEST(WhyViewTest, ShowsThisRecordsPartAndNoSensitiveValue) {
  const engine::Inquiry q = Asked();
  Integration it;
  it.id = "contacts";
  WhyOptions options;
  options.show_values = options.whole = true;
  const std::string text = WhyText(it, q, options, Paint(false));
  EXPECT_TRUE(Has(text, "It was rejected.")) << text;
  EXPECT_TRUE(Has(text, "POST https://api.example.com/batch → 207"));
  EXPECT_TRUE(Has(text, "\"id\":\"anna@x\""));
  EXPECT_TRUE(Has(text, "\"message\":\"bad\""));
  EXPECT_FALSE(Has(text, "bob@x"));
  EXPECT_FALSE(Has(text, "55512345"));
  Json json;
  PutWhy(&json, "contacts", q);
  rapidjson::Document d;
  d.Parse(json.Take());
  ASSERT_FALSE(d.HasParseError());
  EXPECT_FALSE(Has(json.Take(), "55512345"));
  EXPECT_STREQ(d["model"]["changed"][0].GetString(), "phone");
}

TEST(WhyViewTest, AMissSuggestsKeys) {
  engine::Inquiry q;
  q.key = "ana@x";
  q.rule = "Unknown.";
  q.next = "Nothing.";
  q.near = {"anna@x"};
  const std::string text = WhyText(Integration(), q, {}, Paint(false));
  EXPECT_TRUE(Has(text, "similar   anna@x")) << text;
}

}  // namespace
}  // namespace penstock::cli
