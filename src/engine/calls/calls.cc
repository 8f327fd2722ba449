#include "engine/calls/calls.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "tandem/record/record.h"

namespace tandem {
namespace {
constexpr int kListAttempts = 4;
constexpr size_t kEnough = 32;                              // calls worth a message of their own
constexpr Duration kHoldBack = std::chrono::microseconds(300);  // at most, for company
constexpr size_t kReads = 64;  // at once, each account
}  // namespace

namespace {

// Whether it can be an object at all: it has a name, and its fields are a map where they are there.
bool IsObject(const LiveObject& object) {
  return !object.identity.empty() && (object.fields.empty() || object.fields.json().front() == '{');
}

}  // namespace

void Calls::Enter(const std::string& account, bool mutating, std::function<void()> start) {
  Gate& gate = (mutating ? writing_ : reading_)[account];
  const size_t most = mutating ? context_.settings.in_flight_account : kReads;
  if (gate.in_flight >= most || (mutating && mutating_ >= context_.settings.in_flight)) {
    gate.waiting.push_back(std::move(start));
    if (mutating) turn_.push_back(account);
    return;
  }
  ++gate.in_flight;
  if (mutating) ++mutating_;
  start();
}

void Calls::Flush() {
  if (asked_.empty()) return;
  size_t held = 0;
  for (const Provider* provider : asked_) held += provider->held();
  const Time now = context_.Now();
  if (held > 0 && held < kEnough && held < open_) {
    // Answers are on their way, and with them come more calls to send along.
    if (!flush_due_) flush_due_ = now + kHoldBack;
    if (now < *flush_due_) return;
  }
  flush_due_.reset();
  for (Provider* provider : std::exchange(asked_, {})) provider->Flush();
}

void Calls::Leave(const std::string& account, bool mutating) {
  Gate& gate = (mutating ? writing_ : reading_)[account];
  --gate.in_flight;
  if (mutating) {
    --mutating_;
    Drain();
    return;
  }
  if (gate.waiting.empty()) return;
  std::function<void()> next = std::move(gate.waiting.front());
  gate.waiting.pop_front();
  ++gate.in_flight;
  next();
}

// Lets in the first waiter whose account has room, so that one slow account holds up no other (promise 7).
void Calls::Drain() {
  for (size_t tries = turn_.size(); tries > 0 && mutating_ < context_.settings.in_flight; --tries) {
    const std::string account = std::move(turn_.front());
    turn_.pop_front();
    Gate& gate = writing_[account];
    if (gate.in_flight >= context_.settings.in_flight_account) {
      turn_.push_back(account);
      continue;
    }
    std::function<void()> next = std::move(gate.waiting.front());
    gate.waiting.pop_front();
    ++gate.in_flight;
    ++mutating_;
    next();
    return;
  }
}

std::string Calls::BucketKey(const std::string& account, const std::string& bucket) const {
  const AccountView* view = accounts_.Find(account);
  return (view != nullptr ? view->provider : "") + "/" + account + "/" + bucket;
}

// The call itself, with a place held. Exactly one of two answers counts: the provider's, or the guard's
// after the deadline.
template <typename Answer>
void Calls::Start(const std::string& account, const char* method, const std::string& bucket_key,
                  bool mutating, const std::function<void(Provider&, Done<Answer>)>& start,
                  Done<Answer> done) {
  const AccountView* view = accounts_.Find(account);
  const std::string provider_name = view != nullptr ? view->provider : "";
  Provider* provider = accounts_.ProviderOf(account);
  if (provider == nullptr) {
    Leave(account, mutating);
    Answer answer;
    answer.error = MakeCallError(CallErrorClass::kNotDone, "",
                                 fmt::format("no provider serves account '{}'", account));
    done(std::move(answer));
    return;
  }
  ++counters_.requests[{provider_name, method}];
  auto open = std::make_shared<bool>(true);
  auto answered = [=, this](Answer answer) {
    if (!*open) return;
    *open = false;
    --open_;
    Leave(account, mutating);
    if (!answer.error.ok) {
      ++counters_.errors[{provider_name, std::string(ErrorClassName(static_cast<ErrorClass>(
                                             answer.error.error_class)))}];
      if (answer.error.error_class == CallErrorClass::kThrottled)
        context_.limits.Throttled(bucket_key, context_.Now(), answer.error.retry_after);
      if (answer.error.error_class == CallErrorClass::kSignIn) accounts_.SignInRefused(account);
    }
    done(std::move(answer));
  };
  const Timers::Id guard =
      context_.timers.At(context_.Now() + context_.settings.call_timeout + kCallGrace, [=] {
        Answer answer;
        answer.error =
            MakeCallError(CallErrorClass::kPerhapsDone, "", "no answer within the time limit");
        answered(std::move(answer));
      });
  ++open_;
  if (std::find(asked_.begin(), asked_.end(), provider) == asked_.end()) asked_.push_back(provider);
  start(*provider, context_.InTurn<Answer>([=, this](Answer answer) {
    context_.timers.Cancel(guard);
    answered(std::move(answer));
  }));
}

template <typename Answer>
void Calls::Issue(const std::string& account, const char* method, const std::string& bucket,
                  std::function<void(Provider&, Done<Answer>)> start, Done<Answer> done) {
  const std::string bucket_key = BucketKey(account, bucket);
  const auto go = [=, this] {
    Enter(account, false, [=, this] {
      Start<Answer>(account, method, bucket_key, false, start, done);
    });
  };
  const Time when = context_.limits.Reserve(bucket_key, context_.Now());
  if (when > context_.Now()) {
    context_.timers.At(when, go);
  } else {
    go();
  }
}

void Calls::TakePlace(const std::string& account, const std::string& bucket,
                      std::function<void()> go) {
  const Time when = context_.limits.Reserve(BucketKey(account, bucket), context_.Now());
  auto enter = [this, account, go = std::move(go)] { Enter(account, true, go); };
  if (when > context_.Now()) {
    context_.timers.At(when, std::move(enter));
  } else {
    enter();
  }
}

void Calls::Read(const std::string& account, const KindName& kind, const std::string& identity,
                 Done<ReadAnswer> done) {
  Issue<ReadAnswer>(
      account, "Read", kind.group + "/read",
      [request = ReadRequest{account, kind, identity}](Provider& provider, Done<ReadAnswer> answer) {
        provider.Read(request, std::move(answer));
      },
      [done = std::move(done)](ReadAnswer answer) {
        if (answer.error.ok && (!IsObject(answer.object) || answer.object.fields.empty()))
          answer.error = MakeCallError(CallErrorClass::kNotDone, "", "the answer to a read makes no sense");
        done(std::move(answer));
      });
}

void Calls::Poll(const std::string& account, const KindName& kind, const std::string& handle,
                 Done<PollAnswer> done) {
  Issue<PollAnswer>(
      account, "Poll", kind.group + "/read",
      [request = PollRequest{account, kind, handle}](Provider& provider, Done<PollAnswer> answer) {
        provider.Poll(request, std::move(answer));
      },
      std::move(done));
}

void Calls::Apply(ApplyRequest request, const std::string& bucket, Done<ApplyAnswer> done) {
  const std::string account = request.account;
  auto held = std::make_shared<ApplyRequest>(std::move(request));
  Start<ApplyAnswer>(
      account, "Apply", BucketKey(account, bucket), true,
      [held](Provider& provider, Done<ApplyAnswer> answer) {
        provider.Apply(std::move(*held), std::move(answer));
      },
      std::move(done));
}

void Calls::List(const std::string& account, const KindName& kind, std::vector<std::string> parents,
                 std::function<void(std::vector<LiveObject>)> page,
                 std::function<void(ListEnd)> done) {
  auto listing = std::make_shared<Listing>();
  listing->account = account;
  listing->kind = kind;
  listing->parents = std::move(parents);
  listing->page = std::move(page);
  listing->done = std::move(done);
  ListPage(listing, 0);
}

void Calls::ListPage(const std::shared_ptr<Listing>& listing, int attempt) {
  ListRequest request{listing->account, listing->kind, listing->parents, listing->token};
  Issue<ListAnswer>(
      listing->account, "List", listing->kind.group + "/read",
      [request = std::move(request)](Provider& provider, Done<ListAnswer> answer) {
        provider.List(request, std::move(answer));
      },
      [this, listing, attempt](ListAnswer answer) {
        if (!answer.error.ok) {
          const CallErrorClass c = answer.error.error_class;
          const bool again = c == CallErrorClass::kThrottled || c == CallErrorClass::kNotDone ||
                             c == CallErrorClass::kPerhapsDone;
          if (again && attempt + 1 < kListAttempts && !context_.stopping) {
            const Duration wait = std::max<Duration>(answer.error.retry_after,
                                                     context_.settings.backoff_first * (1 << attempt));
            context_.timers.At(context_.Now() + wait,
                               [this, listing, attempt] { ListPage(listing, attempt + 1); });
            return;
          }
          listing->done({answer.error, false, listing->names_only});
          return;
        }
        // What is no object hides one.
        const bool whole = std::erase_if(answer.objects, [](const LiveObject& object) {
                             return !IsObject(object);
                           }) == 0;
        const bool last = answer.next_page_token.empty();
        listing->complete = listing->complete && whole && (answer.complete || !last);
        listing->names_only = listing->names_only || answer.names_only;
        listing->page(std::move(answer.objects));
        if (last) {
          listing->done({CallError{}, listing->complete, listing->names_only});
          return;
        }
        if (!listing->tokens.insert(answer.next_page_token).second) {
          // A page that was there already: it would go on for ever, and what it left out nobody knows.
          listing->done({CallError{}, false, listing->names_only});
          return;
        }
        listing->token = std::move(answer.next_page_token);
        ListPage(listing, 0);
      });
}

}  // namespace tandem
