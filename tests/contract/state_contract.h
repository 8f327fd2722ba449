// What every StateStore promises (tandem/state/store.h), as one suite run over each adapter.
//
// An adapter's test gives a maker: an object that opens the store, runs what it has queued, and can
// close and open it again where the adapter outlives a process.
#pragma once

#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tandem/state/store.h"

namespace tandem::contract {

/// A serial executor that runs only when told, for work and completions alike.
class Loop {
 public:
  void Post(std::function<void()> job) { jobs_.push_back(std::move(job)); }
  void RunAll() {
    while (!jobs_.empty()) {
      const auto job = std::move(jobs_.front());
      jobs_.pop_front();
      job();
    }
  }

 private:
  std::deque<std::function<void()>> jobs_;
};

class StoreUnderTest {
 public:
  virtual ~StoreUnderTest() = default;
  virtual StateStore& store() = 0;
  virtual Loop& loop() = 0;
  /// As if the process had been restarted.
  virtual void Reopen() = 0;
};

using Maker = std::function<std::unique_ptr<StoreUnderTest>()>;

struct Adapter {
  const char* name;
  Maker make;
};

class StateContract : public testing::TestWithParam<Adapter> {
 protected:
  StateContract() : under_test_(GetParam().make()) {}

  Result<StoreRevision> Commit(std::vector<Write> writes) {
    std::optional<Result<StoreRevision>> answer;
    int calls = 0;
    under_test_->store().Commit(std::move(writes), [&](Result<StoreRevision> result) {
      ++calls;
      answer = std::move(result);
    });
    EXPECT_EQ(calls, 0) << "the completion ran inside Commit";
    under_test_->loop().RunAll();
    EXPECT_EQ(calls, 1);
    return *answer;
  }

  Page Scan(std::string prefix, std::string after = "", size_t limit = 1000) {
    std::optional<Result<Page>> answer;
    under_test_->store().Scan(std::move(prefix), std::move(after), limit,
                              [&](Result<Page> page) { answer = std::move(page); });
    under_test_->loop().RunAll();
    EXPECT_TRUE(answer && answer->ok());
    return answer && answer->ok() ? **answer : Page();
  }

  Result<Row> Get(std::string key) {
    std::optional<Result<Row>> answer;
    under_test_->store().Get(std::move(key), [&](Result<Row> row) { answer = std::move(row); });
    under_test_->loop().RunAll();
    return *answer;
  }

  std::string Keys(const Page& page) {
    std::string text;
    for (const Row& row : page.rows) text += (text.empty() ? "" : " ") + row.key;
    return text;
  }

  std::unique_ptr<StoreUnderTest> under_test_;
};

TEST_P(StateContract, RevisionsGrowByOneACommit) {
  EXPECT_EQ(*Commit({{"a", "1", 0}}), 1);
  EXPECT_EQ(*Commit({{"a", "2", 1}, {"b", "3", 0}}), 2);
  EXPECT_EQ(Get("a")->revision, 2);
  EXPECT_EQ(Get("b")->revision, 2);
  EXPECT_EQ(*Commit({{"a", std::nullopt, 2}}), 3) << "a deletion is a commit too";
  EXPECT_EQ(*Commit({{"a", "4", 0}}), 4) << "a revision is never used twice";
}

TEST_P(StateContract, StaleWritesFailAndChangeNothing) {
  struct Case {
    const char* name;
    std::vector<Write> writes;
  };
  ASSERT_TRUE(Commit({{"a", "1", 0}, {"b", "1", 0}}).ok());
  ASSERT_TRUE(Commit({{"a", "2", 1}}).ok());
  const Case cases[] = {
      {"older revision", {{"a", "9", 1}}},
      {"a row that is there", {{"a", "9", 0}}},
      {"a row that is not there", {{"c", "9", 5}}},
      {"stale deletion", {{"a", std::nullopt, 1}}},
      {"deletion of nothing at a revision", {{"c", std::nullopt, 2}}},
      {"the last of several", {{"b", "9", 1}, {"c", "9", 0}, {"a", "9", 1}}},
      {"the first of several", {{"a", "9", 1}, {"b", std::nullopt, 1}}},
  };
  for (const Case& c : cases) {
    const auto result = Commit(c.writes);
    ASSERT_FALSE(result.ok()) << c.name;
    EXPECT_EQ(result.status().code(), Code::kAborted) << c.name;
    EXPECT_EQ(Get("a")->value, "2") << c.name;
    EXPECT_EQ(Get("b")->value, "1") << c.name;
    EXPECT_EQ(Get("c").status().code(), Code::kNotFound) << c.name;
  }
  EXPECT_EQ(*Commit({{"d", "1", 0}}), 3) << "a failed commit uses no revision";
}

TEST_P(StateContract, WithoutAnExpectationTheLastWriterWins) {
  EXPECT_TRUE(Commit({{"a", "1", std::nullopt}}).ok());
  EXPECT_TRUE(Commit({{"a", "2", std::nullopt}}).ok());
  EXPECT_EQ(Get("a")->value, "2");
  EXPECT_TRUE(Commit({{"a", std::nullopt, std::nullopt}}).ok());
  EXPECT_TRUE(Commit({{"a", std::nullopt, std::nullopt}}).ok()) << "deleting nothing is fine";
  EXPECT_EQ(Get("a").status().code(), Code::kNotFound);
}

TEST_P(StateContract, LimitsAreRefusedBeforeAnythingIsStored) {
  std::vector<Write> writes;
  for (size_t i = 0; i < kMaxWrites; ++i) writes.push_back({"k" + std::to_string(i), "v", 0});
  EXPECT_TRUE(Commit(writes).ok());
  writes.push_back({"one-more", "v", std::nullopt});
  for (Write& write : writes) write.expected.reset();
  EXPECT_EQ(Commit(writes).status().code(), Code::kInvalidArgument);
  const std::string large(kMaxCommitBytes - 1, 'x');
  EXPECT_TRUE(Commit({{"l", large, 0}}).ok()) << "exactly the limit, the key counted";
  EXPECT_EQ(Commit({{"l2", large, 0}}).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(Commit({}).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(Commit({{"", "v", 0}}).status().code(), Code::kInvalidArgument);
  EXPECT_EQ(Commit({{"t", "1", 0}, {"t", "2", std::nullopt}}).status().code(),
            Code::kInvalidArgument);
  EXPECT_EQ(Get("t").status().code(), Code::kNotFound);
  EXPECT_EQ(Get("l")->value.size(), large.size());
}

TEST_P(StateContract, ScansByPrefixInKeyOrder) {
  ASSERT_TRUE(Commit({{"step/r/2", "", 0},
                      {"step/r/10", "", 0},
                      {"step/r/1", "", 0},
                      {"step/q/1", "", 0},
                      {"step", "", 0},
                      {"stepping", "", 0},
                      {"step/r\x7f", "", 0},
                      {"step/\xc3\xa9", "", 0}})
                  .ok());
  EXPECT_EQ(Keys(Scan("step/r/")), "step/r/1 step/r/10 step/r/2");
  EXPECT_EQ(Keys(Scan("step/r/", "step/r/1")), "step/r/10 step/r/2");
  EXPECT_EQ(Keys(Scan("step/r/", "a")), "step/r/1 step/r/10 step/r/2")
      << "`after` before the prefix";
  EXPECT_EQ(Keys(Scan("step/r/", "step/r/1x")), "step/r/2") << "`after` need not exist";
  EXPECT_EQ(Keys(Scan("step/r/", "z")), "");
  EXPECT_EQ(Keys(Scan("nothing")), "");
  EXPECT_EQ(Keys(Scan("step/r/10")), "step/r/10") << "a whole key is a prefix of itself";
  EXPECT_EQ(Scan("").rows.size(), 8u);
}

TEST_P(StateContract, PagesSayWhetherThereIsMore) {
  std::vector<Write> writes;
  for (int i = 0; i < 7; ++i) writes.push_back({"k/" + std::to_string(i), std::to_string(i), 0});
  writes.push_back({"l", "not in the table", 0});
  ASSERT_TRUE(Commit(writes).ok());
  std::string seen;
  std::string after;
  int pages = 0;
  while (true) {
    const Page page = Scan("k/", after, 3);
    ++pages;
    for (const Row& row : page.rows) seen += row.value;
    if (!page.more) break;
    after = page.rows.back().key;
  }
  EXPECT_EQ(seen, "0123456");
  EXPECT_EQ(pages, 3);
  EXPECT_FALSE(Scan("k/", "", 7).more) << "exactly full is not more";
  EXPECT_TRUE(Scan("k/", "", 6).more);
}

TEST_P(StateContract, KeepsEveryByte) {
  std::string bytes;
  for (int i = 0; i < 256; ++i) bytes += static_cast<char>(i);
  ASSERT_TRUE(Commit({{"bytes", bytes, 0}, {"empty", "", 0}}).ok());
  EXPECT_EQ(Get("bytes")->value, bytes);
  EXPECT_EQ(Get("empty")->value, "");
  EXPECT_EQ(Get("empty")->revision, 1);
}

TEST_P(StateContract, OrderOfCallsIsKept) {
  std::vector<std::string> order;
  auto& store = under_test_->store();
  store.Commit({{"a", "1", 0}},
               [&](Result<StoreRevision> r) { order.push_back(r.ok() ? "1" : "-"); });
  store.Commit({{"a", "2", 1}},
               [&](Result<StoreRevision> r) { order.push_back(r.ok() ? "2" : "-"); });
  store.Get("a", [&](Result<Row> row) { order.push_back("get " + row->value); });
  under_test_->loop().RunAll();
  EXPECT_EQ(order, (std::vector<std::string>{"1", "2", "get 2"}));
}

TEST_P(StateContract, WhatWasAnsweredOutlivesTheProcess) {
  ASSERT_TRUE(Commit({{"a", "1", 0}, {"b", "1", 0}}).ok());
  ASSERT_TRUE(Commit({{"a", "2", 1}, {"b", std::nullopt, 1}}).ok());
  under_test_->Reopen();
  EXPECT_EQ(Get("a")->value, "2");
  EXPECT_EQ(Get("a")->revision, 2);
  EXPECT_EQ(Get("b").status().code(), Code::kNotFound);
  EXPECT_EQ(*Commit({{"c", "1", 0}}), 3) << "revisions go on where they were";
}

}  // namespace tandem::contract
