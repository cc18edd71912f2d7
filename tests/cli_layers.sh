#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The rooms of src/: each may include headers of its own and of those before it; how large rooms, files
# and lists of parameters may be.  A foreign library's header stands in one .c file and in no header.
# Every file says its licence.
. "$(dirname -- "$0")/setup.sh"
long_only "it reads sources alone"
cd "$SB_SRC" || exit 99
# below its own name a room may use itself and every room above it in this list
order="base base/bytes base/matrix device device/model device/library element circuit engine engine/dae engine/event/network
    engine/event engine/spice engine/lines wave learn/data learn spike simulate infer/layer infer/onnx infer/crossing infer sweep fit compare study study/inference
    study/experiment study/claims report/page report study/random include library cli/input
    cli/infer cli"
# a table of what stands below it, and what its folder's other files say of it
exceptions="device/model.c:device/model engine/engine.c:engine/dae engine/engine.c:engine/event
    engine/engine.c:engine/spice device/model.h:device/model report/page:report"

each() { # lines FILE:WHAT of standard input: each is bad
    while IFS=: read -r file what; do
        bad "$file" "$what"
    done
}

rooms=$(git -C . ls-files 'src/*.[ch]' 2>/dev/null | sed 's,^src/,,; s,/[^/]*$,,' | sort -u)
[ -n "$rooms" ] || rooms=$(find src -name '*.[ch]' | sed 's,^src/,,; s,/[^/]*$,,' | sort -u)
for room in $rooms; do
    case " $(echo $order) " in
    *" $room "*) ;;
    *) bad "src/$room" "expected one of: $(echo $order)" ;;
    esac
done
for room in $order; do
    ls "src/$room"/*.[ch]
done | xargs awk -v order="$(echo $order)" -v exceptions=" $(echo $exceptions) " '
    function room_of(path) {
        sub(/\/[^\/]*$/, "", path)
        return path
    }
    function is_there(path,  line, status) {
        if (!(path in there)) {
            status = (getline line <path)
            close(path)
            there[path] = status >= 0
        }
        return there[path]
    }
    BEGIN { n = split(order, rooms, " "); for (k = 1; k <= n; k++) rank[rooms[k]] = k }
    FNR == 1 { file = substr(FILENAME, 5); room = room_of(file) }
    /^ *# *include *"/ {
        split($0, part, "\"")
        used = part[2]
        other = room_of(used)
        if (!is_there("src/" used))
            print FILENAME ":includes " used ", which is not in src/"
        else if (!(other in rank && rank[other] <= rank[room]) && !index(exceptions, " " file ":" other " ") &&
            !index(exceptions, " " room ":" other " "))
            print FILENAME ":includes " used ", whose room stands below src/" room
    }' >"$work/includes"
each <"$work/includes"
good "order of rooms: $(echo $order)"
drawn=$(sed -n '/<!-- rooms/,/^$/s/^| \(`[^|]*\) |.*/\1/p' CONTRIBUTING.md | tr -d '\140' | tr ' ' '\n' | grep .)
same "the house drawn in CONTRIBUTING.md" "$(echo $drawn)" "$(echo $order)"

# no room holds two houses, no file two matters
for room in $order; do
    n=$(ls "src/$room"/*.[ch] | grep -c .)
    [ "$n" -le 30 ] || bad "src/$room" "$n files, expected at most 30"
done
find src -name '*.[ch]' | xargs awk 'FNR == 601 { print FILENAME ":expected at most 600 lines" }' >"$work/long"
each <"$work/long"
good "files a room, lines a file"

# a function with more than six parameters takes a struct.  SUNDIALS says what a Jacobian takes; the
# public functions of libsilverbar are called from other languages.
many="jacobian silverbar_add_resistor silverbar_add_capacitor silverbar_add_voltage
    silverbar_add_inductor silverbar_add_memristor silverbar_add_netlist silverbar_phase"
find src -name '*.c' | xargs awk '
    FNR == 1 { open = 0 }
    /^[A-Za-z].*\(/ && !/;/ { head = ""; open = 1 }
    open { head = head " " $0 }
    /^\{/ && open {
        open = 0
        name = head
        sub(/\(.*/, "", name)
        sub(/.*[ *]/, "", name)
        sub(/^[^(]*\(/, "", head)
        depth = 0; n = 1
        for (i = 1; i <= length(head); i++) {
            c = substr(head, i, 1)
            if (c == "(") depth++
            if (c == ")" && depth-- == 0) break
            if (c == "," && depth == 0) n++
        }
        if (n > 6) print FILENAME, name, n
    }
    /;$/ && !/^ / { open = 0 }' >"$work/parameters"
while read -r file name n; do
    case " $(echo $many) " in
    *" $name "*) ;;
    *) bad "$file" "$name() has $n parameters, expected at most 6" ;;
    esac
done <"$work/parameters"
good "parameters of functions"

while read -r library pattern; do
    files=$(grep -rlE "^ *# *include *[<\"]($pattern)" src --include='*.[ch]')
    if [ "$(printf '%s' "$files" | grep -c .)" -gt 1 ]; then
        bad "$library" "expected in one file, found in: $(echo $files)"
    fi
    for file in $files; do
        case $file in
        *.c) good "$library: $file" ;;
        *) bad "$library" "expected in no header, found in $file" ;;
        esac
    done
done <<'END'
ngspice ngspice/
SUNDIALS sundials|idas?/|kinsol/|cvodes?/|nvector/|sunmatrix/|sunlinsol/|sunnonlinsol/
KLU (suitesparse/)?klu\.h
MPI mpi\.h
SQLite sqlite3\.h
YAML yaml\.h
jansson jansson\.h
SHA-2 sha2\.h
BLAS (f77|c)blas\.h
protobuf-c protobuf-c/|infer/onnx/onnx\.pb-c\.h
END

# netlists/classifier.cir and the decks in results folders are the program's output
find configure.ac Makefile.am quickstart.sh silverbar.1 .ci/run src tests devices netlists \
    testbenches results -type f \( -name '*.[ch]' -o -name '*.sh' -o -name '*.lib' -o -name '*.sub' \
    -o -name '*.cir' -o -name '*.yaml' -o -name '*.ac' -o -name '*.am' -o -name '*.1' -o -name run \) \
    ! -path 'results/*/*' ! -name '*~' ! -name classifier.cir 2>/dev/null | sort | xargs awk '
    function judge() {
        if (n != 1 && file != "tests/cli_layers.sh")
            print file ":" n + 0 " licence lines, expected one"
        if (file != "" && !head)
            print file ":no licence line in its head"
    }
    FNR == 1 { if (file != "") judge(); file = FILENAME; n = head = 0 }
    /SPDX-License-Identifier: GPL-3\.0-or-later/ { n++ }
    FNR <= 3 && /SPDX-License-Identifier: / { head = 1 }
    END { judge() }' >"$work/licences"
each <"$work/licences"
good "licence lines"
exit $failed
