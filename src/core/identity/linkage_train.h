/*-------------------------------------------------------------------------
 * linkage_train.h
 *	  Learning a linkage model from personas without known matches.
 *
 * Plain C without PostgreSQL, so that it can be tested outside the server.
 *-------------------------------------------------------------------------
 */
#ifndef LINKAGE_TRAIN_H
#define LINKAGE_TRAIN_H

#include "core/identity/linkage.h"

#define LINK_MAX_CANDIDATES 256

/* How a training went. */
typedef struct LinkTraining
{
	FsResult em;
	double pairs; /* that all candidate rules find, about */
	double matches; /* expected among them */
	double reached; /* share of these that the chosen rules find */
	double rule_gain[LINK_MAX_RULES]; /* share that each adds to those before it */
	double rule_pairs[LINK_MAX_RULES]; /* pairs it finds, about */
	uint32_t sampled; /* one block in this many was used */
	uint32_t people;
} LinkTraining;

/* The people who have one value of a comparison. */
typedef void (*LinkTermSink)(void *arg, int comparison, uint64_t hash, double people);

/*
 * Learns m, u, lambda, blocking rules and term frequencies of a model whose
 * comparisons are set.  The store is of that model, and holds the personas.
 * Calls sink for each value that more than one person has.
 */
extern void link_train(const Host *host, LinkStore *store, LinkModel *model, uint64_t seed,
					   LinkTermSink sink, void *arg, LinkTraining *training);

#endif /* LINKAGE_TRAIN_H */
