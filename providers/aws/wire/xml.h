// XML elements as a tree, read from text and written to it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tandem/base/status.h"

namespace tandem::aws {

struct XmlElement {
  std::string name;  // as written, prefix included
  std::string text;  // all character data directly inside, joined
  std::vector<std::pair<std::string, std::string>> attributes;
  std::vector<XmlElement> children;

  /// The name without its prefix.
  std::string_view local_name() const;
  /// The first child of that local name, or null pointer.
  const XmlElement* Child(std::string_view local) const;
  std::vector<const XmlElement*> Children(std::string_view local) const;
  /// The attribute of that name, else one of the same local name, or null pointer.
  const std::string* Attribute(std::string_view attribute) const;
  std::string ChildText(std::string_view local) const;
};

/// The root element. kInvalidArgument on malformed text, bad UTF-8, a document type declaration (so no
/// entity is ever expanded), and nesting deeper than 100.
Result<XmlElement> ParseXml(std::string_view text);

/// Appends the element without an XML declaration. An element without text and children is <a/>.
void AppendXml(const XmlElement& element, std::string& out);

}  // namespace tandem::aws
