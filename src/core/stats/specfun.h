/*-------------------------------------------------------------------------
 * specfun.h
 *	  Special functions of statistics, from Boost.Math.
 *
 * Includes no header of PostgreSQL, because specfun.cpp includes it together
 * with those of Boost.  Everything that uses it is compiled and tested outside
 * the server.  An argument out of range gives NaN, an overflow an infinity;
 * nothing else ever happens: no exception, no errno, no global state.
 *-------------------------------------------------------------------------
 */
#ifndef SPECFUN_H
#define SPECFUN_H

/* ln |gamma(x)|, its first and second derivative; x > 0 */
extern double specfun_lgamma(double x);
extern double specfun_digamma(double x);
extern double specfun_trigamma(double x);

/* The gamma distribution of shape a and scale 1: P(X <= x), P(X > x), and back. */
extern double specfun_gamma_lower(double a, double x);
extern double specfun_gamma_upper(double a, double x);
extern double specfun_gamma_lower_inverse(double a, double p);
extern double specfun_gamma_upper_inverse(double a, double q);

/* The beta distribution of shapes a and b: P(X <= x), P(X > x), and back. */
extern double specfun_beta_lower(double a, double b, double x);
extern double specfun_beta_upper(double a, double b, double x);
extern double specfun_beta_lower_inverse(double a, double b, double p);
extern double specfun_beta_upper_inverse(double a, double b, double q);

/* P(X = k) of a binomial with n trials, and of a Poisson distribution. */
extern double specfun_binomial(double k, double n, double p);
extern double specfun_poisson(double k, double mean);

/* Where P(X <= x) is p, of the standard normal distribution. */
extern double specfun_normal_inverse(double p);

#endif /* SPECFUN_H */
