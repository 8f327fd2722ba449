#include "engine/store/store_writer.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tandem {
namespace {

// Answers when told, with what it is told; remembers the groups.
class SlowStore final : public StateStore {
 public:
  void Commit(std::vector<Write> writes, Completion<StoreRevision> done) override {
    groups.push_back(std::move(writes));
    pending = std::move(done);
  }
  void Scan(std::string, std::string, size_t, Completion<Page> done) override { done(Page{}); }
  void Get(std::string, Completion<Row> done) override { done(NotFound("no row")); }
  void Tidy() override { ++tidied; }
  void Answer(Result<StoreRevision> result) {
    auto done = std::move(pending);
    pending = nullptr;
    done(std::move(result));
  }

  std::vector<std::vector<Write>> groups;
  Completion<StoreRevision> pending;
  int tidied = 0;
};

class StoreWriterTest : public testing::Test {
 protected:
  void Turn() {
    while (const auto work = inbox->Take()) work();
    while (const auto work = timers.TakeDue(clock.Now())) work();
    if (writer) writer->Flush();
  }
  ManualClock clock;
  Timers timers;
  SeededRandom random{1};
  std::shared_ptr<Inbox> inbox = std::make_shared<Inbox>();
  SlowStore store;
  Status lost;
  std::optional<StoreWriter> writer{std::in_place, &store, &clock, &timers, inbox, &random,
                                    [this](Status s) { lost = s; }};
};

TEST_F(StoreWriterTest, OneGroupUnderWayTheRestGathers) {
  std::string order;
  for (int i = 0; i < 3; ++i)
    writer->Commit({{"k" + std::to_string(i), "v"}}, [&order, i] { order += std::to_string(i); });
  Turn();
  writer->Commit({{"k3", "v"}}, [&] { order += "3"; });
  writer->Commit({{"k4", "v"}}, [&] { order += "4"; });
  Turn();
  ASSERT_EQ(store.groups.size(), 1u);
  EXPECT_EQ(store.groups[0].size(), 3u);
  EXPECT_EQ(order, "");
  store.Answer(StoreRevision{1});
  Turn();
  EXPECT_EQ(order, "012");
  ASSERT_EQ(store.groups.size(), 2u);
  EXPECT_EQ(store.groups[1].size(), 2u);
  store.Answer(StoreRevision{2});
  Turn();
  EXPECT_EQ(order, "01234");
  EXPECT_TRUE(writer->idle());
}

TEST_F(StoreWriterTest, NamesTheRevisionItSawLast) {
  writer->Loaded("old", 7);
  writer->Commit({{"old", "v"}, {"new", "v"}, {"blob", "v", true}});
  Turn();
  ASSERT_EQ(store.groups.size(), 1u);
  EXPECT_EQ(store.groups[0][0].expected, 7);
  EXPECT_EQ(store.groups[0][1].expected, 0);
  EXPECT_EQ(store.groups[0][2].expected, std::nullopt);
  store.Answer(StoreRevision{9});
  Turn();
  writer->Commit({{"old", std::nullopt}, {"new", "w"}});
  Turn();
  EXPECT_EQ(store.groups[1][0].expected, 9);
  EXPECT_EQ(store.groups[1][1].expected, 9);
  store.Answer(StoreRevision{10});
  Turn();
  EXPECT_FALSE(writer->Knows("old"));
}

TEST_F(StoreWriterTest, UnitsAreNeverSplitAndGroupsStayWithinBounds) {
  for (int unit = 0; unit < 30; ++unit) {
    std::vector<RowChange> rows;
    for (int i = 0; i < 5; ++i) rows.push_back({std::to_string(unit) + "/" + std::to_string(i), "v"});
    writer->Commit(std::move(rows));
  }
  for (StoreRevision revision = 1; !writer->idle(); ++revision) {
    Turn();
    if (store.pending) store.Answer(revision);
  }
  size_t total = 0;
  for (const auto& group : store.groups) {
    EXPECT_LE(group.size(), StoreWriter::kGroup);
    EXPECT_EQ(group.size() % 5, 0u);
    total += group.size();
  }
  EXPECT_EQ(total, 150u);
}

TEST_F(StoreWriterTest, BytesBoundAGroup) {
  for (int i = 0; i < 4; ++i) writer->Commit({{"k" + std::to_string(i), std::string(400'000, 'x')}});
  Turn();
  EXPECT_EQ(store.groups[0].size(), 2u);
}

TEST_F(StoreWriterTest, LaterValueOfARowWinsAndMadeThenDeletedIsNothing) {
  bool durable = false;
  writer->Commit({{"a", "1"}, {"gone", "1"}});
  writer->Commit({{"a", "2"}, {"gone", std::nullopt}}, [&] { durable = true; });
  Turn();
  ASSERT_EQ(store.groups[0].size(), 1u);
  EXPECT_EQ(store.groups[0][0].value, "2");
  store.Answer(StoreRevision{1});
  Turn();
  EXPECT_TRUE(durable);
}

TEST_F(StoreWriterTest, TroubleRetriesTheSameGroupAndNothingBecomesDurable) {
  bool durable = false;
  writer->Commit({{"a", "1"}}, [&] { durable = true; });
  Turn();
  store.Answer(ResourceExhausted("disk full"));
  Turn();
  EXPECT_EQ(writer->trouble().code(), Code::kResourceExhausted);
  EXPECT_EQ(store.groups.size(), 1u) << "not before the backoff";
  EXPECT_FALSE(durable);
  clock.Advance(std::chrono::seconds(1));
  Turn();
  ASSERT_EQ(store.groups.size(), 2u);
  store.Answer(StoreRevision{1});
  Turn();
  EXPECT_TRUE(durable);
  EXPECT_TRUE(writer->trouble().ok());
}

TEST_F(StoreWriterTest, SomebodyElseWroteEndsIt) {
  bool durable = false;
  writer->Commit({{"a", "1"}}, [&] { durable = true; });
  Turn();
  store.Answer(Aborted("revision 3, not 0"));
  Turn();
  EXPECT_EQ(lost.code(), Code::kAborted);
  EXPECT_TRUE(writer->lost());
  writer->Commit({{"b", "1"}});
  Turn();
  EXPECT_EQ(store.groups.size(), 1u);
  EXPECT_FALSE(durable);
}

TEST_F(StoreWriterTest, TheStoreTidiesUpOnceNothingWasWrittenForAWhile) {
  const auto commit = [&](StoreRevision revision) {
    writer->Commit({{"a", "v"}});
    Turn();
    store.Answer(revision);
    Turn();
  };
  commit(1);
  clock.Advance(StoreWriter::kRest / 2);
  commit(2);
  clock.Advance(StoreWriter::kRest * 3 / 4);
  Turn();
  EXPECT_EQ(store.tidied, 0) << "too soon after the second";
  writer->Commit({{"a", "v"}});
  Turn();
  clock.Advance(StoreWriter::kRest);
  Turn();
  EXPECT_EQ(store.tidied, 0) << "a commit is under way";
  store.Answer(StoreRevision{3});
  Turn();
  clock.Advance(StoreWriter::kRest);
  Turn();
  EXPECT_EQ(store.tidied, 1);
  clock.Advance(std::chrono::hours(1));
  Turn();
  EXPECT_EQ(store.tidied, 1) << "nothing was written since";
}

// What is long is made piece by piece: no more than a group of it is there at once, and what comes behind it waits.
TEST_F(StoreWriterTest, PiecesAreMadeWhenItIsTheirTurn) {
  int made = 0;
  writer->Commit({{"before", "v"}});
  writer->CommitPieces([&]() -> std::vector<RowChange> {
    if (made == 10) return {};
    return {{"piece" + std::to_string(made++), std::string(kMaxCommitBytes / 3, 'x'), true}};
  });
  bool durable = false;
  writer->Commit({{"after", "v"}}, [&] { durable = true; });
  EXPECT_EQ(made, 0);
  std::vector<std::string> keys;
  for (int64_t revision = 1; !writer->idle(); ++revision) {
    EXPECT_FALSE(durable);
    Turn();
    size_t bytes = 0;
    for (const Write& write : store.groups.back()) {
      keys.push_back(write.key);
      bytes += write.value->size();
    }
    EXPECT_LE(bytes, kMaxCommitBytes);
    EXPECT_LE(made, 3 * revision);  // the one that did not fit is the next group's first
    store.Answer(StoreRevision{revision});
    Turn();
  }
  EXPECT_TRUE(durable);
  EXPECT_EQ(keys, (std::vector<std::string>{"before", "piece0", "piece1", "piece2", "piece3", "piece4", "piece5",
                                            "piece6", "piece7", "piece8", "piece9", "after"}));
}

// What was seen has time: it fills up the groups that units leave room in, and never goes over what came later.
TEST_F(StoreWriterTest, RowsInTimeGiveWayToUnits) {
  writer->Commit({{"first", "v"}});
  Turn();  // under way
  for (int i = 0; i < 1000; ++i) writer->CommitInTime({"seen" + std::to_string(i), "v"});
  bool durable = false;
  writer->Commit({{"intent", "v"}}, [&] { durable = true; });
  store.Answer(StoreRevision{1});
  Turn();
  ASSERT_EQ(store.groups.size(), 2u);
  EXPECT_EQ(store.groups[1].front().key, "intent");
  EXPECT_EQ(store.groups[1].size(), StoreWriter::kGroup);
  store.Answer(StoreRevision{2});
  Turn();
  EXPECT_TRUE(durable);
  EXPECT_FALSE(writer->idle());
  for (int64_t revision = 3; store.pending; ++revision) {
    store.Answer(StoreRevision{revision});
    Turn();
  }
  EXPECT_TRUE(writer->idle());
  size_t rows = 0;
  for (const std::vector<Write>& group : store.groups) rows += group.size();
  EXPECT_EQ(rows, 1002u);
  EXPECT_EQ(store.groups.size(), 2u + (1000 - 63 + 63) / 64);
}

TEST_F(StoreWriterTest, ARowInTimeIsNotBeforeAUnitThatCameFirst) {
  std::vector<RowChange> large, next;
  for (size_t i = 0; i < StoreWriter::kGroup - 4; ++i) large.push_back({"a" + std::to_string(i), "v"});
  for (int i = 0; i < 8; ++i) next.push_back({"record" + std::to_string(i), "v"});
  writer->Commit(large);
  writer->Commit(next);  // does not fit beside it
  writer->CommitInTime({"seen", "v"});
  Turn();
  ASSERT_EQ(store.groups.size(), 1u);
  EXPECT_EQ(store.groups[0].size(), large.size());
  store.Answer(StoreRevision{1});
  Turn();
  ASSERT_EQ(store.groups.size(), 2u);
  EXPECT_EQ(store.groups[1].size(), next.size() + 1);
  EXPECT_EQ(store.groups[1].back().key, "seen");
}

TEST_F(StoreWriterTest, ARowInTimeIsWrittenOnceAsItWasLast) {
  writer->Commit({{"first", "v"}});
  Turn();
  writer->CommitInTime({"a", "old"});
  writer->CommitInTime({"b", "old"});
  writer->CommitInTime({"b", "new"});
  writer->CommitInTime({"c", "old"});
  writer->Commit({{"a", std::nullopt}, {"c", "unit"}, {"d", "unit"}});  // after what was seen of it
  writer->CommitInTime({"c", "newer"});
  writer->CommitInTime({"d", "newer"});
  store.Answer(StoreRevision{1});
  Turn();
  ASSERT_EQ(store.groups.size(), 2u);
  std::map<std::string, std::string> written;
  for (const Write& write : store.groups[1])
    EXPECT_TRUE(written.emplace(write.key, write.value.value_or("gone")).second);
  // "a" was never in the store, so its end is nothing to write.
  EXPECT_EQ(written, (std::map<std::string, std::string>{{"b", "new"}, {"c", "newer"}, {"d", "newer"}}));
  store.Answer(StoreRevision{2});
  Turn();
  EXPECT_TRUE(writer->idle());
}

TEST_F(StoreWriterTest, RowsInTimeKeepToTheSizeOfACommit) {
  const std::string large(kMaxCommitBytes / 3, 'x');
  for (int i = 0; i < 5; ++i) writer->CommitInTime({"seen" + std::to_string(i), large});
  Turn();
  ASSERT_EQ(store.groups.size(), 1u);
  EXPECT_EQ(store.groups[0].size(), 2u);
  store.Answer(StoreRevision{1});
  Turn();
  EXPECT_EQ(store.groups[1].size(), 2u);
}

// A full group that waits goes to the store as soon as the one before it is durable, on whatever thread says so.
class StoreWriterFollowTest : public StoreWriterTest {
 protected:
  void Fill(const std::string& prefix) {
    for (size_t i = 0; i < StoreWriter::kGroup; ++i)
      writer->Commit({{prefix + std::to_string(i), "v"}}, [this, prefix] { durable += prefix; });
  }
  std::string durable;
};

TEST_F(StoreWriterFollowTest, WithoutATurn) {
  Fill("a");
  Turn();
  Fill("b");
  Fill("c");
  Turn();
  ASSERT_EQ(store.groups.size(), 1u) << "one is under way at a time";
  store.Answer(StoreRevision{1});
  ASSERT_EQ(store.groups.size(), 2u);
  EXPECT_EQ(store.groups[1].size(), StoreWriter::kGroup);
  EXPECT_EQ(store.groups[1].front().key, "b0");
  EXPECT_EQ(durable, "") << "the engine hears of it in a turn";
  store.Answer(StoreRevision{2});
  EXPECT_EQ(store.groups.size(), 2u) << "the third was not made ready";
  Turn();
  EXPECT_EQ(durable, std::string(StoreWriter::kGroup, 'a') + std::string(StoreWriter::kGroup, 'b'));
  ASSERT_EQ(store.groups.size(), 3u);
  store.Answer(StoreRevision{3});
  Turn();
  EXPECT_TRUE(writer->idle());
  EXPECT_EQ(writer->counters().commits, 3);
  EXPECT_EQ(writer->counters().writes, static_cast<int64_t>(3 * StoreWriter::kGroup));
}

// It was made ready after the store had gone on, and before the engine had heard of that.
TEST_F(StoreWriterFollowTest, OneThatComesTooLateIsStoredInTheTurn) {
  Fill("a");
  Turn();
  Fill("b");
  store.Answer(StoreRevision{1});
  writer->Flush();
  EXPECT_EQ(store.groups.size(), 1u);
  Turn();
  ASSERT_EQ(store.groups.size(), 2u);
  EXPECT_EQ(store.groups[1].front().key, "b0");
  store.Answer(StoreRevision{2});
  Turn();
  EXPECT_TRUE(writer->idle());
}

TEST_F(StoreWriterFollowTest, OneThatIsNotFullWaitsForMore) {
  Fill("a");
  Turn();
  writer->Commit({{"b", "v"}});
  Turn();
  store.Answer(StoreRevision{1});
  EXPECT_EQ(store.groups.size(), 1u);
  writer->Commit({{"c", "v"}});
  Turn();
  ASSERT_EQ(store.groups.size(), 2u);
  EXPECT_EQ(store.groups[1].size(), 2u);
}

TEST_F(StoreWriterFollowTest, ItNamesTheRevisionOfTheOneBeforeIt) {
  writer->Loaded("old", 7);
  writer->Loaded("dropped", 7);
  writer->Loaded("dropped twice", 7);
  writer->Loaded("untouched", 7);
  writer->Commit({{"old", "v"}, {"new", "v"}, {"dropped", std::nullopt}, {"dropped twice", std::nullopt}});
  Turn();
  writer->Commit({{"old", "w"}, {"new", std::nullopt}, {"dropped", "again"}, {"dropped twice", std::nullopt},
                  {"untouched", "v"}, {"blob", "v", true}});
  Fill("b");
  Turn();
  store.Answer(StoreRevision{9});
  ASSERT_EQ(store.groups.size(), 2u);
  std::map<std::string, std::optional<StoreRevision>> named;
  for (const Write& write : store.groups[1]) named[write.key] = write.expected;
  EXPECT_EQ(named["old"], 9);
  EXPECT_EQ(named["new"], 9);
  EXPECT_EQ(named["dropped"], 0);
  EXPECT_EQ(named.count("dropped twice"), 0u) << "there is nothing to write";
  EXPECT_EQ(named["untouched"], 7);
  EXPECT_EQ(named["blob"], std::nullopt);
}

TEST_F(StoreWriterFollowTest, NotAfterAFailureAndBehindItOnceThatIsStored) {
  writer->Loaded("row", 7);
  writer->Commit({{"row", "v"}}, [this] { durable += "row "; });
  Turn();
  writer->Commit({{"row", "w"}});
  Fill("b");
  Turn();
  store.Answer(ResourceExhausted("disk full"));
  Turn();
  EXPECT_EQ(store.groups.size(), 1u);
  clock.Advance(std::chrono::seconds(1));
  Turn();
  ASSERT_EQ(store.groups.size(), 2u);
  EXPECT_EQ(store.groups[1].size(), 1u);
  EXPECT_EQ(store.groups[1][0].expected, 7);
  store.Answer(StoreRevision{8});
  ASSERT_EQ(store.groups.size(), 3u);
  // And once more for the one that followed: it is sent again as it was, at the revision that it followed.
  store.Answer(Unavailable("away"));
  Turn();
  EXPECT_EQ(durable, "row ");
  clock.Advance(std::chrono::seconds(1));
  Turn();
  ASSERT_EQ(store.groups.size(), 4u);
  ASSERT_EQ(store.groups[3].size(), store.groups[2].size());
  EXPECT_EQ(store.groups[3][0].key, "row");
  EXPECT_EQ(store.groups[3][0].value, "w");
  EXPECT_EQ(store.groups[3][0].expected, 8);
}

TEST_F(StoreWriterFollowTest, NothingFollowsWhereSomebodyElseWrote) {
  Fill("a");
  Turn();
  Fill("b");
  Turn();
  store.Answer(Aborted("revision 3, not 0"));
  EXPECT_EQ(store.groups.size(), 1u);
  Turn();
  EXPECT_TRUE(writer->lost());
  EXPECT_TRUE(writer->idle());
  EXPECT_EQ(store.groups.size(), 1u);
  EXPECT_EQ(durable, "");
}

TEST_F(StoreWriterFollowTest, NothingFollowsOnceTheWriterIsGone) {
  Fill("a");
  Turn();
  Fill("b");
  Turn();
  inbox->Close();
  writer.reset();
  store.Answer(StoreRevision{1});
  EXPECT_EQ(store.groups.size(), 1u);
}

// A turn may begin as soon as the engine has heard of a group, and make another one ready before the store's thread
// has gone on.
TEST_F(StoreWriterFollowTest, ATurnBetweenHearingOfAGroupAndTheNext) {
  Fill("a");
  Turn();
  Fill("b");
  Turn();
  bool turned = false;
  inbox->OnWork([&] {
    if (std::exchange(turned, true)) return;
    Fill("c");
    Fill("b");
    Turn();
  });
  store.Answer(StoreRevision{1});
  ASSERT_TRUE(turned);
  ASSERT_EQ(store.groups.size(), 2u) << "one is under way at a time";
  EXPECT_EQ(store.groups[1].front().key, "b0");
  store.Answer(StoreRevision{2});
  ASSERT_EQ(store.groups.size(), 3u);
  EXPECT_EQ(store.groups[2].front().key, "c0");
  Turn();
  Turn();
  store.Answer(StoreRevision{3});
  Turn();
  ASSERT_EQ(store.groups.size(), 4u);
  EXPECT_EQ(store.groups[3].front().expected, 2);
}

TEST_F(StoreWriterFollowTest, OneThatComesToNothingIsPassedOver) {
  Fill("a");
  Turn();
  for (size_t i = 0; i < StoreWriter::kGroup / 2; ++i)
    writer->Commit({{"b", "v"}, {"b", std::nullopt}}, [this] { durable += "b"; });
  Turn();
  Fill("c");
  Turn();
  store.Answer(StoreRevision{1});
  EXPECT_EQ(store.groups.size(), 1u);
  for (int64_t revision = 2; !writer->idle(); ++revision) {
    Turn();
    if (store.pending) store.Answer(revision);
  }
  ASSERT_EQ(store.groups.size(), 2u);
  EXPECT_EQ(store.groups[1].front().key, "c0");
  EXPECT_EQ(durable.find('c'), StoreWriter::kGroup * 3 / 2);
}

}  // namespace
}  // namespace tandem
