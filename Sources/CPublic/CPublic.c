#include "CPublic.h"

// Our compiler is known: it comes with the Swift toolchain.
#pragma clang diagnostic ignored "-Wc23-extensions"

// The compiler notes an embedded file as something this one depends on, so the next build takes up a change of it.
// A new file needs two entries here; a test compares them with the folder.

static const unsigned char address_js[] = {
#embed "../../Public/address.js"
};
static const unsigned char answer_js[] = {
#embed "../../Public/answer.js"
};
static const unsigned char app_css[] = {
#embed "../../Public/app.css"
};
static const unsigned char app_js[] = {
#embed "../../Public/app.js"
};
static const unsigned char bar_js[] = {
#embed "../../Public/bar.js"
};
static const unsigned char call_js[] = {
#embed "../../Public/call.js"
};
static const unsigned char certificates_js[] = {
#embed "../../Public/certificates.js"
};
static const unsigned char decision_js[] = {
#embed "../../Public/decision.js"
};
static const unsigned char element_js[] = {
#embed "../../Public/element.js"
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
static const unsigned char json_js[] = {
#embed "../../Public/json.js"
};
static const unsigned char links_js[] = {
#embed "../../Public/links.js"
};
static const unsigned char list_js[] = {
#embed "../../Public/list.js"
};
static const unsigned char metadata_js[] = {
#embed "../../Public/metadata.js"
};
static const unsigned char notice_js[] = {
#embed "../../Public/notice.js"
};
static const unsigned char records_js[] = {
#embed "../../Public/records.js"
};
static const unsigned char routes_js[] = {
#embed "../../Public/routes.js"
};
static const unsigned char rpc_js[] = {
#embed "../../Public/rpc.js"
};
static const unsigned char service_js[] = {
#embed "../../Public/service.js"
};
static const unsigned char state_js[] = {
#embed "../../Public/state.js"
};
static const unsigned char stats_js[] = {
#embed "../../Public/stats.js"
};
static const unsigned char terminal_js[] = {
#embed "../../Public/terminal.js"
};

static const struct public_file files[] = {
    {"address.js", address_js, sizeof address_js},
    {"answer.js", answer_js, sizeof answer_js},
    {"app.css", app_css, sizeof app_css},
    {"app.js", app_js, sizeof app_js},
    {"bar.js", bar_js, sizeof bar_js},
    {"call.js", call_js, sizeof call_js},
    {"certificates.js", certificates_js, sizeof certificates_js},
    {"decision.js", decision_js, sizeof decision_js},
    {"element.js", element_js, sizeof element_js},
    {"explain.js", explain_js, sizeof explain_js},
    {"icon.svg", icon_svg, sizeof icon_svg},
    {"index.html", index_html, sizeof index_html},
    {"json.js", json_js, sizeof json_js},
    {"links.js", links_js, sizeof links_js},
    {"list.js", list_js, sizeof list_js},
    {"metadata.js", metadata_js, sizeof metadata_js},
    {"notice.js", notice_js, sizeof notice_js},
    {"records.js", records_js, sizeof records_js},
    {"routes.js", routes_js, sizeof routes_js},
    {"rpc.js", rpc_js, sizeof rpc_js},
    {"service.js", service_js, sizeof service_js},
    {"state.js", state_js, sizeof state_js},
    {"stats.js", stats_js, sizeof stats_js},
    {"terminal.js", terminal_js, sizeof terminal_js},
};

size_t public_file_count(void) { return sizeof files / sizeof *files; }

struct public_file public_file_at(size_t index) { return files[index]; }
