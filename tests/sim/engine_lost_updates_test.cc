// R3, R9: an update whose reply was lost may have done a part of its work. That part is the step's own.
#include <gtest/gtest.h>

#include "tests/support/engine_rig.h"
#include "tests/support/sim_models.h"

namespace tandem::testing {
namespace {

TEST(EngineLostUpdates, R3_WhatALostCallDidOfItsWorkDoesNotVoidTheStep) {
  EngineRig rig;
  ASSERT_EQ(rig.Apply(Role("a", "one")), "succeeded: 1 done");
  rig.Pass(std::chrono::minutes(2));
  int calls = 0;
  rig.provider->answer_with = [&](const ApplyRequest&) -> std::optional<CallError> {
    if (++calls > 1) return std::nullopt;
    // The old is gone and the new not there yet: as between two requests of one call.
    EXPECT_TRUE(rig.cloud->Mutate("iam.sim/Role/a", "Policy", "between").ok());
    return MakeCallError(ErrorClass::kPerhapsDone, "", "connection reset");
  };
  EXPECT_EQ(rig.Apply(Role("a", "two")), "succeeded: 1 done");
  EXPECT_EQ(calls, 2);
}

}  // namespace
}  // namespace tandem::testing
