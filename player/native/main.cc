#include <cstdio>

int main() {
  std::fputs("weir-player: no command: see weir-player --help\n", stderr);
  return 64;
}
