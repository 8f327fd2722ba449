#include "tandem/provider_wire/handshake.h"

#include <gtest/gtest.h>

#include <map>

#include "tandem/provider_wire/wire.h"

namespace tandem {
namespace {

TEST(Handshake, InvitationCrossesTheEnvironment) {
  std::map<std::string, std::string> environment;
  for (const std::string& entry : PluginInvitation{"/tmp/x/s", 1, 3, 5, 6}.ToEnvironment()) {
    environment[entry.substr(0, entry.find('='))] = entry.substr(entry.find('=') + 1);
  }
  const auto back =
      PluginInvitation::FromEnvironment([&](const char* name) { return environment[name]; });
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->socket, "/tmp/x/s");
  EXPECT_EQ(back->lowest, 1);
  EXPECT_EQ(back->highest, 3);
  EXPECT_EQ(back->pipe, 5);
  EXPECT_EQ(back->lock, 6);
}

TEST(Handshake, MalformedInvitationsAreRefused) {
  struct Case {
    const char* name;
    const char *socket, *protocols, *pipe, *lock;
  };
  const Case cases[] = {
      {"started by hand", "", "", "", ""},          {"no range", "/s", "1", "3", "4"},
      {"half a range", "/s", "1-", "3", "4"},       {"no pipe", "/s", "1-1", "", "4"},
      {"pipe is no number", "/s", "1-1", "x", "4"}, {"negative lock", "/s", "1-1", "3", "-4"},
      {"trailing text", "/s", "1-1x", "3", "4"},
  };
  for (const Case& c : cases) {
    EXPECT_EQ(PluginInvitation::Parse(c.socket, c.protocols, c.pipe, c.lock).status().code(),
              Code::kFailedPrecondition)
        << c.name;
  }
}

TEST(Handshake, GreetingIsOneLine) {
  const std::string line = PluginGreeting{1, "/tmp/x/s"}.ToLine();
  EXPECT_EQ(line, R"({"protocol":1,"socket":"/tmp/x/s"})");
  EXPECT_EQ(PluginGreeting::FromLine(line)->protocol, 1);
  EXPECT_EQ(PluginGreeting::FromLine(line)->socket, "/tmp/x/s");
  // A later version may say more.
  EXPECT_TRUE(PluginGreeting::FromLine(R"({"protocol":1,"socket":"/s","more":[]})").ok());
  for (const char* wrong : {"", "hello", "[]", "{}", R"({"protocol":"1","socket":"/s"})",
                            R"({"protocol":0,"socket":"/s"})", R"({"protocol":1})",
                            R"({"protocol":99999999999,"socket":"/s"})"}) {
    EXPECT_EQ(PluginGreeting::FromLine(wrong).status().code(), Code::kDataLoss) << wrong;
  }
}

TEST(Handshake, HighestCommonProtocolIsChosen) {
  EXPECT_EQ(*ChooseProtocol(kProtocolLowest, kProtocolHighest), kProtocolHighest);
  EXPECT_EQ(*ChooseProtocol(0, 100), kProtocolHighest);
  EXPECT_EQ(ChooseProtocol(kProtocolHighest + 1, 100).status().code(), Code::kFailedPrecondition);
  EXPECT_EQ(ChooseProtocol(0, 0).status().code(), Code::kFailedPrecondition);
}

}  // namespace
}  // namespace tandem
