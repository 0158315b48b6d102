/* Log-mel bands of windows of audio. Eight windows are analysed at a time, one in each lane of a vector, so a window gets
 * the same bits in any company. */
#include "kernels.h"

#include <math.h>
#include <stdlib.h>

typedef float Floats __attribute__((vector_size(4 * LANES)));
typedef int32_t Ints __attribute__((vector_size(4 * LANES)));

typedef struct {
    Floats real, imaginary;
} Complex;

/* Least power of a band and of a whole window, as in `features.py`. */
static const float FLOOR = 1e-10f, LEVEL_FLOOR = 1e-12f;
static const float LOG_FLOOR = -23.025850929940457f;
static const float DB_PER_NEPER = 4.342944819032518f;
static const float LN_2 = 0.69314718055994531f, SQRT_2 = 1.41421356237309505f;

/* Natural logarithm of normal positive numbers: x = m 2^e with m from sqrt(1/2) to sqrt(2), and
 * log m = 2 atanh((m - 1) / (m + 1)), the series of which is cut where the rest is below single precision. */
INLINE Floats logarithm(Floats x) {
    Ints bits = (Ints)x;
    Ints exponent = (bits >> 23) - 127;
    Floats mantissa = (Floats)((bits & 0x7fffff) | 0x3f800000);
    Ints large = mantissa > SQRT_2; /* -1 or 0 in each lane */
    mantissa = (Floats)(((Ints)(mantissa * 0.5f) & large) | ((Ints)mantissa & ~large));
    exponent -= large;
    Floats s = (mantissa - 1.0f) / (mantissa + 1.0f), t = s * s;
    Floats series = 2.0f + t * (2.0f / 3 + t * (2.0f / 5 + t * (2.0f / 7 + t * (2.0f / 9))));
    return __builtin_convertvector(exponent, Floats) * LN_2 + s * series;
}

INLINE Complex plus(Complex a, Complex b) {
    return (Complex){a.real + b.real, a.imaginary + b.imaginary};
}

INLINE Complex minus(Complex a, Complex b) {
    return (Complex){a.real - b.real, a.imaginary - b.imaginary};
}

INLINE Complex scaled(Complex a, float factor) {
    return (Complex){a.real * factor, a.imaginary * factor};
}

/* a - i b */
INLINE Complex turned(Complex a, Complex b) {
    return (Complex){a.real + b.imaginary, a.imaginary - b.real};
}

INLINE Complex rotated(Complex a, float cosine, float sine) {
    return (Complex){a.real * cosine - a.imaginary * sine, a.real * sine + a.imaginary * cosine};
}

/* The transform of `radix` numbers, in place. */
INLINE void butterfly(Complex *a, int radix) {
    if (radix == 2) {
        Complex sum = plus(a[0], a[1]);
        a[1] = minus(a[0], a[1]);
        a[0] = sum;
    } else if (radix == 3) {
        const float sine = 0.86602540378443865f;
        Complex sum = plus(a[1], a[2]), difference = scaled(minus(a[1], a[2]), sine);
        Complex middle = minus(a[0], scaled(sum, 0.5f));
        a[0] = plus(a[0], sum);
        a[1] = turned(middle, difference);
        a[2] = turned(middle, scaled(difference, -1.0f));
    } else if (radix == 4) {
        Complex even = plus(a[0], a[2]), across = minus(a[0], a[2]);
        Complex odd = plus(a[1], a[3]), back = minus(a[1], a[3]);
        a[0] = plus(even, odd);
        a[1] = turned(across, back);
        a[2] = minus(even, odd);
        a[3] = turned(across, scaled(back, -1.0f));
    } else {
        const float cosine_1 = 0.30901699437494742f, sine_1 = 0.95105651629515357f;
        const float cosine_2 = -0.80901699437494742f, sine_2 = 0.58778525229247313f;
        Complex outer = plus(a[1], a[4]), outer_difference = minus(a[1], a[4]);
        Complex inner = plus(a[2], a[3]), inner_difference = minus(a[2], a[3]);
        Complex first = plus(a[0], plus(scaled(outer, cosine_1), scaled(inner, cosine_2)));
        Complex second = plus(a[0], plus(scaled(outer, cosine_2), scaled(inner, cosine_1)));
        Complex first_turn = plus(scaled(outer_difference, sine_1), scaled(inner_difference, sine_2));
        Complex second_turn = minus(scaled(outer_difference, sine_2), scaled(inner_difference, sine_1));
        a[0] = plus(a[0], plus(outer, inner));
        a[1] = turned(first, first_turn);
        a[2] = turned(second, second_turn);
        a[3] = turned(second, scaled(second_turn, -1.0f));
        a[4] = turned(first, scaled(first_turn, -1.0f));
    }
}

/* One step of Stockham's transform, which sorts as it goes: `blocks` sub-transforms of length `radix`, for each of
 * `stride` numbers that lie side by side. */
INLINE void step(int radix, size_t blocks, size_t stride, const Analysis *analysis, const Complex *in, Complex *out) {
    for (size_t block = 0; block < blocks; block++) {
        float cosines[5], sines[5];
        for (int k = 1; k < radix; k++) {
            /* The tables are those of the real transform, which is twice as long. */
            size_t turn = 2 * block * stride * (size_t)k % analysis->length;
            cosines[k] = analysis->cosines[turn];
            sines[k] = analysis->sines[turn];
        }
        for (size_t place = 0; place < stride; place++) {
            Complex a[5];
            for (int j = 0; j < radix; j++)
                a[j] = in[place + stride * (block + blocks * (size_t)j)];
            butterfly(a, radix);
            Complex *to = out + place + stride * block * (size_t)radix;
            to[0] = a[0];
            for (int k = 1; k < radix; k++)
                to[stride * (size_t)k] = rotated(a[k], cosines[k], sines[k]);
        }
    }
}

size_t radices_of(size_t length, int *radices) {
    static const int candidates[] = {4, 2, 3, 5};
    size_t count = 0;
    for (size_t i = 0; i < sizeof candidates / sizeof *candidates; i++)
        for (; length % (size_t)candidates[i] == 0; length /= (size_t)candidates[i])
            radices[count++] = candidates[i];
    return length == 1 ? count : 0;
}

/* Weigh the samples of up to LANES windows and pack pairs of them into complex numbers. */
INLINE void pack(const Analysis *analysis, const float *const *windows, size_t count, Complex *packed) {
    size_t half = analysis->length / 2;
    for (size_t lane = 0; lane < LANES; lane++) {
        const float *window = windows[lane < count ? lane : 0];
        for (size_t k = 0; k < half; k++) {
            packed[k].real[lane] = window[2 * k] * analysis->window[2 * k];
            packed[k].imaginary[lane] = window[2 * k + 1] * analysis->window[2 * k + 1];
        }
    }
}

/* Power of the spectrum of real numbers, from the transform of the complex numbers that they were packed into. */
INLINE void powers(const Analysis *analysis, const Complex *transform, Floats *power) {
    size_t half = analysis->length / 2;
    for (size_t k = 0; k < analysis->bins; k++) {
        Complex here = transform[k % half], mirror = transform[(half - k % half) % half];
        mirror.imaginary = -mirror.imaginary;
        Complex even = plus(here, mirror), odd = minus(here, mirror);
        Complex sum = turned(even, rotated(odd, analysis->cosines[k], analysis->sines[k]));
        power[k] = 0.25f * (sum.real * sum.real + sum.imaginary * sum.imaginary);
    }
}

INLINE void write_bands(const Analysis *analysis, const Floats *power, size_t count, float *bands, float *levels) {
    const float *weights = analysis->weights;
    const Floats nothing = {0};
    Floats total = nothing;
    for (size_t band = 0; band < BANDS; band++) {
        Floats value = nothing + LOG_FLOOR;
        if (band < analysis->carried) {
            Floats sum = nothing;
            for (int32_t bin = analysis->spans[2 * band]; bin < analysis->spans[2 * band + 1]; bin++)
                sum += power[bin] * *weights++;
            total += sum;
            value = logarithm(sum + FLOOR);
        }
        for (size_t lane = 0; lane < count; lane++)
            bands[lane * BANDS + band] = value[lane];
    }
    Floats level = logarithm(total + LEVEL_FLOOR) * DB_PER_NEPER;
    for (size_t lane = 0; lane < count; lane++)
        levels[lane] = level[lane];
}

/* What analyses up to LANES windows. */
typedef void Analyser(const Analysis *, const int *radices, size_t steps, const float *const *windows, size_t count,
                      Complex *in, Complex *out, Floats *power, float *bands, float *levels);

INLINE void analyse_some(const Analysis *analysis, const int *radices, size_t steps, const float *const *windows,
                         size_t count, Complex *in, Complex *out, Floats *power, float *bands, float *levels) {
    pack(analysis, windows, count, in);
    size_t left = analysis->length / 2, stride = 1;
    for (size_t i = 0; i < steps; i++) {
        size_t blocks = left / (size_t)radices[i];
        switch (radices[i]) {
        case 2: step(2, blocks, stride, analysis, in, out); break;
        case 3: step(3, blocks, stride, analysis, in, out); break;
        case 4: step(4, blocks, stride, analysis, in, out); break;
        default: step(5, blocks, stride, analysis, in, out);
        }
        left = blocks;
        stride *= (size_t)radices[i];
        Complex *other = in;
        in = out;
        out = other;
    }
    powers(analysis, in, power);
    write_bands(analysis, power, count, bands, levels);
}

static void analyse_anywhere(const Analysis *analysis, const int *radices, size_t steps, const float *const *windows,
                             size_t count, Complex *in, Complex *out, Floats *power, float *bands, float *levels) {
    analyse_some(analysis, radices, steps, windows, count, in, out, power, bands, levels);
}

#if defined(__x86_64__)
__attribute__((target("avx2,fma"))) static void
analyse_with_avx2(const Analysis *analysis, const int *radices, size_t steps, const float *const *windows, size_t count,
                  Complex *in, Complex *out, Floats *power, float *bands, float *levels) {
    analyse_some(analysis, radices, steps, windows, count, in, out, power, bands, levels);
}
#endif

/* Code for this processor. */
static Analyser *analyser(void) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return analyse_with_avx2;
#endif
    return analyse_anywhere;
}

int analyse_windows(const Analysis *analysis, const float *samples, size_t streams, size_t stride,
                    const int64_t *starts, size_t frames, float *bands, float *levels) {
    Analyser *analyse = analyser();
    int radices[64];
    size_t half = analysis->length / 2, steps = radices_of(half, radices);
    char *memory = malloc((2 * half) * sizeof(Complex) + analysis->bins * sizeof(Floats) + sizeof(Floats));
    if (memory == NULL)
        return -1;
    Complex *in = (Complex *)(memory + (sizeof(Floats) - (uintptr_t)memory % sizeof(Floats)));
    Complex *out = in + half;
    Floats *power = (Floats *)(out + half);
    for (size_t row = 0; row < streams * frames; row += LANES) {
        const float *windows[LANES];
        size_t count = streams * frames - row < LANES ? streams * frames - row : LANES;
        for (size_t lane = 0; lane < count; lane++)
            windows[lane] = samples + (row + lane) / frames * stride + starts[(row + lane) % frames];
        analyse(analysis, radices, steps, windows, count, in, out, power, bands + row * BANDS, levels + row);
    }
    free(memory);
    return 0;
}
