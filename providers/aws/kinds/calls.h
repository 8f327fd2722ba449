// The calls of one kind file, made in one account: what is read, listed, changed and waited for.
//
// Nothing is remembered between calls, and no mutating call is made twice for one Apply. Every
// method blocks its caller. Thread-safe as the session is.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "providers/aws/kinds/fields.h"
#include "providers/aws/kinds/session.h"
#include "providers/aws/kinds/variables.h"
#include "tandem/provider/provider.h"
#include "tandem/schema/kind.h"

namespace tandem::aws {

inline constexpr int64_t kMostPages = 10'000;  // of one list

/// Whether `value` is one of the words that a kind file has there: a list, or one alone.
bool Listed(const Value* words, const Value& value);

/// What a call came to: a value, or the error by its class.
struct Answered {
  CallError error;
  Value value;
};

/// One call that a step needs, ready to go.
struct StepCall {
  PreparedCall call;
  /// Classes of error that mean that it was done before.
  std::optional<ErrorClass> done_by;
  Value wait;  // the form of `wait`, or null
  std::string token;
};

class KindCalls {
 public:
  KindCalls(const Kind& kind, std::shared_ptr<const ApiModel> api, Session& session);

  ReadAnswer Read(const std::string& identity);
  ListAnswer ListObjects(const ListRequest& request);
  ApplyAnswer Apply(const ApplyRequest& request);
  PollAnswer Poll(const std::string& handle);

 private:
  struct Step;  // what an Apply is about, also after it came back as a handle
  struct Next {
    CallError error;
    std::vector<StepCall> calls;
  };

  Value OperationForm(std::string_view name) const;
  Variables BaseVariables(const std::string& identity) const;
  Answered Call(const PreparedCall& call, const std::string& token, bool mutating, Duration limit);
  /// A reading call of the kind file: its template filled, and the value at its `result`.
  Answered Fetch(const Value& form, const Variables& variables);
  /// The same over all pages, or as many as given: the entries at its `result`.
  Answered FetchAll(const Value& form, const Variables& variables, int64_t pages);

  /// The main answer of `read` for this object, with the identity's parts in it.
  Answered ReadMain(const std::string& identity);
  CallError AddParts(const Value& read, Variables& variables, Value& object);
  CallError AddTags(Variables& variables, Value& fields);
  /// The name that the user gave it, in canonical form, or "".
  std::string NameIn(const Value& fields) const;
  LiveObject Shown(const std::string& identity, Value fields, const Value& main) const;
  struct State {
    std::string name;  // ready, busy, failed
    std::string message;
    bool deleting = false;
  };
  State StateOf(const Value& main) const;
  std::string ListedIdentity(const Value& item, const std::string& parent) const;
  ListAnswer ListPage(const ListRequest& request, const std::string& parent, const Value& tokens,
                      Value& next);

  /// The calls of a step as the world is now. None: there is nothing left to do.
  Next CallsOf(Step& step);
  Next CreateCalls(Step& step);
  Next UpdateCalls(Step& step, const CallRule& rule);
  Next EachCalls(Step& step, const Value& form);
  Next DeltaCalls(Step& step, const Value& form);
  Next FieldCalls(Step& step, const Value& form);
  Next DeleteCalls(Step& step, const Value& form);
  Next MarkCalls(Step& step, const Value& form);
  CallError FirstCalls(Step& step, const Value& form, std::vector<StepCall>& calls);
  CallError Refresh(Step& step);
  Value TagsWithMark(const Step& step) const;
  Variables VariablesOf(const Step& step) const;
  ApplyAnswer Run(Step& step);
  std::string HandleOf(const Step& step, const StepCall& call, const Value& answer,
                       bool more) const;
  /// Why the rest of a step must not travel in a handle; ok if it may.
  CallError CheckHandle(const Step& step, const std::vector<StepCall>& calls) const;
  Duration TimeLeft(const Step& step) const;
  PollAnswer Waited(Step& step, const Value& wait, const Value& request);
  PollAnswer Continue(Step& step);

  const Kind& kind_;
  const std::shared_ptr<const ApiModel> api_;
  const std::string service_;
  Session& session_;
};

/// Only tags that are not the mark; and the mark that they hold.
Value WithoutMark(const Value& tags);
Mark MarkIn(const Value& tags);

}  // namespace tandem::aws
