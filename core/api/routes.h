/* SPDX-License-Identifier: Apache-2.0 */
/* The one table of routes. */
#ifndef HR_API_ROUTES_H
#define HR_API_ROUTES_H

#include "api/exchange.h"

enum body_need { BODY_NONE, BODY_OBJECT };

struct route {
	const char *method;
	const char *pattern; /* "{id}" stands for one part of the path */
	unsigned roles;      /* ROLE_BIT()s; 0: anybody */
	enum body_need body;
	int kind;          /* document routes: enum document_kind */
	const char *query; /* parameters it knows, with spaces between; NULL: any is ignored */
	bool quiet;        /* asked all the time: logged at debug level */
	int (*handler)(struct exchange *exchange, struct hr_error *err);
	void (*answered)(struct exchange *exchange); /* last look before the answer goes; or NULL */
	const char *summary;
};

extern const struct route routes[];
extern const size_t n_routes;

/* Sets route and params. HR_NOT_FOUND; or 405, with the methods that there are in err->example. */
int route_find(struct exchange *exchange, const char *url, struct hr_error *err);

/* HR_INVALID names a query parameter that the route does not know. */
int route_check_query(struct exchange *exchange, struct hr_error *err);

#endif
