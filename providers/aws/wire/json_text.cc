#include "providers/aws/wire/json_text.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "providers/aws/wire/encoding.h"
#include "tandem/base/check.h"

namespace tandem::aws {
namespace {

/// Builds the Value while the text is read, so that its depth is bounded before anything recurses.
class Builder : public nlohmann::json_sax<nlohmann::json> {
 public:
  bool null() override { return Put({}); }
  bool boolean(bool value) override { return Put(value); }
  bool number_integer(number_integer_t value) override { return Put(static_cast<int64_t>(value)); }
  bool number_unsigned(number_unsigned_t value) override {
    if (value > static_cast<number_unsigned_t>(INT64_MAX)) return Put(static_cast<double>(value));
    return Put(static_cast<int64_t>(value));
  }
  bool number_float(number_float_t value, const string_t& text) override {
    if (!std::isfinite(value)) return Fail(fmt::format("number {} is out of range", text));
    return Put(value);
  }
  bool string(string_t& value) override { return Put(std::move(value)); }
  bool binary(binary_t&) override { return false; }
  bool start_object(std::size_t) override { return Open(Map()); }
  bool start_array(std::size_t) override { return Open(List()); }
  bool key(string_t& name) override {
    open_.back().key = std::move(name);
    return true;
  }
  bool end_object() override { return Close(); }
  bool end_array() override { return Close(); }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::detail::exception&) override {
    return Fail(fmt::format("malformed JSON at byte {}", position));
  }

  Value root;
  std::string error;

 private:
  struct Frame {
    Value value;
    std::string key;  // of the member that comes next
  };

  bool Fail(std::string message) {
    if (error.empty()) error = std::move(message);
    return false;
  }

  bool Open(Value value) {
    if (open_.size() >= kMaxNesting) return Fail("JSON is nested too deeply");
    open_.push_back({std::move(value), {}});
    return true;
  }

  bool Close() {
    Value done = std::move(open_.back().value);
    open_.pop_back();
    return Put(std::move(done));
  }

  bool Put(Value value) {
    if (open_.empty()) {
      root = std::move(value);
    } else if (Frame& top = open_.back(); top.value.is_list()) {
      top.value.edit_list().push_back(std::move(value));
    } else {
      top.value.edit_map().insert_or_assign(std::move(top.key), std::move(value));
    }
    return true;
  }

  std::vector<Frame> open_;
};

}  // namespace

Result<Value> ParseWireJson(std::string_view text) {
  Builder builder;
  if (!nlohmann::json::sax_parse(text, &builder)) {
    return InvalidArgument(builder.error.empty() ? "malformed JSON" : builder.error);
  }
  return std::move(builder.root);
}

void AppendJsonString(std::string_view text, std::string& out) {
  out += '"';
  for (const char c : text) {
    switch (c) {
      case '"': out += "\\\""; break;
      case '\\': out += "\\\\"; break;
      case '\n': out += "\\n"; break;
      case '\r': out += "\\r"; break;
      case '\t': out += "\\t"; break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += fmt::format("\\u{:04x}", static_cast<int>(c));
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

void AppendWireJson(const Value& value, std::string& out) {
  TANDEM_CHECK(!value.is_unknown() && !value.is_sensitive());
  if (value.is_null()) {
    out += "null";
  } else if (value.is_string()) {
    AppendJsonString(value.as_string(), out);
  } else if (value.is_double() && !std::isfinite(value.as_double())) {
    AppendJsonString(DoubleText(value.as_double()), out);
  } else if (value.is_list()) {
    out += '[';
    const char* comma = "";
    for (const Value& item : value.as_list()) {
      out += comma;
      comma = ",";
      AppendWireJson(item, out);
    }
    out += ']';
  } else if (value.is_map()) {
    out += '{';
    const char* comma = "";
    for (const auto& [key, member] : value.as_map()) {
      out += comma;
      comma = ",";
      AppendJsonString(key, out);
      out += ':';
      AppendWireJson(member, out);
    }
    out += '}';
  } else {
    out += ScalarText(value);
  }
}

}  // namespace tandem::aws
