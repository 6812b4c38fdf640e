// serve: what a server of files can reach at best without sendfile: one thread, epoll, heads made beforehand, one
// writev() of head and body per answer. Takes keep-alive GET requests only.
// usage: serve FILE=PATH…   prints the port that it listens on
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
#include <sys/uio.h>
#include <unistd.h>

enum { MAX_FILES = 64, REQUEST_BYTES = 4096 };

typedef struct {
  const char *path;
  size_t path_size, head_size, body_size;
  char head[256];
  uint8_t *body;
} file;

typedef struct {
  int fd, is_blocked;
  char request[REQUEST_BYTES + 1];
  size_t request_size;
  const file *answer;  // being sent; NULL between answers
  size_t sent;
} client;

static file files[MAX_FILES];
static int file_count, epoll_fd, listen_tag;

static void fail(const char *what) {
  fprintf(stderr, "serve: %s: %s\n", what, strerror(errno));
  exit(2);
}

static void load(file *f, char *argument) {
  char *path = strchr(argument, '=');
  if (!path) fail("FILE=PATH");
  *path++ = 0;
  FILE *in = fopen(argument, "rb");
  if (!in) fail(argument);
  fseek(in, 0, SEEK_END);
  f->body_size = (size_t)ftell(in);
  rewind(in);
  f->body = malloc(f->body_size + 1);
  if (fread(f->body, 1, f->body_size, in) != f->body_size) fail("read");
  fclose(in);
  f->path = path;
  f->path_size = strlen(path);
  f->head_size = (size_t)snprintf(f->head, sizeof f->head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", f->body_size);
}

static void watch(client *c, int is_blocked) {
  if (c->is_blocked == is_blocked) return;
  c->is_blocked = is_blocked;
  struct epoll_event event = {.events = is_blocked ? EPOLLOUT : EPOLLIN, .data.ptr = c};
  epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &event);
}

/** 1: the answer is gone; 0: the socket is full; -1: the peer is. */
static int push(client *c) {
  const file *f = c->answer;
  while (c->sent < f->head_size + f->body_size) {
    struct iovec parts[2] = {{(void *)f->head, f->head_size}, {f->body, f->body_size}};
    int first = 0;
    size_t skip = c->sent;
    if (skip >= f->head_size) skip -= f->head_size, first = 1;
    parts[first].iov_base = (uint8_t *)parts[first].iov_base + skip;
    parts[first].iov_len -= skip;
    ssize_t n = writev(c->fd, parts + first, 2 - first);
    if (n < 0 && errno != EAGAIN) return -1;
    if (n < 0) return watch(c, 1), 0;
    c->sent += (size_t)n;
  }
  c->answer = NULL;
  watch(c, 0);
  return 1;
}

static const file *asked_for(const char *request) {
  for (int i = 0; i < file_count; i++)
    if (strncmp(request + 4, files[i].path, files[i].path_size) == 0 && request[4 + files[i].path_size] == ' ') return &files[i];
  return NULL;
}

static int serve(client *c) {
  if (c->answer) return push(c) < 0 ? -1 : 0;
  ssize_t n = recv(c->fd, c->request + c->request_size, REQUEST_BYTES - c->request_size, MSG_DONTWAIT);
  if (n <= 0) return n < 0 && errno == EAGAIN ? 0 : -1;
  c->request_size += (size_t)n;
  c->request[c->request_size] = 0;
  if (!strstr(c->request, "\r\n\r\n")) return c->request_size == REQUEST_BYTES ? -1 : 0;
  c->answer = asked_for(c->request);
  c->request_size = 0;
  c->sent = 0;
  return c->answer ? (push(c) < 0 ? -1 : 0) : -1;
}

int main(int argc, char **argv) {
  signal(SIGPIPE, SIG_IGN);
  for (int i = 1; i < argc && file_count < MAX_FILES; i++) load(&files[file_count++], argv[i]);
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof address;
  if (bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, 4096) != 0) fail("listen");
  getsockname(listener, (struct sockaddr *)&address, &size);
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  epoll_fd = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = &listen_tag};
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, listener, &event);
  struct epoll_event events[256];
  for (;;) {
    int ready = epoll_wait(epoll_fd, events, 256, -1);
    for (int i = 0; i < ready; i++) {
      client *c = events[i].data.ptr;
      if ((void *)c == &listen_tag) {
        int fd, yes = 1;
        while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
          setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
          client *fresh = calloc(1, sizeof *fresh);
          fresh->fd = fd;
          struct epoll_event read = {.events = EPOLLIN, .data.ptr = fresh};
          epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &read);
        }
      } else if (serve(c) < 0) {
        close(c->fd);
        free(c);
      }
    }
  }
}
