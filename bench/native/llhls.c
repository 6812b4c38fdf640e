// llhls: N viewers of one media playlist of Low-Latency HLS. Each keeps two requests waiting: for the next playlist
// (_HLS_msn, _HLS_part) and for the part that the last one hints at. Media are dropped by the kernel (MSG_TRUNC). One
// thread, epoll; ends on SIGTERM. Prints a JSON line: parts and playlists that came whole, and refusals, since SIGUSR1.
// usage: llhls PORT FOLDER VIEWERS
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
#include <unistd.h>

enum { BUFFER_BYTES = 65536, NAME_BYTES = 128, STEP = 20, STEP_MS = 20 };

typedef struct viewer viewer;
typedef struct {
  int fd, is_list;
  viewer *owner;
  size_t size;        // bytes in `buffer`: the head of a part, or head and text of a list
  int64_t body_left;  // of a part; -1 while its head is not whole
  char *buffer;
} connection;
struct viewer {
  connection list, media;
  int is_fetching;
  char hinted[NAME_BYTES];
};

static const char *folder;
static struct sockaddr_in server;
static int epoll_fd;
static volatile sig_atomic_t is_over, is_reset;
static uint64_t parts, lists, refusals;

static void fail(const char *what) {
  fprintf(stderr, "llhls: %s: %s\n", what, strerror(errno));
  exit(2);
}
static void on_signal(int number) {
  if (number == SIGUSR1) is_reset = 1;
  else is_over = 1;
}

static void ask(connection *c, const char *file) {
  char line[512];
  int size = snprintf(line, sizeof line, "GET %s%s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", folder, file);
  c->size = 0;
  c->body_left = -1;
  if (send(c->fd, line, (size_t)size, MSG_NOSIGNAL) != size) fail("send");
}

static void open_connection(connection *c, viewer *owner, int is_list) {
  int on = 1;
  c->fd = socket(AF_INET, SOCK_STREAM, 0);
  if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&server, sizeof server) != 0) fail("connect");
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  c->owner = owner;
  c->is_list = is_list;
  c->buffer = malloc(BUFFER_BYTES + 1);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &event);
}

/** The body's length, or -1 while the head is not whole; `body` is where it starts. */
static int64_t read_head(connection *c, char **body, int *status) {
  c->buffer[c->size] = 0;
  char *end = strstr(c->buffer, "\r\n\r\n");
  if (!end) return -1;
  *end = 0;
  char *length = strcasestr(c->buffer, "\r\ncontent-length:");
  *status = atoi(c->buffer + 9);
  int64_t bytes = length ? atoll(length + 17) : 0;
  *end = '\r';
  *body = end + 4;
  return bytes;
}

/** `text` is that of a playlist: asks for the part that it hints at, and for the list that has it. */
static void follow(viewer *v, char *text) {
  char *hint = strstr(text, "#EXT-X-PRELOAD-HINT:");
  char *uri = hint ? strstr(hint, "URI=\"") : 0;
  char *end = uri ? strchr(uri + 5, '"') : 0;
  char next[NAME_BYTES] = "t1.m3u8";
  if (end && end - uri - 5 < NAME_BYTES) {
    *end = 0;
    char *name = uri + 5, *msn = strrchr(name, '-');
    unsigned long long sequence = 0, part = 0;
    if (msn && sscanf(msn, "-%llu.%llu.m4s", &sequence, &part) == 2)
      snprintf(next, sizeof next, "t1.m3u8?_HLS_msn=%llu&_HLS_part=%llu", sequence, part);
    if (!v->is_fetching && strcmp(name, v->hinted) != 0) {
      strcpy(v->hinted, name);
      v->is_fetching = 1;
      ask(&v->media, name);
    }
  }
  ask(&v->list, next);
}

static void read_list(connection *c) {
  ssize_t n = recv(c->fd, c->buffer + c->size, BUFFER_BYTES - c->size, MSG_DONTWAIT);
  if (n < 0 && errno == EAGAIN) return;
  if (n <= 0) fail("a connection was closed");
  c->size += (size_t)n;
  char *body;
  int status;
  int64_t bytes = read_head(c, &body, &status);
  if (bytes < 0 || c->buffer + c->size < body + bytes) return;
  body[bytes] = 0;
  lists++;
  if (status != 200) refusals++;
  follow(c->owner, status == 200 ? body : "");
}

static void read_part(connection *c) {
  static char dropped[1 << 20];
  for (;;) {
    if (c->body_left < 0) {
      ssize_t n = recv(c->fd, c->buffer, 4096, MSG_PEEK | MSG_DONTWAIT);
      if (n < 0 && errno == EAGAIN) return;
      if (n <= 0) fail("a connection was closed");
      c->size = (size_t)n;
      char *body;
      int status;
      int64_t bytes = read_head(c, &body, &status);
      if (bytes < 0) return;
      if (status != 200) refusals++;
      c->body_left = bytes;
      recv(c->fd, dropped, (size_t)(body - c->buffer), MSG_TRUNC);
    }
    while (c->body_left > 0) {
      size_t want = c->body_left < (int64_t)sizeof dropped ? (size_t)c->body_left : sizeof dropped;
      ssize_t n = recv(c->fd, dropped, want, MSG_TRUNC | MSG_DONTWAIT);
      if (n < 0 && errno == EAGAIN) return;
      if (n <= 0) fail("a connection was closed");
      c->body_left -= n;
    }
    c->body_left = -1;
    c->owner->is_fetching = 0;
    parts++;
    return;
  }
}

int main(int argc, char **argv) {
  if (argc < 4) return 2;
  folder = argv[2];
  int count = atoi(argv[3]);
  signal(SIGTERM, on_signal);
  signal(SIGUSR1, on_signal);
  server = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[1]))};
  inet_pton(AF_INET, "127.0.0.1", &server.sin_addr);
  epoll_fd = epoll_create1(0);
  viewer *viewers = calloc((size_t)count + 1, sizeof *viewers);
  struct epoll_event events[512];
  int opened = 0;
  while (!is_over) {
    for (int at = 0; at < STEP && opened < count; at++, opened++) {
      viewer *v = &viewers[opened];
      open_connection(&v->list, v, 1);
      open_connection(&v->media, v, 0);
      ask(&v->list, "t1.m3u8");
    }
    int ready = epoll_wait(epoll_fd, events, 512, opened < count ? STEP_MS : 200);
    for (int i = 0; i < ready; i++) {
      connection *c = events[i].data.ptr;
      if (c->is_list) read_list(c);
      else read_part(c);
    }
    if (is_reset) is_reset = parts = lists = refusals = 0;
  }
  printf("{\"parts\":%llu,\"lists\":%llu,\"refusals\":%llu}\n", (unsigned long long)parts, (unsigned long long)lists,
         (unsigned long long)refusals);
  return 0;
}
