// Any bytes as the token of a page: an answer or an error, and no object that belongs to another list.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "tandem/base/check.h"
#include "tandem/sim/sim_provider.h"
#include "tests/support/sim_kinds.h"

namespace {

struct Clouds {
  tandem::ManualClock clock;
  tandem::MemoryJournal journal;
  tandem::testing::JsonCatalog catalog{tandem::testing::SimKinds()};
  std::unique_ptr<tandem::SimProvider> sim;

  Clouds() {
    auto opened = tandem::SimProvider::Open({&journal, &clock, &catalog}, tandem::WorldSettings{});
    TANDEM_CHECK(opened.ok());
    sim = std::move(*opened);
    const auto spec = *tandem::ParseJson(R"({"provider": "sim", "site": "aws", "accountId": "1", "region": "r"})");
    sim->Open({"main", tandem::Packed::From(spec)}, [](tandem::AccountAnswer) {});
    for (const char* name : {"a", "b", "c", "d", "e", "f", "g", "h"}) {
      tandem::ApplyRequest request;
      request.account = "main";
      request.address = *tandem::Address::Parse(std::string("net.sim/Network/") + name);
      request.kind = request.address.kind_name();
      request.call = "create";
      request.intent = name;
      request.desired = tandem::Packed::From(tandem::Map{{"CidrBlock", "10.0.0.0/16"}});
      sim->Apply(request, [](tandem::ApplyAnswer answer) { TANDEM_CHECK(answer.error.ok); });
    }
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 4 << 10) return 0;
  static Clouds clouds;
  std::string token(reinterpret_cast<const char*>(data), size);
  for (int pages = 0; pages < 8; ++pages) {
    bool answered = false;
    std::string next;
    clouds.sim->List({"main", {"net.sim", "Network"}, {}, token}, [&](tandem::ListAnswer answer) {
      answered = true;
      for (const tandem::LiveObject& object : answer.objects)
        TANDEM_CHECK(object.kind.kind == "Network" && object.identity > token);
      next = answer.next_page_token;
    });
    TANDEM_CHECK(answered);
    if (next.empty()) return 0;
    TANDEM_CHECK(next > token);  // or a list would never end
    token = next;
  }
  return 0;
}
