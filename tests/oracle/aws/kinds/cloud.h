// One server that plays AWS, as the aws provider meets it: what a run would do, without an engine.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "providers/aws/aws_provider.h"
#include "tandem/diff/diff.h"
#include "tandem/schema/kind.h"

namespace tandem::oracle {

struct Judge {
  std::string name;      // "moto", "ministack"
  std::string endpoint;  // behind the wire validator
  std::string account_id;
};

/// "" is success; else "CLASS CODE: message".
using Trouble = std::string;

/// One resource that the test made.
struct Made {
  KindName kind;
  std::string name;
  std::string identity;
  Value desired;
};

class Cloud {
 public:
  Cloud(Judge judge, std::string schemas);

  const Judge& judge() const { return judge_; }
  const Catalog& catalog() const { return *catalog_; }
  const Kind& KindOf(const std::string& name) const;
  /// The example of the kind file.
  Value Example(const std::string& kind) const;

  Trouble Open(const std::string& account_id);
  /// The same with `credentials` of the Account's spec; `principal` is who the provider says it is.
  Trouble Open(const std::string& account_id, const Value& credentials, std::string* principal);
  /// All of Kind::CreateCalls, waited for.
  Trouble Create(const std::string& kind, const std::string& name, Value spec, Made* made);
  /// The same, remembered for CleanUp; aborts the test's set-up with the trouble.
  std::string Need(const std::string& kind, const std::string& name, Value spec);
  Trouble Read(const Made& made, LiveObject* object);
  /// What Compare finds between `desired` and the object as it is.
  Trouble Differences(const Made& made, const Value& desired, ResourceDiff* diff);
  /// Update calls for all differences to `desired`, which becomes the recorded form.
  Trouble Update(Made& made, const Value& desired);
  Trouble Delete(const Made& made);
  Trouble List(const std::string& kind, const std::vector<std::string>& parents,
               std::vector<LiveObject>* objects);
  /// An operation of the vendor's API, as somebody else would call it.
  Trouble Raw(const std::string& service, const std::string& operation, const Value& params,
              Value* result = nullptr);
  Trouble Apply(ApplyRequest request, std::string* identity, bool* lost = nullptr);
  /// Deletes what Need made, last first.
  Trouble CleanUp();
  Mark MarkFor(const std::string& kind, const std::string& name) const;
  const std::string& set_up_trouble() const { return set_up_trouble_; }

 private:
  const Judge judge_;
  const std::string schemas_;
  SystemClock clock_;
  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<HttpClient> http_;
  std::unique_ptr<aws::AwsProvider> provider_;
  std::unique_ptr<aws::Session> outsider_;
  aws::Apis apis_;
  std::vector<Made> needed_;
  std::string set_up_trouble_;
  int intents_ = 0;
};

Trouble TroubleOf(const CallError& error);

}  // namespace tandem::oracle
