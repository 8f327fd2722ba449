// Simulated clouds that stand still until told, with calls that hand back their answer.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tandem/sim/sim_provider.h"
#include "tests/support/sim_kinds.h"

namespace tandem::testing {

/// Waits for nothing: the provider must answer before its method returns.
template <typename Answer, typename Call>
Answer Answered(Call&& call) {
  std::optional<Answer> answer;
  call([&](Answer given) {
    TANDEM_CHECK(!answer);
    answer = std::move(given);
  });
  TANDEM_CHECK(answer.has_value());
  return std::move(*answer);
}

inline Packed PackedJson(const std::string& json) {
  Result<Value> value = ParseJson(json);
  TANDEM_CHECK(value.ok());
  return Packed::From(*value);
}

class SimCloud {
 public:
  explicit SimCloud(WorldSettings settings = {}) : catalog_(SimKinds()), settings_(settings) {
    Restart();
    OpenAccount(
        "main",
        R"({"provider":"sim","site":"aws","region":"us-east-1","accountId":"111122223333"})");
  }

  /// A new process on the same journal. Accounts must be opened again.
  void Restart() {
    provider_.reset();
    Result<std::unique_ptr<SimProvider>> opened =
        SimProvider::Open({&journal_, &clock_, &catalog_}, settings_);
    TANDEM_CHECK(opened.ok());
    provider_ = std::move(*opened);
  }

  AccountAnswer OpenAccount(const std::string& name, const std::string& spec) {
    return Answered<AccountAnswer>([&](auto done) {
      provider_->Open({name, PackedJson(spec)}, done);
    });
  }
  ListAnswer List(const std::string& kind, std::vector<std::string> parents = {},
                  const std::string& token = "", const std::string& account = "main") {
    return Answered<ListAnswer>([&](auto done) {
      provider_->List({account, Name(kind), std::move(parents), token}, done);
    });
  }
  ReadAnswer Read(const std::string& kind, const std::string& identity,
                  const std::string& account = "main") {
    return Answered<ReadAnswer>([&](auto done) {
      provider_->Read({account, Name(kind), identity}, done);
    });
  }
  PollAnswer Poll(const std::string& kind, const std::string& handle) {
    return Answered<PollAnswer>([&](auto done) {
      provider_->Poll({"main", Name(kind), handle}, done);
    });
  }
  MeasureAnswer Measure(const std::string& signal, const std::string& account = "main") {
    return Answered<MeasureAnswer>([&](auto done) { provider_->Measure({account, signal}, done); });
  }
  ApplyAnswer Apply(ApplyRequest request) {
    return Answered<ApplyAnswer>([&](auto done) { provider_->Apply(std::move(request), done); });
  }

  /// A request about `address` ("net.sim/Network/a") with everything that its mark needs.
  static ApplyRequest Request(const std::string& address, const std::string& call,
                              const std::string& desired = "{}") {
    ApplyRequest request;
    request.address = *Address::Parse(address);
    request.kind = request.address.kind_name();
    request.account = "main";
    request.call = call;
    request.intent = "intent-" + call + "-" + std::string(request.address.name());
    request.desired = PackedJson(desired);
    request.mark = {"uid-1", address, request.intent};
    return request;
  }
  ApplyAnswer Create(const std::string& address, const std::string& desired) {
    return Apply(Request(address, "create", desired));
  }
  ApplyAnswer Update(const std::string& address, const std::string& call,
                     const std::string& identity, const std::string& desired,
                     std::vector<std::string> changed, const std::string& recorded = "{}") {
    ApplyRequest request = Request(address, "update:" + call, desired);
    request.identity = identity;
    request.changed = std::move(changed);
    request.recorded = PackedJson(recorded);
    return Apply(std::move(request));
  }
  ApplyAnswer Delete(const std::string& address, const std::string& identity) {
    ApplyRequest request = Request(address, "delete");
    request.identity = identity;
    return Apply(std::move(request));
  }
  /// Created, and the clock moved until it is ready. Its identity.
  std::string Made(const std::string& address, const std::string& desired) {
    const ApplyAnswer answer = Create(address, desired);
    TANDEM_CHECK(answer.error.ok);
    clock_.Advance(std::chrono::minutes(20));
    return answer.identity;
  }

  SimProvider& provider() { return *provider_; }
  ManualClock& clock() { return clock_; }
  MemoryJournal& journal() { return journal_; }

 private:
  static KindName Name(const std::string& text) {
    return {text.substr(0, text.find('/')), text.substr(text.find('/') + 1)};
  }

  ManualClock clock_;
  MemoryJournal journal_;
  JsonCatalog catalog_;
  WorldSettings settings_;
  std::unique_ptr<SimProvider> provider_;
};

}  // namespace tandem::testing
