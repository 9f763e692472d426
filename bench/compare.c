/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Compares programs that do the same work. Each is called as `PROGRAM KERNEL SECONDS` and prints the time of one run in
 * nanoseconds and a value that all must agree on ("nan 0": does not take part).
 *
 *     compare ROUNDS SECONDS DATA-FILE kernel[,WHAT=GOAL]... -- label=program...
 *
 * The first program is ours; those with the labels "serial" and "floor" are no peers. Further programs of ours, which
 * are the first with another compiler, have labels ours-X; they are compared with the peers X-... alone, and these with
 * nobody else, for two compilers make two programs of one loop. In each round every program runs once, one after the
 * other and in rotating order, forwards and backwards, so that what else the machine does hits all of them. Ratios are
 * formed within a round and their median is shown: more than 1 means that ours is faster. The spread is that of our own
 * times: (upper quartile - lower quartile) / median. Rounds go on, up to MOST_TIMES as many as asked for, with those
 * programs for which a goal lies within the 95 % interval of the median that is to meet it, which order statistics
 * give; `undecided` if it still does then. Of the peers only the one that was best so far goes on, the rival, and its
 * ratio is that of the further rounds: the best of a dozen equals looks better than it is in the rounds that made it
 * the best. Who took more than FAR_OFF times as long as a goal allows in each of the first FEW_ROUNDS, or HOPELESS
 * times in the first, is not asked again, and is judged by these. If the environment has BENCH_TABLE, each row is also
 * appended to the file of that name, for the one table that bench/table.sh makes of all benchmarks; its first word is
 * the name of the data file.
 *
 * A goal stands beside each ratio. WHAT of a kernel's own ones: peer (0.97 if not given), serial (1), floor (none), and ns, which
 * our time is not to exceed (none). 0: none. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_PROGRAMS = 32, MOST_ROUNDS = 101, MOST_TIMES = 7, FEW_ROUNDS = 3, FAR_OFF = 2, HOPELESS = 10 };

/* Of fewer the whole range is no 95 % interval of the median. */
enum { LEAST_ROUNDS = 6 };

struct goals {
    double peer;   /* best peer's time / ours, at least; 0: no goal, as for the next */
    double serial; /* the serial form's time / ours, at least */
    double floor;  /* the floor's time / ours, at least */
    double ns;     /* our time, at most */
};

/* From here on the machine, not the program, says what a ratio of a few percent is. */
static const double noisy_spread = 0.1;

struct program {
    const char *label;
    const char *path;
    double ns[MOST_ROUNDS];
    int rounds; /* that it took part in, which are the first ones */
    int is_settled; /* no further rounds */
    const struct program *rival; /* of a program of ours: the peer that is judged by the rounds from `rival_since` on; or NULL */
    int rival_since;
    double value;
};

static int compare_doubles(const void *one, const void *other)
{
    double a = *(const double *)one, b = *(const double *)other;
    return (a > b) - (a < b);
}

static double quantile(const double *values, int count, double q)
{
    double sorted[MOST_ROUNDS];
    memcpy(sorted, values, (size_t)count * sizeof *values);
    qsort(sorted, (size_t)count, sizeof *sorted, compare_doubles);
    return sorted[(int)(q * (count - 1) + 0.5)];
}

/* Of the rounds that count for the ratio of two programs. */
static int first_round(const struct program *other, const struct program *ours)
{
    return other == ours->rival ? ours->rival_since : 0;
}

static int last_round(const struct program *other, const struct program *ours)
{
    return other->rounds < ours->rounds ? other->rounds : ours->rounds; /* that both took part in */
}

static double ratio_quantile(const struct program *other, const struct program *ours, double q)
{
    double ratios[MOST_ROUNDS];
    int count = 0;
    for (int round = first_round(other, ours); round < last_round(other, ours); round++)
        ratios[count++] = other->ns[round] / ours->ns[round];
    return quantile(ratios, count, q);
}

static double median_ratio(const struct program *other, const struct program *ours)
{
    return ratio_quantile(other, ours, 0.5);
}

/* Half the interval's width, as a share of the rounds: the number of values below the median is binomial. */
static double interval(int rounds)
{
    double half = 0.98 / sqrt(rounds);
    return half < 0.5 ? half : 0.5;
}

static int may_meet_or_miss(const struct program *other, const struct program *ours, double goal)
{
    int rounds = last_round(other, ours) - first_round(other, ours);
    if (other == ours->rival && rounds < LEAST_ROUNDS)
        return 1;
    double half = interval(rounds);
    return goal != 0 && ratio_quantile(other, ours, 0.5 - half) < goal && ratio_quantile(other, ours, 0.5 + half) >= goal;
}

static void run(struct program *program, const char *kernel, const char *seconds, int round)
{
    char command[1024];
    snprintf(command, sizeof command, "%s %s %s", program->path, kernel, seconds);
    FILE *output = popen(command, "r");
    char text[64] = "";
    if (output == NULL || fscanf(output, "%63s %lf", text, &program->value) != 2 || pclose(output) != 0) {
        fprintf(stderr, "compare: %s failed\n", command);
        exit(1);
    }
    program->ns[round] = strtod(text, NULL);
    program->rounds = round + 1;
}

/* X of "ours-X", else NULL. */
static const char *kin_of(const struct program *program)
{
    return strncmp(program->label, "ours-", 5) == 0 ? program->label + 5 : NULL;
}

static int is_kin(const struct program *peer, const char *kin)
{
    size_t length = strlen(kin);
    return strncmp(peer->label, kin, length) == 0 && peer->label[length] == '-';
}

static int is_ours(const struct program *program, const struct program *programs)
{
    return program == programs || kin_of(program) != NULL;
}

/* The program of ours that `other` is compared with: the first of all has those that are no other one's. */
static const struct program *ours_for(const struct program *other, const struct program *programs, int count)
{
    for (int i = 1; i < count; i++)
        if (kin_of(&programs[i]) != NULL && is_kin(other, kin_of(&programs[i])))
            return &programs[i];
    return programs;
}

static int takes_part(const struct program *program)
{
    return program->rounds > 0 && !isnan(program->ns[0]);
}

/* Whether `other` is what a row of `ours` is about. */
static int is_opponent(const struct program *other, const struct program *ours, const struct program *programs, int count)
{
    return !is_ours(other, programs) && takes_part(other) && ours_for(other, programs, count) == ours;
}

/* Cuts the goals off the kernel's name; ends the program if they cannot be read. */
static struct goals take_goals(char *kernel)
{
    struct goals goals = {.peer = 0.97, .serial = 1};
    for (char *word = strchr(kernel, ','), *next; word != NULL; word = next) {
        *word++ = '\0';
        next = strchr(word, ',');
        if (sscanf(word, "peer=%lf", &goals.peer) != 1 && sscanf(word, "serial=%lf", &goals.serial) != 1 &&
            sscanf(word, "floor=%lf", &goals.floor) != 1 && sscanf(word, "ns=%lf", &goals.ns) != 1) {
            fprintf(stderr, "compare: %s: expected peer=, serial=, floor= or ns= and a number, found %s\n", kernel, word);
            exit(2);
        }
    }
    return goals;
}

static int is_peer(const struct program *other)
{
    return strcmp(other->label, "serial") != 0 && strcmp(other->label, "floor") != 0;
}

static double goal_for(const struct program *other, struct goals goals)
{
    return strcmp(other->label, "serial") == 0 ? goals.serial : strcmp(other->label, "floor") == 0 ? goals.floor : goals.peer;
}

/* Peers that have lost against the rival do not count. */
static int is_out(const struct program *other, const struct program *ours)
{
    return ours->rival != NULL && is_peer(other) && other != ours->rival;
}

static int is_undecided(const struct program *ours, struct goals goals, const struct program *programs, int count)
{
    for (int i = 1; i < count; i++)
        if (is_opponent(&programs[i], ours, programs, count) && !is_out(&programs[i], ours) &&
            may_meet_or_miss(&programs[i], ours, goal_for(&programs[i], goals)))
            return 1;
    return 0;
}

/* Whether `other` is too slow for further rounds to change anything. */
static int is_far_off(const struct program *other, const struct program *ours, double goal)
{
    double least = goal > 1 ? goal : 1;
    if (other->ns[0] > HOPELESS * least * ours->ns[0])
        return 1;
    for (int round = 0; round < FEW_ROUNDS; round++)
        if (other->rounds < FEW_ROUNDS || other->ns[round] <= FAR_OFF * least * ours->ns[round])
            return 0;
    return 1;
}

/* Whether further rounds of a program can change anything. */
static int is_open(const struct program *program, struct goals goals, const struct program *programs, int count, int rounds)
{
    if (program->rounds == 0)
        return 1;
    if (is_ours(program, programs))
        return program->rounds < rounds || is_undecided(program, goals, programs, count);
    const struct program *ours = ours_for(program, programs, count);
    double goal = goal_for(program, goals);
    return takes_part(program) && !is_out(program, ours) &&
           ((program->rounds < rounds && !is_far_off(program, ours, goal)) || may_meet_or_miss(program, ours, goal));
}

static const struct program *best_peer(const struct program *ours, const struct program *programs, int count)
{
    const struct program *best = NULL;
    for (int i = 1; i < count; i++)
        if (is_opponent(&programs[i], ours, programs, count) && is_peer(&programs[i]) &&
            (best == NULL || median_ratio(&programs[i], ours) < median_ratio(best, ours)))
            best = &programs[i];
    return best;
}

/* After the rounds that everybody takes part in. */
static void choose_rivals(struct program *programs, int count, struct goals goals, int rounds)
{
    if (rounds + LEAST_ROUNDS > MOST_ROUNDS)
        return; /* there are none left to judge a rival by */
    for (int i = 0; i < count; i++) {
        const struct program *rival = is_ours(&programs[i], programs) ? best_peer(&programs[i], programs, count) : NULL;
        if (rival != NULL && may_meet_or_miss(rival, &programs[i], goals.peer)) {
            programs[i].rival = rival;
            programs[i].rival_since = rounds;
        }
    }
}

/* Says who goes on, before a round of which nothing is known yet; 0: nobody. Once settled they remain so. */
static int settle(struct program *programs, int count, struct goals goals, int rounds)
{
    int left = 0;
    for (int i = 0; i < count; i++) {
        programs[i].is_settled = !is_open(&programs[i], goals, programs, count, rounds);
        left += !programs[i].is_settled;
    }
    return left;
}

static const char *judge(double ratio, double goal)
{
    return goal == 0 ? "-" : ratio >= goal ? "met" : "MISSED";
}

static void print_ratio(const char *name, double ratio, double goal)
{
    printf("  %s %5.2f", name, ratio);
    if (goal != 0)
        printf("  goal %.2f %-6s", goal, judge(ratio, goal));
}

/* `other` is whom the goal speaks of; NULL: nobody took part. */
static void add_to_table(const char *bench, const char *kernel, const struct program *ours, const struct program *other,
                         double ratio, double least, double ns, double spread, const char *note)
{
    const char *name = getenv("BENCH_TABLE");
    FILE *table = name != NULL ? fopen(name, "a") : NULL;
    if (table == NULL) {
        if (name != NULL)
            perror(name);
        return;
    }
    fprintf(table, "%-10s %-18s %-12s %11.0f ns  ", bench, kernel, ours->label, ns);
    if (other != NULL)
        fprintf(table, "%-18s %5.2f  %5.1f %%  %5.2f  %-6s", other->label, ratio, 100 * spread, least,
                judge(ratio, least));
    else
        fprintf(table, "%-18s %5s  %5.1f %%  %5s  %-6s", "none", "-", 100 * spread, "-", "-");
    fprintf(table, "%s%s\n", spread > noisy_spread ? "  noisy" : "", note);
    if (fclose(table) != 0)
        perror(name);
}

static void print_row(const char *bench, const char *kernel, struct goals goal, const struct program *ours,
                      const struct program *programs, int count)
{
    const struct program *best = ours->rival != NULL ? ours->rival : best_peer(ours, programs, count);
    const struct program *serial = NULL, *floor = NULL;
    int is_first = ours == programs;
    double best_ratio = best != NULL ? median_ratio(best, ours) : INFINITY;
    for (int i = 1; i < count; i++) {
        const struct program *other = &programs[i];
        if (!is_opponent(other, ours, programs, count))
            continue;
        if (strcmp(other->label, "serial") == 0)
            serial = other;
        else if (strcmp(other->label, "floor") == 0)
            floor = other;
    }
    int rounds = ours->rounds;
    double middle = quantile(ours->ns, rounds, 0.5);
    double spread = (quantile(ours->ns, rounds, 0.75) - quantile(ours->ns, rounds, 0.25)) / middle;
    printf("%-18s %-12s %12.0f ns  ", is_first ? kernel : "", ours->label, middle);
    if (goal.ns != 0)
        printf("goal %.0f %-6s  ", goal.ns, middle <= goal.ns ? "met" : "MISSED");
    printf("spread %4.1f %%", 100 * spread);
    if (best != NULL) {
        char name[40];
        snprintf(name, sizeof name, "best peer %-18s", best->label);
        print_ratio(name, best_ratio, goal.peer);
    }
    if (serial != NULL)
        print_ratio("serial", median_ratio(serial, ours), goal.serial);
    if (floor != NULL)
        print_ratio("floor", median_ratio(floor, ours), goal.floor);
    const char *note = is_undecided(ours, goal, programs, count) ? "  undecided" : "";
    printf("  %d rounds%s\n", rounds, note);
    if (best != NULL || serial == NULL)
        add_to_table(bench, kernel, ours, best, best_ratio, goal.peer, middle, spread, note);
    else
        add_to_table(bench, kernel, ours, serial, median_ratio(serial, ours), goal.serial, middle, spread, note);
}

static void print_kernel(FILE *data, const char *bench, const char *kernel, struct goals goal,
                         const struct program *programs, int count)
{
    for (int i = 0; i < count; i++)
        if (is_ours(&programs[i], programs))
            print_row(bench, kernel, goal, &programs[i], programs, count);
    fprintf(data, "%s", kernel);
    for (int i = 0; i < count; i++)
        fprintf(data, " %g", takes_part(&programs[i]) ? median_ratio(&programs[i], programs) : 0.0);
    fprintf(data, "\n");
    fflush(NULL);
}

int main(int argc, char **argv)
{
    static struct program programs[MOST_PROGRAMS];
    int count = 0, separator = 0;
    for (int i = 4; i < argc && separator == 0; i++)
        if (strcmp(argv[i], "--") == 0)
            separator = i;
    int rounds = argc > 1 ? atoi(argv[1]) : 0;
    if (separator == 0 || rounds < 1 || rounds > MOST_ROUNDS || argc == separator + 1 ||
        argc - separator - 1 > MOST_PROGRAMS) {
        fprintf(stderr, "usage: %s ROUNDS SECONDS DATA-FILE kernel[,WHAT=GOAL]... -- label=program...\n", argv[0]);
        return 2;
    }
    for (int i = separator + 1; i < argc; i++) {
        char *equals = strchr(argv[i], '=');
        if (equals == NULL) {
            fprintf(stderr, "%s: expected label=program, found %s\n", argv[0], argv[i]);
            return 2;
        }
        *equals = '\0';
        programs[count].label = argv[i];
        programs[count++].path = equals + 1;
    }
    char bench[64];
    const char *slash = strrchr(argv[3], '/');
    snprintf(bench, sizeof bench, "%s", slash != NULL ? slash + 1 : argv[3]);
    bench[strcspn(bench, ".")] = '\0';
    FILE *data = fopen(argv[3], "w");
    if (data == NULL) {
        perror(argv[3]);
        return 1;
    }
    fprintf(data, "kernel");
    for (int i = 0; i < count; i++)
        fprintf(data, " %s", programs[i].label);
    fprintf(data, "\n");
    printf("%d rounds of %d programs, more where a goal is near; ratios above 1: ours is faster\n", rounds, count);
    for (int k = 4; k < separator; k++) {
        const struct goals goal = take_goals(argv[k]);
        int done = 0;
        for (int i = 0; i < count; i++) {
            programs[i].rounds = 0;
            programs[i].rival = NULL;
        }
        while (done < MOST_TIMES * rounds && done < MOST_ROUNDS && settle(programs, count, goal, rounds) > 0) {
            for (int i = 0; i < count; i++) {
                struct program *program = &programs[((done % 2 == 0 ? i : count - 1 - i) + done) % count];
                if (!program->is_settled)
                    run(program, argv[k], argv[2], done);
            }
            if (++done == rounds)
                choose_rivals(programs, count, goal, rounds);
        }
        for (int i = 1; i < count; i++)
            if (takes_part(&programs[i]) &&
                fabs(programs[i].value - programs[0].value) > 1e-6 * fabs(programs[0].value)) {
                fprintf(stderr, "compare: %s: %s found %.17g, %s %.17g\n", argv[k], programs[i].label, programs[i].value,
                        programs[0].label, programs[0].value);
                return 1;
            }
        print_kernel(data, bench, argv[k], goal, programs, count);
    }
    return fclose(data) == 0 ? 0 : 1;
}
