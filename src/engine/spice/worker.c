/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The only file that knows ngspice's shared library (39.3; its manual, chapter 19).
 *
 * Undocumented behaviour, found by trial: a source with `external` must have no `dc` value;
 * ngSpice_Circ() returns 0 even for decks that it could not parse, and only a line of text that
 * starts "stderr Error" tells; a callback cannot end `run`, but it can end the process. */
#include "engine/spice/worker.h"

#include "base/clock.h"
#include "engine/spice/confine.h"

#include <ngspice/sharedspice.h> /* needs bool, which engine.h brings */

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define COMPLAINT_SIZE 4096
#define BUFFER_SIZE (1u << 16)
/* ngspice may miss a breakpoint by so many units in the last place of the time. */
#define TIME_SLACK 1e-13
/* ngspice does not check the error of a run's first step, a 100th of the way to the first corner.  A corner
 * after this part of the first edge makes that step harmlessly short. */
#define FIRST_PART 1e-3
/* A source is asked for its value millions of times, for some 20 ns each, so the clock is read at every
 * 61st call only.  61 is a prime, so all sources are sampled. */
#define TIMED_CALLS 61

static struct {
    const struct worker_setup *setup; /* NULL: a user's deck */
    const struct worker_deck *deck;
    FILE *out;
    size_t n_vectors; /* of the deck's plot that runs */
    bool complex;
    double *vectors; /* n_vectors, twice as many if complex */
    /* the phase that runs */
    double t0, t1, edge;
    double *from, *to; /* n_externals */
    struct worker_phase phase;
    struct worker_stop *stops; /* phase.n_stops */
    bool *armed;               /* phase.n_stops: it has been on the near side of its level */
    int32_t stop;              /* that has ended the phase, or -1 */
    /* vectors of the transient */
    int *where;    /* n_saved: index of each among ngspice's vectors; -1 until known */
    int time;      /* index of the time vector */
    double *point; /* 1 + n_saved */
    /* addresses under which ngspice names external sources, in its order of asking */
    struct {
        const char *name;
        size_t external;
    } * asked;
    size_t n_asked, last_asked;
    size_t calls;
    char complaint[COMPLAINT_SIZE];
    bool more_than_warned; /* ngspice has complained of more than singular matrices */
    double in_callbacks, started;
    bool failed;
    bool
        lenient; /* a plot is complete: what fails now is a measure or a command, and the plot stays */
} w;

static void send_bytes(const void *bytes, size_t n)
{
    if (n > 0 && fwrite(bytes, 1, n, w.out) != n)
        _exit(1); /* the parent has gone */
}

static void send_message(enum worker_tag tag, const void *bytes, size_t n)
{
    const struct worker_header header = {(uint32_t)tag, (uint32_t)n};
    send_bytes(&header, sizeof header);
    send_bytes(bytes, n);
}

static void send_all(void)
{
    if (fflush(w.out) != 0)
        _exit(1); /* the parent has gone */
}

static void give_up(const char *text) __attribute__((noreturn));
static void give_up(const char *text)
{
    send_message(WORKER_FAILED, text, strlen(text));
    send_all();
    _exit(1);
}

static void receive(void *bytes, size_t n)
{
    for (char *p = bytes; n > 0;) {
        ssize_t got = read(w.setup->in, p, n);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            _exit(1);
        p += got;
        n -= (size_t)got;
    }
}

/* Keep the text that ngspice writes to its stderr; drop progress and reference values. */
static int on_text(char *text, int id, void *data)
{
    (void)id;
    (void)data;
    if (strncmp(text, "stderr ", 7) != 0)
        return 0;
    const char *line = text + 7;
    if (strncmp(line, "Error", 5) == 0)
        w.failed = true;
    /* a singular matrix is only a warning to ngspice; it comes at every try */
    const char *singular = strstr(line, "singular matrix");
    if (singular && !strstr(w.complaint, singular))
        line = singular;
    else if (strncmp(line, "Warning", 7) == 0 || strncmp(line, "Note", 4) == 0 || *line == 0)
        return 0;
    else
        w.more_than_warned = true;
    size_t used = strlen(w.complaint), n = strlen(line);
    if (used + n + 3 < sizeof w.complaint) {
        if (used)
            memcpy(w.complaint + used, "; ", 3), used += 2;
        memcpy(w.complaint + used, line, n + 1);
    }
    return 0;
}

static int on_status(char *text, int id, void *data)
{
    (void)text;
    (void)id;
    (void)data;
    return 0;
}

static int on_exit_request(int status, NG_BOOL unload, NG_BOOL quit, int id, void *data)
{
    (void)status;
    (void)unload;
    (void)quit;
    (void)id;
    (void)data;
    give_up(w.complaint[0] ? w.complaint : "ngspice asked to be unloaded");
}

static int on_thread(NG_BOOL running, int id, void *data)
{
    (void)running;
    (void)id;
    (void)data;
    return 0;
}

static int on_start(pvecinfoall info, int id, void *data)
{
    (void)id;
    (void)data;
    for (size_t k = 0; k < w.setup->n_saved; k++)
        w.where[k] = -1;
    w.time = -1;
    for (int i = 0; i < info->veccount; i++) {
        const char *name = info->vecs[i]->vecname;
        if (strcmp(name, "time") == 0)
            w.time = i;
        for (size_t k = 0; k < w.setup->n_saved; k++)
            if (strcmp(name, w.setup->saved[k]) == 0)
                w.where[k] = i;
    }
    for (size_t k = 0; k < w.setup->n_saved; k++)
        if (w.where[k] < 0) {
            char text[256];
            snprintf(text, sizeof text, "ngspice has no vector %s", w.setup->saved[k]);
            give_up(text);
        }
    if (w.time < 0)
        give_up("ngspice did not start a transient");
    return 0;
}

static size_t external_of(const char *name)
{
    /* the sources are asked in the same order at every load */
    for (size_t tried = 0; tried < w.n_asked; tried++) {
        w.last_asked = w.last_asked + 1 < w.n_asked ? w.last_asked + 1 : 0;
        if (w.asked[w.last_asked].name == name)
            return w.asked[w.last_asked].external;
    }
    for (size_t k = 0; k < w.setup->n_externals; k++)
        if (strcmp(w.setup->externals[k], name) == 0) {
            assert(w.n_asked < w.setup->n_externals);
            w.asked[w.n_asked].name = name;
            w.asked[w.n_asked].external = k;
            w.last_asked = w.n_asked++;
            return k;
        }
    give_up("ngspice asked for a source that is not external");
}

static int on_source(double *value, double t, char *name, int id, void *data)
{
    (void)id;
    (void)data;
    const bool timed = w.calls++ % TIMED_CALLS == 0;
    const double begin = timed ? clock_now() : 0;
    const size_t k = external_of(name);
    const double progress = w.edge > 0 ? (t - w.t0) / w.edge : 1;
    *value = progress >= 1   ? w.to[k]
             : progress <= 0 ? w.from[k]
                             : w.from[k] + (w.to[k] - w.from[k]) * progress;
    if (timed)
        w.in_callbacks += TIMED_CALLS * (clock_now() - begin);
    return 0;
}

/* True if the stop's value is past its level at this point. */
static bool is_past(const struct worker_stop *s)
{
    const double v = w.point[1 + s->saved];
    return s->rising ? v >= s->level : v <= s->level;
}

static void receive_stops(void)
{
    const size_t n = w.phase.n_stops;
    free(w.stops);
    free(w.armed);
    w.stops = calloc(n + 1, sizeof *w.stops);
    w.armed = calloc(n + 1, sizeof *w.armed);
    if (!w.stops || !w.armed)
        give_up("out of memory");
    receive(w.stops, n * sizeof *w.stops);
    for (size_t i = 0; i < n; i++)
        w.armed[i] = !is_past(&w.stops[i]);
    w.stop = -1;
}

static void next_phase(double t)
{
    const struct worker_end end = {w.in_callbacks, clock_now() - w.started, w.stop};
    send_message(WORKER_PHASE_END, &end, sizeof end);
    send_all();
    receive(&w.phase, sizeof w.phase);
    if (w.phase.done)
        _exit(0);
    receive_stops();
    const double part = w.edge > 0 ? fmin(1, (t - w.t0) / w.edge) : 1;
    for (size_t k = 0; k < w.setup->n_externals; k++)
        w.from[k] = part < 1 ? w.from[k] + (w.to[k] - w.from[k]) * part : w.to[k];
    receive(w.to, w.setup->n_externals * sizeof *w.to);
    w.t0 = t;
    w.edge = w.phase.edge;
    w.t1 = t + w.phase.duration;
    ngSpice_SetBkpt(t); /* or a step begun before a stop would go on over the new drive */
    if (!(t > 0))
        ngSpice_SetBkpt(t + FIRST_PART * w.edge);
    for (uint32_t k = 1; k < w.phase.edge_parts && w.edge > 0; k++)
        ngSpice_SetBkpt(t + w.edge * k / w.phase.edge_parts);
    if (w.edge > 0 && w.edge < w.phase.duration)
        ngSpice_SetBkpt(t + w.edge);
    ngSpice_SetBkpt(w.t1);
}

static bool phase_ends(double t)
{
    for (uint32_t i = 0; i < w.phase.n_stops && w.stop < 0; i++) {
        const bool past = is_past(&w.stops[i]);
        if (past && w.armed[i])
            w.stop = (int32_t)i;
        w.armed[i] |= !past;
    }
    return w.stop >= 0 || t >= w.t1 * (1 - TIME_SLACK);
}

static int on_point(pvecvaluesall all, int n, int id, void *data)
{
    (void)n;
    (void)id;
    (void)data;
    const double begin = clock_now();
    const double t = all->vecsa[w.time]->creal;
    w.point[0] = t;
    for (size_t k = 0; k < w.setup->n_saved; k++)
        w.point[1 + k] = all->vecsa[w.where[k]]->creal;
    send_message(WORKER_POINT, w.point, (1 + w.setup->n_saved) * sizeof *w.point);
    send_all(); /* the parent books it while ngspice computes the next one */
    if (phase_ends(t))
        next_phase(t);
    w.in_callbacks += clock_now() - begin;
    return 0;
}

/* Environment variables that ngspice reads; the run must not depend on them. */
static const char *const variables[] = {
    "SPICE_LIB_DIR", "SPICE_EXEC_DIR", "SPICE_SCRIPTS",          "SPICE_PATH",
    "SPICE_NEWS",    "SPICE_HELP_DIR", "SPICE_NO_DATASEG_CHECK", "SPICE_ASCIIRAWFILE",
    "SPICE_HOST",    "SPICE_BUGADDR",  "NGSPICE_INPUT_DIR",      "NGSPICE_MEAS_PRECISION",
};

/* ngspice reads .spiceinit of the folder where it runs; only where there is none, that of the home of the
 * password entry, whatever HOME says. */
#define START_FILE ".spiceinit"

/* Work in a private folder with an empty .spiceinit, so that none of the user changes the run. */
static void isolate(const char *directory, int in)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGINT, SIG_IGN);
    signal(SIGPIPE, SIG_DFL);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    setlocale(LC_ALL, "C");
    if (chdir(directory) != 0 || setenv("HOME", directory, 1) != 0)
        give_up("the worker's folder has gone");
    const int empty = open(START_FILE, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
    if (empty < 0)
        give_up("no file can be made in the worker's folder");
    close(empty);
    for (size_t i = 0; i < sizeof variables / sizeof variables[0]; i++)
        unsetenv(variables[i]);
    if (!confine_descriptors(in, fileno(w.out)))
        give_up("/dev/null cannot be opened");
}

/* Called when the library has read its own files.  Removes the folder, so that nothing is left of it if all
 * processes are killed.  A deck that is not trusted was screened before (base/spice_screen.h); confining is
 * the second defence if the screen has a hole. */
static void shut_in(const char *directory, bool trusted)
{
    unlink(START_FILE);
    rmdir(directory);
    if (trusted)
        return;
    confine_sizes();
    if (!confine_files() && confine_kernel_can())
        give_up("the worker cannot be shut in");
    confine_calls();
}

static void open_pipe(int out)
{
    static char buffer[BUFFER_SIZE];
    w.out = fdopen(out, "wb");
    if (!w.out)
        _exit(1);
    setvbuf(w.out, buffer, _IOFBF, sizeof buffer);
}

void worker_main(const struct worker_setup *setup)
{
    w.setup = setup;
    w.stop = -1;
    open_pipe(setup->out);
    w.from = calloc(setup->n_externals + 1, sizeof *w.from);
    w.to = calloc(setup->n_externals + 1, sizeof *w.to);
    w.where = calloc(setup->n_saved + 1, sizeof *w.where);
    w.point = calloc(setup->n_saved + 1, sizeof *w.point);
    w.asked = calloc(setup->n_externals + 1, sizeof *w.asked);
    if (!w.from || !w.to || !w.where || !w.point || !w.asked)
        give_up("out of memory");
    memcpy(w.from, setup->initial, setup->n_externals * sizeof *w.from);
    memcpy(w.to, setup->initial, setup->n_externals * sizeof *w.to);
    isolate(setup->directory, setup->in);
    static int id;
    ngSpice_Init(on_text, on_status, on_exit_request, on_point, on_start, on_thread, NULL);
    ngSpice_Init_Sync(on_source, NULL, NULL, &id, NULL);
    shut_in(setup->directory, false);
    if (ngSpice_Circ(setup->lines) != 0 || w.failed)
        give_up(w.complaint[0] ? w.complaint : "ngspice could not read the deck");
    w.started = clock_now();
    ngSpice_Command((char[]){"run"});
    give_up(w.complaint[0] ? w.complaint : "the transient ended before the controller was done");
}

/* --- a user's deck */

/* Measures are lines "name = value ..." on stdout; of stderr everything but progress is kept. */
static int on_deck_text(char *text, int id, void *data)
{
    static const char *const progress[] = {"Trying", "Supplies", "Using", "Reducing"};
    const bool failed = w.failed;
    if (strncmp(text, "stdout ", 7) == 0) {
        if (strstr(text, "Measurements for ") && !w.deck->probes) {
            w.lenient = true;
            send_message(WORKER_ENDED, NULL, 0);
            send_all(); /* ngspice may crash at what comes */
        }
        const char *line = text + 7, *sign = line + strcspn(line, " =");
        if (sign[strspn(sign, " ")] == '=' && !w.deck->probes)
            send_message(WORKER_TEXT, line, strlen(line));
        return 0;
    }
    for (size_t i = 0; i < sizeof progress / sizeof progress[0]; i++)
        if (strncmp(text, "stderr ", 7) == 0 &&
            strncmp(text + 7, progress[i], strlen(progress[i])) == 0)
            return 0;
    on_text(text, id, data);
    if (w.lenient)
        w.failed = failed;
    if (strstr(text, "simulation(s) aborted") || strstr(text, "simulation not started"))
        w.failed = true;
    return 0;
}

static void send_trouble(void)
{
    if (w.lenient && w.more_than_warned)
        send_message(WORKER_TROUBLE, w.complaint, strlen(w.complaint));
}

static int on_deck_exit(int status, NG_BOOL unload, NG_BOOL quit, int id, void *data)
{
    if (quit && status == 0 && w.deck->control) { /* `quit' in a .control block */
        send_trouble();
        send_message(WORKER_DONE, NULL, 0);
        send_all();
        _exit(0);
    }
    return on_exit_request(status, unload, quit, id, data);
}

static int on_deck_start(pvecinfoall info, int id, void *data)
{
    (void)id;
    (void)data;
    if (w.deck->probes)
        return 0;
    w.lenient = w.deck->control;
    size_t size = sizeof(uint32_t) + strlen(info->name) + 1;
    w.n_vectors = (size_t)info->veccount;
    w.complex = info->veccount > 0 && !info->vecs[0]->is_real;
    for (size_t i = 0; i < w.n_vectors; i++)
        size += strlen(info->vecs[i]->vecname) + 1;
    free(w.vectors);
    w.vectors = calloc(2 * w.n_vectors + 1, sizeof *w.vectors);
    char *text = malloc(size);
    if (!w.vectors || !text)
        give_up("out of memory");
    const uint32_t complex = w.complex;
    memcpy(text, &complex, sizeof complex);
    char *p = stpcpy(text + sizeof complex, info->name) + 1;
    for (size_t i = 0; i < w.n_vectors; i++)
        p = stpcpy(p, info->vecs[i]->vecname) + 1;
    send_message(WORKER_PLOT, text, size);
    free(text);
    return 0;
}

static void send_probes(void) __attribute__((noreturn));
static void send_probes(void)
{
    double *values = calloc(w.deck->n_probes + 1, sizeof *values);
    if (!values)
        give_up("out of memory");
    for (size_t i = 0; i < w.deck->n_probes; i++) {
        const vector_info *v = ngGet_Vec_Info(w.deck->probes[i]);
        if (v && v->v_realdata && v->v_length > 0)
            values[i] = v->v_realdata[0];
    }
    send_message(WORKER_PROBED, values, w.deck->n_probes * sizeof *values);
    send_message(WORKER_DONE, NULL, 0);
    send_all();
    _exit(0);
}

static int on_deck_point(pvecvaluesall all, int n, int id, void *data)
{
    (void)n;
    (void)id;
    (void)data;
    if (w.deck->probes)
        send_probes(); /* parameters are known after one step, so the rest of the run is skipped */
    if ((size_t)all->veccount != w.n_vectors)
        give_up("ngspice changed the number of vectors within a plot");
    size_t k = 0;
    for (size_t i = 0; i < w.n_vectors; i++) {
        w.vectors[k++] = all->vecsa[i]->creal;
        if (w.complex)
            w.vectors[k++] = all->vecsa[i]->cimag;
    }
    send_message(WORKER_VALUES, w.vectors, k * sizeof *w.vectors);
    return 0;
}

static void refuse_deck(const char *text) __attribute__((noreturn));
static void refuse_deck(const char *text)
{
    send_message(WORKER_UNREAD, text, strlen(text));
    send_all();
    _exit(1);
}

void worker_deck_main(const struct worker_deck *deck)
{
    w.deck = deck;
    open_pipe(deck->out);
    isolate(deck->directory, deck->in);
    setenv("NGSPICE_MEAS_PRECISION", "15", 1);
    /* ngspice fills its pool of Gaussian numbers at its start, seeded with the process's number */
    if (deck->noise && !deck->probes && !confine_process_id(deck->seed))
        give_up("noise sources cannot be seeded: this system has no seccomp filters");
    ngSpice_Init(on_deck_text, on_status, on_deck_exit, on_deck_point, on_deck_start, on_thread,
                 NULL);
    shut_in(deck->directory, deck->trusted);
    if (deck->trusted && chdir(deck->folder) != 0)
        give_up("the deck's folder has gone");
    send_message(WORKER_BEGUN, NULL, 0);
    char seed[32]; /* for the other random functions */
    snprintf(seed, sizeof seed, "setseed %d", deck->seed);
    ngSpice_Command(seed);
    w.complaint[0] = 0;
    w.failed = w.more_than_warned = false;
    if (ngSpice_Circ(deck->lines) != 0 || w.failed)
        refuse_deck(w.complaint[0] ? w.complaint : "it could not be read");
    if (!deck->control)
        ngSpice_Command((char[]){"run"});
    if (w.deck->probes)
        send_probes();
    if (w.failed)
        give_up(w.complaint[0] ? w.complaint : "the analysis did not end");
    send_trouble();
    send_message(WORKER_DONE, NULL, 0);
    send_all();
    _exit(0);
}
