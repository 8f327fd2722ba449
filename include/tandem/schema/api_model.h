// What a vendor's API looks like: its operations, and the shapes they take and return.
//
// Read from the compiled form under schemas/apis/aws/, or from a service-2 description as it is
// published: both have "metadata", "operations" and "shapes". Wire traits written at a use of a shape
// are merged over the shape's own when loading, so a reader never looks in two places.
//
// Immutable once loaded, and safe to share between threads. Pointers and string_views into a model
// live as long as the model.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "tandem/base/status.h"
#include "tandem/model/value.h"

namespace tandem {

enum class ShapeType {
  kStructure,
  kList,
  kMap,
  kString,
  kBoolean,
  kInteger,  // and long, short, byte
  kFloat,    // and double, bigdecimal
  kTimestamp,
  kBlob,
  kDocument,  // any JSON
};
std::string_view ShapeTypeName(ShapeType type);

enum class WireLocation { kBody, kUri, kQuery, kHeader, kHeaderMap, kStatusCode };
enum class TimestampFormat { kDefault, kIso8601, kRfc822, kUnix };

/// How a value travels. Empty texts mean that the description does not say.
struct WireTraits {
  WireLocation location = WireLocation::kBody;
  TimestampFormat timestamp = TimestampFormat::kDefault;
  std::string_view name;        // locationName
  std::string_view query_name;  // ec2 requests
  std::string_view xml_namespace;
  std::string_view xml_prefix;
  std::string_view payload;         // of a structure: the member that is the whole body
  std::string_view result_wrapper;  // query answers
  bool flattened = false;
  bool xml_attribute = false;
  bool json_value = false;  // JSON text, base64 in a header
  bool idempotency_token = false;
  bool host_label = false;
  bool streaming = false;
  bool event_stream = false;
};

struct ApiShape;

/// A use of a shape: as input, output, element, key or value.
struct ShapeRef {
  const ApiShape* shape = nullptr;
  WireTraits traits;
  explicit operator bool() const { return shape != nullptr; }
};

struct ApiMember : ShapeRef {
  std::string_view name;
  bool required = false;
  bool deprecated = false;
};

struct ApiShape {
  std::string_view name;
  ShapeType type = ShapeType::kString;
  std::vector<ApiMember> members;  // of a structure, in the description's order
  ShapeRef element;                // of a list
  ShapeRef key;                    // of a map
  ShapeRef value;
  std::vector<std::string_view> enum_values;
  std::optional<double> min;  // of a number, or of the length of a text, blob, list or map
  std::optional<double> max;
  std::string_view pattern;
  bool is_union = false;
  bool sensitive = false;
  bool error = false;
  std::string_view error_code;  // of an error: the code on the wire, else `name`
  int http_status = 0;

  /// Null pointer if there is no such member.
  const ApiMember* Find(std::string_view member) const;
};

struct ApiOperation {
  std::string_view name;
  std::string_view method;       // "POST" when the description does not say
  std::string_view request_uri;  // "/" when the description does not say
  std::string_view host_prefix;
  ShapeRef input;   // without shape when the operation takes nothing
  ShapeRef output;  // without shape when it returns nothing
  std::vector<const ApiShape*> errors;
  bool idempotent = false;
  bool unsigned_request = false;  // authtype "none"
  bool deprecated = false;

  /// The modelled error for a code on the wire, or null pointer.
  const ApiShape* FindError(std::string_view code) const;
};

/// How the pages of a list operation follow each other. Tokens are paths into input and output.
struct ApiPaginator {
  std::vector<std::string_view> input_tokens;
  std::vector<std::string_view> output_tokens;
  std::vector<std::string_view> results;
  std::string_view limit;         // the member of the input that bounds a page, or ""
  std::string_view more_results;  // the member of the output that says whether there is more, or ""
};

struct ApiWaiter {
  struct Acceptor {
    std::string_view state;    // success, failure, retry
    std::string_view matcher;  // path, pathAll, pathAny, status, error
    std::string_view argument;
    Value expected;
  };
  std::string_view operation;
  int delay_seconds = 0;
  int max_attempts = 0;
  std::vector<Acceptor> acceptors;
};

struct ApiMetadata {
  std::string_view protocol;  // json, query, ec2, rest-json or rest-xml
  std::string_view api_version;
  std::string_view json_version;
  std::string_view target_prefix;
  std::string_view endpoint_prefix;
  std::string_view service_id;
  std::string_view xml_namespace;
  bool query_compatible = false;
  std::string_view signing_name;
  /// "ec2.{region}.amazonaws.com"; "" in a plain description.
  std::string_view hostname;
  /// The region that every request is signed for ("us-east-1" of iam), or "": the account's.
  std::string_view signing_region;
};

class ApiModel {
 public:
  /// kInvalidArgument on malformed JSON, and on a reference to a shape that is not there.
  static Result<std::shared_ptr<const ApiModel>> Load(std::string_view json);

  ApiModel(const ApiModel&) = delete;
  ApiModel& operator=(const ApiModel&) = delete;

  const ApiMetadata& metadata() const { return metadata_; }
  /// Null pointer if the description has none of that name.
  const ApiOperation* FindOperation(std::string_view name) const;
  const ApiShape* FindShape(std::string_view name) const;
  /// The error of that code or name, whether or not some operation lists it.
  const ApiShape* FindError(std::string_view code) const;
  const ApiPaginator* FindPaginator(std::string_view operation) const;
  const ApiWaiter* FindWaiter(std::string_view name) const;
  /// Of all operations, sorted.
  std::vector<std::string_view> operation_names() const;

 private:
  friend class ApiModelReader;
  ApiModel() = default;

  std::set<std::string, std::less<>> texts_;  // what every string_view here points into
  ApiMetadata metadata_;
  std::map<std::string_view, ApiShape, std::less<>> shapes_;
  std::map<std::string_view, const ApiShape*, std::less<>> errors_;  // by code, and by name
  std::map<std::string_view, ApiOperation, std::less<>> operations_;
  std::map<std::string_view, ApiPaginator, std::less<>> paginators_;
  std::map<std::string_view, ApiWaiter, std::less<>> waiters_;
};

}  // namespace tandem
