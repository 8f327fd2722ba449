// Fields are only added: the descriptors, one line a field or value, against the checked-in ones.
//
// After adding one, run with TANDEM_ACCEPT=1: it rewrites the file unless something went missing.
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <string>

#include "tandem/api/v1/api.pb.h"
#include "tandem/provider/v1/provider.pb.h"
#include "tandem/sandbox/v1/sandbox.pb.h"

namespace {

namespace pb = google::protobuf;

std::string TypeOf(const pb::FieldDescriptor& field) {
  std::string type = field.is_repeated() ? "repeated " : "";
  if (field.message_type() != nullptr) return type + field.message_type()->full_name();
  if (field.enum_type() != nullptr) return type + field.enum_type()->full_name();
  return type + field.type_name();
}

void AddEnum(const pb::EnumDescriptor& type, std::set<std::string>& lines) {
  for (int i = 0; i < type.value_count(); ++i) {
    const pb::EnumValueDescriptor& value = *type.value(i);
    lines.insert(type.full_name() + " = " + std::to_string(value.number()) + " " + value.name());
  }
}

void AddMessage(const pb::Descriptor& message, std::set<std::string>& lines) {
  lines.insert(message.full_name());
  for (int i = 0; i < message.field_count(); ++i) {
    const pb::FieldDescriptor& field = *message.field(i);
    lines.insert(message.full_name() + " " + std::to_string(field.number()) + " " + field.name() +
                 " " + TypeOf(field));
  }
  for (int i = 0; i < message.nested_type_count(); ++i) AddMessage(*message.nested_type(i), lines);
  for (int i = 0; i < message.enum_type_count(); ++i) AddEnum(*message.enum_type(i), lines);
}

std::set<std::string> LinesOf(const pb::FileDescriptor& file) {
  std::set<std::string> lines;
  for (int i = 0; i < file.message_type_count(); ++i) AddMessage(*file.message_type(i), lines);
  for (int i = 0; i < file.enum_type_count(); ++i) AddEnum(*file.enum_type(i), lines);
  for (int i = 0; i < file.service_count(); ++i) {
    const pb::ServiceDescriptor& service = *file.service(i);
    for (int j = 0; j < service.method_count(); ++j) {
      const pb::MethodDescriptor& method = *service.method(j);
      lines.insert(service.full_name() + " " + method.name() + " (" +
                   (method.client_streaming() ? "stream " : "") + method.input_type()->full_name() +
                   ") (" + (method.server_streaming() ? "stream " : "") +
                   method.output_type()->full_name() + ")");
    }
  }
  return lines;
}

void Compare(const pb::FileDescriptor& file, const std::string& name) {
  const std::string path = TANDEM_SOURCE_DIR "/tests/golden/proto/" + name;
  const std::set<std::string> now = LinesOf(file);
  std::set<std::string> before;
  std::ifstream in(path);
  for (std::string line; std::getline(in, line);) before.insert(line);
  for (const std::string& line : before) {
    EXPECT_EQ(now.count(line), 1u) << "gone or changed: " << line;
  }
  if (::testing::Test::HasFailure()) return;
  if (std::getenv("TANDEM_ACCEPT") != nullptr) {
    std::ofstream out(path, std::ios::trunc);
    for (const std::string& line : now) out << line << "\n";
    ASSERT_TRUE(out.flush().good());
    GTEST_SKIP() << "wrote " << path;
  }
  for (const std::string& line : now) {
    EXPECT_EQ(before.count(line), 1u) << "new, not accepted yet: " << line;
  }
}

TEST(ProtoFieldsAreOnlyAdded, Provider) {
  Compare(*tandem::provider::v1::LiveObject::descriptor()->file(), "provider.v1.txt");
}

TEST(ProtoFieldsAreOnlyAdded, Api) {
  Compare(*tandem::api::v1::PlanHead::descriptor()->file(), "api.v1.txt");
}

TEST(ProtoFieldsAreOnlyAdded, Sandbox) {
  Compare(*tandem::sandbox::v1::Effect::descriptor()->file(), "sandbox.v1.txt");
}

TEST(ProtoFieldsAreOnlyAdded, EnumZeroIsUnspecified) {
  const pb::FileDescriptor& file = *tandem::provider::v1::LiveObject::descriptor()->file();
  for (int i = 0; i < file.enum_type_count(); ++i) {
    const std::string& name = file.enum_type(i)->FindValueByNumber(0)->name();
    EXPECT_NE(name.find("_UNSPECIFIED"), std::string::npos) << name;
  }
}

}  // namespace
