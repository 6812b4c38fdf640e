// limit: what a server can reach at best: one thread, epoll, one shared byte stream, one send() per viewer and turn.
// FLV comes in on PORT + 1 (plain TCP), HTTP-FLV goes out on PORT.
// usage: limit PORT frame | limit PORT batch MILLISECONDS
//   frame  one send per viewer for every tag that has arrived whole
//   batch  one send per viewer every MILLISECONDS
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

enum { MAX_VIEWERS = 20000, LIFE_MS = 1800000, FILE_HEADER = 13, TAG_HEADER = 11, TAG_EXTRA = 15 };

typedef struct {
  int fd, index, is_ready, is_blocked;
  uint64_t position;
  uint8_t *greeting;  // response head, file header, sequence headers
  size_t greeting_size, greeting_sent;
} viewer;

static uint8_t *log_bytes;
static const uint64_t capacity = 1ull << 30;
static uint64_t received, head, parsed = FILE_HEADER, newest_key;
static uint8_t opening[65536];
static size_t opening_size;
static viewer *viewers[MAX_VIEWERS];
static int viewer_count, epoll_fd;
static int listen_tag, ingest_listen_tag, ingest_tag;  // addresses that stand for the three other sockets

static uint64_t now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void add(int fd, void *tag) {
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = tag};
  epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static void block(viewer *v, int is_blocked) {
  if (v->is_blocked == is_blocked) return;
  v->is_blocked = is_blocked;
  struct epoll_event event = {.events = EPOLLIN | (is_blocked ? EPOLLOUT : 0), .data.ptr = v};
  epoll_ctl(epoll_fd, EPOLL_CTL_MOD, v->fd, &event);
}

static void drop(viewer *v) {
  viewers[v->index] = viewers[--viewer_count];
  viewers[v->index]->index = v->index;
  close(v->fd);
  free(v->greeting);
  free(v);
}

/** 0 when all went out or the socket is full; -1 when the peer is gone. */
static int push(viewer *v) {
  while (v->greeting_sent < v->greeting_size) {
    ssize_t n = send(v->fd, v->greeting + v->greeting_sent, v->greeting_size - v->greeting_sent, MSG_NOSIGNAL);
    if (n < 0) {
      if (errno != EAGAIN) return -1;
      block(v, 1);
      return 0;
    }
    v->greeting_sent += (size_t)n;
  }
  while (v->position < head) {
    ssize_t n = send(v->fd, log_bytes + v->position, head - v->position, MSG_NOSIGNAL);
    if (n < 0) {
      if (errno != EAGAIN) return -1;
      block(v, 1);
      return 0;
    }
    v->position += (uint64_t)n;
  }
  block(v, 0);
  return 0;
}

static void push_all(void) {
  for (int i = 0; i < viewer_count; i++) {
    viewer *v = viewers[i];
    if (!v->is_ready || v->is_blocked) continue;
    if (push(v) < 0) {
      drop(v);
      i--;
    }
  }
}

static int is_configuration(int type, const uint8_t *body) {
  return type == 18 || (type == 9 && body[1] == 0) || (type == 8 && body[0] >> 4 == 10 && body[1] == 0);
}

static void take_tags(int every_frame) {
  while (parsed + TAG_EXTRA <= received) {
    uint8_t *tag = log_bytes + parsed;
    size_t size = (size_t)(tag[1] << 16 | tag[2] << 8 | tag[3]) + TAG_EXTRA;
    if (parsed + size > received) break;
    uint8_t *body = tag + TAG_HEADER;
    int is_config = is_configuration(tag[0], body);
    if (is_config && opening_size + size < sizeof opening) {
      memcpy(opening + opening_size, tag, size);
      opening_size += size;
    }
    if (tag[0] == 9 && !is_config && body[0] >> 4 == 1) newest_key = parsed;
    parsed += size;
    head = parsed;
    if (every_frame) push_all();
  }
}

static int listen_on(int port) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  inet_pton(AF_INET, "127.0.0.1", &address.sin_addr);
  if (bind(fd, (struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 4096) != 0) {
    perror("limit: listen");
    exit(1);
  }
  return fd;
}

static void accept_viewers(int listener) {
  for (;;) {
    int fd = accept4(listener, 0, 0, SOCK_NONBLOCK), on = 1;
    if (fd < 0) return;
    if (viewer_count >= MAX_VIEWERS) {
      close(fd);
      continue;
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    viewer *v = calloc(1, sizeof *v);
    v->fd = fd;
    v->index = viewer_count;
    viewers[viewer_count++] = v;
    add(fd, v);
  }
}

static void greet(viewer *v) {
  static const char response[] = "HTTP/1.1 200 OK\r\nContent-Type: video/x-flv\r\nConnection: close\r\n\r\n";
  v->greeting_size = sizeof response - 1 + opening_size;
  v->greeting = malloc(v->greeting_size);
  memcpy(v->greeting, response, sizeof response - 1);
  memcpy(v->greeting + sizeof response - 1, opening, opening_size);
  v->position = newest_key ? newest_key : head;
  v->is_ready = 1;
}

static int serve(viewer *v, uint32_t events) {
  if (events & EPOLLIN) {
    char buffer[4096];
    ssize_t n = recv(v->fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (n == 0 || (n < 0 && errno != EAGAIN)) return -1;
    if (n > 0 && !v->is_ready) {
      greet(v);
      return push(v);
    }
  }
  return events & EPOLLOUT ? push(v) : 0;
}

int main(int argc, char **argv) {
  if (argc < 3) return 1;
  int port = atoi(argv[1]), every_frame = strcmp(argv[2], "frame") == 0;
  uint64_t step = argc > 3 ? (uint64_t)atoi(argv[3]) : 100;
  signal(SIGPIPE, SIG_IGN);
  log_bytes = malloc(capacity);
  epoll_fd = epoll_create1(0);
  /* Who finds the viewers' port open finds the publisher's open too. */
  int ingest_listener = listen_on(port + 1), listener = listen_on(port), ingest = -1;
  add(listener, &listen_tag);
  add(ingest_listener, &ingest_listen_tag);
  uint64_t start = now_ms(), next = start + step;
  struct epoll_event events[512];
  while (now_ms() - start < LIFE_MS) {
    uint64_t now = now_ms();
    int count = epoll_wait(epoll_fd, events, 512, every_frame ? 1000 : now >= next ? 0 : (int)(next - now));
    for (int i = 0; i < count; i++) {
      void *tag = events[i].data.ptr;
      if (tag == &listen_tag) accept_viewers(listener);
      else if (tag == &ingest_listen_tag) {
        ingest = accept4(ingest_listener, 0, 0, SOCK_NONBLOCK);
        if (ingest >= 0) add(ingest, &ingest_tag);
      } else if (tag == &ingest_tag) {
        uint64_t room = capacity - received;
        ssize_t n = recv(ingest, log_bytes + received, room > 1 << 20 ? 1 << 20 : room, MSG_DONTWAIT);
        if (n <= 0 && !(n < 0 && errno == EAGAIN)) return 0;
        if (n > 0) received += (uint64_t)n;
        if (opening_size == 0 && received >= FILE_HEADER) {
          memcpy(opening, log_bytes, FILE_HEADER);
          opening_size = FILE_HEADER;
        }
        take_tags(every_frame);
      } else if (tag && serve(tag, events[i].events) < 0) {
        for (int k = i + 1; k < count; k++)
          if (events[k].data.ptr == tag) events[k].data.ptr = 0;
        drop(tag);
      }
    }
    if (!every_frame && now_ms() >= next) {
      push_all();
      next += step;
      if (next < now_ms()) next = now_ms() + step;
    }
  }
  return 0;
}
