#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# `silverbar model`: layers, shapes, tiles and devices of small networks, counted by hand; forms of output;
# what it refuses.
. "$(dirname -- "$0")/setup.sh"

models=$SB_SRC/tests/fuzz/onnx

# 2 x 6 x 6: convolution of two groups of 1 x 3 x 3 with 1 output each, whose normalization is folded in,
# then Relu, two pools, and 8 inputs to 4 outputs
"$SILVERBAR" model "$models/conv" --csv >out.csv 2>message
same "conv: exit status" $? 0
sed '/^$/,$d' out.csv >layers.csv
sed '1,/^$/d' out.csv >total.csv
sed -n 2p layers.csv >first
same "conv: its first layer" "$(cat first)" \
    "c,Conv+BatchNormalization,2x6x6,2 of 9x1,18,2,4,36,36,72"
same "conv: without weights" "$(sed -n 3p layers.csv)" "r,Relu,2x6x6,,,,,,,"
same "conv: layers" "$(sed 1d layers.csv | cut -d, -f3 | tr '\n' ' ')" "2x6x6 2x6x6 2x3x3 2x2x2 8 4 4 "
# 32 weights, 64 devices, one read, 4 conversions
same "conv: total" "$(sed -n 2p total.csv)" "2x6x6,4,7,50,2,6,100,37,76"

# rows of tiles are converted apart; full tiles have spare devices; two converters a pair
"$SILVERBAR" model "$models/conv" --tile 4 --csv | sed '1,/^$/d' >total.csv
# 2 groups x 3 rows of tiles, and 2: 8 pairs; 36 x 2 x 3 conversions, and 2 x 4
same "tiles of 4" "$(sed -n 2p total.csv)" "2x6x6,4,7,50,2,16,100,37,224"
"$SILVERBAR" model "$models/conv" --tile 4 --fill pad --subtract digital --csv | sed '1,/^$/d' >total.csv
same "full tiles of 4, digital" "$(sed -n 2p total.csv)" "2x6x6,4,7,50,2,16,256,37,448"
"$SILVERBAR" model "$models/conv" --tile-rows 3 --tile-columns 2 --csv | sed '1,/^$/d' >total.csv
# 2 x 3, and 3 x 2
same "tiles of 3 x 2" "$(sed -n 2p total.csv)" "2x6x6,4,7,50,2,24,100,37,228"

"$SILVERBAR" model "$models/gemm" >table
check "a table for people" grep -q '^y  *Gemm  *2  *3x2  *6  *2  *2  *12  *1  *2$' table
"$SILVERBAR" model "$models/gemm" --json >json
check "JSON" grep -q '"conversions": 2' json
check "JSON: both tables" grep -q '"total"' json

refuse() { # 'PIECE OF THE MESSAGE' ARGUMENT...
    piece=$1
    shift
    "$SILVERBAR" model "$@" >out 2>message
    status=$?
    if [ $status -eq 2 ] && grep -Fq -e "$piece" message && [ ! -s out ]; then
        good "refused: $piece"
    else
        bad "silverbar model $*" "status $status, expected 2 and '$piece': $(cat message)"
    fi
}
refuse "expected an ONNX file"
refuse "no.onnx: cannot be read" no.onnx
refuse "refused: node 'y' (LSTM, opset 13): an operator that is not read" "$models/refused"
refuse "not an ONNX model" "$SB_SRC/README.md"
refuse "--tile 0, expected a whole number from 1 to 1024" "$models/gemm" --tile 0
refuse "--tile" "$models/gemm" --tile 1025
refuse "--fill" "$models/gemm" --fill half
head -c 100 "$models/gemm" >cut.onnx
refuse "cut.onnx: not an ONNX model, or cut off" cut.onnx
exit $failed
