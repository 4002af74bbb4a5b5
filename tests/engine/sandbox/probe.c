/* What the kernel answers to this process: one line for every system call and for some arguments of some.
 *
 * Every call is made in a child of its own with arguments that can do no harm where it is allowed;
 * what matters is only whether it is, and with which error not. Linked statically, for any image.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define LAST 480
#define CLONE_FLAGS_SIGCHLD 17

static void probe(const char *name, long number, long a, long b, long c) {
    int ends[2];
    if (pipe(ends) < 0) exit(1);
    pid_t child = fork();
    if (child == 0) {
        pid_t self = getpid();
        alarm(1);
        errno = 0;
        long result = syscall(number, a, b, c, -1, -1, -1);
        if (getpid() != self) _exit(0); /* a child that clone made */
        int answer = result == -1 ? errno : 0;
        if (write(ends[1], &answer, sizeof answer) < 0) _exit(2);
        _exit(0);
    }
    close(ends[1]);
    int answer = 0, status = 0;
    ssize_t got = read(ends[0], &answer, sizeof answer);
    close(ends[0]);
    waitpid(child, &status, 0);
    if (got == sizeof answer) printf("%s %d\n", name, answer);
    else if (WIFSIGNALED(status)) printf("%s signal %d\n", name, WTERMSIG(status));
    else printf("%s ended\n", name);
    fflush(stdout);
}

int main(void) {
    char name[64];
    for (long number = 0; number <= LAST; number++) {
        switch (number) {
#ifdef SYS_fork
        case SYS_fork:
        case SYS_vfork:
#endif
        case SYS_clone: /* below, with flags that mean something */
        case SYS_sync:  /* slow, and allowed to everybody */
            continue;
        }
        snprintf(name, sizeof name, "call %ld", number);
        probe(name, number, -1, -1, -1);
    }
    for (long family = 0; family <= 46; family++) {
        snprintf(name, sizeof name, "socket %ld", family);
        probe(name, SYS_socket, family, 3, 0);
    }
    long flags[] = {0, 0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000};
    for (unsigned index = 0; index < sizeof flags / sizeof *flags; index++) {
        snprintf(name, sizeof name, "clone %#lx", flags[index]);
        probe(name, SYS_clone, flags[index] | CLONE_FLAGS_SIGCHLD, 0, 0);
        snprintf(name, sizeof name, "unshare %#lx", flags[index]);
        probe(name, SYS_unshare, flags[index], 0, 0);
    }
    long personalities[] = {0, 8, 0x20000, 0x20008, 0xffffffff, 0x40000};
    for (unsigned index = 0; index < sizeof personalities / sizeof *personalities; index++) {
        snprintf(name, sizeof name, "personality %#lx", personalities[index]);
        probe(name, SYS_personality, personalities[index], 0, 0);
    }
    probe("ioctl TIOCSTI", SYS_ioctl, 0, 0x5412, (long)"x");
    printf("securebits %d\n", prctl(PR_GET_SECUREBITS, 0, 0, 0, 0));
    printf("dumpable %d\n", prctl(PR_GET_DUMPABLE, 0, 0, 0, 0));
    printf("death signal %d\n", ({ int s = 0; prctl(PR_GET_PDEATHSIG, &s, 0, 0, 0); s; }));
    return 0;
}
