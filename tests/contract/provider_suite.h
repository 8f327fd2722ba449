// What any provider must do, whatever is behind it. A parameter makes one and says which kinds play the
// parts; the tests are in provider_suite.cc.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "tandem/provider/provider.h"

namespace tandem::testing {

inline constexpr const char* kToySchemas = TANDEM_SOURCE_DIR "/tests/contract/schemas";

/// Who plays what. Documents are JSON; "{name}" in one stands for a name.
struct Cast {
  std::string provider;
  std::vector<std::string> groups;
  std::string account;        // spec of "main"
  std::string account_id;     // that it turns out to be
  std::string wrong_account;  // the same with the id of another one
  std::string other_account;  // a second account
  std::string other_id;

  // A tagged object with an assigned identity, and an update of one of its members.
  std::string box, box_create, box_update, box_updated, box_member, box_gone;
  // An object that a token makes once; "{box}" is the identity of a box.
  std::string item, item_create;
  // An object with a natural name, and the code that says that it is taken.
  std::string name, name_create, name_taken;
  // Documents of `refuser` that the API's description refuses, and the code that says so.
  std::string refuser, refused_code;
  std::vector<std::string> refused;
  // Signals that it measures in any account.
  std::vector<std::string> signals;
  // A kind whose member takes this many bytes; 0: no kind does.
  std::string large, large_create, large_member;
  size_t large_size = 0;
};

/// A provider and whatever it stands on.
class ProviderWorld {
 public:
  virtual ~ProviderWorld() = default;
  /// By which the provider says when something was so.
  virtual const Clock& clock() = 0;
  virtual Provider& provider() = 0;
  /// Lets so much simulated time pass.
  virtual void Pass(std::chrono::seconds time) = 0;
};

struct ProviderCase {
  std::string name;
  Cast cast;
  std::function<std::unique_ptr<ProviderWorld>()> make;

  friend void PrintTo(const ProviderCase& what, std::ostream* out) { *out << what.name; }
};

/// The answer of one call, however long it takes; nullopt after a minute, or if it came twice.
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
  std::optional<Answer> Take(std::chrono::seconds patience = std::chrono::seconds(60)) {
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
inline KindName KindOf(const std::string& kind) {
  const size_t slash = kind.find('/');
  return {kind.substr(0, slash), kind.substr(slash + 1)};
}
inline ListAnswer ListKind(Provider& provider, const std::string& kind,
                           const std::string& token = "", const std::string& account = "main") {
  return Ask<ListAnswer>([&](auto done) {
    provider.List({account, KindOf(kind), {}, token}, done);
  });
}
/// All pages; fails the test when one fails.
inline std::vector<LiveObject> ListAll(Provider& provider, const std::string& kind) {
  std::vector<LiveObject> objects;
  std::string token;
  do {
    ListAnswer page = ListKind(provider, kind, token);
    EXPECT_TRUE(page.error.ok) << page.error.message;
    EXPECT_TRUE(page.complete);
    for (LiveObject& object : page.objects) objects.push_back(std::move(object));
    token = page.next_page_token;
  } while (!token.empty() && objects.size() < 10'000);
  return objects;
}
inline ReadAnswer ReadKind(Provider& provider, const std::string& kind,
                           const std::string& identity) {
  return Ask<ReadAnswer>([&](auto done) {
    provider.Read({"main", KindOf(kind), identity}, done);
  });
}
/// `form` with every "{what}" replaced.
inline std::string Filled(std::string form, const std::string& what, const std::string& with) {
  for (size_t at = form.find(what); at != std::string::npos; at = form.find(what, at + with.size()))
    form.replace(at, what.size(), with);
  return form;
}
inline ApplyRequest MakeRequest(const std::string& kind, const std::string& name,
                                const std::string& call, const std::string& desired = "{}") {
  ApplyRequest request;
  request.kind = KindOf(kind);
  request.address = {request.kind.group, request.kind.kind, "", name, ""};
  request.account = "main";
  request.call = call;
  request.intent = "intent-" + name + "-" + call;
  request.token = "token-" + name;
  request.desired = ToPacked(Filled(desired, "{name}", name));
  request.mark = {"uid", request.address.ToString(), request.intent};
  return request;
}
/// Of a kind of tests/contract/schemas.
inline ApplyRequest ToyRequest(const std::string& kind, const std::string& name,
                               const std::string& call, const std::string& desired = "{}") {
  return MakeRequest("toy.aws/" + kind, name, call, desired);
}
inline MeasureAnswer MeasureSignal(Provider& provider, const std::string& signal,
                                   const std::string& account = "main") {
  return Ask<MeasureAnswer>([&](auto done) { provider.Measure({account, signal}, done); });
}
inline ApplyAnswer Do(Provider& provider, const ApplyRequest& request) {
  return Ask<ApplyAnswer>([&](auto done) { provider.Apply(request, done); });
}

class ProviderContract : public ::testing::TestWithParam<ProviderCase> {
 protected:
  void SetUp() override {
    world_ = GetParam().make();
    const AccountAnswer opened = OpenAccount(provider(), "main", cast().account);
    ASSERT_TRUE(opened.error.ok) << opened.error.message;
    EXPECT_EQ(opened.verified_id, cast().account_id);
  }
  const Cast& cast() const { return GetParam().cast; }
  /// The object of `kind` with this identity, as a list shows it; the list holds it once or never.
  std::optional<LiveObject> Listed(const std::string& kind, const std::string& identity) {
    std::optional<LiveObject> found;
    for (LiveObject& object : ListAll(provider(), kind)) {
      if (object.identity != identity) continue;
      EXPECT_FALSE(found.has_value()) << identity << " is listed twice";
      found = std::move(object);
    }
    return found;
  }
  /// A create, its handle followed to the end.
  ApplyAnswer Make(const std::string& kind, const std::string& name, const std::string& desired) {
    return Finish(kind, Do(provider(), MakeRequest(kind, name, "create", desired)));
  }
  ApplyAnswer Finish(const std::string& kind, ApplyAnswer answer) {
    for (int polls = 0; answer.error.ok && !answer.handle.empty() && polls < 200; ++polls) {
      const PollAnswer poll = Ask<PollAnswer>([&](auto done) {
        provider().Poll({"main", KindOf(kind), answer.handle}, done);
      });
      if (!poll.error.ok) answer.error = poll.error;
      if (poll.done) break;
      world_->Pass(std::chrono::seconds(1));
    }
    return answer;
  }
  Provider& provider() { return world_->provider(); }

  std::unique_ptr<ProviderWorld> world_;
};

}  // namespace tandem::testing
