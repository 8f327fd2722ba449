// Where a process can die so that it matters: before and after each effect on a port. Memory dies with it,
// so nowhere else makes a difference.
//
// A point is named `<port>.<operation>.<before|after>`. Before: the effect does not take place. After: it has,
// and its answer reaches nobody. From then on every port is dead: nothing that the engine still does, its
// destructor included, has an effect.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tandem/provider/provider.h"
#include "tandem/secrets/secrets.h"
#include "tandem/state/store.h"

namespace tandem::testing {

/// One life of a process.
class Life {
 public:
  Life() = default;
  /// Dies when it passes `point` for the `nth` time, from 1.
  Life(std::string point, int nth) : point_(std::move(point)), nth_(nth) {}

  /// False from its death on.
  bool Passes(const std::string& point) {
    if (dead_) return false;
    const int times = ++passed_[point];
    dead_ = point == point_ && times == nth_;
    return !dead_;
  }
  void Die() { dead_ = true; }
  bool dead() const { return dead_; }
  const std::map<std::string, int>& passed() const { return passed_; }

  /// Every point that there is: the operations of the ports that reach out of the process. Clock and
  /// randomness have no effect that could outlive it.
  static const std::vector<std::string>& Points() {
    static const std::vector<std::string> points = [] {
      std::vector<std::string> all;
      for (const char* operation :
           {"state.commit", "state.scan", "state.get", "provider.open", "provider.list",
            "provider.read", "provider.apply", "provider.poll", "secrets.resolve"})
        for (const char* when : {".before", ".after"}) all.push_back(std::string(operation) + when);
      return all;
    }();
    return points;
  }

 private:
  std::string point_;
  int nth_ = 0;
  bool dead_ = false;
  std::map<std::string, int> passed_;
};
using LifePtr = std::shared_ptr<Life>;

/// `call` with a completion that dies with `life`.
template <typename Answer, typename Call>
void AcrossPort(const LifePtr& life, const std::string& operation,
                std::function<void(Answer)> done, Call call) {
  if (!life->Passes(operation + ".before")) return;
  call([life, operation, done = std::move(done)](Answer answer) {
    if (life->Passes(operation + ".after")) done(std::move(answer));
  });
}

class MortalStore final : public StateStore {
 public:
  MortalStore(StateStore* inner, LifePtr life) : inner_(*inner), life_(std::move(life)) {}
  void Commit(std::vector<Write> writes, Completion<StoreRevision> done) override {
    AcrossPort<Result<StoreRevision>>(life_, "state.commit", std::move(done), [&](auto then) {
      inner_.Commit(std::move(writes), std::move(then));
    });
  }
  void Scan(std::string prefix, std::string after, size_t limit, Completion<Page> done) override {
    AcrossPort<Result<Page>>(life_, "state.scan", std::move(done), [&](auto then) {
      inner_.Scan(std::move(prefix), std::move(after), limit, std::move(then));
    });
  }
  void Get(std::string key, Completion<Row> done) override {
    AcrossPort<Result<Row>>(life_, "state.get", std::move(done),
                            [&](auto then) { inner_.Get(std::move(key), std::move(then)); });
  }

 private:
  StateStore& inner_;
  LifePtr life_;
};

class MortalProvider final : public Provider {
 public:
  MortalProvider(Provider* inner, LifePtr life) : inner_(*inner), life_(std::move(life)) {}
  void Describe(Done<Result<ProviderDescription>> done) override {
    if (!life_->dead()) inner_.Describe(std::move(done));
  }
  void Close(std::string account) override {
    if (!life_->dead()) inner_.Close(std::move(account));
  }
  void Open(AccountRequest request, Done<AccountAnswer> done) override {
    AcrossPort<AccountAnswer>(life_, "provider.open", std::move(done), [&](auto then) {
      inner_.Open(std::move(request), std::move(then));
    });
  }
  void List(ListRequest request, Done<ListAnswer> done) override {
    AcrossPort<ListAnswer>(life_, "provider.list", std::move(done), [&](auto then) {
      inner_.List(std::move(request), std::move(then));
    });
  }
  void Read(ReadRequest request, Done<ReadAnswer> done) override {
    AcrossPort<ReadAnswer>(life_, "provider.read", std::move(done), [&](auto then) {
      inner_.Read(std::move(request), std::move(then));
    });
  }
  void Apply(ApplyRequest request, Done<ApplyAnswer> done) override {
    AcrossPort<ApplyAnswer>(life_, "provider.apply", std::move(done), [&](auto then) {
      inner_.Apply(std::move(request), std::move(then));
    });
  }
  void Poll(PollRequest request, Done<PollAnswer> done) override {
    AcrossPort<PollAnswer>(life_, "provider.poll", std::move(done), [&](auto then) {
      inner_.Poll(std::move(request), std::move(then));
    });
  }
  void Measure(MeasureRequest request, Done<MeasureAnswer> done) override {
    AcrossPort<MeasureAnswer>(life_, "provider.measure", std::move(done), [&](auto then) {
      inner_.Measure(std::move(request), std::move(then));
    });
  }

 private:
  Provider& inner_;
  LifePtr life_;
};

/// Knows every secret: its worth is made of its name.
class MortalSecrets final : public SecretSource {
 public:
  explicit MortalSecrets(LifePtr life) : life_(std::move(life)) {}
  void Resolve(std::string uri, std::function<void(Result<SecretWorth>)> done) override {
    AcrossPort<Result<SecretWorth>>(life_, "secrets.resolve", std::move(done), [&](auto then) {
      then(SecretWorth{"worth of " + uri, ""});
    });
  }

 private:
  LifePtr life_;
};

}  // namespace tandem::testing
