#include "player/native/piece_fetcher.h"

#include <atomic>
#include <mutex>

#include <gtest/gtest.h>

#include "crypto/digest.h"
#include "runtime/interrupt.h"
#include "runtime/system_clock.h"
#include "t/fakes/fake_edge.h"

namespace weir {
namespace {

using namespace std::chrono_literals;

// Checks hashes as the real one does; keeps nothing.
class Sink final : public PieceSink {
 public:
  explicit Sink(const FakeFilm& film) : film_(film) {}
  Status take(std::uint32_t item, MutableBytes stored) override {
    if (full) return fail(ErrorCode::kNoSpace, "full");
    if (sha256(stored) != film_.file().pieces[item].sha256) {
      return fail(ErrorCode::kPieceCorrupt, "a wrong hash");
    }
    ++taken[item];
    return {};
  }
  std::size_t usable_prefix(std::uint32_t, ByteView stored) override {
    return stored.size() / 1000 * 1000;
  }
  bool proves(std::uint32_t) const override { return false; }

  std::map<std::uint32_t, int> taken;
  bool full = false;

 private:
  const FakeFilm& film_;
};

class PieceFetcherTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { http_init(); }
  void TearDown() override { set_interrupt_for_test(0); }

  FakeEdge& edge(FakeEdge::Mischief mischief = nullptr) {
    edges_.push_back(std::make_unique<FakeEdge>(film, std::move(mischief)));
    return *edges_.back();
  }
  // As tests cannot wait for seconds.
  static FetchLimits hasty() {
    FetchLimits limits;
    limits.connect = 400ms;
    limits.first_byte = 400ms;
    limits.stall = 400ms;
    limits.patience = 600ms;
    return limits;
  }
  Status fetch(FetchLimits limits = hasty()) {
    std::vector<EdgeUrl> urls;
    for (const auto& one : edges_) urls.push_back({one->url(), "", "aa.bb.cc"});
    for (const std::string& url : more) urls.push_back({url, "", ""});
    std::vector<FetchPiece> pieces;
    for (const Piece& piece : film.file().pieces) pieces.push_back({piece.id, piece.stored_bytes});
    PieceFetcher fetcher(urls, pieces, limits, sink, clock_);
    for (const std::uint32_t item : held) fetcher.mark_done(item);
    Status done = fetcher.run([](std::uint64_t) {});
    reports = fetcher.reports();
    return done;
  }
  void expect_all_taken_once() {
    for (std::uint32_t i = 0; i < film.file().pieces.size(); ++i) EXPECT_EQ(sink.taken[i], 1) << i;
  }
  std::string id_of(std::size_t piece) { return "/p/" + film.file().pieces[piece].id.to_string(); }

  FakeFilm film = make_film();
  Sink sink{film};
  std::vector<std::string> more;
  std::vector<std::uint32_t> held;
  std::vector<EdgeReport> reports;

 private:
  SystemClock clock_;
  std::vector<std::unique_ptr<FakeEdge>> edges_;
};

TEST_F(PieceFetcherTest, FetchesEveryPieceOnceBehindTheToken) {
  FakeEdge& only = edge();
  ASSERT_TRUE(fetch());
  expect_all_taken_once();
  EXPECT_EQ(only.piece_requests(), film.file().pieces.size());
  for (const FakeRequest& request : only.requests()) EXPECT_EQ(request.token, "aa.bb.cc");
}

TEST_F(PieceFetcherTest, DoesNotAskForWhatIsHeld) {
  FakeEdge& only = edge();
  held = {0, 2};
  ASSERT_TRUE(fetch());
  for (const FakeRequest& request : only.requests()) {
    EXPECT_NE(request.path, id_of(0));
    EXPECT_NE(request.path, id_of(2));
  }
}

// Once the engine waited for a timer whenever all of its transfers had ended at once.
TEST_F(PieceFetcherTest, GoesFromPieceToPieceWithoutWaiting) {
  film = make_film({.piece_bytes = 10'000, .media_header = false});
  edge();
  const auto start = std::chrono::steady_clock::now();
  FetchLimits limits = hasty();
  limits.sockets = 1;
  ASSERT_TRUE(fetch(limits));
  ASSERT_GE(film.file().pieces.size(), 100U);
  EXPECT_LT(std::chrono::steady_clock::now() - start, 10s) << "250 ms each would be 25 s";
}

TEST_F(PieceFetcherTest, StripesOverItsEdges) {
  FakeEdge& one = edge();
  FakeEdge& two = edge();
  ASSERT_TRUE(fetch());
  EXPECT_GT(one.piece_requests(), 0U);
  EXPECT_GT(two.piece_requests(), 0U);
}

TEST_F(PieceFetcherTest, TakesADamagedPieceElsewhereAndSaysWhoGaveIt) {
  edge([](const FakeRequest& request, FakeAnswer& answer) {
    if (request.path.starts_with("/p/")) answer.body[10] ^= 1;
  });
  edge();
  ASSERT_TRUE(fetch());
  expect_all_taken_once();
  EXPECT_FALSE(reports[0].damaged.empty());
  EXPECT_EQ(reports[0].pieces, 0U);
  EXPECT_TRUE(reports[1].damaged.empty());
}

TEST_F(PieceFetcherTest, DamageEverywhereEndsItNamingThePiece) {
  edge([this](const FakeRequest& request, FakeAnswer& answer) {
    if (request.path == id_of(3)) answer.body[10] ^= 1;
  });
  const Status done = fetch();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kPieceCorrupt);
  EXPECT_NE(done.error().detail.find(film.file().pieces[3].id.to_string()), std::string::npos);
}

TEST_F(PieceFetcherTest, WrongLengthsAndWebPagesAreDamage) {
  for (int way = 0; way < 4; ++way) {
    Sink fresh(film);
    FakeEdge bad(film, [&](const FakeRequest& request, FakeAnswer& answer) {
      if (!request.path.starts_with("/p/")) return;
      if (way == 0) answer.body.push_back(0);
      if (way == 1) answer.body.pop_back();
      if (way == 2) answer.fields.push_back("Content-Type: text/html; charset=utf-8");
      if (way == 3) answer.body.clear();
    });
    FakeEdge good(film);
    std::vector<FetchPiece> pieces;
    for (const Piece& piece : film.file().pieces) pieces.push_back({piece.id, piece.stored_bytes});
    const SystemClock clock;
    PieceFetcher fetcher({{bad.url(), "", ""}, {good.url(), "", ""}}, pieces, hasty(), fresh,
                         clock);
    ASSERT_TRUE(fetcher.run(nullptr)) << way;
    EXPECT_FALSE(fetcher.reports()[0].damaged.empty()) << way;
    EXPECT_EQ(fresh.taken.size(), pieces.size());
  }
}

TEST_F(PieceFetcherTest, ABodyWithoutLengthThatNeverEndsIsCutOff) {
  edge([](const FakeRequest& request, FakeAnswer& answer) {
    if (!request.path.starts_with("/p/")) return;
    answer.announce_length = false;
    answer.body.resize(answer.body.size() + 5'000'000);
  });
  edge();
  ASSERT_TRUE(fetch());
  EXPECT_FALSE(reports[0].damaged.empty());
}

TEST_F(PieceFetcherTest, ABrokenPieceGoesOnWhereItBroke) {
  std::atomic<int> cuts = 0;
  FakeEdge& only = edge([&](const FakeRequest& request, FakeAnswer& answer) {
    if (request.path.starts_with("/p/") && request.range.empty() && ++cuts == 1) {
      answer.cut_after = 100'500;
    }
  });
  ASSERT_TRUE(fetch());
  expect_all_taken_once();
  std::vector<std::string> ranges;
  for (const FakeRequest& request : only.requests()) {
    if (!request.range.empty()) ranges.push_back(request.range);
  }
  ASSERT_EQ(ranges.size(), 1U);
  EXPECT_EQ(ranges[0], "bytes=100000-") << "the last 500 bytes are no whole record";
}

TEST_F(PieceFetcherTest, AnEdgeWithoutRangesIsTakenAtItsWord) {
  std::atomic<int> cuts = 0;
  edge([&](const FakeRequest& request, FakeAnswer& answer) {
    if (!request.path.starts_with("/p/")) return;
    if (answer.status == 206) {
      answer = {.status = 200, .fields = {}, .body = film.pieces[request.path.substr(3)]};
    } else if (++cuts == 1) {
      answer.cut_after = 100'500;
    }
  });
  ASSERT_TRUE(fetch());
  expect_all_taken_once();
}

TEST_F(PieceFetcherTest, AnotherRangeThanAskedIsDamage) {
  std::atomic<int> cuts = 0;
  edge([&](const FakeRequest& request, FakeAnswer& answer) {
    if (!request.path.starts_with("/p/")) return;
    if (answer.status == 206) {
      answer.fields = {"Content-Range: bytes 0-" + std::to_string(answer.body.size() - 1) + "/" +
                       std::to_string(answer.body.size())};
    } else if (++cuts == 1) {
      answer.cut_after = 100'500;
    }
  });
  ASSERT_TRUE(fetch()) << "the next try asks for all of it";
  EXPECT_EQ(reports[0].damaged.size(), 1U);
  expect_all_taken_once();
}

TEST_F(PieceFetcherTest, NobodyIsBlamedForAnUnprovenMix) {
  std::atomic<int> first = 0;
  edge([&](const FakeRequest& request, FakeAnswer& answer) {
    if (request.path.starts_with("/p/") && ++first == 1) {
      answer.body[5] ^= 1;
      answer.cut_after = 100'500;
    }
  });
  edge();
  ASSERT_TRUE(fetch());
  expect_all_taken_once();
  EXPECT_TRUE(reports[0].damaged.empty());
  EXPECT_TRUE(reports[1].damaged.empty());
}

TEST_F(PieceFetcherTest, ASilentEdgeIsHedgedAndLeft) {
  edge([](const FakeRequest& request, FakeAnswer& answer) {
    answer.hang = request.path.starts_with("/p/");
  });
  edge();
  const auto start = std::chrono::steady_clock::now();
  ASSERT_TRUE(fetch());
  EXPECT_LT(std::chrono::steady_clock::now() - start, 2s);
  expect_all_taken_once();
}

TEST_F(PieceFetcherTest, AnEdgeThatHangsInTheMiddleIsLeftToo) {
  edge([](const FakeRequest& request, FakeAnswer& answer) {
    if (request.path.starts_with("/p/")) answer.hang_after = 70'000;
  });
  edge();
  ASSERT_TRUE(fetch());
  expect_all_taken_once();
}

TEST_F(PieceFetcherTest, ADeadEdgeCostsLittle) {
  more = {"http://127.0.0.1:1"};
  edge();
  ASSERT_TRUE(fetch());
  expect_all_taken_once();
  EXPECT_GT(reports[1].faults, 0U);
}

TEST_F(PieceFetcherTest, NoEdgeAtAllNamesThemAll) {
  more = {"http://127.0.0.1:1", "http://127.0.0.2:1"};
  const Status done = fetch();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kOriginUnreachable);
  EXPECT_NE(done.error().detail.find("127.0.0.1:1"), std::string::npos);
  EXPECT_NE(done.error().detail.find("127.0.0.2:1"), std::string::npos);
}

TEST_F(PieceFetcherTest, ServerErrorsAreTriedAgain) {
  std::atomic<int> asked = 0;
  edge([&](const FakeRequest&, FakeAnswer& answer) {
    if (++asked <= 2) answer = {.status = 502, .fields = {}, .body = Bytes(100)};
  });
  FetchLimits patient = hasty();
  patient.patience = 10s;
  ASSERT_TRUE(fetch(patient));
  expect_all_taken_once();
}

TEST_F(PieceFetcherTest, AMissingPieceIsAskedElsewhere) {
  edge([this](const FakeRequest& request, FakeAnswer& answer) {
    if (request.path == id_of(0)) answer = {.status = 404, .fields = {}, .body = {}};
  });
  edge([this](const FakeRequest& request, FakeAnswer& answer) {
    if (request.path == id_of(1)) answer = {.status = 404, .fields = {}, .body = {}};
  });
  ASSERT_TRUE(fetch());
  expect_all_taken_once();
}

TEST_F(PieceFetcherTest, ATokenRefusedInTheMiddleIsSaidInWords) {
  edge([this](const FakeRequest& request, FakeAnswer& answer) {
    if (request.path != id_of(4)) return;
    answer = {.status = 403, .fields = {"Content-Type: application/problem+json"}, .body = Bytes()};
    const std::string_view json = R"({"status":403,"code":12,"detail":"aa.bb.cc ran out"})";
    answer.body.assign(json.begin(), json.end());
  });
  const Status done = fetch();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kTokenExpired);
  EXPECT_NE(done.error().detail.find("expired"), std::string::npos);
  EXPECT_EQ(done.error().detail.find("aa.bb.cc"), std::string::npos);
}

TEST_F(PieceFetcherTest, RedirectsAreFollowedAFewTimesAndOnlyOverHttp) {
  FakeEdge& real = edge();
  FakeEdge hop(film, [&](const FakeRequest& request, FakeAnswer& answer) {
    answer = {.status = 302, .fields = {"Location: " + real.url() + request.path}, .body = {}};
  });
  FakeEdge loop(film, [&](const FakeRequest& request, FakeAnswer& answer) {
    answer = {.status = 302, .fields = {"Location: " + request.path}, .body = {}};
  });
  FakeEdge file(film, [&](const FakeRequest&, FakeAnswer& answer) {
    answer = {.status = 302, .fields = {"Location: file:///etc/passwd"}, .body = {}};
  });
  more = {hop.url(), loop.url(), file.url()};
  ASSERT_TRUE(fetch());
  expect_all_taken_once();
  EXPECT_GT(reports[1].pieces, 0U);
  EXPECT_EQ(reports[2].pieces, 0U);
  EXPECT_EQ(reports[3].pieces, 0U);
}

TEST_F(PieceFetcherTest, ASignalEndsIt) {
  edge([](const FakeRequest& request, FakeAnswer& answer) {
    if (!request.path.starts_with("/p/")) return;
    set_interrupt_for_test(2);
    answer.hang = true;
  });
  const Status done = fetch();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kInterrupted);
}

TEST_F(PieceFetcherTest, AFullDiskEndsItAtOnce) {
  edge();
  sink.full = true;
  const Status done = fetch();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kNoSpace);
}

}  // namespace
}  // namespace weir
