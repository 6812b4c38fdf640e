// hlsdrain: N viewers of HLS, as cheap as a process can be: each has one connection, reads the playlist of every track
// once per RELOAD_MS and then the segments that are new in it, in order. Media are dropped by the kernel (MSG_TRUNC).
// One thread, epoll. Reads commands from standard input:
//   "mark\n"  prints one JSON line with the counts since the last mark, and starts the next window
//   end of input ends the process; so does the time limit.
// usage: hlsdrain PORT VIEWERS RAMP_PER_SECOND FOLDER TRACKS RELOAD_MS
//   FOLDER  where the playlists t1.m3u8, t2.m3u8 … are: /live/a/
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAX_VIEWERS = 20000, MAX_TRACKS = 4, NAME_BYTES = 96, MAX_NEW = 16, LIST_BYTES = 1 << 18, LIFE_SECONDS = 1800 };

typedef struct {
  int fd, is_waiting;
  int track;                            // whose turn it is
  char last[MAX_TRACKS][NAME_BYTES];    // the newest segment that was asked for
  char fresh[MAX_NEW][NAME_BYTES];      // to be asked for, oldest first
  int fresh_count, fresh_at;
  int is_list;                          // what is being answered
  int64_t body_left;                    // -1 while the head is not whole
  char *text;                           // of a list
  size_t size;
  uint64_t started_ns, first_ns, next_ns;
  uint64_t bytes, segments;             // since the last mark
} viewer;

static viewer *viewers;
static int viewer_count, started_count, open_count, track_count, epoll_fd;
static uint64_t dropped_count, reload_ns;
static const char *folder;
static struct sockaddr_in address;

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void fail(const char *what) {
  fprintf(stderr, "hlsdrain: %s: %s\n", what, strerror(errno));
  exit(2);
}

static void drop_viewer(viewer *v) {
  close(v->fd);
  v->fd = -1;
  open_count--;
  dropped_count++;
}

static void ask(viewer *v, const char *file, int is_list) {
  char line[512];
  int size = snprintf(line, sizeof line, "GET %s%s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", folder, file);
  v->is_list = is_list;
  v->body_left = -1;
  v->size = 0;
  if (send(v->fd, line, (size_t)size, MSG_NOSIGNAL) != size) drop_viewer(v);
}

static void ask_list(viewer *v) {
  char name[24];
  snprintf(name, sizeof name, "t%d.m3u8", v->track + 1);
  ask(v, name, 1);
}

/** The next new segment, or the list of the next track, or a pause. */
static void go_on(viewer *v) {
  if (v->fresh_at < v->fresh_count) return ask(v, v->fresh[v->fresh_at++], 0);
  v->track = (v->track + 1) % track_count;
  if (v->track != 0) return ask_list(v);
  v->is_waiting = 1;
}

static void note_fresh(viewer *v, const char *name, size_t length) {
  if (length >= NAME_BYTES || v->fresh_count == MAX_NEW) return;
  memcpy(v->fresh[v->fresh_count], name, length);
  v->fresh[v->fresh_count++][length] = 0;
}

/** What is new in a list: behind the last that was asked for, or the last of all where that is not in it. */
static void read_list(viewer *v) {
  v->text[v->size] = 0;
  v->fresh_count = v->fresh_at = 0;
  char *known = v->last[v->track], *last = 0;
  size_t last_length = 0;
  int is_behind = 0;
  for (char *line = v->text; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : 0) {
    if (*line == '#' || *line == '\n') continue;
    size_t length = strcspn(line, "\r\n");
    if (is_behind) note_fresh(v, line, length);
    if (known[0] && strlen(known) == length && strncmp(known, line, length) == 0) is_behind = 1;
    last = line;
    last_length = length;
  }
  if (!last) return;
  if (!is_behind) note_fresh(v, last, last_length);
  if (last_length < NAME_BYTES) {
    memcpy(known, last, last_length);
    known[last_length] = 0;
  }
}

static void start_viewer(viewer *v) {
  int on = 1;
  v->fd = socket(AF_INET, SOCK_STREAM, 0);
  if (v->fd < 0) fail("socket (ulimit -n?)");
  v->started_ns = now_ns();
  if (connect(v->fd, (struct sockaddr *)&address, sizeof address) != 0) fail("connect");
  setsockopt(v->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  v->text = malloc(LIST_BYTES + 1);
  v->next_ns = v->started_ns + reload_ns;
  open_count++;
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = v};
  if (epoll_ctl(epoll_fd, EPOLL_CTL_ADD, v->fd, &event) != 0) fail("epoll_ctl");
  ask_list(v);
}

/** 1: the head is whole and gone; 0: not yet. */
static int take_head(viewer *v) {
  char head[4097];
  ssize_t n = recv(v->fd, head, 4096, MSG_PEEK | MSG_DONTWAIT);
  if (n < 0 && errno == EAGAIN) return 0;
  if (n <= 0) return drop_viewer(v), 0;
  if (v->first_ns == 0) v->first_ns = now_ns();
  head[n] = 0;
  char *end = strstr(head, "\r\n\r\n");
  if (!end) return 0;
  char *length = strcasestr(head, "\r\ncontent-length:");
  v->body_left = length && length < end ? atoll(length + 17) : 0;
  if (v->is_list && v->body_left > LIST_BYTES) fail("a list is too long");
  recv(v->fd, head, (size_t)(end + 4 - head), 0);
  if (atoi(head + 9) != 200) return drop_viewer(v), 0;
  return 1;
}

static void read_viewer(viewer *v) {
  static char dropped[1 << 20];
  if (v->is_waiting) return drop_viewer(v);
  if (v->body_left < 0 && !take_head(v)) return;
  while (v->body_left > 0) {
    size_t want = v->body_left < (int64_t)sizeof dropped ? (size_t)v->body_left : sizeof dropped;
    ssize_t n = v->is_list ? recv(v->fd, v->text + v->size, want, MSG_DONTWAIT)
                           : recv(v->fd, dropped, want, MSG_TRUNC | MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) return drop_viewer(v);
    v->body_left -= n;
    v->bytes += (uint64_t)n;
    if (v->is_list) v->size += (size_t)n;
  }
  if (v->is_list) read_list(v);
  else v->segments++;
  go_on(v);
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double percentile(double *sorted, int count, double share) {
  return count == 0 ? -1 : sorted[(int)(share * (count - 1) + 0.5)];
}

/** Starved: more than one segment of each track less than the median viewer got. */
static void print_mark(uint64_t *window_start) {
  uint64_t now = now_ns(), total = 0;
  double *segments = calloc((size_t)started_count + 1, sizeof *segments);
  double *first_ms = calloc((size_t)started_count + 1, sizeof *first_ms);
  int answered = 0, starved = 0;
  for (int i = 0; i < started_count; i++) {
    viewer *v = &viewers[i];
    if (v->first_ns != 0) first_ms[answered++] = (double)(v->first_ns - v->started_ns) / 1e6;
    segments[i] = (double)v->segments;
    total += v->bytes;
    v->bytes = v->segments = 0;
  }
  qsort(segments, (size_t)started_count, sizeof *segments, compare);
  qsort(first_ms, (size_t)answered, sizeof *first_ms, compare);
  double least = percentile(segments, started_count, 0.5) - track_count;
  for (int i = 0; i < started_count; i++) starved += segments[i] < least;
  printf("{\"windowSeconds\":%.4f,\"bytes\":%llu,\"open\":%d,\"started\":%d,\"dropped\":%llu,\"starved\":%d,"
         "\"firstByteP50Ms\":%.2f,\"firstByteP99Ms\":%.2f}\n",
         (double)(now - *window_start) / 1e9, (unsigned long long)total, open_count, started_count,
         (unsigned long long)dropped_count, starved, percentile(first_ms, answered, 0.5),
         percentile(first_ms, answered, 0.99));
  fflush(stdout);
  free(segments);
  free(first_ms);
  *window_start = now;
}

/** Those whose pause is over read their lists again. */
static void reload(uint64_t now) {
  for (int i = 0; i < started_count; i++) {
    viewer *v = &viewers[i];
    if (v->fd < 0 || !v->is_waiting || v->next_ns > now) continue;
    v->is_waiting = 0;
    v->next_ns = v->next_ns + reload_ns > now ? v->next_ns + reload_ns : now + reload_ns;
    ask_list(v);
  }
}

int main(int argc, char **argv) {
  if (argc != 7) {
    fprintf(stderr, "usage: hlsdrain PORT VIEWERS RAMP_PER_SECOND FOLDER TRACKS RELOAD_MS\n");
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  address = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1]))};
  inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
  viewer_count = atoi(argv[2]);
  double ramp = atof(argv[3]);
  folder = argv[4];
  track_count = atoi(argv[5]);
  reload_ns = (uint64_t)atoi(argv[6]) * 1000000u;
  if (viewer_count < 0 || viewer_count > MAX_VIEWERS || track_count < 1 || track_count > MAX_TRACKS) fail("numbers");
  viewers = calloc((size_t)viewer_count + 1, sizeof *viewers);
  epoll_fd = epoll_create1(0);
  struct epoll_event input = {.events = EPOLLIN, .data.ptr = 0}, events[512];
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, 0, &input);
  uint64_t start = now_ns(), window_start = start;
  for (uint64_t now = start; now - start < (uint64_t)LIFE_SECONDS * 1000000000u; now = now_ns()) {
    while (started_count < viewer_count && started_count < (double)(now - start) / 1e9 * ramp)
      start_viewer(&viewers[started_count++]);
    reload(now);
    int count = epoll_wait(epoll_fd, events, 512, 5);
    for (int i = 0; i < count; i++) {
      viewer *v = events[i].data.ptr;
      if (v && v->fd >= 0) read_viewer(v);
      char line[64];
      if (!v && read(0, line, sizeof line) <= 0) return 0;
      if (!v) print_mark(&window_start);
    }
  }
  return 0;
}
