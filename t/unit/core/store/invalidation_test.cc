#include "core/store/invalidation.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

using Paths = std::vector<std::string>;
constexpr TargetUri kTarget = {"http", "Films.example:80", "/a/b/c?q=1"};

struct Row {
  const char* reference;
  std::optional<std::string> path;
};

TEST(Invalidation, ResolvesOnTheSameOrigin) {  // RFC 3986 5.4, cut to one origin
  for (const Row& row : {
           Row{"/x/y?z", "/x/y?z"},
           Row{"d", "/a/b/d"},
           Row{"./d#frag", "/a/b/d"},
           Row{"../d", "/a/d"},
           Row{"../../../d/.", "/d/"},
           Row{"?y", "/a/b/c?y"},
           Row{"", "/a/b/c?q=1"},
           Row{"http://films.EXAMPLE/x", "/x"},
           Row{"//films.example:80", "/"},
           Row{"//films.example?x", "/?x"},
           Row{"http://films.example:8080/x", std::nullopt},
           Row{"https://films.example/x", std::nullopt},
           Row{"http://other.example/x", std::nullopt},
           Row{"//other.example/x", std::nullopt},
           Row{"mailto:someone", std::nullopt},
           Row{"/a//b/./c/..", "/a//b/"},
       }) {
    EXPECT_EQ(resolve_on_same_origin(kTarget, row.reference), row.path) << row.reference;
  }
  EXPECT_EQ(resolve_on_same_origin(kTarget, std::string(10000, 'a')), std::nullopt);
}

TEST(Invalidation, AfterUnsafeMethodsThatWorked) {  // RFC 9111 4.4
  const std::vector<FieldLine> lines = {{"Location", "/new"}, {"Content-Location", "c?q=1"}};
  EXPECT_EQ(invalidation_targets("POST", 201, kTarget, lines), (Paths{"/a/b/c?q=1", "/new"}));
  EXPECT_EQ(invalidation_targets("PURGE-ISH", 302, kTarget, {}), (Paths{"/a/b/c?q=1"}));
  EXPECT_TRUE(invalidation_targets("GET", 200, kTarget, lines).empty());
  EXPECT_TRUE(invalidation_targets("DELETE", 404, kTarget, lines).empty());
  EXPECT_TRUE(invalidation_targets("PUT", 500, kTarget, lines).empty());
  EXPECT_TRUE(invalidation_targets("PUT", 100, kTarget, lines).empty());
}

}  // namespace
}  // namespace weir
