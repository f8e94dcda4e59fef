/* SPDX-License-Identifier: Apache-2.0 */
/* headroom-sim's two servers: the cloud's API by HTTP, and its machines, which check in. */
#ifndef HR_SIM_CLOUD_SERVER_H
#define HR_SIM_CLOUD_SERVER_H

#include <pthread.h>

#include "cloud.h"

/* The books and who may use them just now. */
struct cloud_shared {
	pthread_mutex_t mutex;
	struct cloud *cloud;
};

struct cloud_server;

/* "127.0.0.1" or "127.0.0.1:8080"; without a port, a free one. Prints its URL to ret_url. */
int cloud_server_start(struct cloud_shared *shared, const char *listen,
		       struct cloud_server **ret_server, char ret_url[64], struct hr_error *err);
/* Whoever still waits for an answer gets none. */
void cloud_server_stop(struct cloud_server *server);

struct cloud_checkin;

/* Makes the visits that fall due, until it is stopped. (cloud_checkin.c) */
int cloud_checkin_start(struct cloud_shared *shared, struct cloud_checkin **ret,
			struct hr_error *err);
void cloud_checkin_stop(struct cloud_checkin *checkin);

#endif
