// Any bytes as what refers to something: an address, a path, an apiVersion, a secret's URI, a kind reference.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "schema/kind_text.h"
#include "tandem/base/check.h"
#include "tandem/model/address.h"
#include "tandem/model/secret_uri.h"
#include "tandem/model/value.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 4 << 10) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  // What is taken is written back, and means the same.
  const auto address = tandem::Address::Parse(text);
  if (address.ok()) {
    const auto again = tandem::Address::Parse(address->ToString());
    TANDEM_CHECK(again.ok() && *again == *address);
    TANDEM_CHECK(again->ToString() == address->ToString());
  } else {
    TANDEM_CHECK(!address.status().message().empty());
  }
  const tandem::Path path = tandem::ParsePath(text);
  TANDEM_CHECK(tandem::ParsePath(tandem::FormatPath(path)) == path);
  tandem::Value root = tandem::Map();
  if (!path.empty() && path.front().index < 0 && path.size() < 64) {
    tandem::SetAt(root, path, tandem::Value(1));
    (void)tandem::FindAt(root, path);
    (void)root.At(text);
    tandem::EraseAt(root, path);
  }
  (void)tandem::ParseApiVersion(text);
  (void)tandem::ParseKindRef(text);
  const auto uri = tandem::ParseSecretUri(text);
  TANDEM_CHECK(tandem::IsSecretUri(text) || !uri.ok());
  if (!uri.ok()) {
    // What stands in secret() may be the secret itself. Our own words hold no digit.
    if (size >= 8 && text.find_first_of("0123456789") != std::string_view::npos)
      TANDEM_CHECK(uri.status().message().find(text) == std::string::npos);
    return 0;
  }
  TANDEM_CHECK(uri->scheme == "env" || (uri->scheme == "file" && uri->rest.front() == '/'));
  return 0;
}
