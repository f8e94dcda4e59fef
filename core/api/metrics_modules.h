/* SPDX-License-Identifier: Apache-2.0 */
/* The part of /metrics that is about modules, their processes and the accounts' budgets. */
#ifndef HR_API_METRICS_MODULES_H
#define HR_API_METRICS_MODULES_H

#include <stdio.h>

#include "provider/module_metrics.h"

/* metrics.c: the value of a label, escaped. */
void metrics_label(FILE *out, const char *value);

/* The lines before those of a metric; its name without "headroom_" (metrics.c). */
void metrics_head(FILE *out, const char *name, const char *type, const char *help);

/* Nothing for NULL. */
void metrics_write_modules(struct module_metrics *metrics, FILE *out);

#endif
