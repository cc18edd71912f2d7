/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "infer/tile_plan.h"

size_t tile_form_rows(const struct tile_form *f, const struct matrix_layer *m)
{
    return m->rows + (m->bias ? f->bias_rows : 0);
}

struct tile_plan tile_plan_make(const struct tile_form *f, const struct matrix_layer *m)
{
    const size_t rows = tile_form_rows(f, m);
    struct tile_plan p = {.row_tiles = (rows + f->rows - 1) / f->rows,
                          .column_tiles = (m->columns + f->columns - 1) / f->columns};
    const double groups = (double)m->groups,
                 pairs = groups * (double)p.row_tiles * (double)p.column_tiles;
    p.tiles = 2 * pairs;
    p.devices = f->fill == TILE_PAD ? p.tiles * (double)f->rows * (double)f->columns
                                    : 2 * groups * (double)rows * (double)m->columns;
    p.reads = (double)m->reads;
    p.conversions = p.reads * groups * (double)p.row_tiles * (double)m->columns *
                    (f->subtract == TILE_DIGITAL ? 2 : 1);
    return p;
}
