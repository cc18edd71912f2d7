/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A program whose system calls of some numbers are asked for, in it and in all processes that it starts
 * (seccomp_unotify(2)): also calls from within the C library. */
#ifndef SILVERBAR_TESTS_ASKED_CALLS_H
#define SILVERBAR_TESTS_ASKED_CALLS_H

#include <linux/filter.h>
#include <linux/seccomp.h>

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ASKED_MOST 64

struct asked {
    size_t n;
    int calls[ASKED_MOST]; /* n: their numbers */
    /* 0: the call is made; else the errno with which it fails */
    int (*answer)(void *data, unsigned process, const struct seccomp_data *call);
    void *data;
};

static inline void asked_die(const char *what)
{
    perror(what);
    exit(99);
}

static inline int asked_listener(const struct asked *a)
{
    struct sock_filter filter[2 * ASKED_MOST + 2] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (unsigned)offsetof(struct seccomp_data, nr))};
    unsigned short n = 1;
    for (size_t i = 0; i < a->n; i++) {
        filter[n++] =
            (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)a->calls[i], 0, 1);
        filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
    }
    filter[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    const struct sock_fprog program = {n, filter};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        asked_die("no new privileges");
    const long listener =
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
    if (listener < 0)
        asked_die("a filter with a listener");
    return (int)listener;
}

union asked_control {
    char bytes[CMSG_SPACE(sizeof(int))];
    struct cmsghdr align;
};

static inline void asked_pass(int socket, int descriptor)
{
    char byte = 0;
    union asked_control control = {0};
    struct iovec vector = {&byte, 1};
    struct msghdr message = {.msg_iov = &vector,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof descriptor);
    memcpy(CMSG_DATA(head), &descriptor, sizeof descriptor);
    if (sendmsg(socket, &message, 0) != 1)
        asked_die("sendmsg");
}

static inline int asked_take(int socket)
{
    char byte;
    int descriptor;
    union asked_control control;
    struct iovec vector = {&byte, 1};
    struct msghdr message = {.msg_iov = &vector,
                             .msg_iovlen = 1,
                             .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    if (recvmsg(socket, &message, MSG_CMSG_CLOEXEC) != 1 || !CMSG_FIRSTHDR(&message))
        asked_die("recvmsg");
    memcpy(&descriptor, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof descriptor);
    return descriptor;
}

/* Run it until no process with the filter is left; its exit status, or 128 and the signal that ended it. */
static inline int asked_run(const struct asked *a, char *const *argv)
{
    int ends[2], status;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        asked_die("socketpair");
    const pid_t child = fork();
    if (child < 0)
        asked_die("fork");
    if (child == 0) {
        asked_pass(ends[1], asked_listener(a));
        execv(argv[0], argv);
        asked_die(argv[0]);
    }
    close(ends[1]);
    const int listener = asked_take(ends[0]);
    struct pollfd ready = {.fd = listener, .events = POLLIN};
    while (poll(&ready, 1, -1) >= 0 && !(ready.revents & POLLHUP)) {
        struct seccomp_notif ask = {0};
        if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &ask) != 0)
            continue; /* a signal took the call back */
        const int error = a->answer(a->data, ask.pid, &ask.data);
        struct seccomp_notif_resp reply = {
            .id = ask.id, .error = -error, .flags = error ? 0 : SECCOMP_USER_NOTIF_FLAG_CONTINUE};
        ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &reply);
    }
    if (waitpid(child, &status, 0) != child)
        asked_die("waitpid");
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static inline bool asked_begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* Where a link of a process leads (fd/N, cwd); empty: it is not there. */
static inline void asked_link(unsigned process, const char *name, char path[4096])
{
    char link[64];
    snprintf(link, sizeof link, "/proc/%u/%s", process, name);
    const ssize_t n = readlink(link, path, 4095);
    path[n < 0 ? 0 : n] = 0;
}

#endif
