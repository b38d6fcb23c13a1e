/* Loaded into a process by LD_PRELOAD (see disk.py): records every change of files below one folder, in order,
   or lets the N-th of them fail as on a full disk. Nothing happens until disk_arm is called.

   A record is a line `what inode offset length length length` and then two paths and the data, of these lengths.
   Functions of the C library are replaced, not system calls: what a library does by other ways is missed, and
   replay.py tells, for its folder differs from the real one in the end. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define REAL(name) \
    static __typeof__(name) *real; \
    if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

static char root[4096];
static int log_fd = -1, halve, half_done;
static long counted, failing;  /* changes so far; which one fails, 0 for none */
static pthread_mutex_t lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

/* `log`: a file for the records, or NULL. `fail`: the number of the change that fails, the first being 1.
   `half`: if that is a write, half of it is written, and the next write fails. */
void disk_arm(const char *folder, const char *log, long fail, int half) {
    snprintf(root, sizeof root, "%s", folder);
    if (log) log_fd = fcntl(open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600), F_DUPFD_CLOEXEC, 900);
    counted = half_done = 0;
    failing = fail;
    halve = half;
}

long disk_count(void) { return counted; }

static int below(const char *path) {
    size_t length = strlen(root);
    return length && strncmp(path, root, length) == 0 && (path[length] == '/' || !path[length]);
}

/* The absolute path of `path` in the directory `at`, not resolved; whether it lies below the folder. */
static int located(int at, const char *path, char *full) {
    if (!root[0] || !path) return 0;
    if (path[0] == '/') {
        snprintf(full, 4096, "%s", path);
    } else {
        char link[64], folder[2048] = "";
        if (at == AT_FDCWD) snprintf(link, sizeof link, "/proc/self/cwd");
        else snprintf(link, sizeof link, "/proc/self/fd/%d", at);
        ssize_t got = readlink(link, folder, sizeof folder - 1);
        if (got < 0) return 0;
        folder[got] = 0;
        snprintf(full, 4096, "%s/%s", folder, path);
    }
    return below(full);
}

/* The same for what is open; standard output and errors are files too if they lead below the folder. */
static int opened(int fd, char *full, struct stat *status) {
    char link[64];
    if (!root[0] || fd == log_fd) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t got = readlink(link, full, 4095);
    if (got < 0) return 0;
    full[got] = 0;
    return below(full) && fstat(fd, status) == 0 && (S_ISREG(status->st_mode) || S_ISDIR(status->st_mode));
}

static void put(const void *data, size_t length) {
    while (length) {
        ssize_t done = syscall(SYS_write, log_fd, data, length);
        if (done <= 0) abort();
        data = (const char *)data + done;
        length -= done;
    }
}

static void record(const char *what, unsigned long inode, long offset, const char *path, const char *other,
                   const void *data, size_t length) {
    char line[256];
    if (log_fd < 0) return;
    int saved = errno;
    int size = snprintf(line, sizeof line, "%s %lu %ld %zu %zu %zu\n", what, inode, offset, strlen(path),
                        strlen(other), length);
    put(line, size);
    put(path, strlen(path));
    put(other, strlen(other));
    put(data, length);
    errno = saved;
}

/* Whether this change is the one that fails. */
static int fails(void) {
    counted++;
    if (failing && counted == failing) {
        errno = ENOSPC;
        return 1;
    }
    return 0;
}

static unsigned long inode_of(const char *path) {
    struct stat status;
    return lstat(path, &status) == 0 ? status.st_ino : 0;
}

#define LOCK pthread_mutex_lock(&lock)
#define UNLOCK pthread_mutex_unlock(&lock)

/* Opening: a file is made, emptied, or (for a rename that was missed) just named. */

static int open_any(int at, const char *path, int flags, mode_t mode) {
    char full[4096];
    static int (*real)(int, const char *, int, ...);
    if (!real) real = (int (*)(int, const char *, int, ...))dlsym(RTLD_NEXT, "openat64");
    if (!located(at, path, full)) return real(at, path, flags, mode);
    int fd;
    LOCK;
    {
        struct stat before;
        int there = lstat(full, &before) == 0;
        int creates = (flags & O_CREAT) && !there, empties = (flags & O_TRUNC) && there;
        if (creates && fails()) {
            fd = -1;
        } else {
            fd = real(at, path, flags, mode);
            if (fd >= 0) {
                if (creates) record("create", inode_of(full), 0, full, "", "", 0);
                else if (there && S_ISREG(before.st_mode)) record("name", before.st_ino, 0, full, "", "", 0);
                if (empties) record("truncate", before.st_ino, 0, full, "", "", 0);
            }
        }
    }
    UNLOCK;
    return fd;
}

#define MODE_OF(flags) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | O_TMPFILE)) { va_list list; va_start(list, flags); mode = va_arg(list, mode_t); va_end(list); }

int open(const char *path, int flags, ...) { MODE_OF(flags) return open_any(AT_FDCWD, path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE_OF(flags) return open_any(AT_FDCWD, path, flags, mode); }
int openat(int at, const char *path, int flags, ...) { MODE_OF(flags) return open_any(at, path, flags, mode); }
int openat64(int at, const char *path, int flags, ...) { MODE_OF(flags) return open_any(at, path, flags, mode); }
int creat(const char *path, mode_t mode) { return open_any(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode); }

/* What C++ streams open by. They write by write and writev. */
static FILE *fopen_any(const char *path, const char *mode, const char *name) {
    char full[4096];
    FILE *(*real)(const char *, const char *) = (FILE * (*)(const char *, const char *)) dlsym(RTLD_NEXT, name);
    if (!located(AT_FDCWD, path, full)) return real(path, mode);
    FILE *file;
    LOCK;
    {
        int there = access(full, F_OK) == 0;
        if (mode[0] != 'r' && !there && fails()) {
            file = NULL;
        } else {
            file = real(path, mode);
            if (file && mode[0] != 'r' && !there) record("create", inode_of(full), 0, full, "", "", 0);
            if (file && mode[0] == 'w' && there) record("truncate", inode_of(full), 0, full, "", "", 0);
        }
    }
    UNLOCK;
    return file;
}
FILE *fopen(const char *path, const char *mode) { return fopen_any(path, mode, "fopen"); }
FILE *fopen64(const char *path, const char *mode) { return fopen_any(path, mode, "fopen64"); }

/* Writing. */

static ssize_t write_at(int fd, const void *data, size_t length, off_t offset) {
    static ssize_t (*plain)(int, const void *, size_t);
    static ssize_t (*placed)(int, const void *, size_t, off_t);
    if (!plain) {
        plain = (ssize_t (*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
        placed = (ssize_t (*)(int, const void *, size_t, off_t))dlsym(RTLD_NEXT, "pwrite64");
    }
    char full[4096];
    struct stat status;
    if (!opened(fd, full, &status)) return offset < 0 ? plain(fd, data, length) : placed(fd, data, length, offset);
    ssize_t done;
    LOCK;
    {
        off_t from = offset;
        if (from < 0) from = fcntl(fd, F_GETFL) & O_APPEND ? status.st_size : lseek(fd, 0, SEEK_CUR);
        if (fails() && !(halve && !half_done && length > 1)) {
            done = -1;
        } else {
            if (failing && counted == failing) {
                half_done = 1;
                length /= 2;
                failing++;  /* the next change, which is the rest of this write */
            }
            done = offset < 0 ? plain(fd, data, length) : placed(fd, data, length, offset);
            if (done > 0) record("write", status.st_ino, from, full, "", data, done);
        }
    }
    UNLOCK;
    return done;
}

ssize_t write(int fd, const void *data, size_t length) { return write_at(fd, data, length, -1); }
ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) { return write_at(fd, data, length, offset); }
ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset) {
    return write_at(fd, data, length, offset);
}

static ssize_t write_parts(int fd, const struct iovec *parts, int count, off_t offset) {
    ssize_t total = 0;
    for (int i = 0; i < count; i++) {
        if (!parts[i].iov_len) continue;
        ssize_t done = write_at(fd, parts[i].iov_base, parts[i].iov_len, offset < 0 ? -1 : offset + total);
        if (done < 0) return total ? total : -1;
        total += done;
        if ((size_t)done < parts[i].iov_len) break;
    }
    return total;
}
ssize_t writev(int fd, const struct iovec *parts, int count) {
    REAL(writev);
    char full[4096];
    struct stat status;
    return opened(fd, full, &status) ? write_parts(fd, parts, count, -1) : real(fd, parts, count);
}
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t offset) {
    return write_parts(fd, parts, count, offset);
}
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t offset) {
    return write_parts(fd, parts, count, offset);
}

/* Copies within the kernel are refused, so that the caller copies by write. */
#define REFUSED(fd, call) \
    char full[4096]; \
    struct stat status; \
    if (opened(fd, full, &status)) { errno = ENOTSUP; return -1; } \
    return call
ssize_t copy_file_range(int in, off64_t *from, int out, off64_t *to, size_t length, unsigned int flags) {
    REAL(copy_file_range);
    if (root[0]) { char f[4096]; struct stat s; if (opened(out, f, &s)) { errno = EXDEV; return -1; } }
    return real(in, from, out, to, length, flags);
}
ssize_t sendfile(int out, int in, off_t *from, size_t length) {
    REAL(sendfile);
    REFUSED(out, real(out, in, from, length));
}
ssize_t sendfile64(int out, int in, off64_t *from, size_t length) {
    REAL(sendfile64);
    REFUSED(out, real(out, in, from, length));
}

static int truncate_fd(int fd, off_t length) {
    static int (*real)(int, off_t);
    if (!real) real = (int (*)(int, off_t))dlsym(RTLD_NEXT, "ftruncate64");
    char full[4096];
    struct stat status;
    if (!opened(fd, full, &status)) return real(fd, length);
    int result;
    LOCK;
    {
        result = length > status.st_size && fails() ? -1 : real(fd, length);
        if (!result) record("truncate", status.st_ino, length, full, "", "", 0);
    }
    UNLOCK;
    return result;
}
int ftruncate(int fd, off_t length) { return truncate_fd(fd, length); }
int ftruncate64(int fd, off64_t length) { return truncate_fd(fd, length); }

static int path_truncate(const char *path, off_t length) {
    int fd = open(path, O_WRONLY);
    if (fd < 0) return -1;
    int result = truncate_fd(fd, length);
    close(fd);
    return result;
}
int truncate(const char *path, off_t length) { return path_truncate(path, length); }
int truncate64(const char *path, off64_t length) { return path_truncate(path, length); }

static int allocate(int fd, off_t offset, off_t length) {
    static int (*real)(int, off_t, off_t);
    if (!real) real = (int (*)(int, off_t, off_t))dlsym(RTLD_NEXT, "posix_fallocate64");
    char full[4096];
    struct stat status;
    if (!opened(fd, full, &status)) return real(fd, offset, length);
    int result;
    LOCK;
    {
        result = fails() ? ENOSPC : real(fd, offset, length);
        if (!result && offset + length > status.st_size)
            record("truncate", status.st_ino, offset + length, full, "", "", 0);
    }
    UNLOCK;
    return result;
}
int posix_fallocate(int fd, off_t offset, off_t length) { return allocate(fd, offset, length); }
int posix_fallocate64(int fd, off64_t offset, off64_t length) { return allocate(fd, offset, length); }

/* A shared mapping of a file below the folder could change without a call: none is allowed. */
static void *map_any(void *at, size_t length, int protection, int flags, int fd, off_t offset) {
    static void *(*real)(void *, size_t, int, int, int, off_t);
    if (!real) real = (void *(*)(void *, size_t, int, int, int, off_t))dlsym(RTLD_NEXT, "mmap64");
    char full[4096];
    struct stat status;
    if (fd >= 0 && (protection & PROT_WRITE) && (flags & MAP_SHARED) && opened(fd, full, &status))
        record("mapped", status.st_ino, 0, full, "", "", 0);
    return real(at, length, protection, flags, fd, offset);
}
void *mmap(void *at, size_t length, int protection, int flags, int fd, off_t offset) {
    return map_any(at, length, protection, flags, fd, offset);
}
void *mmap64(void *at, size_t length, int protection, int flags, int fd, off64_t offset) {
    return map_any(at, length, protection, flags, fd, offset);
}

/* Names. */

static int rename_any(int from_at, const char *from, int to_at, const char *to, unsigned int flags) {
    REAL(renameat2);
    char source[4096], target[4096];
    int known = located(from_at, from, source) & located(to_at, to, target);
    if (!known) return real(from_at, from, to_at, to, flags);
    int result;
    LOCK;
    {
        unsigned long inode = inode_of(source);
        result = fails() ? -1 : real(from_at, from, to_at, to, flags);
        if (!result) record(flags & 2 ? "exchange" : "rename", inode, 0, source, target, "", 0);
    }
    UNLOCK;
    return result;
}
int rename(const char *from, const char *to) { return rename_any(AT_FDCWD, from, AT_FDCWD, to, 0); }
int renameat(int from_at, const char *from, int to_at, const char *to) { return rename_any(from_at, from, to_at, to, 0); }
int renameat2(int from_at, const char *from, int to_at, const char *to, unsigned int flags) {
    return rename_any(from_at, from, to_at, to, flags);
}

#define NAMED(what, counts, at, path, call) \
    char full[4096]; \
    if (!located(at, path, full)) return call; \
    int result; \
    LOCK; \
    { \
        unsigned long inode = inode_of(full); \
        result = (counts) && fails() ? -1 : call; \
        if (!result) record(what, inode ? inode : inode_of(full), 0, full, "", "", 0); \
    } \
    UNLOCK; \
    return result

int unlink(const char *path) { REAL(unlink); NAMED("unlink", 0, AT_FDCWD, path, real(path)); }
int rmdir(const char *path) { REAL(rmdir); NAMED("rmdir", 0, AT_FDCWD, path, real(path)); }
int remove(const char *path) { return unlink(path) && errno == EISDIR ? rmdir(path) : 0; }
int unlinkat(int at, const char *path, int flags) {
    REAL(unlinkat);
    NAMED(flags & AT_REMOVEDIR ? "rmdir" : "unlink", 0, at, path, real(at, path, flags));
}
int mkdir(const char *path, mode_t mode) { REAL(mkdir); NAMED("mkdir", 1, AT_FDCWD, path, real(path, mode)); }
int mkdirat(int at, const char *path, mode_t mode) { REAL(mkdirat); NAMED("mkdir", 1, at, path, real(at, path, mode)); }

static int link_any(int from_at, const char *from, int to_at, const char *to, int flags) {
    REAL(linkat);
    char source[4096], target[4096];
    if (!(located(from_at, from, source) & located(to_at, to, target)))
        return real(from_at, from, to_at, to, flags);
    int result;
    LOCK;
    {
        result = fails() ? -1 : real(from_at, from, to_at, to, flags);
        if (!result) record("link", inode_of(target), 0, source, target, "", 0);
    }
    UNLOCK;
    return result;
}
int link(const char *from, const char *to) { return link_any(AT_FDCWD, from, AT_FDCWD, to, 0); }
int linkat(int from_at, const char *from, int to_at, const char *to, int flags) {
    return link_any(from_at, from, to_at, to, flags);
}

/* Flushing. */

static int flush_any(int fd, const char *name) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, name);
    char full[4096];
    struct stat status;
    if (!opened(fd, full, &status)) return real(fd);
    int result;
    LOCK;
    {
        result = fails() ? -1 : 0;  /* the disk itself is not waited for */
        if (!result) record("flush", status.st_ino, 0, full, "", "", 0);
    }
    UNLOCK;
    return result;
}
int fsync(int fd) { return flush_any(fd, "fsync"); }
int fdatasync(int fd) { return flush_any(fd, "fdatasync"); }
