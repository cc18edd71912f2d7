#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# The order of the folders in src/: each may include headers of its own and of those before it.
# A foreign library's header stands in one .c file and in no header.  Every file says its licence.
. "$(dirname -- "$0")/setup.sh"
cd "$SB_SRC" || exit 99
order="base device circuit engine learn study report cli"

above=
for folder in $order; do
    above="$above $folder"
    [ -d "src/$folder" ] || continue
    for file in "src/$folder"/*.[ch]; do
        for used in $(sed -n 's/^ *# *include *"\([^"]*\)".*/\1/p' "$file"); do
            case " $above " in
            *" ${used%%/*} "*) ;;
            *) bad "$file" "includes $used; src/$folder may use:$above" ;;
            esac
            [ -f "src/$used" ] || bad "$file" "includes $used, which is not in src/"
        done
    done
done
good "order of folders: $order"
for folder in src/*/; do
    case " $order " in
    *" $(basename "$folder") "*) ;;
    *) bad "$folder" "expected one of: $order" ;;
    esac
done

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
END

# netlists/classifier.cir and the decks in results folders are the program's output
for file in $(find configure.ac Makefile.am quickstart.sh silverbar.1 .ci/run src tests devices netlists \
    testbenches results -type f \( -name '*.[ch]' -o -name '*.sh' -o -name '*.lib' -o -name '*.sub' \
    -o -name '*.cir' -o -name '*.yaml' -o -name '*.ac' -o -name '*.am' -o -name '*.1' -o -name run \) \
    ! -path 'results/*/*' ! -name '*~' ! -name classifier.cir 2>/dev/null | sort); do
    n=$(grep -c 'SPDX-License-Identifier: GPL-3\.0-or-later' "$file")
    [ "$n" = 1 ] || case $file in
    tests/cli_layers.sh) ;;
    *) bad "$file" "$n licence lines, expected one" ;;
    esac
    head -n 3 "$file" | grep -q 'SPDX-License-Identifier: ' || bad "$file" "no licence line in its head"
done
good "licence lines"
exit $failed
