/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Files that a page embeds, made into arrays at build time: our style and viewer, and dygraphs from
 * where configure found it (sizes 0 without it). */
#ifndef SILVERBAR_REPORT_PAGE_PAGE_ASSETS_H
#define SILVERBAR_REPORT_PAGE_PAGE_ASSETS_H

#include <stddef.h>

extern const unsigned char page_css[], page_js[], dygraph_js[], dygraph_css[];
extern const size_t page_css_size, page_js_size, dygraph_js_size, dygraph_css_size;

#endif
