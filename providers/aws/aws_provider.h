// AWS as a Provider: every kind file under schemas/kinds/aws, carried out in the accounts that were
// opened.
//
// Thread-safe. Methods block their caller until the answer is there and call `done` on its thread:
// ServeProvider gives each call a worker of its own.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "providers/aws/kinds/apis.h"
#include "providers/aws/kinds/session.h"
#include "tandem/base/synchronized.h"
#include "tandem/provider/provider.h"
#include "tandem/schema/kind.h"

namespace tandem::aws {

struct AwsOptions {
  std::string schemas;  // the folder with kinds/ and apis/
  std::string version;
};

class AwsProvider final : public Provider {
 public:
  /// `catalog` is of `options.schemas`; what it and `ports` point to outlives the provider.
  AwsProvider(AwsOptions options, const Catalog* catalog, SessionPorts ports);

  void Describe(Done<Result<ProviderDescription>> done) override;
  /// Asks the token service whose credentials these are; another account than the spec's is
  /// kSignIn, and the account stays closed.
  void Open(AccountRequest request, Done<AccountAnswer> done) override;
  void List(ListRequest request, Done<ListAnswer> done) override;
  void Read(ReadRequest request, Done<ReadAnswer> done) override;
  void Apply(ApplyRequest request, Done<ApplyAnswer> done) override;
  void Poll(PollRequest request, Done<PollAnswer> done) override;
  /// There is no signal that it measures: kTerminal in an open account.
  void Measure(MeasureRequest request, Done<MeasureAnswer> done) override;
  void Close(std::string account) override;

 private:
  struct Place;  // a kind in an open account

  AccountAnswer OpenNow(const AccountRequest& request);
  /// Null where the account is not open.
  std::shared_ptr<Session> Opened(const std::string& account);
  Place Find(const std::string& account, const KindName& kind);

  const AwsOptions options_;
  const Catalog* const catalog_;
  const SessionPorts ports_;
  Apis apis_;
  Synchronized<std::map<std::string, std::shared_ptr<Session>>> accounts_;
};

}  // namespace tandem::aws
