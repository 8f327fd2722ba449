// Any bytes as a row of the store, of every table: refused, or the same when it is written again.
#include <cstddef>
#include <cstdint>
#include <string>

#include "tandem/base/check.h"
#include "tandem/codec/json.h"
#include "tandem/record/record.h"
#include "tandem/state/keys.h"

namespace {

template <typename T>
void Take(const tandem::Value& value) {
  const tandem::Result<T> row = tandem::FromValue<T>(value);
  if (!row.ok()) {
    TANDEM_CHECK(row.status().code() == tandem::Code::kDataLoss && !row.status().message().empty());
    return;
  }
  const std::string written = tandem::ToCanonicalJson(tandem::ToValue(*row));
  const auto parsed = tandem::ParseJson(written);
  TANDEM_CHECK(parsed.ok());
  const tandem::Result<T> again = tandem::FromValue<T>(*parsed);
  TANDEM_CHECK(again.ok());
  TANDEM_CHECK(tandem::ToCanonicalJson(tandem::ToValue(*again)) == written);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 64 << 10) return 0;
  const auto value = tandem::ParseJson({reinterpret_cast<const char*>(data), size});
  if (!value.ok()) return 0;
  const std::string written = tandem::ToCanonicalJson(*value);
  const auto again = tandem::ParseJson(written);
  TANDEM_CHECK(again.ok() && tandem::ToCanonicalJson(*again) == written);
  Take<tandem::Record>(*value);
  Take<tandem::Observation>(*value);
  Take<tandem::Intent>(*value);
  Take<tandem::Run>(*value);
  Take<tandem::StepRow>(*value);
  Take<tandem::Approval>(*value);
  Take<tandem::Event>(*value);
  Take<tandem::Revision>(*value);
  Take<tandem::StoredDocument>(*value);
  return 0;
}
