#include "tandem/http/url.h"

#include <gtest/gtest.h>

namespace tandem {
namespace {

TEST(HttpUrl, ReadsWhatItWrites) {
  struct Case {
    const char* name;
    const char* text;
    bool tls;
    const char* host;
    int port;
    const char* target;
    const char* authority;
  };
  const Case kCases[] = {
      {"bare host", "https://sts.amazonaws.com", true, "sts.amazonaws.com", 443, "/",
       "sts.amazonaws.com"},
      {"port", "http://127.0.0.1:5000/", false, "127.0.0.1", 5000, "/", "127.0.0.1:5000"},
      {"the scheme's own port", "http://h:80/x", false, "h", 80, "/x", "h"},
      {"letter case", "HTTPS://EC2.Example.COM/A", true, "ec2.example.com", 443, "/A",
       "ec2.example.com"},
      {"query without path", "https://h?a=b", true, "h", 443, "/?a=b", "h"},
      {"an escaped target stays", "https://h/a%2Fb%20c//../d?x=%7E&y=a+b", true, "h", 443,
       "/a%2Fb%20c//../d?x=%7E&y=a+b", "h"},
      {"a slash in the query", "https://h?next=/a:b", true, "h", 443, "/?next=/a:b", "h"},
      {"IPv6", "http://[FD00:ec2::254]/latest", false, "fd00:ec2::254", 80, "/latest",
       "[fd00:ec2::254]"},
      {"IPv6 and port", "http://[::1]:81", false, "::1", 81, "/", "[::1]:81"},
  };
  for (const Case& c : kCases) {
    SCOPED_TRACE(c.name);
    Result<HttpUrl> url = ParseHttpUrl(c.text);
    ASSERT_TRUE(url.ok()) << url.status().ToString();
    EXPECT_EQ(url->origin.tls, c.tls);
    EXPECT_EQ(url->origin.host, c.host);
    EXPECT_EQ(url->origin.port, c.port);
    EXPECT_EQ(url->target, c.target);
    EXPECT_EQ(url->origin.Authority(), c.authority);
    Result<HttpUrl> again = ParseHttpUrl(url->ToString());
    ASSERT_TRUE(again.ok());
    EXPECT_EQ(*again, *url);
  }
}

TEST(HttpUrl, RefusesWithoutRepeatingIt) {
  const std::pair<const char*, const char*> kCases[] = {
      {"no scheme", "hunter2.example"},
      {"another scheme", "ftp://hunter2/"},
      {"no host", "http:///hunter2"},
      {"no host but a port", "http://:80/hunter2"},
      {"user name", "https://me:hunter2@h/"},
      {"fragment", "https://h/hunter2#x"},
      {"space", "https://h/hunter2 x"},
      {"line break", "https://h/hunter2\r\nX: y"},
      {"not ASCII", "https://h/hunter2\xc3\xa9"},
      {"port 0", "https://h:0/hunter2"},
      {"port too large", "https://h:65536/hunter2"},
      {"port with more", "https://h:80x/hunter2"},
      {"empty port", "https://h:/hunter2"},
      {"open bracket", "https://[::1/hunter2"},
      {"text after the bracket", "https://[::1]x/hunter2"},
      {"zone", "https://[fe80::1%eth0]/hunter2"},
      {"slash in a host", "https://h\\hunter2/"},
  };
  for (const auto& [name, text] : kCases) {
    SCOPED_TRACE(name);
    Result<HttpUrl> url = ParseHttpUrl(text);
    ASSERT_FALSE(url.ok());
    EXPECT_EQ(url.status().code(), Code::kInvalidArgument);
    EXPECT_EQ(url.status().message().find("hunter2"), std::string::npos);
  }
}

}  // namespace
}  // namespace tandem
