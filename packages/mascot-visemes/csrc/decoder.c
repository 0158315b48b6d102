/* The decisions of the decoder, as `decode.py` describes them. */
#include "kernels.h"

#include <math.h>

static size_t likeliest(const float *scores, size_t count) {
    size_t best = 0;
    for (size_t shape = 1; shape < count; shape++)
        if (scores[shape] > scores[best])
            best = shape;
    return best;
}

void score_frames(const Scoring *scoring, const float *shares, const float *levels, size_t frames, float *scores) {
    size_t count = scoring->shapes;
    for (size_t row = 0; row < frames; row++) {
        float *its_scores = scores + row * count;
        if (levels[row] < scoring->silence_db) {
            for (size_t shape = 0; shape < count; shape++)
                its_scores[shape] = shape == SILENCE ? 0.0f : IMPOSSIBLE;
            continue;
        }
        int at_edge = row + scoring->edge_frames >= frames;
        for (size_t shape = 0; shape < count; shape++) {
            float share = shares[row * count + shape];
            its_scores[shape] = logf(share > scoring->smallest[shape] ? share : scoring->smallest[shape]);
            if (at_edge)
                its_scores[shape] += scoring->edge_bias[shape];
        }
    }
}

size_t clear_closure(const float *shares, size_t shapes_count, const uint8_t *is_closure, float lead) {
    size_t best = likeliest(shares, shapes_count);
    if (!is_closure[best])
        return SILENCE;
    for (size_t shape = 0; shape < shapes_count; shape++)
        if (shape != best && shares[best] <= lead * shares[shape])
            return SILENCE;
    return best;
}

size_t best_path(const float *scores, size_t frames, size_t shapes_count, size_t current, const double *costs,
                 uint8_t *from, int32_t *rows, int32_t *shapes) {
    uint8_t candidates[MOST_SHAPES];
    char is_candidate[MOST_SHAPES] = {0};
    /* While the current shape is the likeliest, nothing is gained by leaving it. */
    size_t first = frames, count = 0;
    is_candidate[current] = 1;
    for (size_t row = 0; row < frames; row++) {
        size_t best = likeliest(scores + row * shapes_count, shapes_count);
        is_candidate[best] = 1;
        if (best != current && first == frames)
            first = row;
    }
    for (size_t shape = 0; shape < shapes_count; shape++)
        if (is_candidate[shape])
            candidates[count++] = (uint8_t)shape;

    double totals[MOST_SHAPES];
    for (size_t shape = 0; shape < shapes_count; shape++)
        totals[shape] = shape == current ? 0.0 : -INFINITY;
    size_t best = current;
    for (size_t row = first; row < frames; row++) {
        const float *gains = scores + row * shapes_count;
        double most = totals[best];
        uint8_t *its_from = from + row * shapes_count;
        for (size_t i = 0; i < count; i++) {
            size_t shape = candidates[i];
            double changed = most - costs[shape];
            /* Ties go to staying, so that a path is never longer than it need be. */
            its_from[shape] = (uint8_t)(totals[shape] < changed ? best : shape);
            totals[shape] = (totals[shape] < changed ? changed : totals[shape]) + gains[shape];
        }
        best = candidates[0];
        for (size_t i = 1; i < count; i++)
            if (totals[candidates[i]] > totals[best])
                best = candidates[i];
    }
    size_t changes = 0;
    for (size_t row = frames; row-- > first;) {
        uint8_t before = from[row * shapes_count + best];
        if (before != best) {
            rows[changes] = (int32_t)row;
            shapes[changes++] = (int32_t)best;
            best = before;
        }
    }
    return changes;
}
