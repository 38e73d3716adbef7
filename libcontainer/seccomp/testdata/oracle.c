/*
 * Asks libseccomp, for the tests of this package.
 *
 *   oracle resolve   reads lines "ARCH NAME" and prints the call's number there,
 *                    or -1
 *   oracle compile   reads a profile and prints the filter's struct sock_filter
 *                    array; on stderr how many nanoseconds that took
 *
 * A profile has the lines, with verdicts as the kernel's numbers:
 *   default VERDICT
 *   arch ARCH                          the first one is the only one at first
 *   optimize LEVEL
 *   rule VERDICT NAME [ARG OP A B]...  OP is one of enum scmp_compare
 */
#include <errno.h>
#include <inttypes.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void die(const char *what, const char *object, int err)
{
	fprintf(stderr, "%s %s: %s\n", what, object, strerror(err < 0 ? -err : err));
	exit(1);
}

static int resolve(void)
{
	char arch[64], name[128];

	while (scanf("%63s %127s", arch, name) == 2) {
		uint32_t token = seccomp_arch_resolve_name(arch);
		if (token == 0)
			die("architecture", arch, EINVAL);
		int nr = seccomp_syscall_resolve_name_arch(token, name);
		printf("%d\n", nr < 0 ? -1 : nr);
	}
	return 0;
}

static void add_arch(scmp_filter_ctx ctx, const char *name, int first)
{
	uint32_t token = seccomp_arch_resolve_name(name);
	int rc;

	if (token == 0)
		die("architecture", name, EINVAL);
	/* The native one is there from the start; take it out first, because a
	 * filter has one byte order. */
	if (first && token != seccomp_arch_native()) {
		rc = seccomp_arch_remove(ctx, SCMP_ARCH_NATIVE);
		if (rc != 0)
			die("remove architecture", "native", rc);
	}
	rc = seccomp_arch_add(ctx, token);
	if (rc != 0 && rc != -EEXIST)
		die("add architecture", name, rc);
}

static void add_rule(scmp_filter_ctx ctx, char *line)
{
	char *save, *word = strtok_r(line, " ", &save);
	uint32_t action = strtoul(word, NULL, 0);
	const char *name = strtok_r(NULL, " ", &save);
	struct scmp_arg_cmp args[6];
	unsigned int n = 0;
	int nr = seccomp_syscall_resolve_name(name);

	if (nr == __NR_SCMP_ERROR)
		return;
	while ((word = strtok_r(NULL, " ", &save)) != NULL) {
		if (n == 6)
			die("rule", name, E2BIG);
		args[n].arg = strtoul(word, NULL, 0);
		args[n].op = strtoul(strtok_r(NULL, " ", &save), NULL, 0);
		args[n].datum_a = strtoull(strtok_r(NULL, " ", &save), NULL, 0);
		args[n].datum_b = strtoull(strtok_r(NULL, " ", &save), NULL, 0);
		n++;
	}
	int rc = seccomp_rule_add_array(ctx, action, nr, n, args);
	if (rc != 0)
		die("rule", name, rc);
}

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static int compile(void)
{
	char *line = NULL;
	size_t size = 0;
	scmp_filter_ctx ctx = NULL;
	int first = 1, rc;
	int64_t spent = 0;

	while (getline(&line, &size, stdin) > 0) {
		line[strcspn(line, "\n")] = 0;
		char *rest = strchr(line, ' ');
		if (rest == NULL)
			die("line", line, EINVAL);
		*rest++ = 0;
		int64_t start = now();
		if (strcmp(line, "default") == 0) {
			ctx = seccomp_init(strtoul(rest, NULL, 0));
			if (ctx == NULL)
				die("default", rest, EINVAL);
		} else if (strcmp(line, "arch") == 0) {
			add_arch(ctx, rest, first);
			first = 0;
		} else if (strcmp(line, "optimize") == 0) {
			rc = seccomp_attr_set(ctx, SCMP_FLTATR_CTL_OPTIMIZE, atoi(rest));
			if (rc != 0)
				die("optimize", rest, rc);
		} else if (strcmp(line, "rule") == 0) {
			add_rule(ctx, rest);
		} else {
			die("line", line, EINVAL);
		}
		spent += now() - start;
	}
	int64_t start = now();
	rc = seccomp_export_bpf(ctx, 1);
	if (rc != 0)
		die("export", "filter", rc);
	fprintf(stderr, "%" PRId64 "\n", spent + now() - start);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "resolve") == 0)
		return resolve();
	if (argc == 2 && strcmp(argv[1], "compile") == 0)
		return compile();
	fprintf(stderr, "usage: oracle resolve | compile\n");
	return 2;
}
