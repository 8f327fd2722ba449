#include "tests/contract/state_contract.h"

#include "tandem/state/memory_store.h"
#include "tandem/state_sqlite/sqlite_store.h"
#include "tests/support/temp_folder.h"

namespace tandem::contract {
namespace {

class Memory final : public StoreUnderTest {
 public:
  Memory() { Open(); }
  StateStore& store() override { return *store_; }
  Loop& loop() override { return loop_; }
  /// Nothing outlives the object: what a test keeps for it is put back.
  void Reopen() override {
    const std::vector<Row> rows = store_->Rows();
    Open();
    store_->Restore(rows);
  }

 private:
  void Open() {
    store_ = std::make_unique<MemoryStore>(
        [this](std::function<void()> job) { loop_.Post(std::move(job)); });
  }

  Loop loop_;
  std::unique_ptr<MemoryStore> store_;
};

class Sqlite final : public StoreUnderTest {
 public:
  Sqlite() { Open(); }
  StateStore& store() override { return *store_; }
  Loop& loop() override { return loop_; }
  void Reopen() override {
    store_.reset();
    Open();
  }

 private:
  void Open() {
    const auto post = [this](std::function<void()> job) { loop_.Post(std::move(job)); };
    auto store = OpenSqliteStore({folder_.path() + "/state.db", "", post, post});
    TANDEM_CHECK(store.ok());
    store_ = std::move(*store);
  }

  TempFolder folder_;
  Loop loop_;
  std::unique_ptr<StateStore> store_;
};

INSTANTIATE_TEST_SUITE_P(
    Adapters, StateContract,
    testing::Values(Adapter{"memory", [] { return std::make_unique<Memory>(); }},
                    Adapter{"sqlite", [] { return std::make_unique<Sqlite>(); }}),
    [](const testing::TestParamInfo<Adapter>& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace tandem::contract
