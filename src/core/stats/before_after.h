/*-------------------------------------------------------------------------
 * before_after.h
 *	  Did it help: counts before and after, with regression to the mean removed
 *	  (Hauer 1997).
 *
 * Plain C without PostgreSQL.  What is not defined is NaN.
 *-------------------------------------------------------------------------
 */
#ifndef BEFORE_AFTER_H
#define BEFORE_AFTER_H

#include "core/stats/gamma_prior.h"

typedef struct EmpiricalBayes
{
	double weight; /* of the population's mean; the caller's own count has the rest */
	double expected;
	double sd;
} EmpiricalBayes;

typedef struct EffectSize
{
	double effect; /* 1: none, 0.7: a fall of 30 % */
	double sd;
	double lower;
	double upper;
	double p_value; /* that there is none; two-sided */
} EffectSize;

typedef struct HoursSaved
{
	double contacts_fewer;
	double hours; /* per month */
	double lower;
	double upper;
} HoursSaved;

/* Callers of one side, managed or not, with the same count before. */
typedef struct BeforeAfterSide
{
	int64_t callers;
	int64_t after; /* sum */
	int64_t after_squares; /* sum of squares */
} BeforeAfterSide;

typedef struct BeforeAfterGroup
{
	int64_t before; /* of each caller */
	BeforeAfterSide unmanaged;
	BeforeAfterSide managed;
} BeforeAfterGroup;

/* Reasons against using the result, as bits. */
enum
{
	BEFORE_AFTER_NO_MANAGED = 1,
	BEFORE_AFTER_FEW_MANAGED = 2,
	BEFORE_AFTER_NO_UNMANAGED = 4,
	BEFORE_AFTER_NOTHING_EXPECTED = 8,
	BEFORE_AFTER_NOT_CONVERGED = 16,
	BEFORE_AFTER_ALIKE = 32,
	BEFORE_AFTER_RATES_MOVE = 64,
	BEFORE_AFTER_CALIBRATION = 128,
	BEFORE_AFTER_NONE_COMPARABLE = 256,
	BEFORE_AFTER_SOME_INCOMPARABLE = 512,
	BEFORE_AFTER_SPREAD = 1024
};

/* With fewer managed callers there is a warning. */
#define BEFORE_AFTER_FEW 10

typedef struct BeforeAfter
{
	int64_t callers;
	int64_t managed;
	int64_t before; /* of the managed, as are the next */
	int64_t after;
	double naive_ratio;
	GammaPrior prior;
	double expected_before;
	double comparison_ratio;
	double expected_after;
	double expected_sd;
	EffectSize effect;
	double power; /* to find a fall of 30 % */
	double detectable; /* the smallest fall found with a power of 80 % */
	double dispersion;
	double calibration;
	int64_t comparable; /* unmanaged callers in strata with managed ones */
	int64_t comparable_managed; /* managed callers in strata with unmanaged ones */
	EffectSize comparable_effect;
	int warnings;
} BeforeAfter;

extern EmpiricalBayes empirical_bayes(double observed, double exposure, double mean, double shape);
extern EffectSize effect_size(double observed, double expected, double variance, double level);
extern double effect_power(double expected, double variance, double effect, double level);
extern double effect_detectable(double expected, double variance, double power, double level);
extern HoursSaved hours_saved(double observed, double expected, double variance, double handling_seconds,
							  double handling_error, double months, double level);
extern void before_after_compute(BeforeAfter *result, const BeforeAfterGroup *groups, size_t n, const Host *host);

#endif /* BEFORE_AFTER_H */
