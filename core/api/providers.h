/* SPDX-License-Identifier: Apache-2.0 */
/* Account checks under way, for the API's stop. */
#ifndef HR_API_PROVIDERS_H
#define HR_API_PROVIDERS_H

struct api;

/* Requests that wait for a check are answered now; the checks' own answers go nowhere. */
void providers_drop_checks(struct api *api);

#endif
