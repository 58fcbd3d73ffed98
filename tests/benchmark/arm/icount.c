/* Counts the guest instructions of a program run under qemu-user. Whenever the program asks for its
   own process group, getpgid(0), a call that nothing else makes, the count so far is printed:

       INSNS 123456789

   qemu translates a guest program in blocks of straight-line code. For each block, when it is
   translated, we ask for an addition of the block's length to be compiled into it: counting costs
   one add per block. A system call ends its block, so the count at a mark is exact.

   The count is one number for all threads, added to without a lock: exact only for a program that
   computes in one thread, as a step does.

   Debian ships the plugin loader but not qemu-plugin.h, so the calls are declared here, as in
   version 1 of qemu's plugin interface (qemu 4.2 .. 8.2).

       gcc -shared -fPIC -O2 -Wall -Wextra -o icount.so icount.c
*/
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef uint64_t plugin_id;
struct qemu_plugin_tb;   /* a block of guest code, while it is translated */
struct qemu_info;        /* what qemu tells of itself; not looked at */

enum inline_op { INLINE_ADD_U64 = 0 };

extern void qemu_plugin_register_vcpu_tb_trans_cb(
    plugin_id, void (*)(plugin_id, struct qemu_plugin_tb *));
extern void qemu_plugin_register_vcpu_tb_exec_inline(
    struct qemu_plugin_tb *, enum inline_op, void *counter, uint64_t amount);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
extern void qemu_plugin_register_vcpu_syscall_cb(
    plugin_id, void (*)(plugin_id, unsigned vcpu, int64_t number, uint64_t, uint64_t, uint64_t,
                        uint64_t, uint64_t, uint64_t, uint64_t, uint64_t));

int qemu_plugin_version = 1;

enum { GETPGID = 155 };   /* its number on arm64 */

static uint64_t executed;

static void on_translation(plugin_id id, struct qemu_plugin_tb *block)
{
    (void)id;
    qemu_plugin_register_vcpu_tb_exec_inline(
        block, INLINE_ADD_U64, &executed, qemu_plugin_tb_n_insns(block));
}

static void on_syscall(plugin_id id, unsigned vcpu, int64_t number, uint64_t pid, uint64_t a2,
                       uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6, uint64_t a7,
                       uint64_t a8)
{
    (void)id, (void)vcpu, (void)a2, (void)a3, (void)a4, (void)a5, (void)a6, (void)a7, (void)a8;
    if (number == GETPGID && pid == 0)
        fprintf(stderr, "INSNS %" PRIu64 "\n", executed);
}

int qemu_plugin_install(plugin_id id, const struct qemu_info *info, int argc, char **argv)
{
    (void)info;
    (void)argc;
    (void)argv;
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    qemu_plugin_register_vcpu_syscall_cb(id, on_syscall);
    return 0;
}
