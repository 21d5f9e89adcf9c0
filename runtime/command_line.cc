#include "runtime/command_line.h"

#include <algorithm>
#include <cctype>
#include <cstdio>
#include <iostream>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "runtime/exit_code.h"
#include "runtime/interrupt.h"
#include "runtime/version.h"

namespace weir {
namespace {

bool result_printed = false;

// Edits (insert, delete, replace) that turn a into b: small numbers mean a slip of the finger.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

std::string nearest_command(const CLI::App& app, const std::string& word) {
  std::string best;
  std::size_t best_distance = 3;  // further off is no likeness
  for (const CLI::App* command : app.get_subcommands({})) {
    const std::size_t distance = edit_distance(word, command->get_name());
    if (distance < best_distance) {
      best_distance = distance;
      best = command->get_name();
    }
  }
  return best;
}

// What was typed comes back in messages about it; a token among it must not. Blanks whatever starts
// as base64url of a JSON object does.
std::string without_tokens(std::string text) {
  for (std::size_t at = 0; (at = text.find("eyJ", at)) != std::string::npos; at += 3) {
    std::size_t end = at;
    while (end < text.size() && (std::isalnum(static_cast<unsigned char>(text[end])) != 0 ||
                                 text[end] == '-' || text[end] == '_' || text[end] == '.')) {
      ++end;
    }
    text.replace(at, end - at, "...");
  }
  return text;
}

// Shows `weir split SOURCE -o DIR …` as CLI11 does, with columns wide enough for our options.
void set_manners(CLI::App& app, const std::string& program) {
  app.get_formatter()->column_width(30);
  app.get_formatter()->label("REQUIRED", "(required)");
  app.get_formatter()->label("TEXT", "");
  app.set_help_flag("-h,--help", "Print this and exit");
  app.set_version_flag("--version", program + " " + kVersion, "Print the version and exit");
  app.option_defaults()->always_capture_default(false);
}

}  // namespace

CommandLine::CommandLine(std::string program, std::string about)
    : program_(std::move(program)), app_(std::move(about), program_) {
  set_manners(app_, program_);
  app_.require_subcommand(0, 1);
  app_.footer("See `" + program_ + " COMMAND --help` for each.");
}

CLI::App* CommandLine::add(const std::string& name, const std::string& about, Run run,
                           CLI::App* parent) {
  CLI::App* command = (parent != nullptr ? parent : &app_)->add_subcommand(name, about);
  set_manners(*command, program_);
  runs_[command] = std::move(run);
  return command;
}

CLI::App* CommandLine::group(const std::string& name, const std::string& about) {
  CLI::App* family = app_.add_subcommand(name, about);
  set_manners(*family, program_);
  family->require_subcommand(0, 1);
  return family;
}

void CommandLine::footer(CLI::App* command, std::string text) {
  command->footer(std::move(text));
}

const CLI::App* CommandLine::chosen() const {
  const CLI::App* at = &app_;
  while (!at->get_subcommands().empty()) at = at->get_subcommands().front();
  return at;
}

std::string CommandLine::path_of(const CLI::App* command) const {
  std::string path;
  for (; command != nullptr && command != &app_; command = command->get_parent()) {
    path = " " + command->get_name() + path;
  }
  return program_ + path;
}

int CommandLine::parse_failed(const CLI::ParseError& error) const {
  if (error.get_exit_code() == 0) {
    app_.exit(error);  // --help, --version
    return kExitOk;
  }
  const CLI::App* const command = chosen();
  const std::string path = path_of(command);
  const std::vector<std::string> extra = command->remaining();
  std::string what = error.what();
  if (!extra.empty() && runs_.count(command) == 0) {
    const std::string near = nearest_command(*command, extra.front());
    what = "unknown command '" + extra.front() + "'";
    if (!near.empty()) what += ": did you mean '" + near + "'?";
  }
  if (!what.empty() && what.back() == '\n') what.pop_back();
  what = without_tokens(std::move(what));
  std::fprintf(stderr, "%s: %s (see %s --help)\n", path.c_str(), what.c_str(), path.c_str());
  return kExitUsage;
}

int CommandLine::report(const std::string& command, const Error& error, bool json) const {
  std::fprintf(stderr, "%s\n", error_line(command, error).c_str());
  if (json && !result_printed) std::printf("%s\n", error_json(error).c_str());
  return exit_code(error.code);
}

int CommandLine::run(int argc, const char* const* argv) {
  install_interrupt_handlers();
  result_printed = false;
  try {
    app_.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return parse_failed(error);
  }
  const CLI::App* const command = chosen();
  const auto run = runs_.find(command);
  if (run == runs_.end()) {
    std::fputs(command->help().c_str(), stderr);
    return kExitUsage;
  }
  const CLI::Option* const json = command->get_option_no_throw("--json");
  Status status;
  try {
    status = run->second();
  } catch (const std::bad_alloc&) {
    status = fail(ErrorCode::kInternal, "out of memory");
  } catch (const std::exception& error) {
    status = fail(ErrorCode::kInternal, error.what());
  }
  int code = kExitOk;
  if (!status)
    code = report(path_of(command), status.error(), json != nullptr && json->count() > 0);
  const auto refused = refused_exits_.find(command);
  if (code == kExitRefused && refused != refused_exits_.end()) code = refused->second;
  // What was printed is part of the result: `weir inspect > /dev/full` must not look well.
  if (std::fflush(stdout) != 0 && code == kExitOk) {
    std::fprintf(stderr, "%s: cannot write to standard output\n", path_of(command).c_str());
    code = kExitIo;
  }
  return code;
}

std::string error_line(const std::string& command, const Error& error) {
  std::string line = command + ": ";
  const std::string_view phrase = error_phrase(error.code);
  line += phrase;
  if (!phrase.empty() && !error.detail.empty()) line += ": ";
  line += error.detail;
  return line;
}

std::string_view error_phrase(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::kFormatIncorrect:
      return "the file format is incorrect";
    case ErrorCode::kHeaderNotOne:
      return "the file cannot be detected";
    case ErrorCode::kHeaderTruncated:
      return "the header file is cut short";
    case ErrorCode::kHeaderCorrupt:
      return "the header file is damaged";
    case ErrorCode::kHeaderVersion:
    case ErrorCode::kHeaderUnknownCritical:
      return "the header file needs a newer version of this program";
    case ErrorCode::kHeaderTooLarge:
      return "the header file is too large";
    case ErrorCode::kHeaderSignature:
      return "the header file's signature does not hold";
    case ErrorCode::kPieceMissing:
      return "pieces are missing";
    case ErrorCode::kPieceCorrupt:
      return "pieces are damaged";
    case ErrorCode::kKeyMissing:
      return "a content key is needed";
    case ErrorCode::kKeyWrong:
      return "the key is not this title's";
    case ErrorCode::kKeyMalformed:
      return "the key cannot be used";
    case ErrorCode::kNoSuchRendition:
      return "no such rendition";
    case ErrorCode::kOriginUnreachable:
    case ErrorCode::kOriginTimeout:
      return "the server does not answer";
    case ErrorCode::kOriginStatus:
      return "the server refused";
    case ErrorCode::kOriginShortBody:
      return "the server's answer is cut short";
    case ErrorCode::kNoSpace:
      return "no space";
    case ErrorCode::kInterrupted:
      return "interrupted";
    case ErrorCode::kInternal:
      return "internal error, please report it";
    default:
      return "";
  }
}

std::string error_json(const Error& error) {
  const nlohmann::json out{{"error",
                            {{"code", static_cast<unsigned>(error.code)},
                             {"name", std::string(error_name(error.code))},
                             {"detail", error.detail}}}};
  // Paths need not be UTF-8.
  return out.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

void print_result(const std::string& json) {
  result_printed = true;
  std::printf("%s\n", json.c_str());
}

void print_warning(const std::string& command, const std::string& text) {
  std::fprintf(stderr, "%s: warning: %s\n", command.c_str(), text.c_str());
}

}  // namespace weir
