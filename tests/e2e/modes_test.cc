// What each mode does to records, and what the guard and the plan's hash keep from happening.
#include "tests/e2e/e2e.h"

namespace penstock::e2e {
namespace {

using ::testing::HasSubstr;

class ModesTest : public E2eTest {
 protected:
  void StartIn(const std::string& mode, const std::vector<std::string>& options = {}) {
    settings_.mode = mode;
    std::vector<std::string> all = {"--no-limits"};
    all.insert(all.end(), options.begin(), options.end());
    StartAccount(all);
  }
  /// A contact that is in the account already.
  void PutThere(int n) {
    account_.Put("90" + std::to_string(n),
                 {{"email", Email(n)}, {"firstname", "There"}, {"city", "Ulm"}});
  }
  std::string FirstName(int n) { return account_.ByEmail()[Email(n)].properties["firstname"]; }
  /// A held sync; the hash of its plan.
  std::string Held(const std::string& rule, const std::vector<std::string>& more = {}) {
    account_.ResetStats();
    const Output output = project_.Sync(more);
    EXPECT_EQ(output.exit, 4) << output.Text();
    const Json run = OnlyRun(output);
    EXPECT_EQ(run["status"].Text(), "held") << output.Text();
    EXPECT_THAT(output.out, HasSubstr(rule));
    ExpectAddsUp(run);
    EXPECT_EQ(account_.WriteCalls(), 0);
    const std::string hash = run["plan"]["hash"].Text();
    EXPECT_FALSE(hash.empty()) << output.Text();
    return hash;
  }
  /// Applies a plan that must be carried out whole.
  Json Apply(const std::string& hash, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments = {"apply", hash, "--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Output output = project_.Cli(arguments);
    EXPECT_EQ(output.exit, 0) << output.Text();
    const Json run = OnlyRun(output);
    ExpectAddsUp(run);
    return run;
  }
  /// A command that must be refused with this code and send nothing.
  void Refused(const std::vector<std::string>& arguments, const std::string& code) {
    account_.ResetStats();
    const Output output = project_.Cli(arguments);
    EXPECT_TRUE(output.exit == 1 || output.exit == 2) << output.Text();
    EXPECT_THAT(output.out + output.err, HasSubstr(code));
    EXPECT_EQ(account_.WriteCalls(), 0);
  }
};

TEST_F(ModesTest, TwoRowsThatAreOneContactAreShownAsAConflict) {
  StartIn("mirror");
  account_.Put("77", {{"email", Email(1)}, {"hs_additional_emails", Email(2)}});
  project_.FillCustomers(2);
  EXPECT_EQ(SyncDone()["standing"]["conflict"].Int(), 0);
  project_.FillCustomers(1, 2);
  EXPECT_EQ(SyncDone()["standing"]["conflict"].Int(), 2);
  EXPECT_THAT(project_.Cli({"show", "contacts"}).out, HasSubstr("--status conflict"));
  const Output records = project_.Cli({"records", "contacts", "--status", "conflict"});
  EXPECT_THAT(records.out, HasSubstr(" is that of " + Email(1) + ", too"));
  EXPECT_THAT(records.out, HasSubstr(" is that of " + Email(2) + ", too"));
  EXPECT_THAT(project_.Cli({"why", "contacts", Email(2)}).out, HasSubstr("is that of " + Email(1)));
  EXPECT_EQ(project_.Cli({"status", "--strict"}).exit, 3);
  project_.Sql("DELETE FROM customers WHERE n = 2");
  EXPECT_EQ(SyncDone()["standing"]["conflict"].Int(), 0);
  EXPECT_EQ(account_.ByEmail().size(), 2u) << "one row still needs that contact";
}

TEST_F(ModesTest, MirrorArchivesWhatLeftAndIsOurs) {
  StartIn("mirror");
  for (int n : {1, 2, 900, 901, 902}) PutThere(n);
  project_.FillCustomers(50);
  const Json first = SyncDone();
  EXPECT_EQ(first["applied"]["created"].Int(), 48);
  EXPECT_EQ(first["applied"]["updated"].Int(), 2);
  EXPECT_EQ(account_.ByEmail()[Email(1)].properties["city"], "Ulm");

  project_.Sql("DELETE FROM customers WHERE n IN (2, 3, 4)");
  const Json second = SyncDone();
  EXPECT_EQ(second["applied"]["deleted"].Int(), 3);
  auto live = account_.ByEmail();
  EXPECT_EQ(live.size(), 50u);  // 47 rows, 3 that were never ours
  for (int n : {900, 901, 902}) EXPECT_EQ(account_.Writes().count("90" + std::to_string(n)), 0u);
  for (int n : {2, 3, 4}) EXPECT_EQ(live.count(Email(n)), 0u);

  project_.FillCustomers(2, 3);
  const Json third = SyncDone();
  EXPECT_EQ(third["changes"]["insert"].Int(), 2);
  EXPECT_EQ(third["applied"]["created"].Int(), 2);
  account_.ResetStats();
  SyncDone();
  EXPECT_EQ(account_.Calls(), 0);
}

TEST_F(ModesTest, MirrorMayDeleteOnlyWhatItCreated) {
  StartIn("mirror");
  PutThere(1);
  settings_.more = {"delete: created"};
  Configure();
  project_.FillCustomers(10);
  SyncDone();
  project_.Sql("DELETE FROM customers WHERE n IN (1, 2)");
  const Json run = SyncDone();
  EXPECT_EQ(run["applied"]["deleted"].Int(), 1);
  EXPECT_EQ(account_.ByEmail().count(Email(1)), 1u);
}

TEST_F(ModesTest, AnEmptiedModelIsHeldUntilItsPlanIsApplied) {
  StartIn("mirror");
  PutThere(900);
  project_.FillCustomers(60);
  SyncDone();
  project_.Sql("DELETE FROM customers");
  const std::string hash = Held("empty_model");
  EXPECT_EQ(account_.ByEmail().size(), 61u);
  std::string other = hash;
  other[0] = other[0] == 'a' ? 'b' : 'a';
  Refused({"apply", other, "--json"}, "PS-PLAN-MISSING");
  const Json run = Apply(hash);
  EXPECT_EQ(run["applied"]["deleted"].Int(), 60);
  EXPECT_EQ(account_.ByEmail().size(), 1u);
  EXPECT_EQ(account_.ByEmail().count(Email(900)), 1u);
}

TEST_F(ModesTest, ADiscardedPlanCannotBeApplied) {
  StartIn("mirror");
  project_.FillCustomers(60);
  SyncDone();
  project_.Sql("DELETE FROM customers");
  const std::string hash = Held("empty_model");
  const Output discarded = project_.Cli({"discard", hash, "--json"});
  EXPECT_EQ(discarded.exit, 0) << discarded.Text();
  Refused({"apply", hash, "--json"}, "PS-PLAN-MISSING");
  project_.FillCustomers(60);
  account_.ResetStats();
  SyncDone();
  EXPECT_EQ(account_.WriteCalls(), 0);
}

TEST_F(ModesTest, KeyChurnIsHeldInEveryMode) {
  StartIn("upsert");
  project_.FillCustomers(60);
  SyncDone();
  project_.Sql("UPDATE customers SET email = 'new' || email WHERE n < 30");
  const std::string hash = Held("key_churn");
  EXPECT_EQ(account_.ByEmail().size(), 60u);
  const Json run = Apply(hash);
  EXPECT_EQ(run["applied"]["created"].Int(), 30);
  EXPECT_EQ(account_.ByEmail().size(), 90u);  // upsert deletes nothing
}

TEST_F(ModesTest, APlanIsRefusedAfterTheStateMoved) {
  StartIn("mirror");
  project_.FillCustomers(60);
  SyncDone();
  project_.Sql("DELETE FROM customers WHERE n >= 20");
  const std::string hash = Held("deletes");
  project_.FillCustomers(40, 20);
  project_.Sql("UPDATE customers SET phone = '+7' WHERE n = 5");
  SyncDone();
  Refused({"apply", hash, "--json"}, "PS-PLAN-STALE");
  EXPECT_EQ(account_.ByEmail().size(), 60u);
}

TEST_F(ModesTest, APlanIsRefusedAfterTheProjectChanged) {
  StartIn("upsert");
  project_.FillCustomers(5);
  const Output plan = project_.Cli({"plan", "contacts", "--json"});
  settings_.mapping.pop_back();
  Configure();
  Refused({"apply", plan.json["plans"][0]["hash"].Text(), "--json"}, "PS-PLAN-OTHER");
}

TEST_F(ModesTest, AnotherAccountIsRefused) {
  StartIn("mirror", {"--data", project_.temp().path() + "/account", "--account", "1111"});
  project_.FillCustomers(30);
  SyncDone();
  account_.Stop();
  StartIn("mirror", {"--data", project_.temp().path() + "/account", "--account", "2222"});
  ASSERT_EQ(account_.ByEmail().size(), 30u);
  project_.Sql("UPDATE customers SET phone = '+7' WHERE n = 5");
  const Output refused = project_.Sync();
  EXPECT_EQ(refused.exit, 2) << refused.Text();
  EXPECT_THAT(refused.out, HasSubstr("PS-STATE-IDENTITY"));
  EXPECT_THAT(refused.out, HasSubstr("1111"));
  EXPECT_THAT(refused.out, HasSubstr("2222"));
  EXPECT_EQ(account_.WriteCalls(), 0);
  account_.Stop();
  StartIn("mirror", {"--data", project_.temp().path() + "/account", "--account", "1111"});
  EXPECT_EQ(SyncDone()["applied"]["updated"].Int(), 1);
}

TEST_F(ModesTest, DeletesPassUpToWhatIsAllowed) {
  StartIn("mirror");
  project_.FillCustomers(100);
  SyncDone();
  project_.Sql(
      "DELETE FROM customers WHERE n < 40; UPDATE customers SET phone = '+7' WHERE n = 50");
  Held("deletes");
  Held("deletes", {"--allow", "deletes=39"});
  const Json run = SyncTo(0, "succeeded", {"--allow", "deletes=40"});
  EXPECT_EQ(run["applied"]["deleted"].Int(), 40);
  EXPECT_EQ(run["applied"]["updated"].Int(), 1);
  EXPECT_EQ(account_.ByEmail().size(), 60u);
}

TEST_F(ModesTest, AHeldPlanCanBeAppliedWithoutItsDeletes) {
  StartIn("mirror");
  project_.FillCustomers(100);
  SyncDone();
  project_.Sql(
      "DELETE FROM customers WHERE n < 40; UPDATE customers SET phone = '+7' WHERE n = 50");
  const std::string hash = Held("deletes");
  const Json run = Apply(hash, {"--only", "upserts"});
  EXPECT_EQ(run["applied"]["updated"].Int(), 1);
  EXPECT_EQ(run["applied"]["deleted"].Int(), 0);
  EXPECT_EQ(run["outcomes"]["unsent"].Int(), 40);
  EXPECT_EQ(account_.ByEmail().size(), 100u);
  Held("deletes");
}

TEST_F(ModesTest, ACanarySendsThatMany) {
  StartIn("upsert");
  project_.FillCustomers(130);
  const Json canary = SyncTo(0, "succeeded", {"--limit", "10"});
  EXPECT_EQ(canary["outcomes"]["succeeded"].Int(), 10);
  EXPECT_EQ(canary["outcomes"]["unsent"].Int(), 120);
  EXPECT_EQ(account_.ByEmail().size(), 10u);
  const Json rest = SyncDone();
  EXPECT_EQ(rest["rows"]["unchanged"].Int(), 10);
  EXPECT_EQ(rest["applied"]["created"].Int(), 120);
  for (const auto& [id, writes] : account_.Writes()) EXPECT_EQ(writes, 1) << id;
}

TEST_F(ModesTest, UpsertKeepsWhatLeftAndKnowsItWhenItReturns) {
  StartIn("upsert");
  project_.FillCustomers(20);
  SyncDone();
  project_.Sql("DELETE FROM customers WHERE n < 3");
  const Json left = SyncDone();
  EXPECT_EQ(left["changes"]["delete"].Int(), 0);
  EXPECT_EQ(left["standing"]["departed"].Int(), 3);
  EXPECT_EQ(account_.ByEmail().size(), 20u);
  project_.FillCustomers(3);
  project_.Sql("UPDATE customers SET phone = '+7' WHERE n = 1");
  account_.ResetStats();
  const Json back = SyncDone();
  EXPECT_EQ(back["outcomes"]["succeeded"].Int(), 1);
  EXPECT_EQ(back["standing"]["departed"].Int(), 0);
  EXPECT_EQ(account_.WriteCalls(), 1);
}

TEST_F(ModesTest, AModeSwitchedToMirrorIsHeldWhenRecordsDepartedBefore) {
  StartIn("upsert");
  project_.FillCustomers(60);
  SyncDone();
  project_.Sql("DELETE FROM customers WHERE n < 3");
  SyncDone();
  settings_.mode = "mirror";
  Configure();
  const std::string hash = Held("mode_switch");
  EXPECT_EQ(Apply(hash)["applied"]["deleted"].Int(), 3);
}

TEST_F(ModesTest, UpdateOnlyCreatesNothing) {
  StartIn("update_only");
  for (int n : {1, 2, 3}) PutThere(n);
  project_.FillCustomers(10);
  const Json first = SyncDone();
  EXPECT_EQ(first["applied"]["updated"].Int(), 3);
  EXPECT_EQ(first["outcomes"]["skipped"].Int(), 7);
  EXPECT_EQ(account_.ByEmail().size(), 3u);
  EXPECT_EQ(FirstName(2), "First2");
  account_.ResetStats();
  const Json second = SyncDone();
  EXPECT_EQ(second["rows"]["unchanged"].Int() + second["rows"]["quarantined"].Int(), 10);
  EXPECT_EQ(account_.WriteCalls(), 0);
  PutThere(5);
  project_.Sql(
      "UPDATE customers SET phone = '+7' WHERE n IN (1, 5); DELETE FROM customers "
      "WHERE n = 2");
  const Json third = SyncDone();
  EXPECT_EQ(third["applied"]["updated"].Int(), 2);
  EXPECT_EQ(FirstName(5), "First5");
  EXPECT_EQ(account_.ByEmail().size(), 4u);
}

TEST_F(ModesTest, InsertOnlyOverwritesNothing) {
  StartIn("insert_only");
  for (int n : {1, 2}) PutThere(n);
  project_.FillCustomers(10);
  const Json first = SyncDone();
  EXPECT_EQ(first["applied"]["created"].Int(), 8);
  EXPECT_EQ(first["outcomes"]["skipped"].Int(), 2);
  EXPECT_EQ(FirstName(1), "There");
  account_.ResetStats();
  project_.Sql(
      "UPDATE customers SET first_name = 'Else' WHERE n = 5; DELETE FROM customers "
      "WHERE n = 6");
  const Json second = SyncDone();
  EXPECT_EQ(second["changes"]["insert"].Int() + second["changes"]["update"].Int() +
                second["changes"]["delete"].Int(),
            0);
  EXPECT_EQ(account_.WriteCalls(), 0);
  EXPECT_EQ(FirstName(5), "First5");
  project_.FillCustomers(1, 50);
  EXPECT_EQ(SyncDone()["applied"]["created"].Int(), 1);
}

TEST_F(ModesTest, DeleteOnlyListsFirstAndDeletesWhatLeaves) {
  settings_.mapping.clear();
  settings_.mapping = {};
  StartIn("delete_only");
  for (int n = 0; n < 12; ++n) PutThere(n);
  project_.FillCustomers(10);
  const Json first = SyncDone();
  EXPECT_EQ(first["rows"]["read"].Int(), 10);
  EXPECT_EQ(first["changes"]["delete"].Int(), 0);
  EXPECT_EQ(account_.WriteCalls(), 0);
  project_.Sql("DELETE FROM customers WHERE n IN (3, 4)");
  const Json second = SyncDone();
  EXPECT_EQ(second["applied"]["deleted"].Int(), 2);
  EXPECT_EQ(account_.ByEmail().size(), 10u);
  EXPECT_EQ(account_.ByEmail().count(Email(3)), 0u);
  account_.ResetStats();
  SyncDone();
  EXPECT_EQ(account_.WriteCalls(), 0);
}

TEST_F(ModesTest, ForgettingMakesItAFirstRunAgain) {
  StartIn("mirror");
  project_.FillCustomers(30);
  SyncDone();
  project_.Sql("DELETE FROM customers WHERE n < 20");
  const Output forgotten = project_.Cli({"forget", "contacts", "--yes", "--json"});
  EXPECT_EQ(forgotten.exit, 0) << forgotten.Text();
  const Json run = SyncDone();
  EXPECT_EQ(run["changes"]["insert"].Int(), 10);
  EXPECT_EQ(run["changes"]["delete"].Int(), 0);
  EXPECT_EQ(account_.ByEmail().size(), 30u);
}

TEST_F(ModesTest, ASecondRunIsRefusedWhileOneIsAtIt) {
  StartIn("upsert");
  project_.FillCustomers(600);
  account_.Faults(R"([{"match":{"path":"/crm/v3/objects/contacts/batch/"},"times":-1,
                       "fault":{"delay_ms":5000}}])");
  const auto first = project_.Start({"sync", "contacts", "--json"});
  while (first->Running() && project_.Files("/journal-").empty()) {
  }
  const Output second = project_.Sync();
  EXPECT_EQ(second.exit, 1) << second.Text();
  EXPECT_THAT(second.out, HasSubstr("PS-RUN-LOCKED"));
  EXPECT_THAT(second.out, HasSubstr("contacts-1"));
  account_.Faults("[]");
  const Output waited = project_.Sync({"--wait", "2m"});
  EXPECT_EQ(waited.exit, 0) << waited.Text();
  EXPECT_EQ(OnlyRun(waited)["rows"]["unchanged"].Int(), 600);
  EXPECT_EQ(first->Wait().exit, 0);
}

}  // namespace
}  // namespace penstock::e2e
