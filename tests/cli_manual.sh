#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Every command of `silverbar --help` and every option of `silverbar COMMAND --help` stands in the
# manual with its default, and every option of the manual in the help.
. "$(dirname -- "$0")/setup.sh"
manual=$SB_SRC/silverbar.1

"$SILVERBAR" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' | sort >commands
check "commands are listed" [ -s commands ]
sed -n 's/^\.Ss silverbar \([a-z]*\)$/\1/p' "$manual" | sort >documented
check "commands of the manual are those of the help" diff commands documented
awk '$1 == ".Sh" { inside = $2 == "SYNOPSIS" }
    inside && last == ".Nm" && $1 == ".Cm" { print $2 }
    { last = $1 }' "$manual" | sort >synopsis
check "commands of the synopsis are those of the help" diff commands synopsis

while read -r command; do
    # of the help: -d --dopant, an option a line; and its default, the brackets that end its text
    COLUMNS=200 ARGP_HELP_FMT=rmargin=200 "$SILVERBAR" "$command" --help >help
    sed -n 's/^ *\(-.\)\{0,1\},\{0,1\} *\(--[a-z0-9-]*\)[= []\{0,1\}.*/\1 \2/p' help | sed 's/^ *//' |
        grep -v -e --usage | sort >options
    awk -v command="$command" '
        $1 == ".Ss" || $1 == ".Sh" { inside = $2 == "silverbar" && $3 == command }
        inside && $1 == ".It" && $2 == "Fl" {
            line = ""
            for (k = 2; k < NF; k++)
                if ($k == "Fl")
                    line = line (line == "" ? "" : " ") "-" $(k + 1)
            print line
        }' "$manual" | sed 's/\\&//' | sort >documented
    check "options of $command in the manual are those of the help" diff options documented
    check "options of $command were found" [ "$(wc -l <options)" -ge 2 ]

    # defaults: the last brackets of an option's text, in its entry of the manual after "default"
    sed -n 's/^ .*\(--[a-z0-9-]*\)[= [].*(\([^:()]*\).*)$/\1 \2/p' help >defaults
    while read -r option default; do
        entry=$(awk -v command="$command" -v option="${option#-}" '
            $1 == ".Ss" || $1 == ".Sh" { here = $2 == "silverbar" && $3 == command }
            $1 == ".It" || $1 == ".El" {
                inside = 0
                for (k = 2; k <= NF; k++)
                    if ($1 == ".It" && $k == option)
                        inside = here
            }
            inside' "$manual" | tr '\n' ' ' | sed 's/\\&//g; s/ \.[A-Z][a-z] / /g; s/\. / /g')
        case $entry in
        *"efault: $default"[!0-9a-zA-Z.]*) good "$command $option: default $default" ;;
        *) bad "$command $option" "'default: $default' is not in the manual: $entry" ;;
        esac
    done <defaults
done <commands

for name in SILVERBAR_DATA TMPDIR; do
    check "the manual tells of $name" grep -q "^\.It Ev $name" "$manual"
done
if command -v mandoc >/dev/null; then
    check "mandoc finds nothing to warn of" mandoc -T lint -W warning "$manual"
fi
exit $failed
