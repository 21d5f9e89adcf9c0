#include "companions/splitter/ffmpeg.h"

#include <array>
#include <cstdio>

namespace weir {
namespace {

// FFmpeg logs through a global callback; a fixed array so that it can neither throw nor allocate.
thread_local std::array<char, 256> last_message{};

void note_message(void* /*context*/, int level, const char* format, va_list arguments) {
  if (level > AV_LOG_ERROR) return;
  std::array<char, 256> text{};
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
  std::vsnprintf(text.data(), text.size(), format, arguments);
#pragma GCC diagnostic pop
  // The first complaint names the cause; later ones are its echoes.
  if (last_message[0] == '\0') last_message = text;
}

}  // namespace

void quiet_av_log() noexcept {
  av_log_set_callback(note_message);
}

void clear_av_message() noexcept {
  last_message[0] = '\0';
}

std::string av_message(int error) {
  if (last_message[0] != '\0') {
    std::string text = last_message.data();
    while (!text.empty() && (text.back() == '\n' || text.back() == '.' || text.back() == ' ')) {
      text.pop_back();
    }
    return text;
  }
  std::array<char, AV_ERROR_MAX_STRING_SIZE> text{};
  av_strerror(error, text.data(), text.size());
  return text.data();
}

}  // namespace weir
