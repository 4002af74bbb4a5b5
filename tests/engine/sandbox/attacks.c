// Ways out of a container, each tried once: "<name> refused <errno>", "<name> killed <signal>", or "<name> DONE".
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/fs.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#define X32 0x40000000L

static long old(long number, long a, long b, long c, long d, long e) {
    long result;
    __asm__ volatile("int $0x80" : "=a"(result)
                     : "a"(number), "b"(a), "c"(b), "d"(c), "S"(d), "D"(e) : "memory", "r8", "r9", "r10", "r11");
    if (result < 0 && result > -4096) { errno = -result; return -1; }
    return result;
}

// Each attack has a process of its own: some end it, others change what it may do next.
#define TRY(name, expression) do { \
    fflush(stdout); \
    pid_t child = fork(); \
    if (child == 0) { \
        alarm(5); errno = 0; \
        long result = (long)(expression); \
        if (result < 0) printf("%s refused %d\n", name, errno); else printf("%s DONE\n", name); \
        fflush(stdout); _exit(0); \
    } \
    int status; waitpid(child, &status, 0); \
    if (WIFSIGNALED(status)) printf("%s killed %d\n", name, WTERMSIG(status)); \
} while (0)

static long node(const char *path, mode_t kind, int major, int minor) {
    unlink(path);
    if (mknod(path, kind | 0600, makedev(major, minor))) return -1;
    return open(path, O_RDONLY | O_NONBLOCK);
}

static long capability(int bit, int inheritable) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2];
    if (syscall(SYS_capget, &header, data)) return -1;
    if (inheritable) data[bit / 32].inheritable |= 1u << bit % 32;
    else data[bit / 32].permitted |= 1u << bit % 32, data[bit / 32].effective |= 1u << bit % 32;
    return syscall(SYS_capset, &header, data);
}

// The classic: a directory held open over a chroot of one's own leads above every root, up to that of the namespace.
static long climb(void) {
    int held = open("/", O_RDONLY | O_DIRECTORY);
    mkdir("/tmp/cell", 0700);
    if (chroot("/tmp/cell") || fchdir(held)) return -1;
    for (int level = 0; level < 64; level++) if (chdir("..")) return -1;
    if (chroot(".")) return -1;
    struct stat top;
    if (stat("/mark-of-the-container", &top)) return 0;
    errno = ENOENT;
    return -1;
}

static long immutable(void) {
    int file = open("/tmp/immutable", O_CREAT | O_RDWR, 0600), flags = FS_IMMUTABLE_FL;
    return ioctl(file, FS_IOC_SETFLAGS, &flags);
}

// Opening by inode number goes past every mount and root ("shocker").
static long handle(void) {
    struct { struct file_handle handle; uint8_t space[128]; } found = {.handle = {.handle_bytes = 128}};
    int mount;
    long named = syscall(SYS_name_to_handle_at, AT_FDCWD, "/etc/hosts", &found, &mount, 0);
    if (named) { found.handle.handle_bytes = 8; found.handle.handle_type = 1; *(uint32_t *)found.space = 2; }
    return syscall(SYS_open_by_handle_at, open("/etc/hosts", O_RDONLY), &found, O_RDONLY);
}

static long limit(void) {
    struct rlimit wider;
    getrlimit(RLIMIT_NOFILE, &wider);
    wider.rlim_max += 1 << 20;
    return setrlimit(RLIMIT_NOFILE, &wider);
}

static long namespaced(const char *name) {
    char path[64];
    snprintf(path, sizeof path, "/proc/1/ns/%s", name);
    return setns(open(path, O_RDONLY), 0);
}

// Deeper than any path can be, and than any program recurses that would remove it.
static int dig(int levels) {
    while (levels--) if (mkdir("d", 0700) || chdir("d")) return 1;
    return close(open("file", O_CREAT | O_RDWR, 0600));
}

static int keyring(void) {
    printf("%ld\n", syscall(SYS_keyctl, 0, -3, 0));
    return 0;
}

// Looks into whatever comes beside it: does the root, the working directory or a descriptor lead to a file of the host?
static int watch(const char *mark) {
    const char *ways[] = {"root", "cwd", "fd/3", "fd/4", "fd/5", "fd/6", "fd/7", "fd/8", "fd/9", "fd/10"};
    char path[512];
    int seen = 0;
    puts("watching"), fflush(stdout);
    for (;;) {
        int last = 0;
        FILE *load = fopen("/proc/loadavg", "r");
        if (load && fscanf(load, "%*s %*s %*s %*s %d", &last) != 1) last = 0;
        if (load) fclose(load);
        for (int pid = last > 4 ? last - 4 : 2; pid <= last; pid++) {
            if (pid == getpid()) continue;
            snprintf(path, sizeof path, "/proc/%d/root", pid);
            if (!seen && !access(path, F_OK)) seen = 1, puts("looked into one"), fflush(stdout);
            for (unsigned way = 0; way < sizeof ways / sizeof *ways; way++) {
                snprintf(path, sizeof path, "/proc/%d/%s%s", pid, ways[way], mark);
                if (!access(path, F_OK)) printf("reached %s\n", path), fflush(stdout);
            }
        }
    }
}

int main(int count, char **words) {
    if (count > 2 && !strcmp(words[1], "watch")) return watch(words[2]);
    if (count > 1 && !strcmp(words[1], "wait")) return pause();
    if (count > 1 && !strcmp(words[1], "dig")) return dig(4000);
    if (count > 1 && !strcmp(words[1], "keyring")) return keyring();
    static char page[4096];
    long clone_new_user[8] = {CLONE_NEWUSER};
    TRY("mount", syscall(SYS_mount, "none", "/mnt", "tmpfs", 0, 0));
    TRY("remount", syscall(SYS_mount, "none", "/proc/sys", 0, 0x1000 | 0x20, 0));
    TRY("umount", syscall(SYS_umount2, "/proc/keys", 2));
    TRY("pivot_root", syscall(SYS_pivot_root, ".", "."));
    TRY("open_tree", syscall(428, AT_FDCWD, "/", 1));
    TRY("move_mount", syscall(429, AT_FDCWD, "/proc", AT_FDCWD, "/mnt", 0));
    TRY("fsopen", syscall(430, "tmpfs", 0));
    TRY("fspick", syscall(433, AT_FDCWD, "/", 0));
    TRY("mount_setattr", syscall(442, AT_FDCWD, "/", 0, page, 32));
    TRY("unshare user", unshare(CLONE_NEWUSER));
    TRY("unshare mount", unshare(CLONE_NEWNS));
    TRY("unshare cgroup", unshare(CLONE_NEWCGROUP));
    TRY("clone user", syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0));
    TRY("clone3 user", syscall(435, clone_new_user, sizeof clone_new_user));
    TRY("setns mnt", namespaced("mnt"));
    TRY("setns user", namespaced("user"));
    TRY("handle", handle());
    TRY("climb", climb());
    TRY("bpf", syscall(SYS_bpf, 0, page, 64));
    TRY("keyctl", syscall(SYS_keyctl, 0, -3, 0));
    TRY("add_key", syscall(SYS_add_key, "user", "x", "y", 1, -3));
    TRY("request_key", syscall(SYS_request_key, "user", "x", 0, -3));
    TRY("io_uring", syscall(425, 1, page));
    TRY("userfaultfd", syscall(SYS_userfaultfd, 0));
    TRY("perf_event", syscall(SYS_perf_event_open, page, 0, -1, -1, 0));
    TRY("init_module", syscall(SYS_init_module, page, 1, ""));
    TRY("finit_module", syscall(SYS_finit_module, 0, "", 0));
    TRY("kexec_load", syscall(SYS_kexec_load, 0, 0, 0, 0));
    TRY("acct", syscall(SYS_acct, "/tmp/acct"));
    TRY("quotactl", syscall(SYS_quotactl, 0x800001, "/dev/null", 0, 0));
    TRY("swapon", syscall(SYS_swapon, "/tmp/immutable", 0));
    TRY("syslog", syscall(SYS_syslog, 3, page, 100));
    TRY("clock_settime", syscall(SYS_clock_settime, 0, page));
    TRY("sethostname", sethostname("x", 1));
    TRY("fanotify", syscall(SYS_fanotify_init, 4, 0));
    TRY("lookup_dcookie", syscall(212, 0L, page, 100));
    TRY("iopl", syscall(SYS_iopl, 3));
    TRY("ioperm", syscall(SYS_ioperm, 0x80, 1, 1));
    TRY("vhangup", syscall(SYS_vhangup));
    TRY("personality", syscall(SYS_personality, 0x0040000));
    TRY("ptrace of nobody", syscall(SYS_ptrace, 0x4206, 0, 0, 0));
    TRY("nice", setpriority(PRIO_PROCESS, 0, -20));
    TRY("limit", limit());
    TRY("immutable", immutable());
    TRY("overlay xattr", setxattr("/tmp", "trusted.overlay.opaque", "y", 1, 0));
    TRY("capability", capability(CAP_SYS_ADMIN, 0));
    TRY("inheritable", capability(CAP_SYS_ADMIN, 1));
    TRY("ambient", prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, CAP_SYS_ADMIN, 0, 0));
    TRY("algorithm socket", socket(38, SOCK_SEQPACKET, 0));
    TRY("host socket", socket(40, SOCK_STREAM, 0));
    TRY("packet of the host", ioctl(socket(AF_INET, SOCK_DGRAM, 0), 0x8914, "lo"));
    TRY("memory device", node("/tmp/node", S_IFCHR, 1, 1));
    TRY("kernel log device", node("/tmp/node", S_IFCHR, 1, 11));
    TRY("tunnel device", node("/tmp/node", S_IFCHR, 10, 200));
    TRY("fuse device", node("/tmp/node", S_IFCHR, 10, 229));
    TRY("first disk", node("/tmp/node", S_IFBLK, 8, 0));
    TRY("virtual disk", node("/tmp/node", S_IFBLK, 254, 0));
    TRY("loop device", node("/tmp/node", S_IFBLK, 7, 0));
    TRY("terminal of the host", node("/tmp/node", S_IFCHR, 4, 0));
    TRY("old mount", old(21, (long)"", (long)"", 0, 0, 0));
    TRY("old umount", old(52, 0, 0, 0, 0, 0));
    TRY("old unshare", old(310, CLONE_NEWUSER, 0, 0, 0, 0));
    TRY("old clone", old(120, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0));
    TRY("old clone3", old(435, 0, 0, 0, 0, 0));
    TRY("old setns", old(346, 0, 0, 0, 0, 0));
    TRY("old bpf", old(357, 0, 0, 0, 0, 0));
    TRY("old keyctl", old(288, 0, -3, 0, 0, 0));
    TRY("old io_uring", old(425, 1, 0, 0, 0, 0));
    TRY("old handle", old(342, 0, 0, 0, 0, 0));
    TRY("old userfaultfd", old(374, 0, 0, 0, 0, 0));
    TRY("old perf_event", old(336, 0, 0, 0, 0, 0));
    TRY("old init_module", old(128, 0, 0, 0, 0, 0));
    TRY("old kexec_load", old(283, 0, 0, 0, 0, 0));
    TRY("old stime", old(25, 0, 0, 0, 0, 0));
    TRY("old iopl", old(110, 3, 0, 0, 0, 0));
    TRY("x32 mount", syscall(X32 | 165, "none", "/mnt", "tmpfs", 0, 0));
    TRY("x32 unshare", syscall(X32 | 272, CLONE_NEWUSER));
    TRY("x32 keyctl", syscall(X32 | 250, 0, -3, 0));
    return 0;
}
