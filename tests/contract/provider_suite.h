// What any provider must do, whatever is behind it. A parameter makes one that serves the kinds of
// tests/contract/schemas (toy.aws) for the account "main".
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "tandem/provider/provider.h"

namespace tandem::testing {

inline constexpr const char* kToySchemas = TANDEM_SOURCE_DIR "/tests/contract/schemas";

/// A provider and whatever it stands on.
class ProviderWorld {
 public:
  virtual ~ProviderWorld() = default;
  virtual Provider& provider() = 0;
  /// Lets so much simulated time pass.
  virtual void Pass(std::chrono::seconds time) = 0;
};

struct ProviderCase {
  std::string name;
  std::function<std::unique_ptr<ProviderWorld>()> make;
};

/// The answer of one call, however long it takes; nullopt after ten seconds, or if it came twice.
template <typename Answer>
class Waited {
 public:
  Done<Answer> done() {
    return [state = state_](Answer answer) {
      std::lock_guard<std::mutex> lock(state->mutex);
      ++state->count;
      state->answer = std::move(answer);
      state->came.notify_all();
    };
  }
  std::optional<Answer> Take(std::chrono::seconds patience = std::chrono::seconds(10)) {
    std::unique_lock<std::mutex> lock(state_->mutex);
    state_->came.wait_for(lock, patience, [&] { return state_->count > 0; });
    if (state_->count != 1) return std::nullopt;
    return state_->answer;
  }

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable came;
    int count = 0;
    std::optional<Answer> answer;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

template <typename Answer, typename Call>
Answer Ask(Call&& call) {
  Waited<Answer> waited;
  call(waited.done());
  std::optional<Answer> answer = waited.Take();
  EXPECT_TRUE(answer.has_value()) << "no answer, or two";
  return answer ? std::move(*answer) : Answer();
}

inline Packed ToPacked(const std::string& json) { return Packed::From(*ParseJson(json)); }

inline AccountAnswer OpenAccount(Provider& provider, const std::string& name,
                                 const std::string& spec) {
  return Ask<AccountAnswer>([&](auto done) { provider.Open({name, ToPacked(spec)}, done); });
}
inline ListAnswer ListKind(Provider& provider, const std::string& kind,
                           const std::string& token = "", const std::string& account = "main") {
  return Ask<ListAnswer>([&](auto done) {
    provider.List({account, {"toy.aws", kind}, {}, token}, done);
  });
}
inline ReadAnswer ReadKind(Provider& provider, const std::string& kind,
                           const std::string& identity) {
  return Ask<ReadAnswer>([&](auto done) {
    provider.Read({"main", {"toy.aws", kind}, identity}, done);
  });
}
inline ApplyRequest ToyRequest(const std::string& kind, const std::string& name,
                               const std::string& call, const std::string& desired = "{}") {
  ApplyRequest request;
  request.address = {"toy.aws", kind, "", name, ""};
  request.kind = {"toy.aws", kind};
  request.account = "main";
  request.call = call;
  request.intent = "intent-" + name + "-" + call;
  request.token = "token-" + name;
  request.desired = ToPacked(desired);
  request.mark = {"uid", request.address.ToString(), request.intent};
  return request;
}
inline ApplyAnswer Do(Provider& provider, const ApplyRequest& request) {
  return Ask<ApplyAnswer>([&](auto done) { provider.Apply(request, done); });
}

class ProviderContract : public ::testing::TestWithParam<ProviderCase> {
 protected:
  void SetUp() override {
    world_ = GetParam().make();
    const AccountAnswer opened = OpenAccount(
        provider(), "main", R"({"provider":"aws","site":"aws","region":"r1","accountId":"1"})");
    ASSERT_TRUE(opened.error.ok) << opened.error.message;
  }
  Provider& provider() { return world_->provider(); }

  std::unique_ptr<ProviderWorld> world_;
};

}  // namespace tandem::testing
