// The pages that plans, runs and answers are shown as.
#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include "host/cli/json.h"
#include "host/cli/plan_view.h"
#include "host/cli/run_view.h"
#include "host/cli/status_view.h"
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

/// The widest line, in columns.
size_t WidthOf(const std::string& text) {
  size_t width = 0;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    width = std::max(width, DisplayWidth(std::string_view(text).substr(at, end - at)));
    at = end + 1;
  }
  return width;
}

/// On one line, with one blank between words.
std::string Joined(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\n';
    if (!blank || !out.ends_with(' ')) out += blank ? ' ' : c;
  }
  return out;
}

TEST(RunViewTest, ReasonsAreNeverCut) {
  RunRecord r = SampleRun();
  const std::string reason =
      "the job 7505g0000000001AAA ended as Failed: InvalidBatch : Field name not found : Foo__c; "
      "records that it did not take are left to the next run, which sends them again";
  r.errors[0].message = reason;
  r.error = UsageError("PS-MAP-OPTIONS", reason, "correct it");
  r.error->file = "penstock.yaml";
  r.error->line = 22;
  const std::string whole = RunText(r, Paint(false));
  EXPECT_TRUE(Has(whole, "INVALID_EMAIL: " + reason + " → penstock why contacts")) << whole;
  EXPECT_TRUE(Has(whole, "  penstock.yaml:22: PS-MAP-OPTIONS: The job")) << whole;
  const std::string page = RunText(r, Paint(false, 80));
  EXPECT_LE(WidthOf(page), 80u) << page;
  EXPECT_EQ(Joined(page), Joined(whole)) << "nothing is lost";
  EXPECT_TRUE(Has(page, "            → penstock why contacts 'o'\\''brien x'\n")) << page;
}

TEST(RunViewTest, WhatIsNoRecordsIsOneLineWithoutACount) {
  RunRecord r = SampleRun();
  r.errors = {{"JOB_ABORTED", "the job 7505 was aborted", 1, ""}};
  EXPECT_TRUE(Has(RunText(r, Paint(false)),
                  "  reasons   JOB_ABORTED: the job 7505 was aborted → penstock explain "
                  "JOB_ABORTED\n"));
}

IntegrationStatus Standing() {
  IntegrationStatus s;
  s.integration = "contacts";
  s.last = SampleRun();
  s.last->status = "succeeded";
  s.last->plan = {};
  s.last->outcomes = {};
  s.ended = s.last;
  s.counts.entries = s.counts.acknowledged = 298;
  return s;
}

TEST(StatusViewTest, EverythingThatIsNotAsTheModelSaysIsNamed) {
  using Words = std::vector<std::string>;
  IntegrationStatus s = Standing();
  s.counts.departed = s.counts.skipped = 3;  // as the mode wants them
  EXPECT_EQ(NotAsTheModelSays(s), Words());
  s.counts.rejected = 2;
  s.counts.in_doubt = 1;
  s.counts.shared_ids = 4;
  EXPECT_EQ(NotAsTheModelSays(s), (Words{"2 rejected", "1 in doubt", "4 in conflict"}));
  s = Standing();
  s.ended->plan.invalid = 5;
  EXPECT_EQ(NotAsTheModelSays(s), Words{"5 invalid"});
  s = Standing();
  s.ended->status = "completed_with_errors";
  s.ended->plan.row_changes = 7;
  s.ended->outcomes.unsent = 3;  // the others were done by an earlier run of the plan
  EXPECT_EQ(NotAsTheModelSays(s), Words{"3 unsent"});
  s.ended->status = "held";
  s.ended->outcomes = {};
  EXPECT_EQ(NotAsTheModelSays(s), (Words{"7 unsent", "the last run was held"}));
  s = Standing();
  for (const char* status : {"interrupted", "cancelled"}) {
    s.last->status = s.ended->status = status;
    EXPECT_EQ(NotAsTheModelSays(s), Words{std::string("the last run was ") + status});
  }
  s.ended->status = "failed";
  EXPECT_EQ(NotAsTheModelSays(s), Words{"the last run failed"});
  s = Standing();
  s.jobs.push_back({"750A", Op::kUpsert, 1, 0, 10, 0});
  EXPECT_EQ(NotAsTheModelSays(s), Words{"a job may still run"});
  s = Standing();
  s.last.reset();
  s.ended.reset();
  EXPECT_EQ(NotAsTheModelSays(s), Words{"it never ran"});
}

TEST(StatusViewTest, ARunAtWorkIsJudgedByTheOneBefore) {
  IntegrationStatus s = Standing();
  s.last->status = "running";
  s.last->plan.row_changes = 100;
  EXPECT_TRUE(NotAsTheModelSays(s).empty());
  s.ended->plan.invalid = 1;
  EXPECT_FALSE(NotAsTheModelSays(s).empty());
  s.ended->plan.invalid = 0;
  s.interrupted = true;  // as its journal is open
  s.ended->outcomes.unsent = 5;
  EXPECT_EQ(NotAsTheModelSays(s), std::vector<std::string>{"5 unsent"});
}

TEST(StatusViewTest, OfAKilledRunIsToldWhatItHadNotSent) {
  IntegrationStatus s = Standing();
  s.last->status = s.ended->status = "interrupted";
  s.ended->plan.row_changes = 95;
  s.ended->outcomes.in_doubt = s.counts.in_doubt = 92;
  s.ended->outcomes.unsent = 3;
  s.interrupted = true;
  EXPECT_EQ(NotAsTheModelSays(s),
            (std::vector<std::string>{"92 in doubt", "3 unsent", "the last run was interrupted"}));
}

TEST(StatusViewTest, ThePageFitsATerminalAndLeadsOn) {
  IntegrationStatus s = Standing();
  s.counts.rejected = 2;  // one of these is acknowledged with an earlier content
  s.counts.entries = 299;
  s.ended->plan.invalid = 4;
  s.jobs.push_back({"7505g0000000001AAA", Op::kUpsert, 1, 0, 100, 0});
  const std::string page = StatusText({s}, Paint(false, 80));
  EXPECT_LE(WidthOf(page), 80u) << page;
  for (const char* part : {"contacts  succeeded in run contacts-12, 2023-11-14 22:13:20 UTC\n",
                           "  records   299 known = 297 acknowledged + 2 rejected; an earlier",
                           "not as the model says: 2 rejected, 4 invalid, a job may still run",
                           "100 records in job 7505g0000000001AAA (upsert) since",
                           "penstock records contacts --status rejected\n",
                           "penstock records contacts --status invalid\n"}) {
    EXPECT_TRUE(Has(page, part)) << part << "\n" << page;
  }
  Json json;
  PutStatus(&json, s);
  rapidjson::Document d;
  d.Parse(json.Take());
  ASSERT_FALSE(d.HasParseError());
  EXPECT_EQ(d["known"].GetUint64(), 299u);
  EXPECT_EQ(d["acknowledged"].GetUint64(), 298u);
  EXPECT_EQ(d["standing"]["rejected"].GetUint64(), 2u);
  EXPECT_EQ(d["invalid"].GetUint64(), 4u);
  EXPECT_EQ(d["unsent"].GetUint64(), 0u);
  EXPECT_EQ(d["not_as_the_model_says"].Size(), 3u);
}

// Whoever adds up the numbers before the "=" and behind it gets the same.
TEST(StatusViewTest, RecordsAddUp) {
  const auto records = [](const StateCounts& counts) {
    IntegrationStatus s = Standing();
    s.counts = counts;
    const std::string page = StatusText({s}, Paint(false));
    const size_t at = page.find("  records   ") + 12;
    return page.substr(at, page.find('\n', at) - at);
  };
  StateCounts c;
  EXPECT_EQ(records(c), "0 known = 0 acknowledged");
  c.entries = c.acknowledged = 4000;
  EXPECT_EQ(records(c), "4,000 known = 4,000 acknowledged");
  c.rejected = 8;  // changes of records that are acknowledged with an earlier content
  c.in_doubt = 2;
  EXPECT_EQ(
      records(c),
      "4,000 known = 3,990 acknowledged + 8 rejected + 2 in doubt; an earlier change of 10 of "
      "the others was acknowledged");
  c.acknowledged = 3991;
  c.departed = 5;
  EXPECT_EQ(records(c),
            "4,000 known = 3,990 acknowledged + 8 rejected + 2 in doubt; an earlier change of 1 of "
            "the others was acknowledged; departed, of all: 5");
  c.acknowledged = 3990;
  c.departed = 0;
  EXPECT_EQ(records(c), "4,000 known = 3,990 acknowledged + 8 rejected + 2 in doubt");
}

TEST(RunViewTest, AKilledRunHasNoEndThatIsKnown) {
  RunRecord r = SampleRun();
  r.status = "interrupted";
  EXPECT_TRUE(Has(RunText(r, Paint(false)), "Run contacts-12  interrupted\n"));
  r.ended_us = 0;
  const std::string text = RunText(r, Paint(false));
  EXPECT_TRUE(Has(text, "Run contacts-12  interrupted; the next sync settles what it left open\n"))
      << text;
  EXPECT_TRUE(Has(text, "310 = 308 succeeded + 2 rejected")) << text;
}

TEST(RunViewTest, OfARunAtWorkNothingIsCalledUnsent) {
  RunRecord r = SampleRun();
  r.status = "running";
  r.outcomes = {};
  r.outcomes.unsent = 310;  // as planned
  const std::string text = RunText(r, Paint(false));
  EXPECT_TRUE(Has(text, "Run contacts-12  running  since 2023-11-14 22:13:20 UTC\n")) << text;
  EXPECT_TRUE(Has(text, "310 = 298 insert + 12 delete; what became of them")) << text;
  EXPECT_FALSE(Has(text, "unsent")) << text;
  r.plan = {};
  EXPECT_FALSE(Has(RunText(r, Paint(false)), "changes")) << "it has no plan yet";
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
  p.cost.requests = 4;
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
  held.open_run_at_work = true;
  EXPECT_TRUE(Has(PlanText(held, {}, options, Paint(false)), "Run contacts-11 is at work. "));
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

TEST(WhyViewTest, AListInTheAddressShowsThisRecordsPart) {
  engine::Inquiry q = Asked();
  std::string ids;
  for (int i = 0; i < 199; ++i) ids += "0035g0000004" + std::to_string(100 + i) + "AAA,";
  q.entry->destination_id = "0035g0000004CDXAA2";
  q.attempt->exchange->method = "DELETE";
  q.attempt->exchange->url =
      "https://example.com/composite/sobjects?allOrNone=false&ids=" + ids + "0035g0000004CDXAA2";
  const std::string url = q.attempt->exchange->url;
  const std::string text = WhyText(Integration(), q, {}, Paint(false, 80));
  EXPECT_TRUE(Has(Joined(text),
                  "DELETE https://example.com/composite/sobjects?allOrNone=false&"
                  "ids=…0035g0000004CDXAA2… (without 199 items about other "
                  "records) → 207"))
      << text;
  WhyOptions whole;
  whole.whole = true;
  EXPECT_TRUE(Has(WhyText(Integration(), q, whole, Paint(false)), url));
  Json json;
  PutWhy(&json, "contacts", q);
  EXPECT_TRUE(Has(json.Take(), url));
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
