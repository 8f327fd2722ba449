// Any bytes as a kind file, and what it says put to use: rules, calls, validation, identities, the page.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "schema/file_kind.h"
#include "schema/kind_text.h"
#include "schema/lint.h"
#include "tandem/base/check.h"
#include "tandem/schema/calls.h"
#include "tandem/schema/page.h"

namespace {

std::shared_ptr<const tandem::ApiModel> Api() {
  static const auto model = tandem::ApiModel::Load(R"({"metadata": {"apiVersion": "1", "protocol": "json"},
    "operations": {
      "Create": {"name": "Create", "input": {"shape": "Thing"}, "output": {"shape": "Answer"}},
      "Read": {"name": "Read", "input": {"shape": "One"}, "output": {"shape": "Answer"}},
      "List": {"name": "List", "input": {"shape": "Many"}, "output": {"shape": "Answers"}},
      "Update": {"name": "Update", "input": {"shape": "Thing"}, "output": {"shape": "Answer"}},
      "Delete": {"name": "Delete", "input": {"shape": "One"}},
      "Tag": {"name": "Tag", "input": {"shape": "TagInput"}}},
    "shapes": {
      "Text": {"type": "string"}, "Count": {"type": "integer", "min": 1, "max": 9}, "Flag": {"type": "boolean"},
      "Secret": {"type": "string", "sensitive": true}, "Size": {"type": "string", "enum": ["s", "m", "l"]},
      "Texts": {"type": "list", "member": {"shape": "Text"}},
      "Tags": {"type": "map", "key": {"shape": "Text"}, "value": {"shape": "Text"}},
      "One": {"type": "structure", "required": ["Id"], "members": {"Id": {"shape": "Text"}}},
      "Many": {"type": "structure", "members": {"Token": {"shape": "Text"}}},
      "Rule": {"type": "structure", "members": {"Port": {"shape": "Count"}, "Name": {"shape": "Text"}, "Inner": {"shape": "Thing"}}},
      "Rules": {"type": "list", "member": {"shape": "Rule"}},
      "Thing": {"type": "structure", "members": {"Id": {"shape": "Text"}, "Name": {"shape": "Text"}, "Count": {"shape": "Count"},
        "Flag": {"shape": "Flag"}, "Secret": {"shape": "Secret"}, "Size": {"shape": "Size"}, "Texts": {"shape": "Texts"},
        "Tags": {"shape": "Tags"}, "Rules": {"shape": "Rules"}, "State": {"shape": "Text"}, "Self": {"shape": "Thing"}}},
      "TagInput": {"type": "structure", "members": {"Id": {"shape": "Text"}, "Tags": {"shape": "Tags"}}},
      "Answer": {"type": "structure", "members": {"Thing": {"shape": "Thing"}}},
      "Things": {"type": "list", "member": {"shape": "Thing"}},
      "Answers": {"type": "structure", "members": {"Things": {"shape": "Things"}, "Token": {"shape": "Text"}}}}})");
  TANDEM_CHECK(model.ok());
  return *model;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size > 16 << 10) return 0;
  const auto source = std::make_shared<tandem::SourceText>(tandem::SourceText{
      "kinds/sim/x.sim/Thing.yaml", std::string(reinterpret_cast<const char*>(data), size)});
  tandem::Diagnostics found;
  std::optional<tandem::KindText> text = tandem::ReadKindText(source, found);
  TANDEM_CHECK(text.has_value() == !found.has_errors());
  if (!text) {
    (void)tandem::FormatDiagnostics(found);
    return 0;
  }
  const auto kind = tandem::FileKind::Make(std::move(*text), Api(), "digest", found);
  if (kind == nullptr) {
    TANDEM_CHECK(found.has_errors());
    (void)tandem::FormatDiagnostics(found);
    return 0;
  }
  const tandem::Value spec = tandem::Map{
      {"Name", "a"}, {"Count", 3}, {"Texts", tandem::List{"b", "a", 7}}, {"Tags", tandem::Map{{"k", "v"}}},
      {"Secret", tandem::Sensitive{{{true, "env:A"}}, "", ""}},
      {"Rules", tandem::List{tandem::Map{{"Port", 1}, {"Name", "r"}}, tandem::Map{{"Port", 1}}, "no map"}}};
  tandem::Document document;
  document.group = kind->name().group;
  document.kind = kind->name().kind;
  document.name = "a";
  document.body.Set("spec", spec);
  tandem::Diagnostics wrong;
  kind->Validate(document, spec, wrong);
  TANDEM_CHECK(kind->Canonical(kind->Canonical(spec)) == kind->Canonical(spec));
  for (const auto& call : kind->CreateCalls(spec)) TANDEM_CHECK(!call.name.empty());
  (void)kind->UpdateCalls({"Name", "Rules", "Tags", "Secret"});
  (void)kind->DeleteCall();
  for (const std::string& path : kind->SecretPaths()) TANDEM_CHECK(!path.empty());
  for (const char* path : {"Name", "Rules[0].Port", "Tags.k", "Secret", "Self.Self.Rules[1].Inner.Secret", "None"}) {
    (void)kind->RuleFor(tandem::ParsePath(path));
    (void)kind->TypeOf(tandem::ParsePath(path));
    (void)kind->Explain(path);
  }
  (void)tandem::IdentityOf(*kind, spec);
  (void)tandem::TagsOf(*kind);
  (void)tandem::MarksAtCreate(*kind);
  return 0;
}
