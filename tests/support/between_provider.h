// A provider between the engine and another one, whose answers a test may change on their way.
#pragma once

#include <functional>
#include <utility>

#include "tandem/provider/provider.h"

namespace tandem::testing {

class BetweenProvider final : public Provider {
 public:
  explicit BetweenProvider(Provider* inner) : inner_(*inner) {}

  void Describe(Done<Result<ProviderDescription>> done) override { inner_.Describe(std::move(done)); }
  void Open(AccountRequest request, Done<AccountAnswer> done) override {
    inner_.Open(request, [this, done](AccountAnswer answer) {
      if (on_open) on_open(answer);
      done(std::move(answer));
    });
  }
  void List(ListRequest request, Done<ListAnswer> done) override {
    inner_.List(request, [this, request, done](ListAnswer answer) {
      if (on_list) on_list(request, answer);
      done(std::move(answer));
    });
  }
  void Read(ReadRequest request, Done<ReadAnswer> done) override {
    inner_.Read(request, [this, request, done](ReadAnswer answer) {
      if (on_read) on_read(request, answer);
      done(std::move(answer));
    });
  }
  void Apply(ApplyRequest request, Done<ApplyAnswer> done) override {
    inner_.Apply(std::move(request), std::move(done));
  }
  void Poll(PollRequest request, Done<PollAnswer> done) override {
    inner_.Poll(request, [this, done](PollAnswer answer) {
      if (on_poll) on_poll(answer);
      done(std::move(answer));
    });
  }
  void Measure(MeasureRequest request, Done<MeasureAnswer> done) override {
    inner_.Measure(std::move(request), std::move(done));
  }
  void Close(std::string account) override { inner_.Close(std::move(account)); }

  std::function<void(AccountAnswer&)> on_open;
  std::function<void(const ListRequest&, ListAnswer&)> on_list;
  std::function<void(const ReadRequest&, ReadAnswer&)> on_read;
  std::function<void(PollAnswer&)> on_poll;

 private:
  Provider& inner_;
};

}  // namespace tandem::testing
