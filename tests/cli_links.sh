#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Results folders from elsewhere, with symbolic links that leave them: no command reads what is behind one,
# nor writes there.  Links within the folder are followed.  What is no regular file is refused.
. "$(dirname -- "$0")/setup.sh"
watch=$SB_BUILD/tests/watched_calls
program=$(realpath "$SILVERBAR")

cat >run.yaml <<'END'
experiment: training
replicas: 2
engine: {name: event}
rule: {name: delta}
END
printf '%s\n' t 'v1 a 0 sin(0 1 1k)' 'r1 a b 1k' 'c1 b 0 1u' '.tran 10u 1m' >rc.cir
"$SILVERBAR" train run.yaml -o training >out || bad "a training" ""
"$SILVERBAR" run run.yaml -o samples >out 2>&1 || bad "a run" "$(cat out)"
"$SILVERBAR" sim rc.cir -o simulation >out || bad "a simulation" ""
mkdir tables outside
cp training/energy.csv tables/a.csv
cp training/manifest.json tables

# each file of a folder in turn lies outside, with the same content
linked() { # FOLDER FILE 'HOW'
    rm -rf evil
    cp -r "$1" evil
    mv "evil/$2" "outside/$2"
    case $3 in
    relative) ln -s "../outside/$2" "evil/$2" ;;
    absolute) ln -s "$work/here/outside/$2" "evil/$2" ;;
    within) cp "outside/$2" "evil/$2.real" && ln -s "$2.real" "evil/$2" ;;
    twice) ln -s "../outside/$2" evil/other && ln -s other "evil/$2" ;;
    esac
}
commands() { # FOLDER FILE: those that read it
    case $2 in
    *.html | *.cir | elements.csv | simulation.json) ;;
    *) echo 'report evil -o page.html' ;;
    esac
    case $1.$2 in
    training.summary.json) echo 'compare evil' ;;
    training.devices.csv) echo 'read evil --volt 0.1' ;;
    esac
}
refused=0
for folder in training samples simulation tables; do
    for file in $(ls $folder); do
        for how in relative within absolute twice; do
            [ $how = relative ] || [ $how = within ] || [ "$file" = summary.json ] || [ "$file" = samples.csv ] || continue
            if is_short && [ $how = within ] && [ "$file" != summary.json ]; then continue; fi
            linked $folder "$file" $how
            commands $folder "$file" >commands
            while read -r command; do
                # shellcheck disable=SC2086 # words
                "$watch" log "$program" $command >out 2>message </dev/null
                status=$?
                if [ $how = within ]; then
                    [ $status -eq 0 ] || bad "$folder/$file, a link within, silverbar $command" "$(cat message)"
                elif grep -q "^[a-z]* $work/here/outside" log; then
                    bad "$folder/$file, $how link, silverbar $command" "$(grep "$work/here/outside" log)"
                elif [ $status -ne 2 ] || ! grep -Fq "evil/$file: a symbolic link that leaves the folder" message; then
                    bad "$folder/$file, $how link, silverbar $command" "exit status $status: $(cat message)"
                elif [ -e page.html ]; then
                    bad "$folder/$file, $how link, silverbar $command" "it wrote the page"
                else
                    refused=$((refused + 1))
                fi
                rm -f page.html
            done <commands
        done
    done
done
holds "links that are refused" "$refused > 25"

# files beside a sweep's
"$SILVERBAR" sweep run.yaml -o sweep.db 2>out || bad "a sweep" "$(cat out)"
for part in journal wal; do
    echo "of before" >outside/part
    ln -s outside/part sweep.db-$part
    for command in 'table sweep.db' 'report sweep.db -o page.html' 'sweep run.yaml --resume -o sweep.db'; do
        # shellcheck disable=SC2086 # words
        "$watch" log "$program" $command >out 2>message </dev/null
        status=$?
        [ $status -eq 0 ] || [ $status -eq 2 ] || bad "sweep.db-$part, silverbar $command" "exit status $status"
        # SQLite tries to open it, and says itself that links are not to be followed
        same "sweep.db-$part is a link, silverbar $command: the file behind it" "$(cat outside/part)" "of before"
        rm -f page.html
    done
    rm -f sweep.db-$part
done

# what is written does not go through a link
linked training report.html relative
echo "of before" >outside/report.html
"$SILVERBAR" report evil 2>message
same "report.html is a link, exit status" "$? $(cat message)" "0 "
same "the file behind it" "$(cat outside/report.html)" "of before"
check "the page takes the link's place" [ -s evil/report.html -a ! -L evil/report.html ]
ln -s ../outside/none evil/report.html.unfinished-abcdef
mkdir evil/report.html.unfinished-ghijkl
ln -s ../../outside/report.html evil/report.html.unfinished-ghijkl/link
"$SILVERBAR" report evil 2>message
same "links in the place of unfinished files, exit status" "$? $(cat message)" "0 "
same "the file behind them" "$(cat outside/report.html)" "of before"

# what is no file: a pipe without a writer, a device, a folder
for file in summary.json manifest.json energy.csv waveforms.raw; do
    for kind in pipe device folder; do
        rm -rf evil
        cp -r training evil
        rm evil/$file
        case $kind in
        pipe) mkfifo evil/$file ;;
        device) mknod evil/$file c 1 5 2>/dev/null || continue ;; # /dev/zero; needs rights
        folder) mkdir evil/$file ;;
        esac
        timeout 10 "$SILVERBAR" report evil -o page.html >out 2>message
        same "$file is a $kind, exit status" $? 2
        check "its message" grep -q "evil/$file: \\(not a regular file\\|cannot be read\\)" message
        [ ! -e page.html ] || bad "$file is a $kind" "it wrote the page"
    done
done
nothing_left "after all"
exit $failed
