#include "sim/play.h"

#include <algorithm>
#include <cctype>
#include <functional>

#include "tandem/schema/calls.h"

namespace tandem {
namespace {

using Words = std::vector<std::string_view>;

Duration DurationAt(const Value& section, std::string_view key) {
  const Value* found = section.Find(key);
  if (found == nullptr || !found->is_string()) return Duration(0);
  Result<Duration> parsed = ParseDuration(found->as_string());
  return parsed.ok() ? *parsed : Duration(0);
}

std::vector<std::string> TextsAt(const Value& section, std::string_view key) {
  std::vector<std::string> texts;
  const Value* found = section.Find(key);
  if (found == nullptr) return texts;
  if (found->is_string()) texts.push_back(found->as_string());
  if (found->is_list()) {
    for (const Value& item : found->as_list()) {
      if (item.is_string()) texts.push_back(item.as_string());
    }
  }
  return texts;
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return lower;
}

bool HoldsAny(std::string_view text, const Words& parts) {
  const std::string lower = Lower(text);
  return std::any_of(parts.begin(), parts.end(),
                     [&](std::string_view part) { return lower.find(part) != std::string::npos; });
}

// The first of `words` that holds one of `parts`, else the first that holds none of `others`.
std::string Pick(const std::vector<std::string>& words, const Words& parts, const Words& others) {
  for (const std::string& word : words) {
    if (HoldsAny(word, parts)) return word;
  }
  for (const std::string& word : words) {
    if (!HoldsAny(word, others)) return word;
  }
  return words.empty() ? "" : words.front();
}

struct Usual {
  ErrorClass error_class;
  std::string_view word;  // of the class in a kind file
  std::string_view own;   // what `sandbox.errors` calls it
  std::string_view code;  // when neither names one
  Words like;             // a code that fits better than others of the class
};

Usual UsualFor(Refused what) {
  switch (what) {
    case Refused::kInvalid:
      return {ErrorClass::kTerminal,
              "terminal",
              "invalid",
              "ValidationError",
              {"valid", "malformed"}};
    case Refused::kImmutable:
      return {ErrorClass::kTerminal,
              "terminal",
              "invalid",
              "ImmutableField",
              {"immutable", "mutab", "combination", "valid"}};
    case Refused::kMissingReference:
      return {
          ErrorClass::kTerminal, "terminal", "", "ReferenceNotFound", {"notfound", "nosuch"}};
    case Refused::kNotReady:
      return {ErrorClass::kWaiting,
              "waiting",
              "",
              "IncorrectState",
              {"state", "progress", "inuse"}};
    case Refused::kBusy:
      return {ErrorClass::kWaiting,
              "waiting",
              "",
              "IncorrectState",
              {"state", "progress", "inuse"}};
    case Refused::kReferenced:
      return {ErrorClass::kWaiting,
              "waiting",
              "inUse",
              "DependencyViolation",
              {"depend", "conflict", "notempty", "inuse"}};
    case Refused::kGuarded:
      return {ErrorClass::kTerminal,
              "terminal",
              "invalid",
              "OperationNotPermitted",
              {"permitted", "protect", "combination", "valid"}};
    case Refused::kTaken:
      return {ErrorClass::kExists, "exists", "exists", "AlreadyExists", {}};
    case Refused::kGone:
      return {ErrorClass::kGone, "gone", "gone", "NotFound", {}};
    case Refused::kThrottled:
      return {ErrorClass::kThrottled, "throttled", "throttled", "Throttling", {}};
    case Refused::kTokenReused:
      return {
          ErrorClass::kTerminal, "terminal", "", "IdempotentParameterMismatch", {"idempotent"}};
  }
  return {ErrorClass::kTerminal, "terminal", "", "ValidationError", {}};
}

std::string OwnCode(const Value& body, std::string_view key) {
  const Value* codes = body.At("sandbox.errors");
  return codes == nullptr ? "" : codes->StringOr(key, "");
}

}  // namespace

Play PlayOf(std::shared_ptr<const Kind> kind) {
  Play play;
  const Value& body = kind->body();
  static const Value kNone = Map{};
  const Value* found = body.Find("sandbox");
  const Value& sandbox = found != nullptr ? *found : kNone;
  play.create = DurationAt(sandbox, "create");
  play.update = DurationAt(sandbox, "update");
  play.remove = DurationAt(sandbox, "delete");
  play.lag = DurationAt(sandbox, "lag");
  const bool handle = sandbox.BoolOr("handle", false);
  const Value* operations = body.Find("operations");
  const auto waits = [&](std::string_view operation) {
    if (handle || operations == nullptr) return handle;
    const Value* found = operations->Find(operation);
    if (found == nullptr) return false;
    if (!found->is_list()) return found->Find("wait") != nullptr;
    return std::any_of(found->as_list().begin(), found->as_list().end(),
                       [](const Value& call) { return call.Find("wait") != nullptr; });
  };
  play.create_handle = waits("create");
  play.update_handle = waits("update");
  play.remove_handle = waits("delete");
  if (const Value* rate = sandbox.Find("rate")) {
    if (rate->is_int()) play.rate = static_cast<double>(rate->as_int());
    if (rate->is_double()) play.rate = rate->as_double();
  }
  play.outside = TextsAt(sandbox, "outside");
  const auto forms = [&](std::string_view key, Map* into) {
    const Value* section = sandbox.Find(key);
    if (section != nullptr && section->is_map()) *into = section->as_map();
  };
  forms("computed", &play.computed);
  forms("defaults", &play.defaults);
  if (const Value* identity = body.Find("identity")) {
    play.compose = identity->StringOr("compose", "");
    play.named = identity->StringOr("kind", "") == "named";
  }
  play.mark_at_create = MarksAtCreate(*kind);
  if (const Value* states = body.Find("states")) {
    const std::vector<std::string> ready = TextsAt(*states, "ready");
    const std::vector<std::string> busy = TextsAt(*states, "busy");
    play.states.field = states->StringOr("field", "");
    play.states.ready = ready.empty() ? "" : ready.front();
    play.states.making = Pick(busy, {"creat", "pend", "provision", "start"}, {"delet", "updat"});
    play.states.changing = Pick(busy, {"updat", "modif", "chang"}, {"delet", "creat"});
    const std::vector<std::string> deleting = TextsAt(*states, "deleting");
    play.states.removing = Pick(deleting.empty() ? busy : deleting,
                                {"delet", "terminat", "shutting"}, {"creat", "updat"});
    if (play.states.ready.empty()) play.states.field.clear();
  }
  if (const Value* limits = body.Find("limits")) {
    play.page = static_cast<size_t>(std::clamp<int64_t>(limits->IntOr("page", 100), 1, 10'000));
  }
  play.kind = std::move(kind);
  return play;
}

CallError Refuse(const Kind& kind, Refused what, std::string message) {
  const Usual usual = UsualFor(what);
  std::string code(usual.code);
  const std::string own = usual.own.empty() ? "" : OwnCode(kind.body(), usual.own);
  const Value* errors = kind.body().Find("errors");
  if (!own.empty()) {
    code = own;
  } else if (errors != nullptr && errors->is_map()) {
    std::vector<std::string> codes;
    for (const auto& [name, word] : errors->as_map()) {
      if (word.is_string() && word.as_string() == usual.word) codes.push_back(name);
    }
    if (usual.error_class == ErrorClass::kTerminal) {
      // A terminal code says what is wrong, so that only one that fits is better than the usual.
      for (const std::string& name : codes) {
        if (HoldsAny(name, usual.like)) {
          code = name;
          break;
        }
      }
    } else if (!codes.empty()) {
      code = Pick(codes, usual.like, {});
    }
  }
  return MakeCallError(usual.error_class, std::move(code), std::move(message));
}

std::string Expand(std::string_view text, Random& random,
                   const std::function<std::optional<std::string>(std::string_view)>& lookup) {
  std::string expanded;
  while (!text.empty()) {
    const size_t open = text.find('{');
    const size_t close = open == std::string_view::npos ? open : text.find('}', open);
    if (close == std::string_view::npos) return expanded.append(text);
    expanded += text.substr(0, open);
    const std::string_view name = text.substr(open + 1, close - open - 1);
    const auto count = [&](std::string_view prefix) -> int {
      if (name.substr(0, prefix.size()) != prefix || name.size() == prefix.size()) return 0;
      int n = 0;
      for (const char c : name.substr(prefix.size())) {
        if (c < '0' || c > '9' || n > 100) return 0;
        n = n * 10 + (c - '0');
      }
      return n;
    };
    if (const int hex = count("hex"); hex > 0) {
      expanded += random.Hex(hex);
    } else if (const int upper = count("upper"); upper > 0) {
      for (int i = 0; i < upper; ++i) {
        expanded += "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"[random.Below(36)];
      }
    } else if (const int digits = count("digits"); digits > 0) {
      for (int i = 0; i < digits; ++i) expanded += static_cast<char>('0' + random.Below(10));
    } else if (name == "uuid") {
      expanded += random.Uuid();
    } else if (std::optional<std::string> known = lookup(name)) {
      expanded += *known;
    } else {
      expanded += text.substr(open, close + 1 - open);
    }
    text.remove_prefix(close + 1);
  }
  return expanded;
}

Value ExpandValue(const Value& value, Random& random,
                  const std::function<std::optional<std::string>(std::string_view)>& lookup) {
  if (value.is_string()) return Expand(value.as_string(), random, lookup);
  if (value.is_list()) {
    List list;
    for (const Value& item : value.as_list()) list.push_back(ExpandValue(item, random, lookup));
    return list;
  }
  if (value.is_map()) {
    Map map;
    for (const auto& [key, item] : value.as_map()) {
      map.emplace(key, ExpandValue(item, random, lookup));
    }
    return map;
  }
  return value;
}

bool GlobMatches(std::string_view glob, std::string_view text) {
  size_t g = 0, t = 0, star = std::string_view::npos, mark = 0;
  while (t < text.size()) {
    if (g < glob.size() && glob[g] == '*') {
      star = g++;
      mark = t;
    } else if (g < glob.size() && glob[g] == text[t]) {
      ++g;
      ++t;
    } else if (star != std::string_view::npos) {
      g = star + 1;
      t = ++mark;
    } else {
      return false;
    }
  }
  while (g < glob.size() && glob[g] == '*') ++g;
  return g == glob.size();
}

}  // namespace tandem
