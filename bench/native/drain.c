// drain: N connections that send one prepared request and then read for ever, as cheaply as a process can: what
// arrives is dropped by the kernel (MSG_TRUNC), never copied. One thread, epoll. Reads commands from standard input:
//   "mark\n"  prints one JSON line with the counts since the last mark, and starts the next window
//   end of input ends the process; so does the time limit.
// usage: drain HOST PORT VIEWERS RAMP_PER_SECOND REQUEST_FILE STALLED
//   REQUEST_FILE  the bytes that every connection sends (HTTP, WebSocket upgrade, or a pipelined RTMP play)
//   STALLED       so many of the connections, the last ones, never read
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
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

enum { MAX_VIEWERS = 20000, LIFE_SECONDS = 1800, STARVED_PERCENT = 90 };

typedef struct {
  int fd;
  int is_stalled;
  size_t sent;          // of the request
  uint64_t started_ns;  // connect
  uint64_t first_ns;    // first byte of the answer; 0 before
  uint64_t bytes;       // since the last mark
} viewer;

static viewer *viewers;
static int viewer_count, open_count, started_count, epoll_fd;
static uint64_t dropped_count;
static char *request;
static size_t request_size;
static struct sockaddr_in address;

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void fail(const char *what) {
  fprintf(stderr, "drain: %s: %s\n", what, strerror(errno));
  exit(2);
}

static void watch(viewer *v, uint32_t events, int operation) {
  struct epoll_event event = {.events = events, .data.ptr = v};
  if (epoll_ctl(epoll_fd, operation, v->fd, &event) != 0) fail("epoll_ctl");
}

static void start_viewer(viewer *v) {
  v->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (v->fd < 0) fail("socket (ulimit -n?)");
  v->started_ns = now_ns();
  if (connect(v->fd, (struct sockaddr *)&address, sizeof address) != 0 && errno != EINPROGRESS) fail("connect");
  watch(v, EPOLLOUT, EPOLL_CTL_ADD);
  open_count++;
}

static void drop_viewer(viewer *v) {
  close(v->fd);
  v->fd = -1;
  open_count--;
  dropped_count++;
}

static void send_request(viewer *v) {
  while (v->sent < request_size) {
    ssize_t n = send(v->fd, request + v->sent, request_size - v->sent, MSG_NOSIGNAL);
    if (n < 0 && errno == EAGAIN) return;
    if (n < 0) return drop_viewer(v);
    v->sent += (size_t)n;
  }
  watch(v, v->is_stalled ? 0 : EPOLLIN, EPOLL_CTL_MOD);
}

static void read_all(viewer *v) {
  static char buffer[1 << 20];
  for (int turn = 0; turn < 4; turn++) {
    ssize_t n = recv(v->fd, buffer, sizeof buffer, MSG_TRUNC | MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) return drop_viewer(v);
    if (v->first_ns == 0) v->first_ns = now_ns();
    v->bytes += (uint64_t)n;
    if ((size_t)n < sizeof buffer) return;
  }
}

static int compare(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double percentile(double *sorted, int count, double share) {
  return count == 0 ? -1 : sorted[(int)(share * (count - 1) + 0.5)];
}

/** Starved: got less than 90 % of what the median viewer got. Only viewers that read are counted. */
static void print_mark(uint64_t *window_start) {
  uint64_t now = now_ns(), total = 0;
  double *bytes = calloc((size_t)viewer_count + 1, sizeof *bytes);
  double *first_ms = calloc((size_t)viewer_count + 1, sizeof *first_ms);
  int reading = 0, answered = 0, starved = 0;
  for (int i = 0; i < started_count; i++) {
    viewer *v = &viewers[i];
    if (v->is_stalled) continue;
    if (v->first_ns != 0) first_ms[answered++] = (double)(v->first_ns - v->started_ns) / 1e6;
    bytes[reading++] = (double)v->bytes;
    total += v->bytes;
    v->bytes = 0;
  }
  qsort(bytes, (size_t)reading, sizeof *bytes, compare);
  qsort(first_ms, (size_t)answered, sizeof *first_ms, compare);
  double median = percentile(bytes, reading, 0.5);
  for (int i = 0; i < reading; i++) starved += bytes[i] * 100 < median * STARVED_PERCENT;
  printf("{\"windowSeconds\":%.4f,\"bytes\":%llu,\"open\":%d,\"started\":%d,\"dropped\":%llu,\"starved\":%d,"
         "\"firstByteP50Ms\":%.2f,\"firstByteP99Ms\":%.2f}\n",
         (double)(now - *window_start) / 1e9, (unsigned long long)total, open_count, started_count,
         (unsigned long long)dropped_count, starved, percentile(first_ms, answered, 0.5),
         percentile(first_ms, answered, 0.99));
  fflush(stdout);
  free(bytes);
  free(first_ms);
  *window_start = now;
}

static void read_request(const char *path) {
  FILE *file = fopen(path, "rb");
  if (!file) fail(path);
  request = malloc(1 << 20);
  request_size = fread(request, 1, 1 << 20, file);
  fclose(file);
}

int main(int argc, char **argv) {
  if (argc != 7) {
    fprintf(stderr, "usage: drain HOST PORT VIEWERS RAMP_PER_SECOND REQUEST_FILE STALLED\n");
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  address.sin_family = AF_INET;
  address.sin_port = htons((uint16_t)atoi(argv[2]));
  if (inet_pton(AF_INET, argv[1], &address.sin_addr) != 1) fail("HOST must be an IPv4 address");
  viewer_count = atoi(argv[3]);
  double ramp = atof(argv[4]);
  int stalled = atoi(argv[6]);
  if (viewer_count < 0 || viewer_count > MAX_VIEWERS) fail("VIEWERS");
  read_request(argv[5]);
  viewers = calloc((size_t)viewer_count + 1, sizeof *viewers);
  for (int i = viewer_count - stalled; i < viewer_count; i++) viewers[i].is_stalled = 1;
  epoll_fd = epoll_create1(0);
  static viewer input;
  input.fd = 0;
  watch(&input, EPOLLIN, EPOLL_CTL_ADD);
  uint64_t start = now_ns(), window_start = start;
  struct epoll_event events[512];
  while (now_ns() - start < (uint64_t)LIFE_SECONDS * 1000000000u) {
    double elapsed = (double)(now_ns() - start) / 1e9;
    while (started_count < viewer_count && started_count < elapsed * ramp) start_viewer(&viewers[started_count++]);
    int count = epoll_wait(epoll_fd, events, 512, started_count < viewer_count ? 1 : 1000);
    for (int i = 0; i < count; i++) {
      viewer *v = events[i].data.ptr;
      if (v == &input) {
        char line[64];
        if (read(0, line, sizeof line) <= 0) return 0;
        print_mark(&window_start);
      } else if (v->fd >= 0 && (events[i].events & EPOLLOUT)) send_request(v);
      else if (v->fd >= 0) read_all(v);
    }
  }
  return 0;
}
