/*-------------------------------------------------------------------------
 * specfun.cpp
 *	  The only file that touches Boost.Math.
 *
 * No C++ exception leaves it, and nothing in it can longjmp: it includes no
 * header of PostgreSQL and calls nothing of it.
 *-------------------------------------------------------------------------
 */
#include <cmath>
#include <limits>

#include <boost/math/distributions/binomial.hpp>
#include <boost/math/distributions/poisson.hpp>
#include <boost/math/special_functions/beta.hpp>
#include <boost/math/special_functions/digamma.hpp>
#include <boost/math/special_functions/erf.hpp>
#include <boost/math/special_functions/gamma.hpp>
#include <boost/math/special_functions/hypergeometric_pFq.hpp>
#include <boost/math/special_functions/trigamma.hpp>

extern "C"
{
#include "core/stats/specfun.h"
}

namespace
{

namespace bm = boost::math;
namespace bp = boost::math::policies;

/* Errors are values: NaN for what is not defined, infinity for an overflow. */
using Quiet = bp::policy<bp::domain_error<bp::ignore_error>, bp::pole_error<bp::ignore_error>,
						 bp::overflow_error<bp::ignore_error>, bp::rounding_error<bp::ignore_error>,
						 bp::evaluation_error<bp::ignore_error>, bp::promote_double<false>>;

/* Only a lack of memory, or a newer library, can still throw. */
template <typename Function>
double
guarded(Function function) noexcept
{
	try
	{
		return function();
	}
	catch (...)
	{
		return std::numeric_limits<double>::quiet_NaN();
	}
}

} /* namespace */

double
specfun_lgamma(double x)
{
	return guarded([=]
				   { return bm::lgamma(x, Quiet()); });
}

double
specfun_digamma(double x)
{
	return guarded([=]
				   { return bm::digamma(x, Quiet()); });
}

double
specfun_trigamma(double x)
{
	return guarded([=]
				   { return bm::trigamma(x, Quiet()); });
}

double
specfun_gamma_lower(double a, double x)
{
	return guarded([=]
				   { return bm::gamma_p(a, x, Quiet()); });
}

double
specfun_gamma_upper(double a, double x)
{
	return guarded([=]
				   { return bm::gamma_q(a, x, Quiet()); });
}

double
specfun_gamma_lower_inverse(double a, double p)
{
	return guarded([=]
				   { return bm::gamma_p_inv(a, p, Quiet()); });
}

double
specfun_gamma_upper_inverse(double a, double q)
{
	return guarded([=]
				   { return bm::gamma_q_inv(a, q, Quiet()); });
}

double
specfun_beta_lower(double a, double b, double x)
{
	return guarded([=]
				   { return bm::ibeta(a, b, x, Quiet()); });
}

double
specfun_beta_upper(double a, double b, double x)
{
	return guarded([=]
				   { return bm::ibetac(a, b, x, Quiet()); });
}

double
specfun_beta_lower_inverse(double a, double b, double p)
{
	return guarded([=]
				   { return bm::ibeta_inv(a, b, p, Quiet()); });
}

double
specfun_beta_upper_inverse(double a, double b, double q)
{
	return guarded([=]
				   { return bm::ibetac_inv(a, b, q, Quiet()); });
}

double
specfun_binomial(double k, double n, double p)
{
	return guarded([=]
				   { return bm::pdf(bm::binomial_distribution<double, Quiet>(n, p), k); });
}

double
specfun_poisson(double k, double mean)
{
	return guarded([=]
				   { return bm::pdf(bm::poisson_distribution<double, Quiet>(mean), k); });
}

double
specfun_normal_inverse(double p)
{
	return guarded([=]
				   { return -std::sqrt(2.0) * bm::erfc_inv(2 * p, Quiet()); });
}
