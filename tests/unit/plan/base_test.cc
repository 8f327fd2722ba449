// What a step is compared with before it runs.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tandem/codec/json.h"
#include "tandem/plan/build.h"
#include "tests/support/fake_kind.h"

namespace tandem {
namespace {

TEST(Base, R3NamesWhatMoved) {
  testing_support::FakeKind kind("a/B");
  FieldRule fixed;
  fixed.path = "Fixed";
  fixed.replace = true;
  FieldRule set;
  set.path = "Zones";
  set.compare = CompareMode::kSet;
  kind.With(fixed).With(set);
  const Value desired = *ParseJson(R"({"P":1,"Map":{"mine":1},"Zones":["b","a"],"New":1})");
  Observation seen;
  seen.exists = true;
  seen.identity = "i";
  seen.mark_address = "a/B/x";
  const auto fields = [](const char* json) { return Packed::From(*ParseJson(json)); };
  seen.fields =
      fields(R"({"P":0,"Map":{"mine":1,"theirs":2},"Zones":["a","b"],"Fixed":3,"Free":4})");
  const Base base =
      MakeBase(kind, &desired, nullptr, &seen, {{"v/V/v.Id", "v1"}, {"u/U/u.Id", Unknown{}}});
  EXPECT_EQ(ToCanonicalJson(base.fields),
            R"({"Fixed":3,"Map":{"mine":1},"New":null,"P":0,"Zones":["a","b"]})");
  struct MoveCase {
    const char* name;
    const char* fields;
    std::vector<std::string> moved;
  };
  const MoveCase cases[] = {
      {"not moved",
       R"({"P":0,"Map":{"mine":1,"theirs":2},"Zones":["a","b"],"Fixed":3,"Free":4})",
       {}},
      {"movement elsewhere",
       R"({"P":0,"Map":{"mine":1},"Zones":["b","a"],"Fixed":3,"Free":5,"More":1})",
       {}},
      {"a named path", R"({"P":5,"Map":{"mine":1},"Zones":["a","b"],"Fixed":3})", {"P"}},
      {"a named entry", R"({"P":0,"Map":{"mine":2},"Zones":["a","b"],"Fixed":3})", {"Map.mine"}},
      {"an immutable one", R"({"P":0,"Map":{"mine":1},"Zones":["a","b"],"Fixed":4})", {"Fixed"}},
      {"was absent", R"({"P":0,"Map":{"mine":1},"Zones":["a","b"],"Fixed":3,"New":1})", {"New"}},
      {"is absent", R"({"Map":{"mine":1},"Zones":["a","b"],"Fixed":3})", {"P"}},
  };
  for (const MoveCase& c : cases) {
    Observation now = seen;
    now.fields = fields(c.fields);
    EXPECT_EQ(MovedFields(base, kind, &now, {}), c.moved) << c.name;
  }
  EXPECT_EQ(MovedFields(base, kind, nullptr, {}), (std::vector<std::string>{"identity", "mark"}));
  EXPECT_EQ(MovedFields(base, kind, &seen, {{"v/V/v.Id", "v2"}, {"u/U/u.Id", "now known"}}),
            std::vector<std::string>{"v/V/v.Id"});
}

}  // namespace
}  // namespace tandem
