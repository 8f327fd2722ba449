#include "tandem/state/keys.h"

#include "tandem/base/check.h"

namespace tandem {
namespace {

std::string Key(std::string_view table, std::string_view a) {
  std::string key(table);
  key += '/';
  key += a;
  return key;
}

std::string Key(std::string_view table, std::string_view a, std::string_view b) {
  return Key(Key(table, a), b);
}

}  // namespace

std::string Padded(int64_t number) {
  TANDEM_CHECK(number >= 0 && number < 1'000'000'000'000);
  const std::string digits = std::to_string(number);
  return std::string(12 - digits.size(), '0') + digits;
}

std::string RecordKey(std::string_view address) { return Key("record", address); }
std::string ObservationKey(std::string_view address) { return Key("observation", address); }
std::string IntentKey(std::string_view id) { return Key("intent", id); }
std::string RunKey(std::string_view id) { return Key("run", id); }
std::string PlanKey(std::string_view hash) { return Key("plan", hash); }
std::string PlanChunkKey(std::string_view hash, int64_t chunk) {
  return Key("plan-chunk", hash, Padded(chunk));
}
std::string PlanChunkPrefix(std::string_view hash) { return Key("plan-chunk", hash, ""); }
std::string StepKey(std::string_view run, int64_t step) { return Key("step", run, Padded(step)); }
std::string StepPrefix(std::string_view run) { return Key("step", run, ""); }
std::string ApprovalKey(std::string_view hash, std::string_view principal) {
  return Key("approval", hash, principal);
}
std::string EventKey(int64_t sequence) { return Key("event", Padded(sequence)); }
std::string RevisionKey(int64_t number) { return Key("revision", Padded(number)); }
std::string RevisionChunkKey(int64_t number, int64_t chunk) {
  return Key("revision-chunk", Padded(number), Padded(chunk));
}
std::string RevisionChunkPrefix(int64_t number) { return Key("revision-chunk", Padded(number), ""); }
std::string DocumentPageKey(std::string_view digest) { return Key("document-page", digest); }
std::string DocumentKey(std::string_view digest) { return Key("document", digest); }

}  // namespace tandem
