/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Learning in place, as rule.h describes it.  The devices are programmed to their starting weights, or
 * only read if an earlier training has set them.  Then, in every epoch, the neurons are connected, images
 * are shown, and devices are pulsed, each read after its pulse. */
#include "learn/control.h"

#include "base/memory.h"
#include "base/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TRACK_MOST 4.0 /* largest factor by which one reading changes a full pulse */
#define FELT 0.25      /* a pulse has moved the weight if the change is this share of a full one */
#define FEEL_PULSES 40 /* after so many pulses the search for a full pulse ends */

enum in_place_step {
    IN_START,
    IN_READ_ALL,
    IN_FEEL,
    IN_FELT,
    IN_CONNECT,
    IN_SHOW,
    IN_PULSE,
    IN_READ
};

struct in_place {
    enum in_place_step step;
    struct program_options start; /* of the starting weights */
    struct gradient_network network;
    gsl_rng *images;
    bool drawn; /* each epoch's images are drawn anew */
    size_t n_images, image, epoch;
    size_t class; /* of the drawn image that is shown */
    double pixels[IMAGE_PIXELS];
    struct gradient_readings readings;
    double *weight, *gradient, *velocity, *change; /* n_devices */
    double *owed;  /* n_devices: changes too small for any pulse, saved up [full pulses] */
    size_t device; /* that is pulsed */
    size_t felt;   /* pulses of the search for its full pulse */
    enum program_direction direction;
    double width;                        /* of its pulse [s] */
    double before;                       /* its weight before the pulse */
    double loss, accuracy, noisy, limit; /* of the epoch so far */
};

void in_place_free(struct in_place *s)
{
    if (!s)
        return;
    if (s->images)
        gsl_rng_free(s->images);
    free(s->weight);
    free(s->gradient);
    free(s->velocity);
    free(s->change);
    free(s->owed);
    free(s);
}

void in_place_targets(struct training *t)
{
    const struct classifier *k = &t->classifier;
    const double range = t->options.learning.start_range;
    gsl_rng *rng = random_stream(t->options.seed, t->options.sample, RANDOM_START_WEIGHTS);
    for (size_t n = 0; n < t->n_devices; n++) {
        struct training_device *d = &t->devices[n];
        d->weight = range * (2 * gsl_rng_uniform(rng) - 1);
        d->target = k->g_ref + d->weight * k->g_span;
        for (int way = 0; way < 2; way++) {
            d->amplitude[way] = t->options.learning.amplitude[way];
            d->width[way] = t->options.learning.width[way];
        }
    }
    gsl_rng_free(rng);
}

static double weight_of(const struct training *t, double g)
{
    return (g - t->classifier.g_ref) / t->classifier.g_span;
}

static void connect(struct run *r, struct phase *p)
{
    control_connect(r, p, SECTION_TRAINING);
    r->in_place->step = IN_CONNECT;
}

static void begin_epoch(struct run *r, struct phase *p)
{
    struct in_place *s = r->in_place;
    s->image = 0;
    s->loss = s->accuracy = s->noisy = s->limit = 0;
    memset(s->gradient, 0, r->t->n_devices * sizeof *s->gradient);
    connect(r, p);
}

void in_place_begin(struct run *r, const struct reading *reading, struct phase *p)
{
    struct training *t = r->t;
    const struct training_options *o = &t->options;
    struct in_place *s = r->in_place = NEW(1, struct in_place);
    const size_t images = o->learning.images ? o->learning.images : o->rule->images;
    s->drawn = images > 0;
    s->n_images = s->drawn ? images : t->train_set.n;
    if (s->drawn)
        s->images = random_stream(o->seed, o->sample, RANDOM_EPOCH_IMAGES);
    s->network = (struct gradient_network){
        .n_layers = t->classifier.n_layers, .sizes = o->classifier.sizes, .transfer = t->transfer};
    for (size_t l = 0; l < t->classifier.n_layers; l++)
        s->network.least_slope[l] = o->learning.least_slope * transfer_steepest(&t->transfer[l]);
    s->weight = NEW(t->n_devices, double);
    s->gradient = NEW(t->n_devices, double);
    s->velocity = NEW(t->n_devices, double);
    s->change = NEW(t->n_devices, double);
    s->owed = NEW(t->n_devices, double);
    if (r->plan.again) {
        r->device = 0;
        s->step = IN_READ_ALL;
        control_read(r, p, 0, SECTION_TRAINING);
        return;
    }
    s->start = o->program;
    s->start.tolerance = o->learning.start_tolerance;
    r->program = &s->start;
    s->step = IN_START;
    control_program_begin(r, reading, p);
}

/* Take the readings of the programming as the starting weights. */
static void know_devices(struct run *r)
{
    struct training *t = r->t;
    for (size_t k = 0; k < t->n_devices; k++) {
        struct training_device *d = &t->devices[k];
        r->in_place->weight[k] = weight_of(t, d->final);
        /* tracking starts at the amplitude at which programming has moved the device */
        for (int way = 0; way < 2 && t->options.learning.track; way++)
            d->amplitude[way] = fmax(d->amplitude[way], d->programmer.amplitude[way]);
    }
}

static void show_next(struct run *r, struct phase *p)
{
    struct in_place *s = r->in_place;
    const struct training *t = r->t;
    const double *pixels = s->pixels;
    if (s->drawn) {
        const struct image_noise noise = {t->options.train_noise, t->options.train_sigma, 0};
        s->class = s->image % IMAGE_CLASSES;
        image_draw(t->options.images, &noise, s->images, s->class, s->pixels);
    } else {
        pixels = t->train_set.pixels[s->image];
    }
    s->readings.pixels = pixels;
    control_show(r, p, pixels, SECTION_TRAINING);
    s->step = IN_SHOW;
}

/* Add the readings of an image to the epoch's sums. */
static void take_image(struct run *r, const struct reading *reading)
{
    struct in_place *s = r->in_place;
    const struct training *t = r->t;
    const size_t last = s->network.n_layers - 1;
    double weight[IMAGE_CLASSES];
    for (size_t l = 0; l <= last; l++)
        for (size_t j = 0; j < s->network.sizes[l + 1]; j++)
            s->readings.output[l][j] = control_output(r, reading, l, j);
    const double y = s->readings.output[last][0];
    for (size_t c = 0; c < IMAGE_CLASSES; c++)
        weight[c] = !s->drawn       ? t->train_set.weight[c][s->image]
                    : s->class == c ? 1 / (double)s->n_images
                                    : 0;
    s->loss += weight[0] * y * y + weight[1] * (y - 1) * (y - 1);
    s->accuracy += weight[y > 0.5];
    if (s->drawn) {
        const struct image_noise noise = {t->options.train_noise, t->options.train_sigma, 0};
        const double posterior = image_posterior(t->options.images, &noise, s->pixels);
        s->limit += fmax(posterior, 1 - posterior) / (double)s->n_images;
    } else if (t->train_set.exact && t->test_set.exact) {
        s->noisy += t->test_set.weight[y > 0.5][s->image];
    }
    const double margin = t->options.rule->each ? t->options.learning.margin : 0;
    const double down = y > margin ? weight[0] * y : 0,
                 up = 1 - y > margin ? weight[1] * (y - 1) : 0;
    gradient_add(&s->network, s->weight, &s->readings, 2 * (down + up), s->gradient);
}

/* Keep the epoch's record; true: the rule goes on. */
static bool record_epoch(struct run *r, double time)
{
    struct training *t = r->t;
    struct in_place *s = r->in_place;
    const struct learning_options *o = &t->options.learning;
    t->loss = s->loss;
    t->epochs = memory_grow(t->epochs, &t->epochs_capacity, t->n_epochs + 1, sizeof *t->epochs);
    t->epochs[t->n_epochs++] = (struct training_epoch){
        .epoch = s->epoch,
        .images = s->n_images,
        .loss = s->loss,
        .accuracy = s->accuracy,
        .accuracy_noisy = !s->drawn && t->train_set.exact && t->test_set.exact ? s->noisy : NAN,
        .time = time - r->training_begin,
        .energy = training_energy(t),
        .pulses = t->n_pulses - t->n_erases,
    };
    const double limit = s->drawn ? s->limit : t->train_set.limit;
    const bool good = (o->stop_accuracy >= 0 && s->accuracy >= limit - o->stop_accuracy) ||
                      (o->stop_loss >= 0 && s->loss <= o->stop_loss);
    return s->epoch < o->epochs && !good;
}

/* Compute the wanted change of every weight from the gradient, which is reset to 0. */
static void find_changes(struct run *r)
{
    struct in_place *s = r->in_place;
    const struct training *t = r->t;
    const struct learning_options *o = &t->options.learning;
    double largest = 0;
    for (size_t k = 0; k < t->n_devices; k++) {
        s->velocity[k] = o->momentum * s->velocity[k] + s->gradient[k];
        largest = fmax(largest, fabs(s->velocity[k]));
        s->gradient[k] = 0;
    }
    for (size_t k = 0; k < t->n_devices; k++) {
        const double wanted =
            s->owed[k] + t->options.rule->change(o, s->epoch, s->velocity[k], largest);
        s->change[k] = fmax(-1, fmin(1, wanted));
        s->owed[k] = 0;
        /* a weight at the edge of the window goes no further */
        if (s->change[k] * s->weight[k] > 0 && fabs(s->weight[k]) >= 1)
            s->change[k] = 0;
    }
}

static void pulse(struct run *r, struct phase *p)
{
    struct in_place *s = r->in_place;
    struct training *t = r->t;
    const struct training_device *d = &t->devices[s->device];
    s->before = s->weight[s->device];
    control_pulse(r, p, s->device, s->direction, d->amplitude[s->direction], s->width);
    t->pulses[t->n_pulses - 1].before = d->final;
}

/* Pulse the first device at or behind s->device that has a wanted change; false: there is none. */
static bool pulse_next(struct run *r, struct phase *p)
{
    struct in_place *s = r->in_place;
    struct training *t = r->t;
    for (; s->device < t->n_devices; s->device++) {
        const double change = s->change[s->device];
        s->direction = change > 0 ? PROGRAM_SET : PROGRAM_RESET;
        s->width = fabs(change) * t->devices[s->device].width[s->direction];
        /* no pulse is shorter than its two edges */
        if (s->width < 2 * t->options.edge) {
            s->owed[s->device] = change;
            continue;
        }
        pulse(r, p);
        s->step = IN_PULSE;
        return true;
    }
    return false;
}

/* Change of the pulsed device's weight, positive in the wanted direction. */
static double moved(const struct in_place *s)
{
    const double change = s->weight[s->device] - s->before;
    return s->direction == PROGRAM_SET ? change : -change;
}

/* Make the device's full pulse change the weight by about `factor` times as much. */
static void strengthen(struct run *r, double factor)
{
    const struct in_place *s = r->in_place;
    const struct training_options *o = &r->t->options;
    struct training_device *d = &r->t->devices[s->device];
    double *width = &d->width[s->direction], *amplitude = &d->amplitude[s->direction];
    const double wanted = *width * factor;
    *width = fmax(o->learning.width_least, fmin(o->learning.width[s->direction], wanted));
    *amplitude += o->learning.track_volt * log(wanted / *width);
    *amplitude = fmax(o->program.step_floor, fmin(o->program.amplitude_limit, *amplitude));
}

static void track(struct run *r)
{
    const struct in_place *s = r->in_place;
    const double wanted =
        r->t->options.rule->full(&r->t->options.learning) * fabs(s->change[s->device]);
    strengthen(r, fmax(1 / TRACK_MOST, fmin(TRACK_MOST, wanted / fmax(moved(s), 1e-3 * wanted))));
}

static void after_pulse_read(struct run *r, const struct reading *reading)
{
    struct in_place *s = r->in_place;
    struct training *t = r->t;
    struct training_device *d = &t->devices[s->device];
    d->final = control_conductance(r, reading, s->device);
    d->pulses++;
    t->pulses[t->n_pulses - 1].after = d->final;
    s->weight[s->device] = weight_of(t, d->final);
    control_progress(r, reading->t1);
}

static void feel(struct run *r, struct phase *p)
{
    struct in_place *s = r->in_place;
    s->width = r->t->devices[s->device].width[s->direction];
    pulse(r, p);
    s->step = IN_FEEL;
}

/* Find the full pulses of all devices, first that of RESET: the devices have just been set. */
static void begin_feeling(struct run *r, struct phase *p)
{
    struct in_place *s = r->in_place;
    for (size_t k = 0; k < r->t->n_devices; k++)
        for (int way = 0; way < 2; way++)
            r->t->devices[k].width[way] = r->t->options.learning.width_least;
    s->device = s->felt = 0;
    s->direction = PROGRAM_RESET;
    feel(r, p);
}

/* Choose device, direction and strength of the next pulse from the effect of the last; false: the search
 * is done. */
static bool feel_on(struct run *r)
{
    struct in_place *s = r->in_place;
    const double full = r->t->options.rule->full(&r->t->options.learning), share = moved(s) / full;
    if (share < FELT && ++s->felt < FEEL_PULSES) {
        strengthen(r, TRACK_MOST);
        return true;
    }
    strengthen(r, 1 / fmax(1 / TRACK_MOST, share));
    s->felt = 0;
    if (s->direction == PROGRAM_RESET) {
        s->direction = PROGRAM_SET;
        return true;
    }
    s->direction = PROGRAM_RESET;
    return ++s->device < r->t->n_devices;
}

bool in_place_next(struct run *r, const struct reading *reading, struct phase *p)
{
    struct in_place *s = r->in_place;
    struct training *t = r->t;
    switch (s->step) {
    case IN_START:
        if (control_program_next(r, reading, p))
            return true;
        know_devices(r);
        if (t->options.learning.track)
            begin_feeling(r, p);
        else
            begin_epoch(r, p);
        return true;
    case IN_FEEL:
        control_pulse_ended(r, reading);
        control_read(r, p, s->device, SECTION_TRAINING);
        s->step = IN_FELT;
        return true;
    case IN_FELT:
        after_pulse_read(r, reading);
        if (!feel_on(r))
            begin_epoch(r, p);
        else
            feel(r, p);
        return true;
    case IN_READ_ALL:
        t->devices[r->device].initial = t->devices[r->device].final =
            control_conductance(r, reading, r->device);
        s->weight[r->device] = weight_of(t, t->devices[r->device].final);
        if (++r->device < t->n_devices)
            control_read(r, p, r->device, SECTION_TRAINING);
        else
            begin_epoch(r, p);
        return true;
    case IN_CONNECT:
        show_next(r, p);
        return true;
    case IN_SHOW:
        take_image(r, reading);
        s->image++;
        if (s->image < s->n_images && !t->options.rule->each) {
            show_next(r, p);
            return true;
        }
        if (s->image == s->n_images && !record_epoch(r, reading->t1))
            return false;
        find_changes(r);
        s->device = 0;
        break;
    case IN_PULSE:
        control_pulse_ended(r, reading);
        control_read(r, p, s->device, SECTION_TRAINING);
        s->step = IN_READ;
        return true;
    case IN_READ:
        after_pulse_read(r, reading);
        if (t->options.learning.track)
            track(r);
        s->device++;
        break;
    }
    if (pulse_next(r, p))
        return true;
    if (s->image == s->n_images) {
        s->epoch++;
        begin_epoch(r, p);
    } else {
        connect(r, p);
    }
    return true;
}
