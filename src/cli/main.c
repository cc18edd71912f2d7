/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "base/error.h"
#include "base/memory.h"
#include "cli/input/command.h"
#include "engine/spice/confine.h"

#include <argp.h>
#include <errno.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct command commands[] = {
    {"train", "train the classifier on chip and book its energy", command_train},
    {"compare", "put the results of training runs side by side", command_compare},
    {"netlist", "print the SPICE deck of a circuit", command_netlist},
    {"run", "run a testbench", command_run},
    {"claims", "test published claims by testbenches", command_claims},
    {"read", "read a crossbar with line resistance: currents, voltages, powers", command_read},
    {"model", "tell of a trained network: layers, tiles, devices, reads", command_model},
    {"infer", "images through a trained network on tiles of memristors", command_infer},
    {"csdp", "a spiking circuit that learns a logic function by contrast", command_csdp},
    {"check", "compare the engines on the same drive", command_check},
    {"bench", "time the engines at equal error", command_bench},
    {"device", "look at one device: parameters, loop, pulses, retention", command_device},
    {"fit", "fit a model to measured loops of a device", command_fit},
    {"report", "write the report on a results folder as one HTML file", command_report},
    {"sweep", "compute all samples of a testbench in parallel", command_sweep},
    {"table", "print the rows of a sweep", command_table},
    {"sim", "run any deck and book the energy of its elements", command_sim},
    {"wave", "list, measure, convert and draw the waveforms of a raw file", command_wave},
};
#define N_COMMANDS (sizeof commands / sizeof commands[0])

int command_failed(const char *name, enum status status, const struct error *error)
{
    fprintf(stderr, "%s: %s\n", name, error->text[0] ? error->text : status_text(status));
    return (int)status;
}

static void print_help(FILE *out)
{
    fputs("Usage: silverbar COMMAND [OPTION...]\n"
          "Simulate memristor crossbars at SPICE level while they learn.\n\nCommands:\n",
          out);
    for (size_t i = 0; i < N_COMMANDS; i++)
        fprintf(out, "  %-10s %s\n", commands[i].name, commands[i].help);
    fputs(
        "\n`silverbar COMMAND --help' tells the options of a command; the manual is "
        "silverbar(1).\n"
        "Exit status: 0 done, 1 could not be computed, 2 bad input or usage, 3 not trustworthy.\n",
        out);
}

/* A full disk behind stdout is an error, not a silent loss. */
static void close_output(void)
{
    if (ferror(stdout) || fflush(stdout) != 0) {
        struct pollfd reader = {.fd = STDOUT_FILENO};
        if (poll(&reader, 1, 0) == 1 && (reader.revents & POLLERR)) { /* gone, as of `| head' */
            signal(SIGPIPE, SIG_DFL);
            raise(SIGPIPE);
        }
        fprintf(stderr, "silverbar: standard output: %s\n", strerror(errno));
        _exit(STATUS_INPUT);
    }
}

static void out_of_memory(size_t bytes)
{
    fprintf(stderr, "silverbar: out of memory (%zu bytes wanted)\n", bytes);
    exit(STATUS_NUMERICAL);
}

static void tell(const char *text)
{
    fprintf(stderr, "silverbar: %s\n", text);
}

int main(int argc, char **argv)
{
    memory_on_failure(out_of_memory);
    confine_on_absence(tell);
    setlocale(LC_ALL, "C"); /* numbers have a point in every locale */
    signal(SIGPIPE, SIG_IGN);
    atexit(close_output);
    argp_err_exit_status = STATUS_INPUT;
    if (argc < 2) {
        print_help(stderr);
        return STATUS_INPUT;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        print_help(stdout);
        return 0;
    }
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
        puts("silverbar " PACKAGE_VERSION);
        return 0;
    }
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (strcmp(argv[1], commands[i].name) == 0) {
            char name[64];
            snprintf(name, sizeof name, "silverbar %s", commands[i].name);
            argv[1] = name;
            return commands[i].run(argc - 1, argv + 1);
        }
    fprintf(stderr, "silverbar: no command '%s', expected one of:", argv[1]);
    for (size_t i = 0; i < N_COMMANDS; i++)
        fprintf(stderr, " %s", commands[i].name);
    fputc('\n', stderr);
    return STATUS_INPUT;
}
