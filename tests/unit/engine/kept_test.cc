#include "tandem/base/kept.h"

#include <gtest/gtest.h>

#include <string>

namespace tandem {
namespace {

TEST(Kept, CopiesShareUntilOneIsEdited) {
  Kept<std::string> one(std::string("as it was recorded, longer than a short string"));
  const Kept<std::string> other = one;
  EXPECT_EQ(&*one, &*other) << "a copy costs a pointer";
  one.Edit() += ", and edited";
  EXPECT_EQ(*other, "as it was recorded, longer than a short string");
  EXPECT_EQ(*one, *other + ", and edited");
}

TEST(Kept, OneWithoutACopyIsEditedInPlace) {
  Kept<std::string> one(std::string("alone"));
  const std::string* before = &*one;
  one.Edit() = "still alone";
  EXPECT_EQ(&*one, before);
}

TEST(Kept, IsThereOrNot) {
  Kept<std::string> one;
  EXPECT_FALSE(one.has_value());
  one = std::string();
  EXPECT_TRUE(one.has_value()) << "an empty value is there";
  const Kept<std::string> other = one;
  one.reset();
  EXPECT_FALSE(one);
  EXPECT_TRUE(other) << "only one of them was reset";
}

}  // namespace
}  // namespace tandem
