/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A network from an ONNX file: opset 7 to 17, operators of onnx_operators.c, one input whose first axis
 * is that of the images, one output, all other sizes fixed.  Batch normalization and constants added
 * by channel become part of the weights before them where nothing else uses these. */
#ifndef SILVERBAR_INFER_ONNX_ONNX_GRAPH_H
#define SILVERBAR_INFER_ONNX_ONNX_GRAPH_H

#include "infer/layer/graph.h"

/* Errors name the file and, in it, node, operator, opset or tensor.  *graph is to be freed in any
 * case. */
enum status onnx_graph_read(const char *path, struct graph *graph, struct error *error);

#endif
