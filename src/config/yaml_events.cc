#include "config/yaml_events.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <streambuf>

#include "tandem/base/utf8.h"

namespace tandem {
namespace {

/// Thrown through yaml-cpp by a sink that stops, caught in ReadYaml.
struct Stopped {};

/// yaml-cpp writes "\\N" and "\\_" as single bytes, U+0085 and U+00A0 in Latin-1. Nothing else of a text that
/// was checked is not UTF-8.
std::string WellFormed(const std::string& value) {
  std::string text = value;
  for (size_t at = WellFormedBytes(text); at < text.size();
       at += 2 + WellFormedBytes(std::string_view(text).substr(at + 2)))
    text.insert(at, 1, '\xC2');
  return text;
}

class TextBuffer final : public std::streambuf {
 public:
  explicit TextBuffer(std::string_view text) {
    char* begin = const_cast<char*>(text.data());  // streambuf asks for it; a get area is only read
    setg(begin, begin, begin + text.size());
  }
};

class Forwarder final : public YAML::EventHandler {
 public:
  Forwarder(YamlSink& sink, std::string_view text)
      : sink_(sink), size_(text.size()), has_escapes_(text.find('\\') != text.npos) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ == 1) return;
    sink_.OnExtra(At(mark));
    throw Stopped();
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    NodeTraits node;
    node.at = At(mark);
    node.anchor = anchor;
    Check(sink_.OnNull(node));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Check(sink_.OnAlias(At(mark), anchor));
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    NodeTraits node;
    node.at = At(mark);
    node.anchor = anchor;
    node.quoted = tag == "!";
    if (!node.quoted && tag != "?") node.tag = tag;
    const bool whole = !has_escapes_ || WellFormedBytes(value) == value.size();
    Check(whole ? sink_.OnScalar(node, value) : sink_.OnScalar(node, WellFormed(value)));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    Check(sink_.OnListStart(Collection(mark, tag, anchor, style)));
  }
  void OnSequenceEnd() override { Check(sink_.OnListEnd()); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    Check(sink_.OnMapStart(Collection(mark, tag, anchor, style)));
  }
  void OnMapEnd() override { Check(sink_.OnMapEnd()); }

 private:
  NodeTraits Collection(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                        YAML::EmitterStyle::value style) const {
    NodeTraits node;
    node.at = At(mark);
    node.anchor = anchor;
    node.flow = style == YAML::EmitterStyle::Flow;
    if (tag != "?" && tag != "!") node.tag = tag;
    return node;
  }
  size_t At(const YAML::Mark& mark) const {
    return std::min(size_, static_cast<size_t>(std::max(0, mark.pos)));
  }
  static void Check(bool go_on) {
    if (!go_on) throw Stopped();
  }

  YamlSink& sink_;
  size_t size_;
  bool has_escapes_;
  int documents_ = 0;
};

}  // namespace

std::optional<YamlFault> ReadYaml(std::string_view text, YamlSink& sink) {
  TextBuffer buffer(text);
  std::istream stream(&buffer);
  Forwarder forwarder(sink, text);
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(forwarder)) {
    }
  } catch (const Stopped&) {
  } catch (const YAML::Exception& e) {
    const size_t at = e.mark.is_null() ? text.size() : static_cast<size_t>(std::max(0, e.mark.pos));
    return YamlFault{std::min(at, text.size()), e.msg};
  }
  return std::nullopt;
}

}  // namespace tandem
