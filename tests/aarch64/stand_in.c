/* Stands where an arm64 program was, and runs that under emulation.

   qemu-user emulates one program. When that starts another (Python its children, gcc its compiler),
   this machine's kernel is asked for it, which knows nothing of arm64. So the programs that are
   started that way lie beside their places, as NAME.arm, and in each place lies this, which the
   kernel can start. Nothing has to be registered with the kernel for it. QEMU_CPU says which
   processor it is.

       gcc -static -O2 -Wall -Wextra -o stand_in stand_in.c
*/
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { MOST = 4096 };   /* words of a command; a linker's have some hundred */

int main(int argc, char **argv)
{
    static char program[PATH_MAX];
    static char *command[MOST];
    char *before[] = {"/x86/ld.so", "--library-path", "/x86", "/x86/qemu-aarch64", "-0", argv[0],
                      program};
    const int own = sizeof before / sizeof *before;
    ssize_t size = readlink("/proc/self/exe", program, sizeof program - sizeof ".arm");
    if (size < 0 || argc + own > MOST) {
        fprintf(stderr, "%s: cannot be emulated\n", argv[0]);
        return 127;
    }
    strcpy(program + size, ".arm");
    memcpy(command, before, sizeof before);
    memcpy(command + own, argv + 1, (argc - 1) * sizeof *argv);
    execv(command[0], command);
    perror(command[0]);
    return 127;
}
