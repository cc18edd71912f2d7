/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Which lines are harmless: what ngspice 39 does with each kind was read in its manual (chapters 2,
 * 4 to 8, 11 and 12) and tried.  The lists of cards say what may pass, not what may not. */
#include "base/spice_screen.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define BLANKS " \t\f\v"

/* clang-format off */
static const char *const deck_cards[] = {
    ".ac", ".backanno", ".csparam", ".dc", ".else", ".elseif", ".endif", ".endl", ".ends",
    ".four", ".func", ".global", ".ic", ".if", ".meas", ".measure", ".model", ".nodeset", ".op",
    ".opt", ".option", ".options", ".param", ".params", ".plot", ".print", ".probe", ".save",
    ".subckt", ".temp", ".tran", ".width",
    /* harmless, but refused later: not run here */
    ".disto", ".noise", ".pss", ".pz", ".sens", ".sp", ".tf", NULL,
};
/* clang-format on */

/* Cards that describe a circuit.  .func and .if are for SPICE only: a file with them is beyond the
 * native engines.  Readers replace .include by the file before they ask. */
static const char *const netlist_cards[] = {
    ".subckt", ".ends", ".model", ".param", ".func", ".if", ".elseif", ".else", ".endif", NULL,
};
static const char *const library_cards[] = {
    ".subckt", ".ends", ".model", ".param", ".func", ".if", ".elseif", ".else", ".endif", NULL,
};

static const struct {
    const char *const *cards;
    bool lines; /* comments, continuations and empty lines are still there */
    const char *other, *expected, *otherwise; /* words of messages */
} kinds[] = {
    [SPICE_DECK] = {deck_cards, false, "is not known to be harmless",
                    "an element or a card such as .tran", ", or --trust"},
    [SPICE_NETLIST] = {netlist_cards, true, "is refused in a netlist file",
                       "an element, .subckt, .ends, .model, .param, .func or .include", ""},
    [SPICE_LIBRARY] = {library_cards, true, "is refused in a device library",
                       "an element, .subckt, .ends or .include", ""},
    [SPICE_WHOLE] = {deck_cards, true, "is not known to be harmless", "an element or a card", ""},
};

/* Code models that open files or start programs, also without a parameter that names one. */
static const char *const models[] = {
    "filesource", "file_source", "d_source", "d_state", "d_process", "d_cosim",
    "table2d",    "table3d",     "d_vpi",    "d_osdi",  NULL,
};

/* What a .model may be.  CIDER's numerical devices (numd, nbjt, numos) are none: their
 * cards read and write files. */
/* clang-format off */
static const char *const model_types[] = {
    /* SPICE */
    "r", "res", "c", "cap", "l", "ind", "d", "npn", "pnp", "lpnp", "njf", "pjf", "nmf", "pmf",
    "hfet", "nhfet", "phfet", "nmos", "pmos", "nsoi", "psoi", "vdmos", "vdmosn", "vdmosp", "sw",
    "csw", "vswitch", "iswitch", "ltra", "urc", "txl", "cpl", "transline",
    /* XSPICE */
    "gain", "summer", "mult", "divide", "limit", "climit", "pwl", "multi_input_pwl", "aswitch",
    "pswitch", "zener", "ilimit", "hyst", "d_dt", "int", "s_xfer", "slew", "lcouple", "core",
    "cmeter", "lmeter", "capacitoric", "inductoric", "sine", "triangle", "square", "oneshot",
    "memristor", "sidiode", "delay", "potentiometer", "spice2poly", "dac_bridge", "adc_bridge",
    "bidi_bridge", "d_buffer", "d_inverter", "d_and", "d_nand", "d_or", "d_nor", "d_xor", "d_xnor",
    "d_tristate", "d_pullup", "d_pulldown", "d_open_c", "d_open_e", "d_dff", "d_jkff", "d_tff",
    "d_srff", "d_dlatch", "d_srlatch", "d_fdiv", "d_ram", "d_lut", "d_genlut", "d_osc", "d_pwm",
    "d_to_real", "real_delay", "real_gain", "real_to_v", "nco", NULL,
};
/* clang-format on */

/* Parameters of elements and models that name one. */
static const char *const parameters[] = {
    "file",         "wavefile", "input_file", "state_file", "source_file",
    "process_file", "filename", "file_name",  "simulation", "noisefile",
    "infile",       "outfile",  "rootfile",   NULL,
};

static bool listed(const char *const *list, const char *word, size_t n)
{
    for (; *list; list++)
        if (strlen(*list) == n && strncasecmp(*list, word, n) == 0)
            return true;
    return false;
}

/* A control byte, or the end of the text.  (iscntrl() depends on the locale.) */
static const char *find_control(const char *s)
{
    for (; *s; s++) {
        const bool control = (unsigned char)*s < 0x20 || *s == 0x7f,
                   line_end = *s == '\n' || (*s == '\r' && s[1] == '\n');
        if (control && *s != '\t' && !line_end)
            break;
    }
    return s;
}

static enum status refuse_byte(enum spice_kind kind, const char *path, int line, char byte,
                               struct error *error)
{
    return fail_at(error, path, line,
                   "control byte 0x%02x, expected a text file with tabs and line ends only%s",
                   (unsigned char)byte, kinds[kind].otherwise);
}

enum status spice_file_read(enum spice_kind kind, const char *path, struct text_file **file,
                            struct error *error)
{
    enum status status = text_file_read(path, file, error);
    if (status != STATUS_OK)
        return status;
    const char *bad = find_control((*file)->text);
    if (!*bad)
        return STATUS_OK;
    int line = 1;
    for (const char *s = (*file)->text; s < bad; s++)
        line += *s == '\n';
    status = refuse_byte(kind, path, line, *bad, error);
    text_file_free(*file);
    *file = NULL;
    return status;
}

void spice_cut_comment(char *line)
{
    char *p = line;
    for (; *p; p++)
        if (*p == ';' || (*p == '/' && p[1] == '/') ||
            (*p == '$' && (p == line || strchr(BLANKS ",", p[-1]))))
            break;
    while (p > line && strchr(BLANKS "\r", p[-1]))
        p--;
    *p = 0;
}

struct place {
    enum spice_kind kind;
    const char *path;
    int line;
    struct error *error;
};

/* `expected` NULL: what this kind of text expects anyway. */
static enum status refuse(const struct place *p, const char *what, size_t n, const char *reason,
                          const char *expected)
{
    return fail_at(p->error, p->path, p->line, "'%.*s' %s, expected %s%s", n < 40 ? (int)n : 40,
                   what, reason, expected ? expected : kinds[p->kind].expected,
                   kinds[p->kind].otherwise);
}

/* Words that open files or run programs, wherever they stand. */
static enum status screen_words(const struct place *place, const char *s)
{
    for (const char *p = s; *p;) {
        p += strcspn(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_");
        size_t n = 0;
        while (isalnum((unsigned char)p[n]) || p[n] == '_')
            n++;
        if (listed(models, p, n) || listed(parameters, p, n))
            return refuse(place, p, n, "opens files or runs programs", "none such");
        p += n;
    }
    return STATUS_OK;
}

/* A .model card over the lines that it stands in. */
struct model_card {
    int word; /* the next one: 1 the name, 2 the type; -1: no such card, or its type was seen */
};

/* The type of a model may stand in a continuation of its card. */
static enum status screen_model(struct model_card *card, const struct place *place, const char *s)
{
    static const char ends[] = BLANKS "(),=";
    s += strspn(s, BLANKS);
    if (!*s || *s == '*')
        return STATUS_OK;
    if (*s != '+') {
        const size_t n = strcspn(s, BLANKS);
        card->word = n == strlen(".model") && strncasecmp(s, ".model", n) == 0 ? 1 : -1;
        s += n;
    } else {
        s++;
    }
    for (; card->word > 0 && *(s += strspn(s, ends)); card->word++) {
        const size_t n = strcspn(s, ends);
        if (card->word > 1 && strncasecmp(s, "ako:", strlen("ako:")) != 0) {
            card->word = -1;
            return listed(model_types, s, n)
                       ? STATUS_OK
                       : refuse(place, s, n, "is a kind of model that is not known to be harmless",
                                "one such as nmos");
        }
        s += n;
    }
    return STATUS_OK;
}

enum status spice_line_screen(enum spice_kind kind, const char *path, int line, const char *text,
                              struct error *error)
{
    const struct place place = {kind, path, line, error};
    const bool lines = kinds[kind].lines;
    const char *s = text + strspn(text, " \t"), *control = find_control(s);
    const size_t all = strlen(s), n = strcspn(s, " \t");
    if (*control || strchr(s, '\n'))
        return refuse_byte(kind, path, line, *control ? *control : '\n', error);
    if (*s == '*' && (s[1] == '#' || !lines))
        return refuse(&place, s, n, "is a comment that ngspice runs", "none such");
    if (lines && (*s == '*' || !*s))
        return STATUS_OK;
    if (strncasecmp(s, ".control", strlen(".control")) == 0)
        return refuse(&place, s, n, "runs commands", NULL);
    if (*s == '.' && !listed(kinds[kind].cards, s, n) &&
        !(kind == SPICE_WHOLE && strcmp(s, ".end") == 0))
        return refuse(&place, s, n, kinds[kind].other, NULL);
    if (*s != '.' && !isalpha((unsigned char)*s) && !(lines && *s == '+'))
        return refuse(&place, s, n, kinds[kind].other, NULL);
    /* ngspice would join the next line to it: readers of lines do not, others have done so */
    if (all >= 2 && strcmp(s + all - 2, "\\\\") == 0)
        return refuse(&place, s + all - 2, 2, "goes on in the next line", "'+' at its beginning");
    /* a parameter may be a text, and a text may name a model or a parameter */
    const char *quote = strpbrk(s, "\"`");
    if (quote)
        return refuse(&place, quote, strcspn(quote, " \t"), "is a text", "none in a netlist");
    const enum status status = screen_words(&place, s);
    return status == STATUS_OK ? screen_model(&(struct model_card){-1}, &place, s) : status;
}

enum status spice_deck_screen(const char *const *lines, struct error *error)
{
    struct place place = {SPICE_WHOLE, "the deck for ngspice", 0, error};
    struct model_card card = {-1};
    enum status status = STATUS_OK;
    for (int i = 0; lines[i] && status == STATUS_OK; i++) {
        place.line = i + 1;
        status = spice_line_screen(SPICE_WHOLE, place.path, place.line, lines[i], error);
        if (status == STATUS_OK)
            status = screen_model(&card, &place, lines[i]);
    }
    return status;
}

enum status spice_deck_refuse_code(const char *const *lines, struct error *error)
{
    for (; *lines; lines++) {
        const char *s = *lines + strspn(*lines, BLANKS);
        if (*s == 'a' || *s == 'A')
            return fail(
                error, STATUS_INPUT,
                "'%.*s' is a code model, and this kernel has no Landlock that would keep it "
                "from files; expected none, or a deck run with --trust",
                (int)strcspn(s, BLANKS), s);
    }
    return STATUS_OK;
}
