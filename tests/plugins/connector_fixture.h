// A real connector, loaded from its library, on a host whose answers the test writes.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sdk/runtime/instance.h"
#include "tests/sdk/scripted_host.h"

namespace penstock::sdk {

class ConnectorFixture : public ::testing::Test {
 protected:
  void Open(const std::string& id, const std::string& config) {
    Result<const ConnectorLibrary*> library = LoadConnector(PENSTOCK_TEST_CONNECTOR_DIR, id);
    ASSERT_TRUE(library.ok()) << library.failure().message;
    Result<std::unique_ptr<ConnectorInstance>> instance =
        ConnectorInstance::Open(**library, &host_, config);
    ASSERT_TRUE(instance.ok()) << instance.failure().message;
    instance_ = *std::move(instance);
  }

  /// The first field is the key.
  Assignment Assign(const std::string& object, const std::string& operation,
                    const std::vector<std::string>& fields) {
    Assignment assignment;
    assignment.object = object;
    assignment.operation = operation;
    assignment.identifier = {fields.front()};
    for (const std::string& name : fields) {
      assignment.fields.push_back({name, FieldType::kString, name == fields.front()});
    }
    assignment.limits = {1000, 100, 4};
    return assignment;
  }

  /// Writes one batch with a writer of its own; outcomes by seq.
  Status Write(const Assignment& assignment, TestBatch& batch) {
    Result<std::unique_ptr<ConnectorWriter>> writer = instance_->Begin(assignment, {}, {});
    if (!writer.ok()) return writer.failure();
    const OutcomeCallback keep = [this](const penstock_outcome& o) { outcomes_[o.seq] = Keep(o); };
    Status written = (*writer)->Write(batch.c(), keep);
    Status finished = (*writer)->Finish(keep);
    outstanding_ = (*writer)->Outstanding();
    return written.ok() ? finished : written;
  }

  ScriptedHost host_;
  std::unique_ptr<ConnectorInstance> instance_;
  std::map<uint64_t, KeptOutcome> outcomes_;
  std::vector<uint64_t> outstanding_;
};

}  // namespace penstock::sdk
