// Reads and lists.
#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "providers/aws/kinds/calls.h"
#include "providers/aws/kinds/entries.h"
#include "providers/aws/kinds/errors.h"
#include "tandem/codec/json.h"

namespace tandem::aws {
namespace {

constexpr Duration kReadLimit = std::chrono::seconds(60);
constexpr std::string_view kMarkPrefix = "tandem:";

Answered Wrong(std::string message) {
  return {MakeCallError(ErrorClass::kTerminal, "InvalidKindFile", std::move(message)), Value()};
}

CallError Gone(const Kind& kind, const std::string& identity) {
  return MakeCallError(ErrorClass::kGone, "NotFound",
                       fmt::format("{} '{}' does not exist", kind.name().ToString(), identity));
}

/// "tandem:address" → its text, in a list of {Key, Value} or a map.
void EachTag(const Value& tags, const std::function<void(const std::string&, const Value&)>& each) {
  if (tags.is_map())
    for (const auto& [key, value] : tags.as_map()) each(key, value);
  if (!tags.is_list()) return;
  for (const Value& tag : tags.as_list()) {
    // Some services spell the members in lower case.
    const bool lower = tag.Find("Key") == nullptr;
    const Value* value = tag.Find(lower ? "value" : "Value");
    each(tag.StringOr(lower ? "key" : "Key", ""), value == nullptr ? Value() : *value);
  }
}

Value PageSize(const ApiOperation& operation, std::string_view limit, int64_t wanted) {
  const ApiMember* member =
      operation.input && !limit.empty() ? operation.input.shape->Find(limit) : nullptr;
  if (member == nullptr || wanted <= 0) return Value();
  int64_t size = wanted;
  if (member->shape->type == ShapeType::kString) return Value(std::to_string(size));
  if (member->shape->max) size = std::min(size, static_cast<int64_t>(*member->shape->max));
  if (member->shape->min) size = std::max(size, static_cast<int64_t>(*member->shape->min));
  return Value(size);
}

/// The tokens of the next page, or null after the last.
Value NextTokens(const ApiPaginator& paginator, const Value& answer) {
  if (!paginator.more_results.empty()) {
    const Value* more = answer.At(paginator.more_results);
    if (more != nullptr && *more == Value(false)) return Value();
  }
  List tokens;
  bool any = false;
  for (const std::string_view path : paginator.output_tokens) {
    const Value* token = answer.At(path);
    const bool there = token != nullptr && !token->is_null() && *token != Value("");
    any |= there;
    tokens.push_back(there ? *token : Value());
  }
  return any ? Value(std::move(tokens)) : Value();
}

void SetTokens(const ApiPaginator& paginator, const Value& tokens, Value& params) {
  for (size_t i = 0; i < paginator.input_tokens.size(); ++i) {
    const Path path = ParsePath(paginator.input_tokens[i]);
    const bool given = i < tokens.as_list().size() && !tokens.as_list()[i].is_null();
    if (given)
      SetAt(params, path, tokens.as_list()[i]);
    else
      EraseAt(params, path);
  }
}

Value ItemsAt(const Value& answer, const std::string& result) {
  const Value* items = result.empty() ? &answer : answer.At(result);
  return items != nullptr && items->is_list() ? *items : Value(List{});
}

}  // namespace

bool Listed(const Value* words, const Value& value) {
  if (words == nullptr) return false;
  if (!words->is_list()) return *words == value;
  const List& list = words->as_list();
  return std::find(list.begin(), list.end(), value) != list.end();
}

Value WithoutMark(const Value& tags) {
  if (tags.is_map()) {
    Map map;
    for (const auto& [key, value] : tags.as_map())
      if (key.rfind(kMarkPrefix, 0) != 0) map.emplace(key, value);
    return map;
  }
  if (!tags.is_list()) return tags;
  List list;
  for (const Value& tag : tags.as_list()) {
    const std::string key = tag.StringOr(tag.Find("Key") == nullptr ? "key" : "Key", "");
    if (key.rfind(kMarkPrefix, 0) != 0) list.push_back(tag);
  }
  return list;
}

Mark MarkIn(const Value& tags) {
  Mark mark;
  EachTag(tags, [&](const std::string& key, const Value& value) {
    if (!value.is_string()) return;
    if (key == "tandem:platform") mark.platform = value.as_string();
    if (key == "tandem:address") mark.address = value.as_string();
    if (key == "tandem:intent") mark.intent = value.as_string();
  });
  return mark;
}

KindCalls::KindCalls(const Kind& kind, std::shared_ptr<const ApiModel> api, Session& session)
    : kind_(kind),
      api_(std::move(api)),
      service_(kind.body().At("api.service")->as_string()),
      session_(session) {}

Value KindCalls::OperationForm(std::string_view name) const {
  const Value* operations = kind_.body().Find("operations");
  const Value* form = operations == nullptr ? nullptr : operations->Find(name);
  return form == nullptr ? Value() : *form;
}

Variables KindCalls::BaseVariables(const std::string& identity) const {
  Variables variables;
  variables.identity = identity;
  if (Result<Map> parts = IdentityParts(kind_, identity); parts.ok())
    variables.identity_parts = *parts;
  variables.texts["account"] = session_.account_id();
  variables.texts["region"] = session_.settings().region;
  return variables;
}

Answered KindCalls::Call(const PreparedCall& call, const std::string& token, bool mutating,
                         Duration limit) {
  CallOutcome outcome =
      session_.Call(service_, *api_, *call.operation, call.params, token, limit);
  if (!outcome.ok()) return {Classify(&kind_, *outcome.failure, mutating), Value()};
  return {{}, std::move(outcome.result)};
}

Answered KindCalls::Fetch(const Value& form, const Variables& variables) {
  Result<PreparedCall> call = FillCall(*api_, form, variables);
  if (!call.ok()) return Wrong(call.status().message());
  Answered answered = Call(*call, "", false, kReadLimit);
  if (!answered.error.ok) return answered;
  const std::string result = form.StringOr("result", "");
  if (result.empty()) return answered;
  const Value* found = answered.value.At(result);
  return {{}, found == nullptr ? Value() : *found};
}

Answered KindCalls::FetchAll(const Value& form, const Variables& variables, int64_t pages) {
  Result<PreparedCall> call = FillCall(*api_, form, variables);
  if (!call.ok()) return Wrong(call.status().message());
  const ApiPaginator* paginator = api_->FindPaginator(call->operation->name);
  List all;
  for (int64_t page = 0; page < pages; ++page) {
    Answered answered = Call(*call, "", false, kReadLimit);
    if (!answered.error.ok) return answered;
    const Value items = ItemsAt(answered.value, form.StringOr("result", ""));
    all.insert(all.end(), items.as_list().begin(), items.as_list().end());
    const Value next = paginator == nullptr ? Value() : NextTokens(*paginator, answered.value);
    if (next.is_null()) break;
    SetTokens(*paginator, next, call->params);
  }
  return {{}, Value(std::move(all))};
}

Answered KindCalls::ReadMain(const std::string& identity) {
  const Value read = OperationForm("read");
  if (read.is_null()) return Wrong("the kind has no 'read'");
  const Result<Map> parts = IdentityParts(kind_, identity);
  if (!parts.ok())
    return {MakeCallError(ErrorClass::kTerminal, "InvalidIdentity", parts.status().message()),
            Value()};
  const Variables variables = BaseVariables(identity);
  const Value* where = read.Find("where");
  Answered answered;
  if (where == nullptr) {
    answered = Fetch(read, variables);
  } else {
    answered = FetchAll(read, variables, read.IntOr("pages", kMostPages));
    if (!answered.error.ok) return answered;
    // By the fields' own comparison: a member that the identity lacks must be missing.
    const Value wanted = kind_.Canonical(FillTemplate(*where, nullptr, variables.lookup()));
    Value found;
    for (const Value& item : answered.value.as_list()) {
      const Value fields = kind_.Canonical(FromAnswer(kind_, item));
      const bool same = std::all_of(
          where->as_map().begin(), where->as_map().end(), [&](const auto& member) {
            const Value* want = wanted.At(member.first);
            const Value* have = fields.At(member.first);
            if (want == nullptr || have == nullptr) return want == have;
            return *want == *have;
          });
      if (same) {
        found = item;
        break;
      }
    }
    answered.value = std::move(found);
  }
  if (!answered.error.ok) return answered;
  if (!answered.value.is_map()) return {Gone(kind_, identity), Value()};
  for (const auto& [field, part] : *parts)
    if (answered.value.At(field) == nullptr) answered.value.Set(field, part);
  return answered;
}

CallError KindCalls::AddParts(const Value& read, Variables& variables, Value& object) {
  const Value* also = read.Find("also");
  if (also == nullptr || !also->is_list()) return {};
  for (const Value& part : also->as_list()) {
    variables.values["observed"] = FromAnswer(kind_, object);
    const Value* each = part.Find("each");
    const std::string pick = part.StringOr("pick", "");
    Answered answered;
    if (each != nullptr || !pick.empty()) {
      answered = FetchAll(part, variables, kMostPages);
    } else {
      answered = Fetch(part, variables);
    }
    if (!answered.error.ok) {
      if (!Listed(part.Find("absent"), Value(answered.error.code))) return answered.error;
      continue;
    }
    if (answered.value.is_list() && !pick.empty()) {
      List picked;
      for (const Value& item : answered.value.as_list())
        if (const Value* member = item.Find(pick)) picked.push_back(*member);
      answered.value = std::move(picked);
    }
    if (each != nullptr && answered.value.is_list()) {
      for (Value& item : answered.value.edit_list()) {
        variables.values["item"] = item;
        Answered one = Fetch(*each, variables);
        if (!one.error.ok) return one.error;
        item = std::move(one.value);
      }
      variables.values.erase("item");
    }
    if (!answered.value.is_null())
      SetAt(object, ParsePath(part.StringOr("field", "")), std::move(answered.value));
  }
  return {};
}

CallError KindCalls::AddTags(Variables& variables, Value& fields) {
  const Value tags = TagsOf(kind_);
  if (tags.is_null()) return {};
  const Path field = ParsePath(tags.StringOr("field", ""));
  if (const Value* read = tags.Find("read")) {
    variables.values["observed"] = fields;
    const bool list = tags.StringOr("style", "") != "map";
    Answered answered = list ? FetchAll(*read, variables, kMostPages) : Fetch(*read, variables);
    if (!answered.error.ok) return answered.error;
    if (!answered.value.is_null()) SetAt(fields, field, std::move(answered.value));
  } else if (const std::string from = tags.StringOr("from", ""); !from.empty()) {
    if (const Value* found = fields.At(from)) SetAt(fields, field, Value(*found));
  }
  return {};
}

KindCalls::State KindCalls::StateOf(const Value& main) const {
  const Value* states = kind_.body().Find("states");
  if (states == nullptr) return {"ready", "", false};
  const auto message = [&] {
    const Value* text = main.At(states->StringOr("message", "no such member"));
    return text != nullptr && text->is_string() ? text->as_string() : std::string();
  };
  const Value* value = main.At(states->StringOr("field", ""));
  const Value now = value == nullptr ? Value() : *value;
  if (Listed(states->Find("failed"), now))
    return {"failed", message().empty() && now.is_string() ? now.as_string() : message(), false};
  if (Listed(states->Find("deleting"), now)) return {"busy", "", true};
  if (!Listed(states->Find("ready"), now)) return {"busy", "", false};
  State state{"ready", "", false};
  const Value* also = states->Find("also");
  if (also == nullptr || !also->is_list()) return state;
  for (const Value& part : also->as_list()) {
    const Value* items = main.At(part.StringOr("each", ""));
    if (items == nullptr || !items->is_list()) continue;
    for (const Value& item : items->as_list()) {
      const Value* word = item.At(part.StringOr("field", ""));
      if (word == nullptr) continue;
      if (Listed(part.Find("failed"), *word)) return {"failed", ToCanonicalJson(*word), false};
      if (Listed(part.Find("busy"), *word)) state.name = "busy";
    }
  }
  return state;
}

std::string KindCalls::NameIn(const Value& fields) const {
  const std::string& field = kind_.name_field();
  const Value* name = field.empty() ? nullptr : fields.Find(field);
  if (name == nullptr || !name->is_string()) return "";
  return kind_.Canonical(Map{{field, *name}}).StringOr(field, "");
}

LiveObject KindCalls::Shown(const std::string& identity, Value fields, const Value& main) const {
  LiveObject object;
  object.kind = kind_.name();
  object.identity = identity;
  if (const Value tags = TagsOf(kind_); !tags.is_null()) {
    const Path field = ParsePath(tags.StringOr("field", ""));
    if (const Value* found = FindAt(fields, field)) {
      object.mark = MarkIn(*found);
      const Value rest = WithoutMark(*found);
      SetAt(fields, field, rest);
    }
  }
  object.name = NameIn(fields);
  const State state = StateOf(main);
  object.state = state.name;
  object.state_message = state.message;
  object.fields = Packed::From(fields);
  return object;
}

ReadAnswer KindCalls::Read(const std::string& identity) {
  ReadAnswer answer;
  Answered main = ReadMain(identity);
  answer.error = std::move(main.error);
  if (!answer.error.ok) return answer;
  Variables variables = BaseVariables(identity);
  Value object = main.value;
  answer.error = AddParts(OperationForm("read"), variables, object);
  if (!answer.error.ok) return answer;
  Value fields = FromAnswer(kind_, std::move(object));
  answer.error = AddTags(variables, fields);
  if (!answer.error.ok) return answer;
  answer.object = Shown(identity, std::move(fields), main.value);
  return answer;
}

std::string KindCalls::ListedIdentity(const Value& item, const std::string& parent) const {
  const Value* rule = kind_.body().Find("identity");
  const std::string compose = rule->StringOr("compose", "");
  const std::string id = OperationForm("list").StringOr("id", "");
  const Value* found = item.is_string() ? &item : id.empty() ? nullptr : item.At(id);
  if (found == nullptr) {
    Value fields = FromAnswer(kind_, item);
    if (!kind_.parent_field().empty() && fields.At(kind_.parent_field()) == nullptr)
      fields.Set(kind_.parent_field(), parent);
    const Result<std::string> identity = IdentityOf(kind_, fields);
    return identity.ok() ? *identity : "";
  }
  if (!found->is_string()) return "";
  Value fields = Map{};
  std::string field = kind_.identity_field();
  if (!compose.empty()) {
    field = rule->StringOr("name", "");
    if (const size_t last = compose.rfind('{'); field.empty() && last != std::string::npos)
      field = compose.substr(last + 1, compose.find('}', last) - last - 1);
    fields.Set(kind_.parent_field(), parent);
  }
  // The field's own rule says how the text is written there.
  const Value* answers = kind_.body().Find("answer");
  const Value* own = answers == nullptr ? nullptr : answers->Find(field);
  const std::string from = own == nullptr ? field : own->StringOr("from", field);
  SetAt(fields, ParsePath(from), *found);
  const Result<std::string> identity = IdentityOf(kind_, FromAnswer(kind_, std::move(fields)));
  return identity.ok() ? *identity : "";
}

ListAnswer KindCalls::ListPage(const ListRequest& request, const std::string& parent,
                               const Value& tokens, Value& next) {
  ListAnswer answer;
  const Value list = OperationForm("list");
  const auto refuse = [&](CallError error) {
    answer.error = std::move(error);
    return answer;
  };
  Variables variables = BaseVariables("");
  variables.texts["parent"] = parent;
  Result<PreparedCall> call = FillCall(*api_, list, variables);
  if (!call.ok()) return refuse(Wrong(call.status().message()).error);
  const ApiPaginator* paginator = api_->FindPaginator(call->operation->name);
  if (paginator != nullptr) {
    const Value* limits = kind_.body().Find("limits");
    const Value size = PageSize(*call->operation, paginator->limit,
                                limits == nullptr ? 0 : limits->IntOr("page", 0));
    const std::string limit(paginator->limit);
    if (!size.is_null() && call->params.Find(limit) == nullptr) call->params.Set(limit, size);
    if (tokens.is_list()) SetTokens(*paginator, tokens, call->params);
  }
  Answered page = Call(*call, "", false, kReadLimit);
  if (!page.error.ok) return refuse(std::move(page.error));
  next = paginator == nullptr ? Value() : NextTokens(*paginator, page.value);
  if (!next.is_null() && tokens.is_list() && next == tokens)
    return refuse(MakeCallError(ErrorClass::kNotDone, "EndlessPages",
                                fmt::format("{}: a page names itself as the next one",
                                            call->operation->name)));
  answer.names_only = kind_.list_names_only();
  const Value* skips = list.Find("skip");
  const Value items = ItemsAt(page.value, list.StringOr("result", ""));
  for (const Value& item : items.as_list()) {
    const auto matches = [&](const Value& pairs) { return Covers(item, pairs); };
    if (skips != nullptr && skips->is_list() &&
        std::any_of(skips->as_list().begin(), skips->as_list().end(), matches))
      continue;
    const std::string identity = ListedIdentity(item, parent);
    // An object that cannot be named would make the list incomplete without a word.
    if (identity.empty())
      return refuse(MakeCallError(ErrorClass::kTerminal, "UnreadableAnswer",
                                  fmt::format("{}: an item without identity",
                                              call->operation->name)));
    if (answer.names_only) {
      LiveObject object;
      object.kind = request.kind;
      object.identity = identity;
      object.name = NameIn(item);
      object.state = "ready";
      object.fields = Packed::From(Value(Map{}));
      answer.objects.push_back(std::move(object));
      continue;
    }
    Value fields = FromAnswer(kind_, item);
    if (!kind_.parent_field().empty() && fields.At(kind_.parent_field()) == nullptr)
      fields.Set(kind_.parent_field(), parent);
    Variables of_item = BaseVariables(identity);
    if (CallError error = AddTags(of_item, fields); !error.ok) return refuse(std::move(error));
    answer.objects.push_back(Shown(identity, std::move(fields), item));
  }
  return answer;
}

ListAnswer KindCalls::ListObjects(const ListRequest& request) {
  ListAnswer answer;
  const auto refuse = [&](ErrorClass error_class, std::string code, std::string message) {
    answer.error = MakeCallError(error_class, std::move(code), std::move(message));
    return answer;
  };
  if (OperationForm("list").is_null())
    return refuse(ErrorClass::kTerminal, "UnknownOperation",
                  kind_.name().ToString() + " cannot be listed");
  const bool in_parents = !kind_.parent_field().empty();
  std::vector<std::string> parents = in_parents ? request.parents : std::vector<std::string>{""};
  answer.complete = true;
  answer.names_only = kind_.list_names_only();
  if (parents.empty()) return answer;
  size_t at = 0;
  Value tokens;
  if (!request.page_token.empty()) {
    // {"parent": where, "tokens": the vendor's}: nothing of it is kept here.
    const Result<Value> token = ParseJson(request.page_token);
    const std::string parent = token.ok() ? token->StringOr("parent", "") : "";
    const auto found = std::find(parents.begin(), parents.end(), parent);
    if (!token.ok() || !token->is_map() || found == parents.end())
      return refuse(ErrorClass::kTerminal, "InvalidPageToken", "no page of this list");
    at = static_cast<size_t>(found - parents.begin());
    if (const Value* given = token->Find("tokens")) tokens = *given;
  }
  Value next;
  answer = ListPage(request, parents[at], tokens, next);
  if (in_parents && answer.error.error_class == ErrorClass::kGone) {
    // What lived in a parent that is gone is gone with it.
    answer.error = {};
    next = Value();
  }
  if (!answer.error.ok) return answer;
  answer.complete = true;
  answer.names_only = kind_.list_names_only();
  if (next.is_null() && at + 1 == parents.size()) return answer;
  Value token = Map{{"parent", next.is_null() ? parents[at + 1] : parents[at]}};
  if (!next.is_null()) token.Set("tokens", next);
  answer.next_page_token = ToCanonicalJson(token);
  return answer;
}

}  // namespace tandem::aws
