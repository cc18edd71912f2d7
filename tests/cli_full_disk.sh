#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# A full disk is an error that names its reason, and no half-written result is left.
. "$(dirname -- "$0")/setup.sh"

# Standard output: /dev/full refuses what is written to it.
for arguments in "netlist classifier" "--help" "--version" "train --help"; do
    # shellcheck disable=SC2086 # words
    "$SILVERBAR" $arguments >/dev/full 2>stderr
    same "silverbar $arguments >/dev/full, exit status" $? 2
    check "and its message" grep -q 'No space left on device' stderr
done

# A results folder: about 32 MB on a file system of 1 MB; without the right to mount one, a limit of
# 1 MB for a file, where writing gives "File too large" once its signal is ignored.
mkdir disk
if mount -t tmpfs -o size=1m silverbar-test disk 2>/dev/null; then
    trap 'cd / && umount "$work/here/disk"; rm -rf "$work"' EXIT
    reason='No space left on device'
    "$SILVERBAR" train -o disk/out >stdout 2>stderr
    status=$?
else
    reason='File too large'
    (
        trap '' XFSZ
        ulimit -f 2048
        exec "$SILVERBAR" train -o disk/out
    ) >stdout 2>stderr
    status=$?
fi
same "silverbar train to a full disk, exit status" $status 2
check "its message has the reason, $reason" grep -q "waveforms\.raw: .*$reason" stderr
same "messages" "$(grep -c '^silverbar' stderr)" 1
same "bytes on standard output" "$(wc -c <stdout | tr -d ' ')" 0
same "left on the disk" "$(ls -A disk)" ""
nothing_left "a full disk"
cat stderr

# Pictures: gnuplot does not tell of a full disk, and the picture of before stays.
if command -v gnuplot >/dev/null; then
    printf '%s\n' t 'v1 a 0 sin(0 1 1k)' 'r1 a 0 1k' '.tran 10u 2m' >sine.cir
    "$SILVERBAR" sim sine.cir -o sine >/dev/null 2>stderr || bad "sine.cir" "$(cat stderr)"
    "$SILVERBAR" wave sine/waveforms.raw --svg >/dev/full 2>stderr
    same "silverbar wave --svg >/dev/full, exit status" $? 2
    check "and its message" grep -q 'No space left on device' stderr
    for ending in png svg pdf; do
        echo "the picture of before" >disk/o.$ending
        if [ "$reason" = 'No space left on device' ]; then
            head -c 2000000 /dev/zero >disk/fill 2>/dev/null # up to the brim
            "$SILVERBAR" device loop Cr --plot disk/o.$ending >stdout 2>stderr
            status=$?
            rm disk/fill
        else
            (
                trap '' XFSZ
                ulimit -f 1
                exec "$SILVERBAR" device loop Cr --plot disk/o.$ending
            ) >stdout 2>stderr
            status=$?
        fi
        same "silverbar device --plot $ending to a full disk, exit status" $status 2
        check "its message has the reason, $reason" grep -q "o\.$ending: .*$reason" stderr
        same "o.$ending" "$(cat disk/o.$ending)" "the picture of before"
        rm disk/o.$ending
    done
    same "left on the disk" "$(ls -A disk)" ""
fi

# A sweep: what was written stays, and is completed once there is room.  Without the right to mount,
# tests/test_sweep.c has the same with a limit for a file.
if [ "$reason" = 'No space left on device' ]; then
    cat >small.yaml <<'END'
title: Small
experiment: training
replicas: 30
engine: {name: event}
END
    mount -o remount,size=100k disk
    "$SILVERBAR" sweep small.yaml -o disk/small.db --jobs 1 2>stderr
    same "silverbar sweep to a full disk, exit status" $? 2
    same "its message" "$(cat stderr)" "silverbar sweep: disk/small.db: No space left on device"
    rows=$("$SILVERBAR" table --csv disk/small.db 2>/dev/null | sed 1d | wc -l)
    holds "some rows are there, not all" "$rows > 0 && $rows < 30"
    mount -o remount,size=1m disk
    "$SILVERBAR" sweep small.yaml -o disk/small.db --resume 2>stderr
    same "resumed, exit status" $? 0
    check "it computed the others only" grep -q "30 samples, $((30 - rows)) of this run" stderr
    "$SILVERBAR" sweep small.yaml -o small.db 2>stderr
    "$SILVERBAR" table --csv disk/small.db >resumed.csv
    "$SILVERBAR" table --csv small.db >calm.csv
    check "the same bytes as without a full disk" cmp resumed.csv calm.csv
fi
exit $failed
