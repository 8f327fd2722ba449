#include "providers/aws/wire/xml.h"

#include <expat.h>
#include <fmt/format.h>

#include <climits>
#include <memory>

#include "providers/aws/wire/encoding.h"

namespace tandem::aws {
namespace {

std::string_view Local(std::string_view name) {
  const size_t colon = name.rfind(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

struct Reader {
  XML_Parser parser;
  std::vector<XmlElement> open;
  XmlElement root;
  std::string error;

  void Stop(std::string message) {
    if (error.empty()) error = std::move(message);
    XML_StopParser(parser, XML_FALSE);
  }
};

void XMLCALL OnStart(void* data, const XML_Char* name, const XML_Char** attributes) {
  auto& reader = *static_cast<Reader*>(data);
  if (reader.open.size() >= kMaxNesting) return reader.Stop("nested too deeply");
  XmlElement element;
  element.name = name;
  for (; *attributes != nullptr; attributes += 2)
    element.attributes.emplace_back(attributes[0], attributes[1]);
  reader.open.push_back(std::move(element));
}

void XMLCALL OnEnd(void* data, const XML_Char*) {
  auto& reader = *static_cast<Reader*>(data);
  if (reader.open.empty()) return;
  XmlElement done = std::move(reader.open.back());
  reader.open.pop_back();
  if (reader.open.empty()) {
    reader.root = std::move(done);
  } else {
    reader.open.back().children.push_back(std::move(done));
  }
}

void XMLCALL OnText(void* data, const XML_Char* text, int length) {
  auto& reader = *static_cast<Reader*>(data);
  if (!reader.open.empty()) reader.open.back().text.append(text, length);
}

void XMLCALL OnDoctype(void* data, const XML_Char*, const XML_Char*, const XML_Char*, int) {
  static_cast<Reader*>(data)->Stop("a document type declaration is refused");
}

void AppendEscaped(std::string_view text, bool attribute, std::string& out) {
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      // A parser would otherwise turn these into line feeds or spaces.
      case '\r': out += "&#xD;"; break;
      case '\n': out += attribute ? "&#xA;" : "\n"; break;
      case '\t': out += attribute ? "&#x9;" : "\t"; break;
      case '"': out += attribute ? "&quot;" : "\""; break;
      default: out += c;
    }
  }
}

}  // namespace

std::string_view XmlElement::local_name() const { return Local(name); }

const XmlElement* XmlElement::Child(std::string_view local) const {
  for (const XmlElement& child : children)
    if (child.local_name() == local) return &child;
  return nullptr;
}

std::vector<const XmlElement*> XmlElement::Children(std::string_view local) const {
  std::vector<const XmlElement*> found;
  for (const XmlElement& child : children)
    if (child.local_name() == local) found.push_back(&child);
  return found;
}

const std::string* XmlElement::Attribute(std::string_view attribute) const {
  const std::string* near = nullptr;
  for (const auto& [key, value] : attributes) {
    if (key == attribute) return &value;
    if (near == nullptr && Local(key) == Local(attribute)) near = &value;
  }
  return near;
}

std::string XmlElement::ChildText(std::string_view local) const {
  const XmlElement* child = Child(local);
  return child == nullptr ? "" : child->text;
}

Result<XmlElement> ParseXml(std::string_view text) {
  if (text.size() > INT_MAX) return InvalidArgument("XML is too long");
  const std::unique_ptr<XML_ParserStruct, decltype(&XML_ParserFree)> parser(
      XML_ParserCreate("UTF-8"), &XML_ParserFree);
  if (parser == nullptr) return ResourceExhausted("no memory for an XML parser");
  Reader reader{parser.get(), {}, {}, {}};
  XML_SetUserData(parser.get(), &reader);
  XML_SetElementHandler(parser.get(), &OnStart, &OnEnd);
  XML_SetCharacterDataHandler(parser.get(), &OnText);
  XML_SetStartDoctypeDeclHandler(parser.get(), &OnDoctype);
  const XML_Status status =
      XML_Parse(parser.get(), text.data(), static_cast<int>(text.size()), XML_TRUE);
  if (!reader.error.empty()) return InvalidArgument("XML: " + reader.error);
  if (status != XML_STATUS_OK) {
    return InvalidArgument(fmt::format("malformed XML at line {}: {}",
                                       XML_GetCurrentLineNumber(parser.get()),
                                       XML_ErrorString(XML_GetErrorCode(parser.get()))));
  }
  return std::move(reader.root);
}

void AppendXml(const XmlElement& element, std::string& out) {
  out += '<';
  out += element.name;
  for (const auto& [key, value] : element.attributes) {
    out += ' ';
    out += key;
    out += "=\"";
    AppendEscaped(value, true, out);
    out += '"';
  }
  if (element.text.empty() && element.children.empty()) {
    out += "/>";
    return;
  }
  out += '>';
  AppendEscaped(element.text, false, out);
  for (const XmlElement& child : element.children) AppendXml(child, out);
  out += "</";
  out += element.name;
  out += '>';
}

}  // namespace tandem::aws
