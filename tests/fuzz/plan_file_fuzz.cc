// Any bytes as a saved plan; what is taken is written, shown and read again without a difference.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "tandem/base/check.h"
#include "tandem/codec/json.h"
#include "tandem/plan/plan.h"

namespace {

void Take(const tandem::Value& value) {
  const auto plan = tandem::PlanFromValue(value);
  if (!plan.ok()) {
    TANDEM_CHECK(!plan.status().message().empty());
    return;
  }
  const tandem::Value again = tandem::PlanToValue(*plan);
  const auto same = tandem::PlanFromValue(again);
  TANDEM_CHECK(same.ok());
  TANDEM_CHECK(tandem::ToCanonicalJson(tandem::PlanToValue(*same)) == tandem::ToCanonicalJson(again));
  (void)tandem::PlanToText(*plan, {});
  (void)tandem::PlanToMarkdown(*plan);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 64 << 10) return 0;
  const auto value = tandem::ParseJson({reinterpret_cast<const char*>(data), size});
  if (!value.ok()) return 0;
  Take(*value);
  // A mutation rarely fits its hash, so the content is also taken with the hash that it has.
  tandem::Value sealed = *value;
  if (!sealed.is_map()) return 0;
  tandem::Value content = sealed;
  content.edit_map().erase("hash");
  content.edit_map().erase("created");
  sealed.Set("hash", tandem::DigestOf(content));
  Take(sealed);
  return 0;
}
