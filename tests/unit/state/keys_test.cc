#include "tandem/state/keys.h"

#include <gtest/gtest.h>

namespace tandem {
namespace {

TEST(Keys, FollowTheLayout) {
  EXPECT_EQ(RecordKey("ec2.aws/VPC/main"), "record/ec2.aws/VPC/main");
  EXPECT_EQ(ObservationKey("ec2.aws/VPC/main"), "observation/ec2.aws/VPC/main");
  EXPECT_EQ(IntentKey("i"), "intent/i");
  EXPECT_EQ(RunKey("r"), "run/r");
  EXPECT_EQ(PlanKey("sha256:a"), "plan/sha256:a");
  EXPECT_EQ(PlanChunkKey("sha256:a", 3), "plan-chunk/sha256:a/000000000003");
  EXPECT_EQ(StepKey("r", 12), "step/r/000000000012");
  EXPECT_EQ(ApprovalKey("h", "uid:1"), "approval/h/uid:1");
  EXPECT_EQ(EventKey(7), "event/000000000007");
  EXPECT_EQ(RevisionKey(0), "revision/000000000000");
  EXPECT_EQ(RevisionChunkKey(1, 2), "revision-chunk/000000000001/000000000002");
  EXPECT_EQ(DocumentKey("d"), "document/d");
  EXPECT_EQ(kPlatformKey, "meta/platform");
}

TEST(Keys, NumbersSortAsNumbers) {
  EXPECT_LT(EventKey(9), EventKey(10));
  EXPECT_LT(StepKey("r", 99), StepKey("r", 100));
  EXPECT_EQ(Padded(999'999'999'999), "999999999999");
}

TEST(Keys, NoTableIsAPrefixOfAnother) {
  EXPECT_NE(PlanChunkKey("h", 1).rfind("plan/", 0), 0u);
  EXPECT_NE(RevisionChunkKey(1, 1).rfind("revision/", 0), 0u);
}

}  // namespace
}  // namespace tandem
