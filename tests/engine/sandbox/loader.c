// Stands in for a container's dynamic loader, to be run as whatever binary the engine brought along (CVE-2019-5736):
// tries to open that binary for writing, at once and again after its own exec. No library: it is one itself.
#define _GNU_SOURCE
#include <asm/unistd.h>
#include <fcntl.h>

static long call(long number, long a, long b, long c) {
    register long flags __asm__("r10") = 0;
    long result;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(flags) : "rcx", "r11", "memory");
    return result;
}

static void say(const char *text, long length) { call(__NR_write, 1, (long)text, length); }

static void tell(const char *how, long length, long result) {
    char number[] = " 00\n";
    long error = result < 0 ? -result : 0;
    number[1] += error / 10 % 10, number[2] += error % 10;
    say(how, length), say(number, 4);
}

void _start(void) {
    static char path[4096], held[] = "/proc/self/fd/0";
    long length = call(__NR_readlink, (long)"/proc/self/exe", (long)path, sizeof path);
    say(path, length), say("\n", 1);
    long kept = call(__NR_open, (long)"/proc/self/exe", O_PATH, 0);
    held[14] += kept;
    tell("direct", 6, call(__NR_open, (long)"/proc/self/exe", O_WRONLY, 0));
    tell("held", 4, call(__NR_open, (long)held, O_WRONLY, 0));
    tell("append", 6, call(__NR_open, (long)held, O_RDWR | O_APPEND, 0));
    tell("truncate", 8, call(__NR_truncate, (long)held, 0, 0));
    tell("mode", 4, call(__NR_chmod, (long)held, 0777, 0));
    call(__NR_exit_group, 0, 0, 0);
}
