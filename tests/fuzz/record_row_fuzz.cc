// Any bytes as a row of the store, of every table: refused, or the same when it is written again.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "tandem/base/check.h"
#include "tandem/codec/json.h"
#include "tandem/record/record.h"
#include "tandem/state/keys.h"

namespace {

template <typename T>
void Take(const tandem::Value& value, std::string_view text) {
  const tandem::Result<T> row = tandem::FromValue<T>(value);
  const tandem::Result<T> read = tandem::FromRow<T>(text);
  TANDEM_CHECK(read.ok() == row.ok());
  if (!row.ok()) {
    TANDEM_CHECK(row.status().code() == tandem::Code::kDataLoss && !row.status().message().empty());
    return;
  }
  const std::string written = tandem::ToCanonicalJson(tandem::ToValue(*row));
  TANDEM_CHECK(tandem::ToRow(*read) == written);
  const auto parsed = tandem::ParseJson(written);
  TANDEM_CHECK(parsed.ok());
  const tandem::Result<T> again = tandem::FromValue<T>(*parsed);
  TANDEM_CHECK(again.ok());
  TANDEM_CHECK(tandem::ToCanonicalJson(tandem::ToValue(*again)) == written);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 64 << 10) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto value = tandem::ParseJson(text);
  if (!value.ok()) {
    TANDEM_CHECK(!tandem::JsonMembers(text) && !tandem::JsonItems(text));
    TANDEM_CHECK(!tandem::FromRow<tandem::Record>(text).ok());
    return 0;
  }
  const std::string written = tandem::ToCanonicalJson(*value);
  const auto again = tandem::ParseJson(written);
  TANDEM_CHECK(again.ok() && tandem::ToCanonicalJson(*again) == written);
  Take<tandem::Record>(*value, text);
  Take<tandem::Record>(*value, written);
  Take<tandem::Observation>(*value, text);
  Take<tandem::Observation>(*value, written);
  Take<tandem::Intent>(*value, text);
  Take<tandem::Intent>(*value, written);
  Take<tandem::Run>(*value, text);
  Take<tandem::Run>(*value, written);
  Take<tandem::StepRow>(*value, text);
  Take<tandem::StepRow>(*value, written);
  Take<tandem::Approval>(*value, text);
  Take<tandem::Approval>(*value, written);
  Take<tandem::Event>(*value, text);
  Take<tandem::Event>(*value, written);
  Take<tandem::Revision>(*value, text);
  Take<tandem::Revision>(*value, written);
  Take<tandem::StoredDocument>(*value, text);
  Take<tandem::StoredDocument>(*value, written);
  return 0;
}
