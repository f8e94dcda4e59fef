/* SPDX-License-Identifier: Apache-2.0 */
/* What document.c knows of each kind. Only for this floor: others use document.h. */
#ifndef HR_MODEL_KIND_H
#define HR_MODEL_KIND_H

#include "model/document.h"

#define KIND_NAME_PATTERN "[a-z0-9][a-z0-9-]{0,62}"
/* Names of provider modules. */
#define KIND_MODULE_PATTERN "[a-z][a-z0-9]{1,31}"

extern const struct schema zone_schema;
extern const struct schema provider_config_schema;
extern const struct schema pool_schema;
extern const struct schema autoscale_config_schema;

/* The rules between a normalised body's fields: 0, or -1 with HR_INVALID. */
int pool_check_rules(const json_t *body, struct hr_error *err);
int autoscale_config_check_rules(const json_t *body, struct hr_error *err);

#endif
