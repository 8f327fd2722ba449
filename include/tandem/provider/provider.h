// What a provider can do. Implemented by the plugin host (a process on the other side of a socket), by
// the simulated clouds in-process, and by fakes in tests; tests/contract runs one suite over all.
//
// A provider keeps no state, never retries a mutating call, and works with accounts that were opened
// before. Every method returns at once and calls `done` exactly once, from any thread. Objects and
// requests use the kind's own member names (the union of create and update members, plus computed
// ones); identity is the one text by which the kind file says an object is found.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tandem/base/clock.h"
#include "tandem/base/status.h"
#include "tandem/codec/json.h"
#include "tandem/model/address.h"
#include "tandem/model/error_class.h"
#include "tandem/model/value.h"

namespace tandem {

struct CallError {
  ErrorClass error_class = ErrorClass::kUnspecified;
  std::string code;     // the vendor's
  std::string message;  // no secret in it
  Duration retry_after{0};
  bool ok = true;  // false: this is an error
};
inline CallError MakeCallError(ErrorClass c, std::string code, std::string message) {
  return {c, std::move(code), std::move(message), Duration(0), false};
}

/// The ownership mark on an object (R12). Empty when the object carries none.
struct Mark {
  Interned platform;
  Interned address;
  Interned intent;
  bool empty() const { return platform.empty() && address.empty() && intent.empty(); }
  friend bool operator==(const Mark&, const Mark&) = default;
};

struct LiveObject {
  KindName kind;
  std::string identity;
  std::string name;  // natural name where the kind has one, or ""
  Packed fields;
  std::string state;  // ready | busy | failed, by the kind file
  std::string state_message;
  Mark mark;
};

struct ProviderDescription {
  std::string name;
  std::string version;
  std::vector<std::string> groups;  // "ec2.aws", …
};

struct AccountRequest {
  std::string account;  // the Account document's name
  Packed spec;          // its spec, evaluated
};
struct AccountAnswer {
  CallError error;
  std::string principal;    // as whom: an ARN, an e-mail
  std::string verified_id;  // account id, project, cluster uid
};

struct ListRequest {
  std::string account;
  KindName kind;
  /// For kinds that live in a parent (records in a zone): the parents' identities to look in.
  std::vector<std::string> parents;
  std::string page_token;
};
struct ListAnswer {
  CallError error;
  std::vector<LiveObject> objects;
  std::string next_page_token;  // "" on the last page
  bool complete = false;        // false: absence proves nothing
  bool names_only = false;      // fields are missing: each object needs a Read
};

struct ReadRequest {
  std::string account;
  KindName kind;
  std::string identity;
};
struct ReadAnswer {
  CallError error;  // kGone: a direct read says that it is not there
  LiveObject object;
};

/// One mutating call of one step. `call` is a name from the kind file: "create", "delete", "mark",
/// or "update:NAME".
struct ApplyRequest {
  std::string intent;
  std::string token;
  std::string account;
  Address address;
  KindName kind;
  std::string call;
  std::string identity;  // "" for create
  Packed desired;        // whole desired form; secrets in plaintext
  Packed observed;       // the object as just read, for whole-object updates and preconditions
  Packed recorded;       // what was sent before: entries in it that desired lacks are to be removed
  std::vector<std::string> changed;  // paths that this call carries
  Mark mark;
  Time deadline;
};
struct ApplyAnswer {
  CallError error;
  std::string handle;      // not "": a long operation; Poll it
  Duration poll_after{0};  // until its expected end; 0: not known
  std::string identity;    // of the object, once known
  Packed fields;           // as answered, may be empty
};

struct PollRequest {
  std::string account;
  KindName kind;
  std::string handle;
};
struct PollAnswer {
  CallError error;
  bool done = false;
  std::string identity;
  Duration poll_after{0};  // when it is worth asking again
};

/// A signal is a number that a provider reads outside: how far a replica lags, how much of an error
/// budget is left, whether a gate is open. Its name is the provider's own.
struct MeasureRequest {
  std::string account;
  std::string signal;
};
struct MeasureAnswer {
  CallError error;   // kTerminal "UnknownSignal": this provider measures no such thing
  double value = 0;  // finite; seconds where it is a time
  Time at;           // when it was so, on the machine's clock
};

template <typename T>
using Done = std::function<void(T)>;

class Provider {
 public:
  virtual ~Provider() = default;
  virtual void Describe(Done<Result<ProviderDescription>> done) = 0;
  /// Signs in and verifies whose account it is. Needed before anything else of that account.
  virtual void Open(AccountRequest request, Done<AccountAnswer> done) = 0;
  virtual void List(ListRequest request, Done<ListAnswer> done) = 0;
  virtual void Read(ReadRequest request, Done<ReadAnswer> done) = 0;
  virtual void Apply(ApplyRequest request, Done<ApplyAnswer> done) = 0;
  virtual void Poll(PollRequest request, Done<PollAnswer> done) = 0;
  virtual void Measure(MeasureRequest request, Done<MeasureAnswer> done) = 0;
  virtual void Close(std::string account) = 0;
  /// Sends what is held back. A provider that was told to may hold calls back until then, to send them
  /// together.
  virtual void Flush() {}
  /// How many calls are held back.
  virtual size_t held() const { return 0; }
};

}  // namespace tandem
