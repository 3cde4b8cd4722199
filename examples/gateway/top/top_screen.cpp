#include "gateway/top/top_screen.hpp"

#ifdef VX11_TOP_CURSES
#include <algorithm>
#include <clocale>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#define NCURSES_NOMACROS  // they collide with other names
#include <curses.h>
#include <fmt/format.h>
#include <langinfo.h>
#include <unistd.h>

#include "gateway/top/top_poller.hpp"
#include "gateway/top/top_text.hpp"
#endif

namespace gateway {

#ifdef VX11_TOP_CURSES

namespace {

volatile std::sig_atomic_t stop_signal = 0;

void note_stop(int signal) {
  stop_signal = signal;
}

/// ncurses from construction to destruction, which leaves the terminal as it was.
class Screen {
 public:
  Screen() {
    ::initscr();
    ::cbreak();
    ::noecho();
    ::keypad(stdscr, TRUE);
    ::curs_set(0);
    ::timeout(100);  // between two looks at the poller
    if (::has_colors() == TRUE) {
      ::start_color();
      ::use_default_colors();
      ::init_pair(1, COLOR_RED, -1);
    }
  }
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;
  ~Screen() { ::endwin(); }

  static attr_t look_of(TopLook look) {
    if (look == TopLook::heading) return A_BOLD;
    if (look == TopLook::plain) return A_NORMAL;
    return ::has_colors() == TRUE ? COLOR_PAIR(1) : A_STANDOUT;
  }
};

/// What the keys change.
struct View {
  TopSort sort = TopSort::rate;
  bool is_paused = false;
  bool is_done = false;
};

TopSort next(TopSort sort) {
  return sort == TopSort::name ? TopSort::rate : static_cast<TopSort>(static_cast<int>(sort) + 1);
}

void press(int key, View& view) {
  if (key == 'q' || key == 'Q') view.is_done = true;
  if (key == 'p' || key == ' ') view.is_paused = !view.is_paused;
  if (key == 's') view.sort = next(view.sort);
}

/// The last line of the screen.
std::string bottom_of(const TopPoller::State& state, const View& view) {
  if (!state.error.empty()) return fmt::format("reconnecting: {}", state.error);
  if (view.is_paused) return "paused; p: continue";
  return "q: quit  p: pause  s: sort";
}

void draw(const TopPoller::State& state, const View& view, const TopOptions& options,
          bool has_utf8) {
  const auto height = static_cast<std::size_t>(std::max(LINES, 1));
  const auto width = static_cast<std::size_t>(std::max(COLS, 1));
  std::vector<TopLine> lines;
  if (state.now != nullptr) {
    lines = make_top_frame(state.before.get(), *state.now, options.url, view.sort);
  } else {
    lines.push_back({fmt::format("vx11-gateway top  {}", options.url), TopLook::heading});
  }
  lines = fitted(std::move(lines), width, height - 1, has_utf8);
  lines.resize(height - 1);
  const TopLook look = state.error.empty() ? TopLook::heading : TopLook::warning;
  lines.push_back({fit(bottom_of(state, view), width, has_utf8), look});
  ::erase();
  for (std::size_t i = 0; i < lines.size(); ++i) {
    ::attrset(static_cast<int>(Screen::look_of(lines[i].look)));
    ::mvaddstr(static_cast<int>(i), 0, lines[i].text.c_str());
  }
  ::refresh();
}

}  // namespace

bool has_top_screen() noexcept {
  return true;
}

int run_top_screen(const TopOptions& options, TopSource source) {
  std::setlocale(LC_ALL, "");
  const bool has_utf8 = std::string_view(::nl_langinfo(CODESET)) == "UTF-8";
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGTERM, note_stop);
  std::signal(SIGINT, note_stop);
  std::signal(SIGHUP, note_stop);
  TopPoller poller(std::move(source), options.interval);
  const Screen screen;
  std::optional<TopPoller::State> shown;  // none: to be drawn, as a key or a new size changes it
  for (View view; !view.is_done && stop_signal == 0;) {
    TopPoller::State state = poller.state();
    if (shown != state) {
      draw(state, view, options, has_utf8);
      shown = std::move(state);
    }
    const int key = ::getch();
    if (key == ERR && ::isatty(STDIN_FILENO) == 0) break;
    if (key == ERR) continue;
    shown.reset();
    press(key, view);
    poller.pause(view.is_paused);
  }
  return EXIT_SUCCESS;
}

#else

bool has_top_screen() noexcept {
  return false;
}

int run_top_screen(const TopOptions&, TopSource) {
  return 1;
}

#endif

}  // namespace gateway
