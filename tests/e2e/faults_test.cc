// The faults, against HubSpot's batches.
#include "tests/e2e/faults.h"

namespace penstock::e2e {
namespace {

class FaultsTest : public FaultsFixture, public ::testing::WithParamInterface<FaultCase> {};

TEST_P(FaultsTest, ConvergesAndLosesNothing) {
  settings_.mode = "mirror";
  settings_.destination = "timeout: 2s";
  StartAccount();
  Converge(GetParam(), R"({"method":"POST","path":"/crm/v3/objects/contacts/batch/"})");
}

INSTANTIATE_TEST_SUITE_P(Each, FaultsTest, ::testing::ValuesIn(kFaultCases),
                         [](const auto& each) { return std::string(each.param.name); });

}  // namespace
}  // namespace penstock::e2e
