#include "tests/oracle/aws/kinds/faults.h"

#include <fmt/format.h>

#include <algorithm>

namespace tandem::oracle {
namespace {

class Faults {
 public:
  Faults(const Judge& judge, const std::string& schemas) : judge_(judge), cloud_(judge, schemas) {
    auto http = NewHttpClient();
    TANDEM_CHECK(http.ok());
    http_ = std::move(http).value();
  }

  int Play() {
    Want("another account is refused", cloud_.Open("111122223333"), "sign-in WrongAccount");
    Want("the refusal closes it", Create(), "sign-in AccountNotOpen");
    // Signed with the keys that the token service gave for the role.
    const std::string role = "arn:aws:iam::" + judge_.account_id + ":role/deployer";
    std::string principal;
    Want("opens by a role",
         cloud_.Open(judge_.account_id, Map{{"source", "assume-role"}, {"roleArn", role}},
                     &principal),
         "");
    Check("as that role: " + principal,
          principal.find("assumed-role/deployer/") != std::string::npos);
    Check("the role can read", Vpcs().size() < 1000);
    Want("opens", cloud_.Open(judge_.account_id), "");

    const size_t before = Vpcs().size();
    Spoil("throttle", "CreateVpc");
    Want("throttled, undone", Create(), "throttled RequestLimitExceeded");
    Check("nothing was made", Vpcs().size() == before);

    Spoil("lose", "CreateVpc");
    Want("the reply is lost after the work", Create(), "perhaps-done ReplyLost");
    Check("made once, and not asked for again", Vpcs().size() == before + 1);

    Spoil("html", "CreateVpc");
    Want("a page instead of an answer", Create(), "perhaps-done UnreadableAnswer");
    Check("made once more", Vpcs().size() == before + 2);

    // What was lost is found by its mark.
    int marked = 0;
    Made lost;
    for (const LiveObject& listed : Vpcs()) {
      LiveObject object;
      Made made{listed.kind, "lost", listed.identity, Value(Map{})};
      if (!cloud_.Read(made, &object).empty() || object.mark.address.empty()) continue;
      ++marked;
      lost = made;
    }
    Check("both lost ones carry the mark", marked == 2);

    for (const char* mode : {"lose", "html", "throttle"}) {
      Spoil(mode, "DescribeVpcs");
      Want(fmt::format("a read that meets '{}'", mode), cloud_.Read(lost, nullptr),
           std::string(mode) == "throttle" ? "throttled " : "not-done ");
    }
    Spoil("lose", "DeleteVpc");
    Want("a lost reply to a delete", cloud_.Delete(lost), "perhaps-done ReplyLost");
    Want("and it is gone", cloud_.Read(lost, nullptr), "gone ");
    Want("deleted again", cloud_.Delete(lost), "gone ");
    return wrong_;
  }

 private:
  Trouble Create() {
    Made made;
    return cloud_.Create("ec2.aws/VPC", "lost", Map{{"CidrBlock", "10.7.0.0/16"}}, &made);
  }

  std::vector<LiveObject> Vpcs() {
    std::vector<LiveObject> objects;
    Want("list", cloud_.List("ec2.aws/VPC", {}, &objects), "");
    return objects;
  }

  void Spoil(const std::string& mode, const std::string& operation) {
    HttpRequest request;
    request.method = "POST";
    request.reach = HttpReach::kAny;
    request.url = *ParseHttpUrl(
        fmt::format("{}/wv/fault?mode={}&operation={}", judge_.endpoint, mode, operation));
    const HttpOutcome outcome = http_->Send(request, std::chrono::seconds(10));
    Check("the fault is set", outcome.ok() && outcome.response().status == 200);
  }

  void Want(const std::string& what, const Trouble& got, const std::string& wanted) {
    const bool right = wanted.empty() ? got.empty() : got.find(wanted) != std::string::npos;
    fmt::print("{} {}: {}\n", right ? "ok" : "WRONG", what, got);
    if (!right) ++wrong_;
  }
  void Check(const std::string& what, bool right) {
    fmt::print("{} {}\n", right ? "ok" : "WRONG", what);
    if (!right) ++wrong_;
  }

  const Judge judge_;
  Cloud cloud_;
  std::unique_ptr<HttpClient> http_;
  int wrong_ = 0;
};

}  // namespace

int PlayFaults(const Judge& judge, const std::string& schemas) {
  return Faults(judge, schemas).Play() == 0 ? 0 : 1;
}

}  // namespace tandem::oracle
