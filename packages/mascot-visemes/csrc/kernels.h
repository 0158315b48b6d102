/* The loops of mascot-visemes that are compiled where a C compiler is at hand. `features.py` and `decode.py` hold the
 * same computations in numpy, which are used where this was not compiled. */
#ifndef MASCOT_KERNELS_H
#define MASCOT_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#if !defined(__GNUC__)
#error "needs vector types (GCC or Clang); mascot-visemes then uses numpy"
#endif

/* Windows that are transformed side by side, one in each lane of a vector. */
#define LANES 8

#define INLINE static inline __attribute__((always_inline))

/* The analysis of one sample rate; `features.FrontEnd` explains it. */
typedef struct {
    size_t length;         /* samples of a window and of its transform, even */
    size_t bins;           /* of the spectrum, from 0 Hz on; at most length / 2 + 1 */
    size_t carried;        /* bands that the rate carries */
    const float *window;   /* weight of each sample */
    const float *cosines;  /* real parts of exp(-2 pi i k / length), k < length */
    const float *sines;    /* imaginary parts */
    const int32_t *spans;  /* of each carried band the first bin, and the one after the last */
    const float *weights;  /* of these bins, one band after the other */
} Analysis;

/* Return 0, or -1 without memory. Window `w` of stream `s` begins at samples[s * stride + starts[w]]; its bands and its
 * level are those of row `s * frames + w`. */
int analyse_windows(const Analysis *analysis, const float *samples, size_t streams, size_t stride,
                    const int64_t *starts, size_t frames, float *bands, float *levels);

/* The radices of a transform of this many complex numbers, or 0 if it has a prime factor above 5. */
size_t radices_of(size_t length, int *radices);

/* Number of bands of a frame. */
#define BANDS 40

/* Index of silence in every viseme set, and the score of all other shapes where it is silent. */
#define SILENCE 0
#define IMPOSSIBLE -1e6f

/* The constants of scores; `decode.DecoderTable` explains them. */
typedef struct {
    size_t shapes;
    const float *smallest;  /* of each shape the least share that counts */
    const float *edge_bias; /* of each shape, in the last `edge_frames` frames */
    size_t edge_frames;
    float silence_db;
} Scoring;

/* Write the scores of the frames of one stream. */
void score_frames(const Scoring *scoring, const float *shares, const float *levels, size_t frames, float *scores);

/* The closure that is likeliest in a frame by the factor `lead`, or SILENCE. */
size_t clear_closure(const float *shares, size_t shapes_count, const uint8_t *is_closure, float lead);

/* Find the best path through the scores of one stream, as `decode.best_paths` describes it. Write its changes, the last
 * one first, to `rows` and `shapes`, which have room for `frames`. Return their number. `from` has room for
 * `frames * shapes_count` bytes. */
size_t best_path(const float *scores, size_t frames, size_t shapes_count, size_t current, const double *costs,
                 uint8_t *from, int32_t *rows, int32_t *shapes);

/* Most shapes of a viseme set. */
#define MOST_SHAPES 64

#endif
