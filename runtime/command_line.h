// A program of several commands: `weir split …`, `weir token issue …`, `weir-player get …`. Wraps
// CLI11 so that every command has the same manners:
//   * errors are one line on stderr, `weir COMMAND: what: why`, with an exit code of
//   runtime/exit_code.h;
//   * with --json a failed command also prints {"error": {code, name, detail}} on stdout;
//   * an unknown command or option ends with 64 and a hint;
//   * --help and --version work everywhere.
//
//   void add_split_command(CommandLine& line) {
//     auto args = std::make_shared<SplitArguments>();
//     CLI::App* command = line.add("split", "Cut a film into pieces", [args] { return split(*args);
//     }); command->add_option("SOURCE", args->source, "The film")->required();
//   }
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include <CLI/CLI.hpp>

#include "core/base/result.h"

namespace weir {

class CommandLine {
 public:
  using Run = std::function<Status()>;

  CommandLine(std::string program, std::string about);

  // A command, of the whole program or (with `parent`, made by group()) of a family. `run` is
  // called when it was chosen and its arguments parsed; what it returns decides the exit code.
  CLI::App* add(const std::string& name, const std::string& about, Run run,
                CLI::App* parent = nullptr);
  // A family of commands: `weir token …`.
  CLI::App* group(const std::string& name, const std::string& about);
  // Text behind the list of options in a command's --help: examples, what it leaves alone.
  static void footer(CLI::App* command, std::string text);

  // For a command whose answer is whether something is refused: its exit code then, in place of
  // kExitRefused.
  void exit_when_refused(const CLI::App* command, int code) { refused_exits_[command] = code; }

  // Whole main(): installs the signal handlers, parses, runs, reports. Returns the exit code.
  int run(int argc, const char* const* argv);

 private:
  int parse_failed(const CLI::ParseError& error) const;
  int report(const std::string& command, const Error& error, bool json) const;
  const CLI::App* chosen() const;
  std::string path_of(const CLI::App* command) const;

  std::string program_;
  CLI::App app_;
  std::map<const CLI::App*, Run> runs_;
  std::map<const CLI::App*, int> refused_exits_;
};

// `weir split: the file format is incorrect: ...`: what is printed for an error, without a newline.
std::string error_line(const std::string& command, const Error& error);

// What kind of error it is, in words ("the file cannot be detected"); empty where the detail stands
// for itself.
std::string_view error_phrase(ErrorCode code) noexcept;

// `{"error":{"code":400,"name":"format_incorrect","detail":"..."}}`
std::string error_json(const Error& error);

// A command's one object on stdout, with --json. An error that follows (weir verify finds damage)
// is part of it, so only stderr says it again.
void print_result(const std::string& json);

// `weir split: warning: ...` on stderr.
void print_warning(const std::string& command, const std::string& text);

}  // namespace weir
