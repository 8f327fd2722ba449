#include <gtest/gtest.h>

#include "tandem/model/address.h"
#include "tandem/model/source.h"
#include "tandem/model/value.h"

namespace tandem {
namespace {

TEST(Address, ParsesWhatItPrints) {
  for (const char* text : {"ec2.aws/VPC/main", "apps/Deployment/shop/web", "core/Secret/a/b@eks",
                           "rds.aws/DBCluster/orders@aws-primary", "tandem/Component/MSK"}) {
    const auto address = Address::Parse(text);
    ASSERT_TRUE(address.ok()) << text;
    EXPECT_EQ(address->ToString(), text);
  }
  for (const char* text : {"", "VPC/main", "a/b/c/d/e", "a//c", "a/b/c@", "a/b/"})
    EXPECT_FALSE(Address::Parse(text).ok()) << text;
}

TEST(Path, FormatsAndParses) {
  for (const char* text : {"a", "a.b[0].c", "[0]", "a[\"x.y/z\"].b", "a[\"q\\\"\"]"})
    EXPECT_EQ(FormatPath(ParsePath(text)), text);
  for (const char* text : {"", ".", "a.", "a[", "a[x]", "a[\"x\"", "a..b"})
    EXPECT_TRUE(ParsePath(text).empty()) << text;
}

TEST(Path, SetsAndErases) {
  Value root;
  EXPECT_TRUE(SetAt(root, ParsePath("a.b[0].c"), 1));
  EXPECT_EQ(root.At("a.b[0].c")->as_int(), 1);
  EXPECT_FALSE(SetAt(root, ParsePath("a.b[5]"), 1));
  EXPECT_FALSE(SetAt(root, ParsePath("a.b[0].c.d"), 1));
  EXPECT_TRUE(EraseAt(root, ParsePath("a.b[0]")));
  EXPECT_FALSE(EraseAt(root, ParsePath("a.x")));
}

TEST(Diagnostics, PointAtTheTextInCodePoints) {
  auto text = std::make_shared<SourceText>(SourceText{"m.yaml", "a: 1\nünï: twö # x\n"});
  Diagnostics found;
  found.Error({text, 12, 16}, "not a number", "write 2\nor 3", "a/B/c");
  EXPECT_EQ(FormatDiagnostics(found),
            "error: not a number\n"
            "  --> m.yaml:2:6\n"
            "   |\n"
            " 2 | ünï: twö # x\n"
            "   |      ^^^\n"
            "   = in a/B/c\n"
            "   = write 2\n"
            "     or 3\n");
}

TEST(Diagnostics, SortByPlaceAndDropRepeats) {
  auto text = std::make_shared<SourceText>(SourceText{"m.yaml", "abc"});
  Diagnostics found;
  found.Error({text, 2, 3}, "second");
  found.Warning({text, 1, 2}, "first");
  found.Error({text, 2, 3}, "second");
  found.Sort();
  ASSERT_EQ(found.items().size(), 2u);
  EXPECT_EQ(found.items()[0].summary, "first");
  EXPECT_EQ(found.errors(), 1);
  EXPECT_EQ(found.warnings(), 1);
}

}  // namespace
TEST(Value, CopiesShareUntilOneIsEdited) {
  Value first = Map{{"a", List{1, 2}}, {"b", "text"}};
  Value second = first;
  EXPECT_EQ(&first.as_map(), &second.as_map());
  second.edit_map()["b"] = "other";
  EXPECT_EQ(first.StringOr("b", ""), "text");
  EXPECT_EQ(second.StringOr("b", ""), "other");
  EXPECT_EQ(first.Find("a")->as_list().data(), second.Find("a")->as_list().data());

  ASSERT_TRUE(SetAt(second, ParsePath("a[0]"), 7));
  ASSERT_TRUE(EraseAt(second, ParsePath("a[1]")));
  EXPECT_EQ(*first.At("a"), Value(List{1, 2}));
  EXPECT_EQ(*second.At("a"), Value(List{7}));
  EXPECT_EQ(EditAt(second, ParsePath("a[1]")), nullptr);
}

TEST(Value, TakesAPartOfItself) {
  Value copied = Map{{"inner", Map{{"deep", "text"}}}};
  copied = *copied.Find("inner");
  EXPECT_EQ(copied.StringOr("deep", ""), "text");
  copied = *copied.Find("deep");
  EXPECT_EQ(copied, Value("text"));

  Value moved = Map{{"inner", "text"}};
  moved = std::move(moved.edit_map()["inner"]);
  EXPECT_EQ(moved, Value("text"));
}

TEST(Value, WhatIsMovedFromIsNull) {
  Value from = "text";
  const Value to = std::move(from);
  EXPECT_TRUE(from.is_null());  // NOLINT: what is promised
  EXPECT_EQ(to, Value("text"));
}

}  // namespace tandem
