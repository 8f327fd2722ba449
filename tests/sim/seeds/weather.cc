#include "tests/sim/seeds/weather.h"

#include <fmt/format.h>

#include <cstdio>
#include <memory>

namespace tandem::seeds {

bool Weather::One() {
  if (events_.empty() || events_.begin()->first.first > clock_.Now()) return false;
  Event event = std::move(events_.begin()->second);
  events_.erase(events_.begin());
  if (event.life < 0 || event.life == life_) event.work();
  return true;
}

void Weather::Trace(const std::string& line) {
  const std::string text = fmt::format("{} {}\n", FormatTime(clock_.Now(), true).substr(5), line);
  for (const char c : text) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  if (print) std::fputs(text.c_str(), stdout);
}

template <typename Answer>
void FarCloud::Reply(Done<Answer> done, Answer answer) {
  auto held = std::make_shared<Answer>(std::move(answer));
  weather_.After(weather_.Between(1, 40), true,
                 [done = std::move(done), held] { done(std::move(*held)); });
}

void FarCloud::Open(AccountRequest request, Done<AccountAnswer> done) {
  cloud_.Open(std::move(request), [&](AccountAnswer answer) { Reply(std::move(done), answer); });
}

void FarCloud::List(ListRequest request, Done<ListAnswer> done) {
  if (weather_.Chance(weather_.odds.refused)) {
    ListAnswer answer;
    answer.error = MakeCallError(CallErrorClass::kThrottled, "Throttling", "slow down");
    return Reply(std::move(done), answer);
  }
  cloud_.List(std::move(request), [&](ListAnswer answer) { Reply(std::move(done), answer); });
}

void FarCloud::Read(ReadRequest request, Done<ReadAnswer> done) {
  if (weather_.Chance(weather_.odds.refused)) {
    ReadAnswer answer;
    answer.error = MakeCallError(CallErrorClass::kThrottled, "Throttling", "slow down");
    return Reply(std::move(done), answer);
  }
  const std::string what = request.kind.ToString() + " " + request.identity;
  cloud_.Read(std::move(request), [&](ReadAnswer answer) {
    weather_.Trace(fmt::format("read {}: {}", what,
                               answer.error.ok ? answer.object.fields.json() : answer.error.code));
    Reply(std::move(done), answer);
  });
}

void FarCloud::Apply(ApplyRequest request, Done<ApplyAnswer> done) {
  calls.push_back({request.intent, request.address.ToString(), request.call});
  const std::string what = request.call + " " + request.address.ToString() + " " + request.intent;
  if (weather_.Chance(weather_.odds.refused)) {
    ++weather_.refused;
    weather_.Trace("refused " + what);
    ApplyAnswer answer;
    answer.error = weather_.Chance(500)
                       ? MakeCallError(CallErrorClass::kThrottled, "Throttling", "slow down")
                       : MakeCallError(CallErrorClass::kNotDone, "ServiceUnavailable", "try again");
    return Reply(std::move(done), answer);
  }
  if (weather_.Chance(weather_.odds.never)) {
    ++weather_.lost;
    weather_.Trace("lost before " + what);
    return;  // the engine's own deadline has to notice
  }
  const bool slow = weather_.Chance(weather_.odds.slow);
  const bool lost = weather_.Chance(weather_.odds.lost);
  const bool told = weather_.Chance(500);  // a broken connection, or silence
  const Duration there = slow ? weather_.Between(1000, 40'000) : weather_.Between(1, 40);
  const Duration back = slow ? weather_.Between(1000, 30'000) : weather_.Between(1, 40);
  const int64_t life = weather_.life();
  auto held = std::make_shared<ApplyRequest>(std::move(request));
  weather_.Trace("call " + what);
  weather_.After(there, false, [this, held, done = std::move(done), lost, told, back, life, what] {
    cloud_.Apply(*held, [&](ApplyAnswer answer) {
      weather_.Trace(fmt::format("{} {}{}", lost ? "done, answer lost:" : "done:", what,
                                 answer.error.ok ? "" : " " + answer.error.code));
      if (lost) {
        ++weather_.lost;
        if (!told) return;
        answer = ApplyAnswer();
        answer.error = MakeCallError(CallErrorClass::kPerhapsDone, "", "connection reset");
      }
      if (life != weather_.life()) return;
      weather_.After(back, true, [done, answer] { done(answer); });
    });
  });
}

void FarCloud::Poll(PollRequest request, Done<PollAnswer> done) {
  cloud_.Poll(std::move(request), [&](PollAnswer answer) { Reply(std::move(done), answer); });
}

void FarStore::Commit(std::vector<Write> writes, Completion<StoreRevision> done) {
  if (weather_.Chance(weather_.odds.store)) {
    ++weather_.store_failures;
    weather_.Trace("commit fails");
    weather_.After(weather_.Between(0, 5), true,
                   [done = std::move(done)] { done(Unavailable("the disk is busy")); });
    return;
  }
  // Durable some time before the engine hears of it: a crash in between loses the answer alone.
  auto held = std::make_shared<std::vector<Write>>(std::move(writes));
  const int64_t life = weather_.life();
  weather_.After(weather_.Between(0, 3), true, [this, held, done = std::move(done), life] {
    auto stored = std::make_shared<Result<StoreRevision>>(Unavailable("not stored"));
    store_.Commit(std::move(*held), [stored](Result<StoreRevision> given) { *stored = given; });
    if (!stored->ok()) weather_.Trace("commit: " + stored->status().ToString());
    if (life != weather_.life()) return;
    weather_.After(weather_.Between(0, 3), true, [done, stored] { done(*stored); });
  });
}

void FarStore::Scan(std::string prefix, std::string after, size_t limit, Completion<Page> done) {
  auto page = std::make_shared<Result<Page>>(Unavailable("not read"));
  store_.Scan(std::move(prefix), std::move(after), limit, [page](Result<Page> given) { *page = given; });
  weather_.After(Duration(0), true, [done = std::move(done), page] { done(*page); });
}

void FarStore::Get(std::string key, Completion<Row> done) {
  auto row = std::make_shared<Result<Row>>(Unavailable("not read"));
  store_.Get(std::move(key), [row](Result<Row> given) { *row = given; });
  weather_.After(Duration(0), true, [done = std::move(done), row] { done(*row); });
}

}  // namespace tandem::seeds
