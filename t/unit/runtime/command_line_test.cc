#include "runtime/command_line.h"

#include <csignal>

#include <gtest/gtest.h>

#include "runtime/exit_code.h"
#include "runtime/interrupt.h"

namespace weir {
namespace {

using ::testing::internal::CaptureStderr;
using ::testing::internal::CaptureStdout;
using ::testing::internal::GetCapturedStderr;
using ::testing::internal::GetCapturedStdout;

struct Outcome {
  int code = 0;
  std::string out, err;
};

class CommandLineTest : public ::testing::Test {
 protected:
  Outcome run(std::vector<const char*> words, Status result = {}) {
    CommandLine line("weir", "Tools.");
    CLI::App* split = line.add("split", "Cut a film", [&] {
      ran_ = "split";
      return result;
    });
    split->add_option("SOURCE", source_)->required();
    split->add_flag("--json", json_);
    CLI::App* token = line.group("token", "Tokens");
    const auto issue = [&] {
      ran_ = "issue";
      return result;
    };
    line.add("issue", "Issue one", issue, token);
    words.insert(words.begin(), "weir");
    CaptureStdout();
    CaptureStderr();
    Outcome outcome;
    outcome.code = line.run(static_cast<int>(words.size()), words.data());
    outcome.out = GetCapturedStdout();
    outcome.err = GetCapturedStderr();
    return outcome;
  }

  std::string ran_, source_;
  bool json_ = false;
};

TEST_F(CommandLineTest, RunsTheCommandChosen) {
  EXPECT_EQ(run({"split", "film.mp4"}).code, 0);
  EXPECT_EQ(ran_, "split");
  EXPECT_EQ(source_, "film.mp4");
  EXPECT_EQ(run({"token", "issue"}).code, 0);
  EXPECT_EQ(ran_, "issue");
}

TEST_F(CommandLineTest, AnErrorIsOneLineWithTheCommandsName) {
  const auto split = run({"split", "a"}, fail(ErrorCode::kFormatIncorrect, "a is text"));
  EXPECT_EQ(split.code, kExitData);
  EXPECT_EQ(split.err, "weir split: the file format is incorrect: a is text\n");
  EXPECT_EQ(split.out, "");
  const auto issue = run({"token", "issue"}, fail(ErrorCode::kNotFound, "cannot open k: gone"));
  EXPECT_EQ(issue.err, "weir token issue: cannot open k: gone\n");
  EXPECT_EQ(issue.code, kExitNoInput);
}

TEST_F(CommandLineTest, JsonGetsTheErrorToo) {
  const auto split = run({"split", "a", "--json"}, fail(ErrorCode::kNoSpace, "/x\xff"));
  EXPECT_EQ(split.code, kExitIo);
  EXPECT_EQ(split.out,
            "{\"error\":{\"code\":402,\"detail\":\"/x\xEF\xBF\xBD\",\"name\":\"no_space\"}}\n");
}

TEST_F(CommandLineTest, AnUnknownCommandEndsWith64AndAHint) {
  const auto slip = run({"splti", "film"});
  EXPECT_EQ(slip.code, kExitUsage);
  EXPECT_EQ(slip.err, "weir: unknown command 'splti': did you mean 'split'? (see weir --help)\n");
  EXPECT_EQ(run({"frobnicate"}).err, "weir: unknown command 'frobnicate' (see weir --help)\n");
  EXPECT_EQ(run({"token", "isue"}).err,
            "weir token: unknown command 'isue': did you mean 'issue'? (see weir token --help)\n");
  EXPECT_EQ(ran_, "");
}

TEST_F(CommandLineTest, NoCommandPrintsHelpAndEndsWith64) {
  const auto bare = run({});
  EXPECT_EQ(bare.code, kExitUsage);
  EXPECT_NE(bare.err.find("split"), std::string::npos);
  EXPECT_EQ(run({"token"}).code, kExitUsage);
}

TEST_F(CommandLineTest, AWrongOptionNamesTheCommand) {
  const auto wrong = run({"split", "a", "--frob"});
  EXPECT_EQ(wrong.code, kExitUsage);
  EXPECT_EQ(wrong.err.rfind("weir split: ", 0), 0U) << wrong.err;
  EXPECT_NE(wrong.err.find("--frob"), std::string::npos) << wrong.err;
  EXPECT_EQ(run({"split"}).code, kExitUsage);
}

TEST_F(CommandLineTest, HelpAndVersionEndWellOnStdout) {
  EXPECT_EQ(run({"--version"}).out.rfind("weir 0", 0), 0U);
  EXPECT_EQ(run({"split", "--version"}).code, 0);
  const auto help = run({"split", "--help"});
  EXPECT_EQ(help.code, 0);
  EXPECT_NE(help.out.find("SOURCE"), std::string::npos);
}

TEST(ExitCode, ASignalIsReportedAsAShellWould) {
  set_interrupt_for_test(SIGTERM);
  EXPECT_FALSE(check_interrupt());
  EXPECT_EQ(exit_code(ErrorCode::kInterrupted), 143);
  set_interrupt_for_test(0);
  EXPECT_TRUE(check_interrupt());
  EXPECT_EQ(exit_code(ErrorCode::kInterrupted), 130);
}

}  // namespace
}  // namespace weir
