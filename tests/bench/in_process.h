// The engine with simulated clouds and a store in memory, all in this process and on one thread: for
// counting, and for benchmarks of the parts. Nothing waits and nothing jitters.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tandem/engine/engine.h"
#include "tandem/sim/sim_provider.h"
#include "tandem/state/memory_store.h"
#include "tests/bench/models.h"

namespace tandem::bench {

/// The kinds of the source tree and those of tests/bench/kinds.
std::unique_ptr<Catalog> BenchCatalog(const std::string& source);

/// Passes calls on and counts them.
class CountingProvider final : public Provider {
 public:
  explicit CountingProvider(Provider* inner) : inner_(*inner) {}
  void Describe(Done<Result<ProviderDescription>> done) override { inner_.Describe(std::move(done)); }
  void Open(AccountRequest request, Done<AccountAnswer> done) override {
    ++opens;
    inner_.Open(std::move(request), std::move(done));
  }
  void List(ListRequest request, Done<ListAnswer> done) override {
    ++lists;
    inner_.List(std::move(request), std::move(done));
  }
  void Read(ReadRequest request, Done<ReadAnswer> done) override {
    ++reads;
    inner_.Read(std::move(request), std::move(done));
  }
  void Apply(ApplyRequest request, Done<ApplyAnswer> done) override {
    ++applies;
    inner_.Apply(std::move(request), std::move(done));
  }
  void Poll(PollRequest request, Done<PollAnswer> done) override {
    ++polls;
    inner_.Poll(std::move(request), std::move(done));
  }
  void Measure(MeasureRequest request, Done<MeasureAnswer> done) override {
    inner_.Measure(std::move(request), std::move(done));
  }
  void Close(std::string account) override { inner_.Close(std::move(account)); }

  int64_t opens = 0, lists = 0, reads = 0, applies = 0, polls = 0;

 private:
  Provider& inner_;
};

/// Passes commits on, counts them, and keeps their rows when told to.
class CountingStore final : public StateStore {
 public:
  explicit CountingStore(StateStore* inner) : inner_(*inner) {}
  void Commit(std::vector<Write> writes, Completion<StoreRevision> done) override {
    ++commits;
    rows += static_cast<int64_t>(writes.size());
    for (const Write& write : writes)
      bytes += static_cast<int64_t>(write.key.size() + (write.value ? write.value->size() : 0));
    if (record) recorded.insert(recorded.end(), writes.begin(), writes.end());
    inner_.Commit(std::move(writes), std::move(done));
  }
  void Scan(std::string prefix, std::string after, size_t limit, Completion<Page> done) override {
    ++scans;
    inner_.Scan(std::move(prefix), std::move(after), limit, std::move(done));
  }
  void Get(std::string key, Completion<Row> done) override { inner_.Get(std::move(key), std::move(done)); }

  int64_t commits = 0, rows = 0, bytes = 0, scans = 0;
  bool record = false;
  std::vector<Write> recorded;

 private:
  StateStore& inner_;
};

class InProcess {
 public:
  /// `store`: null pointer for one in memory.
  explicit InProcess(const std::string& source, StateStore* disk = nullptr);
  ~InProcess();

  /// The hash of the plan, whose steps stay in `plan`. Aborts when it is refused.
  std::string Plan(const Sources& sources);
  /// Runs it to its end and returns its state.
  std::string Apply(const std::string& hash);
  /// Observes everything and waits for the end of it.
  void Refresh();
  /// Turns until nothing is left to be done now.
  void Settle();

  ManualClock clock;
  SeededRandom random{7};
  MemoryJournal journal;
  std::unique_ptr<Catalog> catalog;
  MemoryStore memory;
  CountingStore store;
  InlineExecutor executor;
  std::unique_ptr<SimProvider> cloud;
  std::unique_ptr<CountingProvider> provider;
  std::unique_ptr<Engine> engine;
  std::shared_ptr<const tandem::Plan> plan;

 private:
  template <typename Done>
  void Until(const Done& done);
};

}  // namespace tandem::bench
