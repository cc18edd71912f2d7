/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "study/yaml_file.h"

#include "base/memory.h"
#include "base/text_file.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#define ENTRIES_MAX 1000 /* names, and items of a list: aliases make a small file large */
#define DEPTH_MAX 4
/* libyaml's time grows with the square of the depth and of the number of anchors: 200,000 times '[' take
 * a minute.  A file is looked through first, event by event, and given up at these. */
#define NESTING_MAX 100
#define ANCHORS_MAX 1000

struct reader {
    struct yaml_file *file;
    yaml_document_t document;
    struct error *error;
};

static enum status refuse(const struct reader *r, const yaml_node_t *node, const char *what)
{
    return fail_at(r->error, r->file->path, (int)node->start_mark.line + 1, "%s", what);
}

static const char *scalar(const yaml_node_t *node)
{
    return (const char *)node->data.scalar.value;
}

/* A scalar is one text without NUL bytes. */
static enum status check_scalar(const struct reader *r, const yaml_node_t *node)
{
    return strlen(scalar(node)) == node->data.scalar.length
               ? STATUS_OK
               : refuse(r, node, "a value with a NUL byte, expected text");
}

static enum status add(struct reader *r, const char *name, const yaml_node_t *node, size_t n,
                       bool list)
{
    struct yaml_file *f = r->file;
    for (size_t i = 0; i < f->n; i++)
        if (strcmp(f->entries[i].name, name) == 0)
            return fail_at(r->error, f->path, (int)node->start_mark.line + 1,
                           "%s is given again, expected once (line %d)", name, f->entries[i].line);
    if (f->n >= ENTRIES_MAX)
        return refuse(r, node, "too many names, expected at most 1000");
    f->entries = memory_grow(f->entries, &f->capacity, f->n + 1, sizeof *f->entries);
    f->entries[f->n++] = (struct yaml_entry){.name = memory_string(name),
                                             .line = (int)node->start_mark.line + 1,
                                             .list = list,
                                             .n = n,
                                             .items = NEW(n, char *)};
    return STATUS_OK;
}

static enum status add_list(struct reader *r, const char *name, const yaml_node_t *node)
{
    const size_t n = (size_t)(node->data.sequence.items.top - node->data.sequence.items.start);
    if (n > ENTRIES_MAX)
        return refuse(r, node, "a list of more than 1000 items");
    enum status status = add(r, name, node, n, true);
    for (size_t i = 0; i < n && status == STATUS_OK; i++) {
        const yaml_node_t *item =
            yaml_document_get_node(&r->document, node->data.sequence.items.start[i]);
        if (item->type != YAML_SCALAR_NODE)
            return refuse(r, item, "a list within a list, expected values");
        status = check_scalar(r, item);
        r->file->entries[r->file->n - 1].items[i] = memory_string(scalar(item));
    }
    return status;
}

static enum status walk(struct reader *r, const char *name, const yaml_node_t *node, int depth);

static enum status walk_mapping(struct reader *r, const char *name, const yaml_node_t *node,
                                int depth)
{
    enum status status = STATUS_OK;
    for (yaml_node_pair_t *p = node->data.mapping.pairs.start;
         p < node->data.mapping.pairs.top && status == STATUS_OK; p++) {
        const yaml_node_t *key = yaml_document_get_node(&r->document, p->key);
        if (key->type != YAML_SCALAR_NODE || !*scalar(key) || strlen(scalar(key)) > 60)
            return refuse(r, key, "not a name, expected 'name: value'");
        char *longer =
            *name ? memory_format("%s.%s", name, scalar(key)) : memory_string(scalar(key));
        status = check_scalar(r, key);
        if (status == STATUS_OK)
            status = walk(r, longer, yaml_document_get_node(&r->document, p->value), depth + 1);
        free(longer);
    }
    return status;
}

/* A list of mappings: NAME.0, NAME.1 ... */
static enum status walk_sequence(struct reader *r, const char *name, const yaml_node_t *node,
                                 int depth)
{
    const yaml_node_item_t *items = node->data.sequence.items.start;
    const size_t n = (size_t)(node->data.sequence.items.top - items);
    if (n == 0 || yaml_document_get_node(&r->document, items[0])->type != YAML_MAPPING_NODE)
        return add_list(r, name, node);
    enum status status = STATUS_OK;
    for (size_t i = 0; i < n && status == STATUS_OK; i++) {
        const yaml_node_t *item = yaml_document_get_node(&r->document, items[i]);
        char *longer = memory_format("%s.%zu", name, i);
        status = item->type == YAML_MAPPING_NODE
                     ? walk(r, longer, item, depth + 1)
                     : refuse(r, item, "a value among mappings, expected '- name: value'");
        free(longer);
    }
    return status;
}

static enum status walk(struct reader *r, const char *name, const yaml_node_t *node, int depth)
{
    if (depth > DEPTH_MAX)
        return refuse(r, node, "nested too deep");
    if (node->type == YAML_MAPPING_NODE)
        return walk_mapping(r, name, node, depth);
    if (node->type == YAML_SEQUENCE_NODE)
        return walk_sequence(r, name, node, depth);
    enum status status = check_scalar(r, node);
    if (status == STATUS_OK)
        status = add(r, name, node, 1, false);
    if (status == STATUS_OK)
        r->file->entries[r->file->n - 1].items[0] = memory_string(scalar(node));
    return status;
}

static enum status load(struct reader *r, yaml_parser_t *parser)
{
    const char *path = r->file->path;
    if (!yaml_parser_load(parser, &r->document))
        return fail_at(r->error, path, (int)parser->problem_mark.line + 1, "not YAML: %s",
                       parser->problem ? parser->problem : "cannot be read");
    const yaml_node_t *root = yaml_document_get_root_node(&r->document);
    enum status status = !root ? fail_at(r->error, path, 1, "empty, expected 'name: value' lines")
                         : root->type != YAML_MAPPING_NODE
                             ? refuse(r, root, "not a mapping, expected 'name: value' lines")
                             : walk(r, "", root, 0);
    yaml_document_delete(&r->document);
    if (status != STATUS_OK)
        return status;
    if (!yaml_parser_load(parser, &r->document))
        return fail_at(r->error, path, (int)parser->problem_mark.line + 1, "not YAML: %s",
                       parser->problem ? parser->problem : "cannot be read");
    const yaml_node_t *second = yaml_document_get_root_node(&r->document);
    if (second)
        status = refuse(r, second, "a second document, expected one");
    yaml_document_delete(&r->document);
    return status;
}

static bool has_anchor(const yaml_event_t *e)
{
    return (e->type == YAML_SCALAR_EVENT && e->data.scalar.anchor) ||
           (e->type == YAML_SEQUENCE_START_EVENT && e->data.sequence_start.anchor) ||
           (e->type == YAML_MAPPING_START_EVENT && e->data.mapping_start.anchor);
}

/* Nested too deep, or too many anchors?  What is no YAML is for load() to tell. */
static enum status screen(const struct reader *r, const char *text, size_t size)
{
    yaml_parser_t parser;
    enum status status = STATUS_OK;
    size_t depth = 0, anchors = 0;
    if (!yaml_parser_initialize(&parser))
        return STATUS_OK;
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
    for (bool more = true; more && status == STATUS_OK;) {
        yaml_event_t e;
        if (!yaml_parser_parse(&parser, &e))
            break;
        const bool opens =
                       e.type == YAML_SEQUENCE_START_EVENT || e.type == YAML_MAPPING_START_EVENT,
                   closes = e.type == YAML_SEQUENCE_END_EVENT || e.type == YAML_MAPPING_END_EVENT;
        depth += opens;
        depth -= closes;
        anchors += has_anchor(&e);
        if (depth > NESTING_MAX || anchors > ANCHORS_MAX)
            status =
                fail_at(r->error, r->file->path, (int)e.start_mark.line + 1,
                        depth > NESTING_MAX ? "nested more than %d deep, expected 'name: value' "
                                              "lines"
                                            : "more than %d anchors, expected fewer",
                        depth > NESTING_MAX ? NESTING_MAX : ANCHORS_MAX);
        more = e.type != YAML_STREAM_END_EVENT;
        yaml_event_delete(&e);
    }
    yaml_parser_delete(&parser);
    return status;
}

enum status yaml_file_read_text(const char *path, const char *text, size_t size,
                                struct yaml_file **file, struct error *error)
{
    yaml_parser_t parser;
    struct reader r = {.file = NEW(1, struct yaml_file), .error = error};
    enum status status;
    *file = NULL;
    r.file->path = memory_string(path);
    status = screen(&r, text, size);
    if (status == STATUS_OK && yaml_parser_initialize(&parser)) {
        yaml_parser_set_input_string(&parser, (const unsigned char *)text, size);
        status = load(&r, &parser);
        yaml_parser_delete(&parser);
    } else if (status == STATUS_OK) {
        status = fail(error, STATUS_NUMERICAL, "%s: the YAML parser cannot be made", path);
    }
    if (status == STATUS_OK)
        *file = r.file;
    else
        yaml_file_free(r.file);
    return status;
}

enum status yaml_file_read(const char *path, struct yaml_file **file, struct error *error)
{
    struct text_file *text;
    *file = NULL;
    enum status status = text_file_read(path, &text, error);
    if (status == STATUS_OK)
        status = yaml_file_read_text(path, text->text, text->size, file, error);
    text_file_free(text);
    return status;
}

void yaml_file_free(struct yaml_file *f)
{
    if (!f)
        return;
    for (size_t i = 0; i < f->n; i++) {
        for (size_t k = 0; k < f->entries[i].n; k++)
            free(f->entries[i].items[k]);
        free(f->entries[i].items);
        free(f->entries[i].name);
    }
    free(f->entries);
    free(f->path);
    free(f);
}
