// What crosses to a plugin, in messages.
#include <gtest/gtest.h>

#include "tandem/provider/v1/provider.pb.h"
#include "tandem/provider_wire/wire.h"

namespace tandem::testing {
namespace {

LiveObject Object(size_t bytes) {
  LiveObject object;
  object.kind = {"bench.aws", "Plain"};
  object.identity = "one";
  object.fields = Packed::From(Map{{"text", std::string(bytes, 'x')}});
  return object;
}

TEST(Messages, APageOfOrdinaryObjectsIsOne) {
  ListAnswer page;
  page.objects.assign(1000, Object(500));
  page.complete = true;
  EXPECT_EQ(Split(page).size(), 1u);
  page.objects.assign(10'000, Object(500));
  EXPECT_LE(Split(page).size(), 7u) << "cut at a megabyte, not before";
}

TEST(Messages, ACallIsOneEachWay) {
  ApplyRequest request;
  request.desired = request.observed = request.recorded = Packed::From(Map{{"a", std::string(20'000, 'x')}});
  EXPECT_EQ(Split(request).size(), 1u);
  ApplyAnswer answer;
  answer.fields = request.desired;
  EXPECT_EQ(Split(answer, "intent").size(), 1u);
  ReadAnswer read;
  read.object = Object(20'000);
  EXPECT_EQ(Split(read, 0).size(), 1u);
}

}  // namespace
}  // namespace tandem::testing
