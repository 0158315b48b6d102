/* The Python module `mascot_visemes._kernels`. Arrays come as buffers; sizes are checked here, values by the callers. */
#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>

#include "kernels.h"

static void release(Py_buffer *buffers, int count) {
    for (int i = 0; i < count; i++)
        PyBuffer_Release(&buffers[i]);
}

/* Whether a buffer has this many items. */
static int has(const Py_buffer *buffer, size_t items, size_t item) {
    return (size_t)buffer->len == items * item;
}

/* Frames of each stream in an array of a float for each shape. */
static size_t frames_in(const Py_buffer *array, size_t streams, size_t shapes_count) {
    return streams && shapes_count ? (size_t)array->len / sizeof(float) / shapes_count / streams : 0;
}

static int spans_fit(const int32_t *spans, size_t bands, size_t bins, size_t weights) {
    size_t used = 0;
    for (size_t band = 0; band < bands; band++) {
        int32_t begin = spans[2 * band], end = spans[2 * band + 1];
        if (begin < 0 || end < begin || (size_t)end > bins)
            return 0;
        used += (size_t)(end - begin);
    }
    return used == weights;
}

static int starts_fit(const int64_t *starts, size_t frames, size_t stride, size_t length) {
    for (size_t frame = 0; frame < frames; frame++)
        if (starts[frame] < 0 || (size_t)starts[frame] + length > stride)
            return 0;
    return 1;
}

static PyObject *analyse(PyObject *module, PyObject *args) {
    (void)module;
    Py_buffer b[8];
    Py_ssize_t streams, bins;
    if (!PyArg_ParseTuple(args, "y*y*ny*y*ny*y*w*w*", &b[0], &b[1], &streams, &b[2], &b[3], &bins, &b[4], &b[5], &b[6],
                          &b[7]))
        return NULL;
    const Py_buffer *samples = &b[0], *starts = &b[1], *window = &b[2], *turns = &b[3], *spans = &b[4], *weights = &b[5];
    size_t frames = (size_t)starts->len / sizeof(int64_t), length = (size_t)window->len / sizeof(float);
    size_t carried = (size_t)spans->len / (2 * sizeof(int32_t)), rows = streams > 0 ? (size_t)streams * frames : 0;
    size_t stride = streams > 0 ? (size_t)samples->len / sizeof(float) / (size_t)streams : 0;
    int radices[64];
    if (streams <= 0 || bins < 0 || !has(samples, (size_t)streams * stride, sizeof(float)) || length % 2 ||
        (length && !radices_of(length / 2, radices)) || !length || !has(turns, 2 * length, sizeof(float)) ||
        (size_t)bins > length / 2 + 1 || carried > BANDS ||
        !spans_fit(spans->buf, carried, (size_t)bins, (size_t)weights->len / sizeof(float)) ||
        !starts_fit(starts->buf, frames, stride, length) || !has(&b[6], rows * BANDS, sizeof(float)) ||
        !has(&b[7], rows, sizeof(float))) {
        release(b, 8);
        PyErr_SetString(PyExc_ValueError, "analyse: the sizes of the arrays do not fit");
        return NULL;
    }
    const float *table = turns->buf;
    Analysis analysis = {length,           (size_t)bins,   carried,     window->buf, table,
                         table + length,   spans->buf,     weights->buf};
    int failed;
    Py_BEGIN_ALLOW_THREADS;
    failed = analyse_windows(&analysis, samples->buf, (size_t)streams, stride, starts->buf, frames, b[6].buf, b[7].buf);
    Py_END_ALLOW_THREADS;
    release(b, 8);
    return failed ? PyErr_NoMemory() : Py_NewRef(Py_None);
}

/* The changes of one stream, first one first. */
static PyObject *changes_of(size_t count, const int32_t *rows, const int32_t *shapes) {
    PyObject *changes = PyList_New((Py_ssize_t)count);
    for (size_t i = 0; changes != NULL && i < count; i++) {
        PyObject *change = Py_BuildValue("(ii)", rows[count - 1 - i], shapes[count - 1 - i]);
        if (change == NULL || PyList_SetItem(changes, (Py_ssize_t)i, change) < 0)
            Py_CLEAR(changes);
    }
    return changes;
}

static PyObject *find_paths(const float *scores, size_t frames, const int32_t *current, size_t streams,
                            const double *costs, size_t shapes_count) {
    char *memory = PyMem_Malloc(frames * (shapes_count + 2 * sizeof(int32_t)) + 1);
    if (memory == NULL)
        return PyErr_NoMemory();
    int32_t *rows = (int32_t *)memory, *shapes = rows + frames;
    uint8_t *from = (uint8_t *)(shapes + frames);
    PyObject *paths = PyList_New((Py_ssize_t)streams);
    for (size_t stream = 0; paths != NULL && stream < streams; stream++) {
        size_t count = best_path(scores + stream * frames * shapes_count, frames, shapes_count,
                                 (size_t)current[stream], costs, from, rows, shapes);
        PyObject *changes = changes_of(count, rows, shapes);
        if (changes == NULL || PyList_SetItem(paths, (Py_ssize_t)stream, changes) < 0)
            Py_CLEAR(paths);
    }
    PyMem_Free(memory);
    return paths;
}

static PyObject *best_paths(PyObject *module, PyObject *args) {
    (void)module;
    Py_buffer b[3];
    if (!PyArg_ParseTuple(args, "y*y*y*", &b[0], &b[1], &b[2]))
        return NULL;
    size_t streams = (size_t)b[1].len / sizeof(int32_t), shapes_count = (size_t)b[2].len / sizeof(double);
    size_t frames = frames_in(&b[0], streams, shapes_count);
    int fits = shapes_count && shapes_count <= MOST_SHAPES &&
               has(&b[0], streams * frames * shapes_count, sizeof(float));
    const int32_t *current = b[1].buf;
    for (size_t stream = 0; stream < streams; stream++)
        fits = fits && current[stream] >= 0 && (size_t)current[stream] < shapes_count;
    PyObject *paths = NULL;
    if (fits)
        paths = find_paths(b[0].buf, frames, current, streams, b[2].buf, shapes_count);
    else
        PyErr_SetString(PyExc_ValueError, "best_paths: the sizes of the arrays do not fit");
    release(b, 3);
    return paths;
}

static PyObject *scores(PyObject *module, PyObject *args) {
    (void)module;
    Py_buffer b[5];
    Py_ssize_t given, edge_frames;
    float silence_db;
    if (!PyArg_ParseTuple(args, "y*y*ny*y*nfw*", &b[0], &b[1], &given, &b[2], &b[3], &edge_frames, &silence_db, &b[4]))
        return NULL;
    /* Shares of all frames of a stream, the last of which have levels and get scores. */
    size_t shapes_count = (size_t)b[2].len / sizeof(float), rows = (size_t)b[1].len / sizeof(float);
    size_t streams = given > 0 ? (size_t)given : 0, frames = streams ? rows / streams : 0;
    size_t all = frames_in(&b[0], streams, shapes_count);
    int fits = streams && shapes_count && edge_frames >= 0 && all >= frames &&
               has(&b[1], streams * frames, sizeof(float)) &&
               has(&b[0], streams * all * shapes_count, sizeof(float)) && has(&b[3], shapes_count, sizeof(float)) &&
               has(&b[4], rows * shapes_count, sizeof(float));
    if (fits) {
        Scoring scoring = {shapes_count, b[2].buf, b[3].buf, (size_t)edge_frames, silence_db};
        const float *shares = b[0].buf, *levels = b[1].buf;
        float *out = b[4].buf;
        for (size_t stream = 0; stream < streams; stream++)
            score_frames(&scoring, shares + (stream * all + all - frames) * shapes_count, levels + stream * frames,
                         frames, out + stream * frames * shapes_count);
    } else {
        PyErr_SetString(PyExc_ValueError, "scores: the sizes of the arrays do not fit");
    }
    release(b, 5);
    return fits ? Py_NewRef(Py_None) : NULL;
}

static int add_closure(PyObject *closures, size_t stream, size_t since, size_t shape) {
    PyObject *closure = Py_BuildValue("(nnn)", (Py_ssize_t)stream, (Py_ssize_t)since, (Py_ssize_t)shape);
    int failed = closure == NULL || PyList_Append(closures, closure) < 0;
    Py_XDECREF(closure);
    return failed;
}

static PyObject *clear_closures(PyObject *module, PyObject *args) {
    (void)module;
    Py_buffer b[2];
    Py_ssize_t given, decided;
    float lead;
    if (!PyArg_ParseTuple(args, "y*nny*f", &b[0], &given, &decided, &b[1], &lead))
        return NULL;
    size_t streams = given > 0 ? (size_t)given : 0, shapes_count = (size_t)b[1].len;
    size_t all = frames_in(&b[0], streams, shapes_count);
    int fits = streams && shapes_count && decided >= 0 && (size_t)decided <= all &&
               has(&b[0], streams * all * shapes_count, sizeof(float));
    PyObject *closures = fits ? PyList_New(0) : NULL;
    if (!fits)
        PyErr_SetString(PyExc_ValueError, "clear_closures: the sizes of the arrays do not fit");
    const float *shares = b[0].buf;
    for (size_t stream = 0; closures != NULL && stream < streams; stream++) {
        for (size_t row = 0; closures != NULL && row < (size_t)decided; row++) {
            const float *frame = shares + (stream * all + row) * shapes_count;
            size_t shape = clear_closure(frame, shapes_count, b[1].buf, lead);
            if (shape != SILENCE && add_closure(closures, stream, (size_t)decided - row, shape))
                Py_CLEAR(closures);
        }
    }
    release(b, 2);
    return closures;
}

static PyMethodDef methods[] = {
    {"analyse", analyse, METH_VARARGS,
     "analyse(samples, starts, streams, window, turns, bins, spans, weights, bands, levels): write the log-mel bands and "
     "the levels of windows of audio."},
    {"best_paths", best_paths, METH_VARARGS,
     "best_paths(scores, current, costs): return the changes of the best path of each stream, as (row, shape)."},
    {"scores", scores, METH_VARARGS,
     "scores(shares, levels, streams, smallest, edge_bias, edge_frames, silence_db, scores): write the scores of frames."},
    {"clear_closures", clear_closures, METH_VARARGS,
     "clear_closures(shares, streams, decided, is_closure, lead): return the clear closures, as (stream, frames since, shape)."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "_kernels",
    .m_doc = "Compiled loops of mascot-visemes.",
    .m_size = 0,
    .m_methods = methods,
};

PyMODINIT_FUNC PyInit__kernels(void) { return PyModuleDef_Init(&definition); }
