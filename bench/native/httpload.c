// httpload: N connections that ask for the given paths in turn, the next as soon as the answer is whole (keep-alive).
// Bodies are dropped by the kernel (MSG_TRUNC) behind the header. One thread, epoll. Prints one JSON line.
// usage: httpload HOST PORT CONNECTIONS SECONDS PATH…
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

enum { HEAD_BYTES = 4096 };

typedef struct {
  int fd;
  int next_path;
  char head[HEAD_BYTES + 1];  // of the answer, while it is not whole
  size_t head_size;
  int64_t body_left;  // -1 while the head is not whole
  uint64_t asked_ns;
} client;

static uint64_t answers, failures, body_bytes, latency_total_ns, latency_max_ns;
static char **paths;
static int path_count;
static const char *host;

static uint64_t now_ns(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void fail(const char *what) {
  fprintf(stderr, "httpload: %s: %s\n", what, strerror(errno));
  exit(2);
}

static void ask(client *c) {
  char line[1024];
  int size = snprintf(line, sizeof line, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", paths[c->next_path], host);
  c->next_path = (c->next_path + 1) % path_count;
  c->head_size = 0;
  c->body_left = -1;
  c->asked_ns = now_ns();
  if (send(c->fd, line, (size_t)size, MSG_NOSIGNAL) != size) fail("send");
}

static void answered(client *c) {
  uint64_t took = now_ns() - c->asked_ns;
  answers++;
  latency_total_ns += took;
  if (took > latency_max_ns) latency_max_ns = took;
  ask(c);
}

/** Reads the head with a peek, so that the body stays in the kernel. */
static int read_head(client *c) {
  ssize_t n = recv(c->fd, c->head, HEAD_BYTES, MSG_PEEK | MSG_DONTWAIT);
  if (n <= 0) return n < 0 && errno == EAGAIN ? 0 : -1;
  c->head[n] = 0;
  char *end = strstr(c->head, "\r\n\r\n");
  if (!end) return n == HEAD_BYTES ? -1 : 0;
  *end = 0;
  char *length = strcasestr(c->head, "\r\ncontent-length:");
  if (strncmp(c->head + 9, "200", 3) != 0) failures++;
  if (!length) return -1;
  c->body_left = atoll(length + 17);
  if (recv(c->fd, c->head, (size_t)(end + 4 - c->head), MSG_TRUNC) < 0) return -1;
  return 1;
}

static int read_answer(client *c) {
  static char buffer[1 << 20];
  for (;;) {
    if (c->body_left < 0) {
      int found = read_head(c);
      if (found <= 0) return found;
    }
    while (c->body_left > 0) {
      size_t want = c->body_left < (int64_t)sizeof buffer ? (size_t)c->body_left : sizeof buffer;
      ssize_t n = recv(c->fd, buffer, want, MSG_TRUNC | MSG_DONTWAIT);
      if (n < 0 && errno == EAGAIN) return 0;
      if (n <= 0) return -1;
      c->body_left -= n;
      body_bytes += (uint64_t)n;
    }
    answered(c);
  }
}

int main(int argc, char **argv) {
  if (argc < 6) {
    fprintf(stderr, "usage: httpload HOST PORT CONNECTIONS SECONDS PATH...\n");
    return 2;
  }
  signal(SIGPIPE, SIG_IGN);
  host = argv[1];
  paths = argv + 5;
  path_count = argc - 5;
  int count = atoi(argv[3]);
  double seconds = atof(argv[4]);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(argv[2]))};
  if (inet_pton(AF_INET, host, &address.sin_addr) != 1) fail("HOST must be an IPv4 address");
  int epoll_fd = epoll_create1(0);
  client *clients = calloc((size_t)count, sizeof *clients);
  for (int i = 0; i < count; i++) {
    client *c = &clients[i];
    c->fd = socket(AF_INET, SOCK_STREAM, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&address, sizeof address) != 0) fail("connect");
    c->next_path = i % path_count;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &event);
    ask(c);
  }
  uint64_t start = now_ns();
  struct epoll_event events[256];
  while ((double)(now_ns() - start) < seconds * 1e9) {
    int ready = epoll_wait(epoll_fd, events, 256, 100);
    for (int i = 0; i < ready; i++)
      if (read_answer(events[i].data.ptr) < 0) fail("the server closed a connection");
  }
  double took = (double)(now_ns() - start) / 1e9;
  printf("{\"seconds\":%.4f,\"answers\":%llu,\"failures\":%llu,\"bytes\":%llu,\"meanMs\":%.4f,\"maxMs\":%.3f}\n", took,
         (unsigned long long)answers, (unsigned long long)failures, (unsigned long long)body_bytes,
         answers ? (double)latency_total_ns / 1e6 / (double)answers : -1, (double)latency_max_ns / 1e6);
  return failures > 0;
}
