#include "CPublic.h"

// Our compiler is known: it comes with the Swift toolchain.
#pragma clang diagnostic ignored "-Wc23-extensions"

// The compiler notes an embedded file as something this one depends on, so the next build takes up a change of it.
// A new file needs two entries here; a test compares them with the folder.

static const unsigned char app_css[] = {
#embed "../../Public/app.css"
};
static const unsigned char app_js[] = {
#embed "../../Public/app.js"
};
static const unsigned char explain_js[] = {
#embed "../../Public/explain.js"
};
static const unsigned char icon_svg[] = {
#embed "../../Public/icon.svg"
};
static const unsigned char index_html[] = {
#embed "../../Public/index.html"
};
static const unsigned char stats_js[] = {
#embed "../../Public/stats.js"
};

static const struct public_file files[] = {
    {"app.css", app_css, sizeof app_css},
    {"app.js", app_js, sizeof app_js},
    {"explain.js", explain_js, sizeof explain_js},
    {"icon.svg", icon_svg, sizeof icon_svg},
    {"index.html", index_html, sizeof index_html},
    {"stats.js", stats_js, sizeof stats_js},
};

size_t public_file_count(void) { return sizeof files / sizeof *files; }

struct public_file public_file_at(size_t index) { return files[index]; }
