// The C interface of Signalsmith Stretch that desktop/playback/stretch_native.py calls.

#define _USE_MATH_DEFINES // M_PI, for Microsoft's compiler
#include <cmath>
#include <vector>

#include "stretch/signalsmith-stretch.h"

#ifdef _WIN32
#define EXPORT extern "C" __declspec(dllexport)
#else
#define EXPORT extern "C" __attribute__((visibility("default")))
#endif

using Stretch = signalsmith::stretch::SignalsmithStretch<float>;

// Each instance has the same seed, so that the same sound always gives the same result.
EXPORT Stretch *stretch_create(int channels, int window, int interval) {
    auto *stretch = new Stretch(1L);
    stretch->configure(channels, window, interval);
    return stretch;
}

EXPORT void stretch_destroy(Stretch *stretch) { delete stretch; }

EXPORT void stretch_transpose(Stretch *stretch, float semitones) { stretch->setTransposeSemitones(semitones); }

// Rows of `inputs` and `outputs`, one a channel, follow each other.
EXPORT void stretch_process(Stretch *stretch, int channels, float *inputs, int frames_in, float *outputs, int frames_out) {
    std::vector<float *> rows_in, rows_out;
    for (int channel = 0; channel < channels; ++channel) {
        rows_in.push_back(inputs + size_t(channel) * frames_in);
        rows_out.push_back(outputs + size_t(channel) * frames_out);
    }
    stretch->process(rows_in, frames_in, rows_out, frames_out);
}
