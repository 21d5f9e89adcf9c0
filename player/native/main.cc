#include "player/native/get_command.h"
#include "runtime/command_line.h"

int main(int argc, char** argv) {
  weir::CommandLine line("weir-player", "Plays and fetches what Weir's edges serve.");
  weir::add_get_command(line);
  return line.run(argc, argv);
}
