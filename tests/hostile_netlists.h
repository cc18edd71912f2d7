/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Netlist texts that the reader must refuse, with the parts that its message must name. */
#ifndef SILVERBAR_TESTS_HOSTILE_NETLISTS_H
#define SILVERBAR_TESTS_HOSTILE_NETLISTS_H

#include "base/random.h"
#include "testing.h"

enum refusal {
    MALFORMED, /* no simulator shall run it */
    BEYOND,    /* fine for SPICE, beyond our engines */
};

static const struct {
    const char *text;
    enum refusal refusal;
    const char *parts[3]; /* up to NULL */
} hostile[] = {
#define A ".subckt a p n\n"
#define Z "\n.ends\n"
    {"", MALFORMED, {"a.sub", "no .subckt"}},
    {"* nothing\n\n", MALFORMED, {"a.sub", "no .subckt"}},
    {A "r1 p n 1k\n", MALFORMED, {"a.sub:1:", ".subckt a", "no .ends"}},
    {".ends\n", MALFORMED, {"a.sub:1:", ".ends without"}},
    {A "r1 p n 1k" Z A "r1 p n 1k" Z, MALFORMED, {"a.sub:4:", "defined twice"}},
    {A "r1 p n 1k" Z ".subckt A p n\nr1 p n 1k" Z, MALFORMED, {"a.sub:4:", "defined twice"}},
    {A ".subckt b p n" Z Z, MALFORMED, {"a.sub:2:", "inside .subckt a"}},
    {".subckt\n.ends\n", MALFORMED, {"a.sub:1:", ".subckt NAME"}},
    {".subckt a\n.ends\n", MALFORMED, {"a.sub:1:", ".subckt NAME"}},
    {"r1 p n 1k\n" A Z, MALFORMED, {"a.sub:1:", "r1 outside"}},
    {"+ 3\n" A Z, MALFORMED, {"a.sub:1:", "continues nothing"}},
    {A "r1 p n" Z, MALFORMED, {"a.sub:2:", "r1", "one value"}},
    {A "r1 p n 1k 2k" Z, BEYOND, {"a.sub:2:", "behind the value"}},
    {A "r1 p n 1k5" Z, MALFORMED, {"a.sub:2:", "'1k5'", "number"}},
    {A "r1 p n 0x10" Z, MALFORMED, {"a.sub:2:", "'0x10'"}},
    {A "r1 p n nan" Z, MALFORMED, {"a.sub:2:", "'nan'"}},
    {A "r1 p n 1e999" Z, MALFORMED, {"a.sub:2:", "'1e999'"}},
    {A "r1 p n 0" Z, MALFORMED, {"a.sub:2:", "value 0", "positive"}},
    {A "c1 p n -1p" Z, MALFORMED, {"a.sub:2:", "value -1e-12", "positive"}},
    {A "e1 p n p 2" Z, MALFORMED, {"a.sub:2:", "e1", "4 nodes"}},
    {A "r1 p n {x}" Z, MALFORMED, {"a.sub:2:", "unknown parameter {x}"}},
    {A "r1 p n {x" Z, MALFORMED, {"a.sub:2:", "{x"}},
    {A "r1 p n {}" Z, MALFORMED, {"a.sub:2:", "{}"}},
    {A "r1 p n {2*3}" Z, BEYOND, {"a.sub:2:", "expression"}},
    {".param x\n" A Z, MALFORMED, {"a.sub:1:", "name=value"}},
    {".param x=\n" A Z, MALFORMED, {"a.sub:1:", "name=value"}},
    {".param x=y\n" A Z, MALFORMED, {"a.sub:1:", "'y'"}},
    {".subckt a p n r=\n.ends\n", MALFORMED, {"a.sub:1:", "name=value"}},
    {A "m1 p n 0 0" Z, MALFORMED, {"a.sub:2:", "m1", "bulk model"}},
    {A "m1 p n 0 0 nm w=1u" Z, MALFORMED, {"a.sub:2:", "no .model nm"}},
    {A "m1 p n 0 0 nm w" Z ".model nm nmos\n", MALFORMED, {"a.sub:2:", "'w'"}},
    {A "m1 p n 0 0 nm w=0" Z ".model nm nmos\n", MALFORMED, {"a.sub:2:", "w=0", "positive"}},
    {A "m1 p n 0 0 nm w=1u" Z ".model nm nmos vto\n", MALFORMED, {"a.sub:4:", "'vto'"}},
    {A "m1 p n 0 0 nm w=1u" Z ".model nm nmos vto=x\n", MALFORMED, {"a.sub:4:", "'x'"}},
    {A "x1 p n b" Z, MALFORMED, {"a.sub:2:", "no .subckt b"}},
    {A "x1" Z, MALFORMED, {"a.sub:2:", "x1"}},
    {A "x1 = 2" Z, MALFORMED, {"a.sub:2:", "x1"}},
    {A "x1 p b" Z ".subckt b p n" Z, MALFORMED, {"a.sub:2:", "1 nodes", "expected 2"}},
    {A "x1 p n p b" Z ".subckt b p n" Z, MALFORMED, {"a.sub:2:", "3 nodes", "expected 2"}},
    {A "x1 p n b r=x" Z ".subckt b p n r=1" Z, MALFORMED, {"a.sub:2:", "'x'"}},
    {A "x1 p n a" Z, MALFORMED, {"a.sub:2:", "nested more than"}},
    {A "x1 p n a\nx2 p n a" Z, MALFORMED, {"a.sub:2:", "nested more than"}},
    {A "x1 p n b" Z ".subckt b p n\nx1 p n a" Z, MALFORMED, {"a.sub:", "nested more than"}},
    {".control\nshell true\n.endc\n" A Z, MALFORMED, {"a.sub:1:", "'.control'", "runs commands"}},
    {A "  .CONTROL\n.endc" Z, MALFORMED, {"a.sub:2:", "'.CONTROL'", "runs commands"}},
    {".lib 'x' tt\n" A Z, MALFORMED, {"a.sub:1:", ".lib", "refused"}},
    {A Z ".exec true\n", MALFORMED, {"a.sub:4:", ".exec", "refused"}},
    {A Z "*# shell true\n", MALFORMED, {"a.sub:4:", "that ngspice runs"}},
    {A "*#shell true" Z, MALFORMED, {"a.sub:2:", "'*#shell'", "that ngspice runs"}},
    {A "\t *#shell true" Z, MALFORMED, {"a.sub:2:", "'*#shell'", "that ngspice runs"}},
    {A "* \f*#shell true" Z, MALFORMED, {"a.sub:2:", "control byte 0x0c"}},
    {A "r1 p n 1k\\\\\n*#shell true" Z, MALFORMED, {"a.sub:2:", "goes on in the next line"}},
    {A "a1 [p] m" Z ".model m\n+ filesource (file=x)\n", MALFORMED, {"a.sub:5:", "'filesource'"}},
    {A "a1 [p] m" Z ".model m d_state(state_file = x)\n", MALFORMED, {"a.sub:4:", "'d_state'"}},
    {A "v1 p n pwl file=x" Z, MALFORMED, {"a.sub:2:", "'file'", "opens files"}},
    {A "a1 p n \"text\"" Z, MALFORMED, {"a.sub:2:", "is a text"}},
    {A "=r1 p n 1k" Z, MALFORMED, {"a.sub:2:", "'=r1'", "refused"}},
    {".include /etc/passwd\n", MALFORMED, {"a.sub:1:", "/etc/passwd", "refused"}},
    {".include \"../a.sub\"\n", MALFORMED, {"a.sub:1:", "../a.sub", "refused"}},
    {".include\n", MALFORMED, {"a.sub:1:", "refused"}},
    {".include none.sub\n", MALFORMED, {"none.sub", "cannot be read"}},
    {".include a.sub\n", MALFORMED, {"a.sub:1:", ".include nested"}},
    {".include loop.sub\n", MALFORMED, {"sub:1:", ".include nested"}},
    {".include bad.sub\n" A Z, MALFORMED, {"bad.sub:3:", "r1 outside"}},
    {A "b1 p n i=v(p)" Z, BEYOND, {"a.sub:2:", "b1", "ngspice"}},
    {A "d1 p n dm" Z, BEYOND, {"a.sub:2:", "d1", "ngspice"}},
    {A "q1 p n 0 qm" Z, BEYOND, {"a.sub:2:", "q1", "ngspice"}},
    {A "j1 p n 0 jm" Z, BEYOND, {"a.sub:2:", "j1", "ngspice"}},
    {A "l1 p n 1u ic=1m" Z, BEYOND, {"a.sub:2:", "behind the value", "ngspice"}},
    {A "l1 p n 1\nl2 p n 1\nk1 l1 l2 1" Z, MALFORMED, {"a.sub:4:", "k1", "between -1 and 1"}},
    {A "l1 p n 1\nk1 l1 l2 0.5" Z, MALFORMED, {"a.sub:3:", "l2", "an inductor"}},
    {A "l1 p n 1\nr2 p n 1\nk1 l1 r2 0.5" Z, MALFORMED, {"a.sub:4:", "r2", "an inductor"}},
    {A "l1 p n 1\nk1 l1 l1 0.5" Z, MALFORMED, {"a.sub:3:", "l1 twice", "two inductors"}},
    {A "l1 p n 0" Z, MALFORMED, {"a.sub:2:", "l1", "positive"}},
    {A ".if (1)\n.endif" Z, BEYOND, {"a.sub:2:", ".if"}},
    {".options reltol=1\n" A Z, MALFORMED, {"a.sub:1:", ".options", "refused"}},
    {".temp 125\n" A Z, MALFORMED, {"a.sub:1:", ".temp", "refused"}},
    {A Z ".end\n", MALFORMED, {"a.sub:4:", "'.end' is refused"}},
    {A "m1 p n 0 0 nm" Z ".model nm nmos level=3\n", BEYOND, {"a.sub:4:", "level"}},
    {A "m1 p n 0 0 nm" Z ".model nm nmos tox=1n\n", BEYOND, {"a.sub:4:", "tox"}},
    {A "m1 p n 0 0 nm ad=1p" Z ".model nm nmos\n", BEYOND, {"a.sub:2:", "ad"}},
    {A "m1 p n 0 0 dm" Z ".model dm d\n", BEYOND, {"a.sub:4:", "NMOS"}},
#undef A
#undef Z
};

/* Copy text[n] with one to four bytes changed, inserted or removed, or the tail cut, into out (n +
 * 5 bytes); returns its length. */
static inline size_t hostile_mutate(gsl_rng *rng, const char *text, size_t n, char *out)
{
    static const char bytes[] = "\n\t .+*{}=$;,()0159aekmnprxXvx\"'\\\r\x01\x80\xff#:-";
    memcpy(out, text, n);
    for (unsigned long edits = 1 + gsl_rng_uniform_int(rng, 4); edits > 0; edits--) {
        const size_t at = gsl_rng_uniform_int(rng, n);
        const char byte = bytes[gsl_rng_uniform_int(rng, sizeof bytes - 1)];
        const unsigned long what = gsl_rng_uniform_int(rng, 40);
        if (what < 20) {
            out[at] = byte;
        } else if (what < 30) {
            memmove(out + at + 1, out + at, n - at);
            out[at] = byte;
            n++;
        } else if (what < 39 && n > 1) {
            memmove(out + at, out + at + 1, n - at - 1);
            n--;
        } else if (at > 0) {
            n = at;
        }
    }
    return n;
}

/* Ten levels of ten instances: 1e9 resistors in a hundred lines.  To free(). */
static inline char *hostile_instances(void)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    for (int level = 0; level < 10; level++) {
        fprintf(out, ".subckt %c p n\n", 'a' + level);
        for (int i = 0; i < 10; i++)
            if (level < 9)
                fprintf(out, "x%d p n %c\n", i, 'b' + level);
            else
                fprintf(out, "r%d p n 1k\n", i);
        fputs(".ends\n", out);
    }
    fclose(out);
    return text;
}

/* w0.sub to w7.sub in the folder, each with ten includes of the next: 1e7 files. */
static inline void hostile_includes(const char *folder)
{
    for (int level = 0; level < 8; level++) {
        char *name = memory_format("w%d.sub", level), *text = memory_string("");
        for (int i = 0; i < 10; i++) {
            char *longer = level < 7 ? memory_format("%s.include w%d.sub\n", text, level + 1)
                                     : memory_format("%s* text\n", text);
            free(text);
            text = longer;
        }
        free(file_write(folder, name, text, strlen(text)));
        free(name);
        free(text);
    }
}

#endif
