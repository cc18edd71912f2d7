#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Tungsten and carbon settle too under the default policy, carbon also after the erasing reset, which
# adds 30 x 0.2 s; the engine ida settles as many devices with the drive that its own readings choose.
. "$(dirname -- "$0")/setup.sh"

train() { # NAME OPTION...
    name=$1
    shift
    "$SILVERBAR" train "$@" --json >"$name.json" 2>"$name.err"
    same "train $*: exit status" $? 0
    same "train $*: devices" "$(value devices_within_tolerance "$name.json")" 30
    same "train $*: standard error" "$(cat "$name.err")" ""
}

# shellcheck disable=SC2046 # no word, or two
train W --dopant W $(length "" "--engine event")
# shellcheck disable=SC2046
train C --dopant C --reset $(length "" "--engine event")
train ida --engine ida --dopant Cr --seed 4
holds "the reset takes its 6 s" "$(value training_time_s C.json) > 6"
holds "without it tungsten is faster" "$(value training_time_s W.json) < 6"
exit $failed
