// A Kind made of one kind file and one API description.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "schema/call_forms.h"
#include "schema/kind_text.h"
#include "schema/type_tree.h"
#include "tandem/schema/api_model.h"
#include "tandem/schema/kind.h"

namespace tandem {

class FileKind final : public Kind {
 public:
  /// Null pointer when `found` got errors. `api_digest` is of the description's text.
  static std::shared_ptr<const FileKind> Make(KindText text, std::shared_ptr<const ApiModel> api,
                                              std::string_view api_digest, Diagnostics& found);

  const KindName& name() const override { return text_.name; }
  int64_t version() const override { return body().IntOr("version", 0); }
  const std::string& digest() const override { return digest_; }
  const Value& body() const override { return text_.body(); }
  FieldRule RuleFor(const Path& path) const override;
  const std::vector<FieldRule>& rules() const override { return text_.rules; }
  std::vector<std::string> SecretPaths() const override { return tree_->secrets(); }
  char create_class() const override { return create_class_; }
  const std::string& identity_field() const override { return identity_field_; }
  bool named() const override { return !name_field_.empty() || composed_; }
  const std::string& name_field() const override { return name_field_; }
  bool can_mark() const override { return can_mark_; }
  bool lists() const override { return body().At("operations.list") != nullptr; }
  bool list_names_only() const override;
  const std::string& parent_field() const override { return parent_field_; }
  std::optional<KindName> parent_kind() const override { return parent_kind_; }
  Duration consistency() const override { return consistency_; }
  Duration timeout() const override { return timeout_; }
  const std::string& bucket() const override { return bucket_; }
  bool protected_by_default() const override { return body().BoolOr("protect", false); }
  bool create_first() const override { return body().BoolOr("createFirst", false); }
  const std::vector<KindName>& cascades() const override { return cascades_; }
  std::vector<CallRule> CreateCalls(const Value& desired) const override;
  std::vector<CallRule> UpdateCalls(const std::vector<std::string>& changed) const override;
  CallRule DeleteCall() const override { return delete_; }
  void Validate(const Document& document, const Value& spec, Diagnostics& found) const override;
  std::optional<Type> TypeOf(const Path& path) const override;
  Value Canonical(const Value& fields) const override;
  Result<std::string> Explain(std::string_view path) const override;

  const KindText& text() const { return text_; }
  const ApiModel& api() const { return *api_; }
  const TypeTree& tree() const { return *tree_; }
  const std::vector<TopMember>& members() const { return members_; }
  /// What a read answers with, or null pointer.
  const ApiShape* answer() const { return answer_; }
  /// The shape of a path that only answers have, or null pointer.
  const ApiShape* AnswerAt(const Path& path) const;
  /// All update calls, in order.
  const std::vector<CallRule>& updates() const { return update_calls_; }
  const std::optional<CallRule>& mark() const { return mark_; }

 private:
  struct Reach {  // what an update call carries, as paths
    std::vector<Path> paths;
  };

  FileKind(KindText text, std::shared_ptr<const ApiModel> api)
      : text_(std::move(text)), api_(std::move(api)) {}
  void ReadHead();
  void ReadCalls();
  void AddUpdate(std::string name, const std::vector<std::string>& fields, Value form);

  KindText text_;
  std::shared_ptr<const ApiModel> api_;
  std::string digest_;
  std::vector<TopMember> members_;
  std::unique_ptr<TypeTree> tree_;
  const ApiShape* answer_ = nullptr;
  char create_class_ = 'D';
  std::string identity_field_;
  bool composed_ = false;
  std::string name_field_;
  bool can_mark_ = false;
  std::string parent_field_;
  std::optional<KindName> parent_kind_;
  Duration consistency_{0};
  Duration timeout_{0};
  std::string bucket_;
  std::vector<KindName> cascades_;
  CallRule create_;
  std::vector<CallRule> update_calls_;
  std::vector<Reach> reaches_;  // of update_calls_
  CallRule delete_;
  std::optional<CallRule> mark_;
};

}  // namespace tandem
