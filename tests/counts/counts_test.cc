// What work costs in calls, commits, rows, syncs and allocations. A bar here is what the engine needs today,
// with a little room where numbers come from grouping; a change that raises one says why.
#include <gtest/gtest.h>

#include "tandem/compile/compile.h"
#include "tandem/state_sqlite/sqlite_store.h"
#include "tests/bench/in_process.h"
#include "tests/counts/allocations.h"
#include "tests/support/memory_disk.h"

namespace tandem::testing {
namespace {

using bench::InProcess;
using bench::MakeModel;
using bench::ModelOptions;
using bench::Shape;

constexpr int64_t kCount = 400;
constexpr int64_t kPage = 100;  // of tests/bench/kinds
// Allocations of one resource.
constexpr int64_t kCompileEach = 322;
constexpr int64_t kApplyEach = 1985;
constexpr int64_t kPlanEach = 258;

ModelOptions Model(Shape shape, const std::string& kind = "Plain") {
  ModelOptions options;
  options.shape = shape;
  options.count = kCount;
  options.kind = kind;
  return options;
}

struct Counts {
  explicit Counts(const InProcess& engine)
      : applies(engine.provider->applies),
        reads(engine.provider->reads),
        lists(engine.provider->lists),
        polls(engine.provider->polls),
        commits(engine.store.commits),
        rows(engine.store.rows) {}
  int64_t applies, reads, lists, polls, commits, rows;
};

TEST(Counts, AnApplyIsOneCallAndOneReadAResource) {
  for (const Shape shape : {Shape::kFlat, Shape::kNear, Shape::kChain, Shape::kFan}) {
    SCOPED_TRACE(bench::ShapeName(shape));
    InProcess engine(TANDEM_SOURCE_DIR);
    const std::string hash = engine.Plan(MakeModel(Model(shape)));
    const Counts before(engine);
    ASSERT_EQ(engine.Apply(hash), "succeeded");
    const Counts after(engine);
    EXPECT_EQ(after.applies - before.applies, kCount);
    EXPECT_EQ(after.reads - before.reads, kCount);
    EXPECT_EQ(after.polls - before.polls, 0);
    // Intent; record, step and the intent's end; record, observation and step again; its event and its document. Fewer
    // where one commit has a row twice. And for all together: approval, plan, revision, run and the pages of documents.
    EXPECT_LE(after.rows - before.rows, 9 * kCount + 30);
  }
}

TEST(Counts, AnApplyOfOneChangeStoresWhatChanged) {
  InProcess engine(TANDEM_SOURCE_DIR);
  ASSERT_EQ(engine.Apply(engine.Plan(MakeModel(Model(Shape::kFlat)))), "succeeded");
  for (int version = 2; version < 4; ++version) {
    engine.Settle();  // also what was not yet stored of the run before
    auto sources = MakeModel(Model(Shape::kFlat));
    SourceText file = *sources.back();
    const std::string before = bench::MakeDocument(Model(Shape::kFlat), 3, 1);
    ASSERT_NE(file.text.find(before), std::string::npos);
    file.text.replace(file.text.find(before), before.size(), bench::MakeDocument(Model(Shape::kFlat), 3, version));
    sources.back() = std::make_shared<SourceText>(std::move(file));
    const std::string hash = engine.Plan(sources);
    const Counts start(engine);
    ASSERT_EQ(engine.Apply(hash), "succeeded");
    engine.Settle();
    // As above, and plan, revision, run and their events: nothing grows with what did not change.
    EXPECT_LE(Counts(engine).rows - start.rows, 30);
  }
}

TEST(Counts, AScanIsItsPages) {
  struct Case {
    const char* kind;
    int64_t lists, reads;
  };
  for (const Case& c : {Case{"Plain", kCount / kPage, 0}, Case{"Named", kCount / kPage, kCount}}) {
    SCOPED_TRACE(c.kind);
    InProcess engine(TANDEM_SOURCE_DIR);
    ASSERT_EQ(engine.Apply(engine.Plan(MakeModel(Model(Shape::kFlat, c.kind)))), "succeeded");
    engine.Settle();
    const Counts before(engine);
    engine.Refresh();
    engine.Settle();
    const Counts after(engine);
    EXPECT_EQ(after.lists - before.lists, c.lists);
    EXPECT_EQ(after.reads - before.reads, c.reads);
    EXPECT_EQ(after.commits - before.commits, 0) << "nothing changed, nothing is written";
  }
}

TEST(Counts, APlanOfNothingCallsNothingButPages) {
  const ModelOptions model = Model(Shape::kNear);
  InProcess engine(TANDEM_SOURCE_DIR);
  ASSERT_EQ(engine.Apply(engine.Plan(MakeModel(model))), "succeeded");
  engine.Settle();
  const Counts before(engine);
  engine.Plan(MakeModel(model));
  engine.Settle();
  const Counts after(engine);
  EXPECT_TRUE(engine.plan->steps.empty());
  EXPECT_EQ(after.lists - before.lists, kCount / kPage);
  EXPECT_EQ(after.applies + after.reads, before.applies + before.reads);
  EXPECT_EQ(after.commits, before.commits);
}

TEST(Counts, HandlesArePolledAtTheirExpectedEnd) {
  InProcess engine(TANDEM_SOURCE_DIR);
  const std::string hash = engine.Plan(MakeModel(Model(Shape::kFlat, "Slow")));  // a minute each
  const Counts before(engine);
  ASSERT_EQ(engine.Apply(hash), "succeeded");
  const Counts after(engine);
  EXPECT_EQ(after.applies - before.applies, kCount);
  EXPECT_EQ(after.polls - before.polls, kCount);
}

// On SQLite's real code over a disk in memory that counts.
TEST(Counts, ACommitIsOneSync) {
  MemoryDisk disk;
  SqliteOptions options;
  options.path = "tandem.db";
  options.vfs = disk.vfs();
  options.work = [](std::function<void()> job) { job(); };
  options.post = [](std::function<void()> job) { job(); };
  auto store = OpenSqliteStore(std::move(options));
  ASSERT_TRUE(store.ok()) << store.status().ToString();
  InProcess engine(TANDEM_SOURCE_DIR, store->get());
  const std::string hash = engine.Plan(MakeModel(Model(Shape::kFlat)));
  const Counts before(engine);
  const int64_t syncs = disk.syncs();
  ASSERT_EQ(engine.Apply(hash), "succeeded");
  const Counts after(engine);
  const int64_t commits = after.commits - before.commits;
  EXPECT_GT(commits, 0);
  // A checkpoint now and then takes a few more.
  EXPECT_LE(disk.syncs() - syncs, commits + commits / 10 + 10);
}

// Allocations are what most of the time goes into. Upper bounds, a tenth above what was measured.
TEST(Counts, AllocationsEachResource) {
  const ModelOptions model = Model(Shape::kNear);
  const bench::Sources sources = MakeModel(model);
  const std::unique_ptr<Catalog> catalog = bench::BenchCatalog(TANDEM_SOURCE_DIR);
  int64_t each = 0;
  for (int round = 0; round < 2; ++round) {  // the first one loads the kinds
    const int64_t before = Allocations();
    Diagnostics found;
    ASSERT_NE(Compile(sources, *catalog, CompileOptions(), found), nullptr);
    each = (Allocations() - before) / kCount;
  }
  RecordProperty("compile", std::to_string(each));
  EXPECT_LE(each, kCompileEach);

  InProcess engine(TANDEM_SOURCE_DIR);
  const std::string hash = engine.Plan(sources);
  int64_t before = Allocations();
  ASSERT_EQ(engine.Apply(hash), "succeeded");
  each = (Allocations() - before) / kCount;
  RecordProperty("apply", std::to_string(each));
  EXPECT_LE(each, kApplyEach);
  engine.Settle();

  before = Allocations();
  engine.Plan(sources);
  each = (Allocations() - before) / kCount;
  RecordProperty("plan of nothing", std::to_string(each));
  EXPECT_LE(each, kPlanEach);
}

}  // namespace
}  // namespace tandem::testing
