/*-------------------------------------------------------------------------
 * aml.h
 *	  Advanced Mobile Location: the text message in which a handset sends its
 *	  position during a 999 call (ETSI TS 103 625, version 1 of its format).
 *-------------------------------------------------------------------------
 */
#ifndef AML_H
#define AML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One SMS has 160 characters; leave room for unknown keys (aml.c says 1024) */
#define AML_MAX_LENGTH 1024

typedef struct AmlMessage
{
	bool has_location;
	double latitude; /* degrees, WGS 84 */
	double longitude;
	bool has_radius;
	double radius_m;
	bool has_time;
	int64_t positioned_at; /* seconds since 1970, UTC */
	int confidence; /* percent; -1: not given */
	const char *method; /* NULL: not given */
	char imei[17]; /* these are empty when not given */
	char imsi_prefix[7];
	char mcc[4];
	char mnc[4];
} AmlMessage;

/* What is wrong: both are constant strings and repeat nothing of the message */
typedef struct AmlProblem
{
	const char *key; /* NULL: the message as a whole */
	const char *expected;
} AmlProblem;

extern bool aml_parse(const char *text, size_t len, AmlMessage *message,
					  AmlProblem *problem);

#endif /* AML_H */
