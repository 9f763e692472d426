/* SPDX-License-Identifier: BSD-3-Clause
 *
 * mandelbrot [-v] [-w WIDTH] [-h HEIGHT] [-n ITERATIONS] [FILE]: draws the Mandelbrot set into a PNG file (default
 * mandelbrot.png). The rows are computed by one PARALLEL_FOR. They differ in cost by more than a hundred times, and no
 * schedule is named: a worker that is done with its share takes from the others'. The picture is the same, byte for byte,
 * on any number of workers:
 *
 *     mandelbrot                                on all cores that are ours
 *     PARALLEL_WORKERS=2 mandelbrot             on two
 *     PARALLEL_EXECUTOR=serial mandelbrot       on the calling thread
 *
 * -v ends with one line on stderr: how long the rows took. */
#include <err.h>
#include <math.h>
#include <png.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <parallel.h>

struct picture {
    size_t width;
    size_t height;
    int iterations;
    unsigned char *pixels; /* height rows of width pixels of 3 bytes: red, green, blue */
};

/* The left, upper corner of what is seen, and its width; the height follows from the picture's. */
static const double left = -2.2, middle = 0.0, breadth = 3.2;

/* Smooth colours: the fraction of an iteration comes from how far the orbit had escaped. */
static void colour(double escape, unsigned char pixel[3])
{
    for (int channel = 0; channel < 3; channel++) {
        double wave = 0.5 - 0.5 * cos(0.06 * escape + 0.9 * channel);
        pixel[channel] = (unsigned char)(255.0 * wave);
    }
}

static void draw_pixel(double real, double imaginary, int iterations, unsigned char pixel[3])
{
    double x = 0.0, y = 0.0;
    for (int i = 0; i < iterations; i++) {
        double square = x * x + y * y;
        if (square > 256.0) { /* 16 instead of 2: the colours become smooth */
            colour(i - log2(0.5 * log2(square)), pixel);
            return;
        }
        double next = x * x - y * y + real;
        y = 2.0 * x * y + imaginary;
        x = next;
    }
    pixel[0] = pixel[1] = pixel[2] = 0;
}

static void draw(const struct picture *picture)
{
    double step = breadth / (double)picture->width;
    double top = middle + 0.5 * step * (double)picture->height;

    PARALLEL_FOR(row, 0, picture->height) { /* was: for (size_t row = 0; row < picture->height; row++) */
        unsigned char *pixel = picture->pixels + 3 * row * picture->width;
        for (size_t column = 0; column < picture->width; column++, pixel += 3)
            draw_pixel(left + step * (double)column, top - step * (double)row, picture->iterations, pixel);
    }
}

static void write_png(const struct picture *picture, const char *path)
{
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = (png_uint_32)picture->width,
                       .height = (png_uint_32)picture->height,
                       .format = PNG_FORMAT_RGB};
    if (!png_image_write_to_file(&image, path, 0, picture->pixels, 0, NULL))
        errx(EXIT_FAILURE, "%s: %s", path, image.message);
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* A whole number from 1 to 65535, which keeps every product of two of them far below the limits. */
static int positive_number(const char *text)
{
    char *end = NULL;
    long number = strtol(text, &end, 10);
    if (end == text || *end != '\0' || number < 1 || number > 65535)
        errx(EXIT_FAILURE, "%s: expected a whole number from 1 to 65535", text);
    return (int)number;
}

int main(int argc, char **argv)
{
    struct picture picture = {.width = 1200, .height = 900, .iterations = 500};
    bool is_verbose = false;
    for (int option; (option = getopt(argc, argv, "w:h:n:v")) != -1;) {
        switch (option) {
        case 'w':
            picture.width = (size_t)positive_number(optarg);
            break;
        case 'h':
            picture.height = (size_t)positive_number(optarg);
            break;
        case 'n':
            picture.iterations = positive_number(optarg);
            break;
        case 'v':
            is_verbose = true;
            break;
        default:
            errx(EXIT_FAILURE, "usage: mandelbrot [-v] [-w WIDTH] [-h HEIGHT] [-n ITERATIONS] [FILE]");
        }
    }
    picture.pixels = malloc(3 * picture.width * picture.height);
    if (picture.pixels == NULL)
        err(EXIT_FAILURE, "the picture");

    double start = seconds_now();
    draw(&picture);
    double seconds = seconds_now() - start;

    write_png(&picture, optind < argc ? argv[optind] : "mandelbrot.png");
    if (is_verbose)
        fprintf(stderr, "mandelbrot: %zu x %zu pixels, seconds: %.3f\n", picture.width, picture.height, seconds);
    free(picture.pixels);
    return EXIT_SUCCESS;
}
