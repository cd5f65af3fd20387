#include "sdk/worker/confine.h"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace penstock::sdk::worker {
namespace {

// Calls that no connector needs and that lead out of the process.
constexpr const char* kForbidden[] = {"socket",
                                      "socketpair",
                                      "connect",
                                      "bind",
                                      "listen",
                                      "accept",
                                      "accept4",
                                      "execve",
                                      "execveat",
                                      "fork",
                                      "vfork",
                                      "ptrace",
                                      "process_vm_readv",
                                      "process_vm_writev",
                                      "mount",
                                      "umount2",
                                      "pivot_root",
                                      "chroot",
                                      "unshare",
                                      "setns",
                                      "bpf",
                                      "perf_event_open",
                                      "userfaultfd",
                                      "keyctl",
                                      "add_key",
                                      "request_key",
                                      "open_by_handle_at",
                                      "name_to_handle_at",
                                      "pidfd_open",
                                      "pidfd_getfd",
                                      "kill",
                                      "tkill",
                                      "io_uring_setup",
                                      "init_module",
                                      "finit_module",
                                      "kexec_load",
                                      "setuid",
                                      "setgid",
                                      "setresuid",
                                      "setresgid",
                                      "chmod",
                                      "fchmod",
                                      "fchmodat",
                                      "chown",
                                      "unlink",
                                      "unlinkat",
                                      "rename",
                                      "renameat",
                                      "renameat2",
                                      "mkdir",
                                      "mkdirat",
                                      "rmdir",
                                      "link",
                                      "linkat",
                                      "symlink",
                                      "symlinkat",
                                      "truncate",
                                      "mknod",
                                      "mknodat",
                                      "creat"};

// Calls that computing, threads, and talking over open sockets need.
constexpr const char* kNeeded[] = {"read",
                                   "write",
                                   "readv",
                                   "writev",
                                   "sendmsg",
                                   "recvmsg",
                                   "poll",
                                   "ppoll",
                                   "close",
                                   "mmap",
                                   "munmap",
                                   "mremap",
                                   "madvise",
                                   "brk",
                                   "futex",
                                   "set_robust_list",
                                   "rseq",
                                   "rt_sigaction",
                                   "rt_sigprocmask",
                                   "rt_sigreturn",
                                   "sigaltstack",
                                   "exit",
                                   "exit_group",
                                   "gettid",
                                   "getpid",
                                   "clock_gettime",
                                   "clock_getres",
                                   "clock_nanosleep",
                                   "nanosleep",
                                   "gettimeofday",
                                   "time",
                                   "getrandom",
                                   "sched_yield",
                                   "sched_getaffinity",
                                   "restart_syscall",
                                   "sysinfo",
                                   "uname",
                                   "getrusage"};

std::string Reason(const char* what, int error) {
  return std::string(what) + ": " + std::strerror(error);
}

void Limit(decltype(RLIMIT_AS) resource, rlim_t value, const char* name, Confinement* out) {
  const rlimit limit{value, value};
  if (::setrlimit(resource, &limit) != 0) out->refused.push_back(Reason(name, errno));
}

/// A filter that answers EPERM instead of killing: the connector sees an error where it made one.
class Filter {
 public:
  explicit Filter(bool allow_others)
      : context_(::seccomp_init(allow_others ? SCMP_ACT_ALLOW : SCMP_ACT_ERRNO(EPERM))) {}
  ~Filter() {
    if (context_ != nullptr) ::seccomp_release(context_);
  }
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;

  template <typename... Conditions>
  void Add(uint32_t action, const char* call, Conditions... conditions) {
    const int number = ::seccomp_syscall_resolve_name(call);
    if (context_ == nullptr || number == __NR_SCMP_ERROR || failed_ != 0) return;
    const int error =
        ::seccomp_rule_add(context_, action, number, sizeof...(conditions), conditions...);
    if (error != 0 && error != -EEXIST) failed_ = -error;
  }
  /// 0, or why the kernel does not take it.
  int Load() {
    if (context_ == nullptr) return ENOMEM;
    if (failed_ != 0) return failed_;
    (void)::seccomp_attr_set(context_, SCMP_FLTATR_CTL_TSYNC, 1);
    return -::seccomp_load(context_);
  }

 private:
  scmp_filter_ctx context_;
  int failed_ = 0;
};

int Ruleset(const landlock_ruleset_attr* attributes, size_t size, uint32_t flags) {
  return static_cast<int>(::syscall(SYS_landlock_create_ruleset, attributes, size, flags));
}

/// Reading below these folders only; writing nowhere.
void RestrictFiles(const std::string& connector_directory, Confinement* out) {
  const int version = Ruleset(nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  if (version < 1) {
    out->refused.push_back(Reason("landlock", errno));
    return;
  }
  constexpr uint64_t kRead =
      LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_EXECUTE;
  landlock_ruleset_attr attributes{};
  attributes.handled_access_fs = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;  // all of version 1
  const int rules = Ruleset(&attributes, sizeof(attributes), 0);
  if (rules < 0) {
    out->refused.push_back(Reason("landlock", errno));
    return;
  }
  for (const std::string& folder :
       {std::string("/lib"), std::string("/lib64"), std::string("/usr/lib"),
        std::string("/etc/ld.so.cache"), connector_directory}) {
    const int fd = ::open(folder.c_str(), O_PATH | O_CLOEXEC);
    if (fd < 0) continue;
    landlock_path_beneath_attr beneath{};
    beneath.parent_fd = fd;
    beneath.allowed_access = folder.ends_with(".cache") ? LANDLOCK_ACCESS_FS_READ_FILE : kRead;
    (void)::syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
    ::close(fd);
  }
  if (::syscall(SYS_landlock_restrict_self, rules, 0) == 0) {
    out->confined.emplace_back("landlock");
  } else {
    out->refused.push_back(Reason("landlock", errno));
  }
  ::close(rules);
}

/// Threads are made by clone; another process is not. glibc tries clone3 first, whose flags a
/// filter cannot see, and takes clone when that is not there.
void AllowThreadsOnly(Filter* filter, uint32_t otherwise) {
  filter->Add(SCMP_ACT_ERRNO(ENOSYS), "clone3");
  if (otherwise == SCMP_ACT_ALLOW) {
    filter->Add(SCMP_ACT_ERRNO(EPERM), "clone", SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, 0));
  } else {
    filter->Add(SCMP_ACT_ALLOW, "clone", SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
  }
}

}  // namespace

void ConfineBeforeLoad(const std::string& connector_directory, Confinement* out) {
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
    out->refused.push_back(Reason("no new privileges", errno));
  }
  (void)::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  Limit(RLIMIT_CORE, 0, "no core files", out);
  Limit(RLIMIT_FSIZE, 0, "no written files", out);
  RestrictFiles(connector_directory, out);
  Filter filter(/*allow_others=*/true);
  for (const char* call : kForbidden) filter.Add(SCMP_ACT_ERRNO(EPERM), call);
  for (const char* call : {"open", "openat"}) {
    const bool at = std::strlen(call) > 4;
    for (const uint64_t mode : {O_WRONLY, O_RDWR}) {
      filter.Add(SCMP_ACT_ERRNO(EPERM), call,
                 at ? SCMP_A2(SCMP_CMP_MASKED_EQ, O_ACCMODE, mode)
                    : SCMP_A1(SCMP_CMP_MASKED_EQ, O_ACCMODE, mode));
    }
  }
  filter.Add(SCMP_ACT_ERRNO(ENOSYS), "openat2");
  AllowThreadsOnly(&filter, SCMP_ACT_ALLOW);
  if (const int error = filter.Load(); error != 0) out->refused.push_back(Reason("seccomp", error));
}

void ConfineAfterLoad(uint64_t memory_bytes, Confinement* out) {
#if defined(__SANITIZE_ADDRESS__)
  if (memory_bytes > 0) {
    out->confined.emplace_back("memory not limited: the address sanitizer needs all of it");
  }
#else
  if (memory_bytes > 0) {
    Limit(RLIMIT_AS, memory_bytes, "memory", out);
    out->confined.push_back("memory " + std::to_string(memory_bytes >> 20) + " MiB");
  }
#endif
  Filter filter(/*allow_others=*/false);
  for (const char* call : kNeeded) filter.Add(SCMP_ACT_ALLOW, call);
#if defined(__SANITIZE_ADDRESS__)
  // The sanitizers find out through a pipe whether memory can be read.
  for (const char* call : {"pipe", "pipe2"}) filter.Add(SCMP_ACT_ALLOW, call);
#endif
  filter.Add(SCMP_ACT_ALLOW, "mprotect", SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
  filter.Add(SCMP_ACT_ALLOW, "tgkill", SCMP_A0(SCMP_CMP_EQ, static_cast<scmp_datum_t>(::getpid())));
  filter.Add(SCMP_ACT_ALLOW, "prctl", SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME));
  AllowThreadsOnly(&filter, SCMP_ACT_ERRNO(EPERM));
  if (const int error = filter.Load(); error != 0) {
    out->refused.push_back(Reason("seccomp", error));
  } else {
    out->confined.emplace_back("seccomp");
  }
}

}  // namespace penstock::sdk::worker
