/*-------------------------------------------------------------------------
 * hawkes.c
 *	  Contacts that trigger contacts: the Hawkes process.
 *
 * Hawkes 1971, Biometrika 58, 83.  The likelihood in one pass: Ozaki 1979,
 * Annals of the Institute of Statistical Mathematics 31, 145.
 *
 * The fit is by Newton's method with Levenberg's and Marquardt's damping, with
 * exact derivatives, in the logarithms of the base rate, the branching ratio
 * and the decay.  The likelihood can have several maxima at different speeds
 * of decay, so the fit starts at each maximum of a coarse grid.
 *-------------------------------------------------------------------------
 */
#include <math.h>

#include "core/time/hawkes.h"

#define PAUSE_EVERY 16384

#define DECAY_STARTS 16
#define MAX_ITERATIONS 200
#define LONGEST_STEP 2.0 /* of any logarithm, in one iteration */
#define GRADIENT_TOLERANCE 1e-8 /* a contact, and once more */
#define LEAST_GAIN 1e-6 /* of log likelihood over a constant rate */

/* How far from the mean rate, and from 1, the search goes, in logarithms. */
#define LOG_RANGE 25.0

enum
{
	BASE,
	BRANCHING,
	DECAY
};

/* sum exp(-beta (t - t_i)), and its derivatives by beta. */
typedef struct Excitation
{
	double value;
	double first;
	double second;
} Excitation;

/* Days from one instant to a later one; the whole range of time fits. */
static inline double
days_between(int64_t from, int64_t to)
{
	return (double) ((uint64_t) to - (uint64_t) from) / HAWKES_DAY;
}

static inline void
let_pass(Excitation *e, double beta, double days)
{
	double left = exp(-beta * days);

	e->second = left * (e->second - 2 * days * e->first + days * days * e->value);
	e->first = left * (e->first - days * e->value);
	e->value *= left;
}

/*
 * hawkes_history
 *		How many contacts only add to the intensity.
 */
size_t
hawkes_history(const HawkesData *data)
{
	size_t low = 0;
	size_t high = data->n;

	while (low < high)
	{
		size_t middle = low + (high - low) / 2;

		if (data->times[middle] <= data->from_at)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* The intensity at from_at that contacts up to then add. */
static Excitation
excitation_before(const Host *host, const HawkesData *data, size_t history, double beta)
{
	Excitation e = {0, 0, 0};

	for (size_t i = 0; i < history; i++)
	{
		int64_t next = i + 1 < history ? data->times[i + 1] : data->from_at;

		if (i % PAUSE_EVERY == PAUSE_EVERY - 1)
			host->pause();
		e.value += 1;
		let_pass(&e, beta, days_between(data->times[i], next));
	}
	return e;
}

/* Add the logarithm of the intensity at a contact. */
static void
add_contact(HawkesLikelihood *out, double mu, double branching, double beta, const Excitation *e)
{
	double set_off = branching * beta * e->value;
	double by_beta = branching * beta * beta * e->first;
	double rate = mu + set_off;
	double d[3] = {mu / rate, set_off / rate, (set_off + by_beta) / rate};
	double dd = (set_off + 3 * by_beta + branching * beta * beta * beta * e->second) / rate;

	out->value += log(rate);
	for (int i = 0; i < 3; i++)
		out->gradient[i] += d[i];
	out->hessian[BASE][BASE] += d[BASE] - d[BASE] * d[BASE];
	out->hessian[BASE][BRANCHING] -= d[BASE] * d[BRANCHING];
	out->hessian[BASE][DECAY] -= d[BASE] * d[DECAY];
	out->hessian[BRANCHING][BRANCHING] += d[BRANCHING] - d[BRANCHING] * d[BRANCHING];
	out->hessian[BRANCHING][DECAY] += d[DECAY] - d[BRANCHING] * d[DECAY];
	out->hessian[DECAY][DECAY] += dd - d[DECAY] * d[DECAY];
}

/* Subtract the contacts that are expected in (from_at, until]. */
static void
subtract_expected(HawkesLikelihood *out, double base, double branching, double beta, const Excitation *sum)
{
	double by_beta = branching * beta * sum->first;

	out->value -= base + branching * sum->value;
	out->gradient[BASE] -= base;
	out->gradient[BRANCHING] -= branching * sum->value;
	out->gradient[DECAY] -= by_beta;
	out->hessian[BASE][BASE] -= base;
	out->hessian[BRANCHING][BRANCHING] -= branching * sum->value;
	out->hessian[BRANCHING][DECAY] -= by_beta;
	out->hessian[DECAY][DECAY] -= by_beta + branching * beta * beta * sum->second;
}

/*
 * hawkes_likelihood
 *		The log likelihood of the contacts in (from_at, until], in one pass.
 */
void
hawkes_likelihood(const Host *host, const HawkesData *data, const HawkesModel *model, HawkesLikelihood *out)
{
	size_t history = hawkes_history(data);
	double branching = model->alpha / model->beta;
	Excitation e = excitation_before(host, data, history, model->beta);
	Excitation sum = e; /* the contacts that all contacts trigger, over the branching ratio */
	int64_t at = data->from_at;

	*out = (HawkesLikelihood){0};
	for (size_t i = history; i < data->n; i++)
	{
		if (i % PAUSE_EVERY == PAUSE_EVERY - 1)
			host->pause();
		let_pass(&e, model->beta, days_between(at, data->times[i]));
		add_contact(out, model->mu, branching, model->beta, &e);
		e.value += 1;
		at = data->times[i];
	}
	let_pass(&e, model->beta, days_between(at, data->until));
	sum.value += (double) (data->n - history) - e.value;
	sum.first -= e.first;
	sum.second -= e.second;
	subtract_expected(out, model->mu * days_between(data->from_at, data->until), branching, model->beta, &sum);
	for (int i = 1; i < 3; i++)
		for (int j = 0; j < i; j++)
			out->hessian[i][j] = out->hessian[j][i];
}

/*
 * hawkes_intensities
 *		The intensity just before each contact after from_at; until is not used.
 */
void
hawkes_intensities(const Host *host, const HawkesData *data, const HawkesModel *model, double *intensities)
{
	size_t history = hawkes_history(data);
	Excitation e = excitation_before(host, data, history, model->beta);
	int64_t at = data->from_at;

	for (size_t i = history; i < data->n; i++)
	{
		if (i % PAUSE_EVERY == PAUSE_EVERY - 1)
			host->pause();
		let_pass(&e, model->beta, days_between(at, data->times[i]));
		intensities[i - history] = model->mu + model->alpha * e.value;
		e.value += 1;
		at = data->times[i];
	}
}

/* A place of the search, in logarithms, with the likelihood there. */
typedef struct Place
{
	double x[3];
	HawkesLikelihood likelihood;
} Place;

typedef struct Search
{
	const Host *host;
	const HawkesData *data;
	double low[3];
	double high[3];
	double tolerance; /* of the gradient */
} Search;

static HawkesModel
model_at(const double *x)
{
	return (HawkesModel){.mu = exp(x[BASE]), .alpha = exp(x[BRANCHING] + x[DECAY]), .beta = exp(x[DECAY])};
}

static void
look(const Search *search, Place *place)
{
	HawkesModel model = model_at(place->x);

	hawkes_likelihood(search->host, search->data, &model, &place->likelihood);
}

/* Is a bound the only thing that keeps the likelihood from growing? */
static bool
held_by_bound(const Search *search, const Place *place, int i)
{
	return (place->x[i] <= search->low[i] && place->likelihood.gradient[i] < 0) ||
		   (place->x[i] >= search->high[i] && place->likelihood.gradient[i] > 0);
}

/*
 * Solve a x = b for the symmetric, positive definite a by Cholesky's method;
 * false if it is not positive definite.
 */
static bool
solve(double a[3][3], const double *b, double *x)
{
	for (int i = 0; i < 3; i++)
		for (int j = 0; j <= i; j++)
		{
			double sum = a[i][j];

			for (int k = 0; k < j; k++)
				sum -= a[i][k] * a[j][k];
			if (i == j && !(sum > 0))
				return false;
			a[i][j] = i == j ? sqrt(sum) : sum / a[j][j];
		}
	for (int i = 0; i < 3; i++)
	{
		x[i] = b[i];
		for (int k = 0; k < i; k++)
			x[i] -= a[i][k] * x[k];
		x[i] /= a[i][i];
	}
	for (int i = 2; i >= 0; i--)
	{
		for (int k = i + 1; k < 3; k++)
			x[i] -= a[k][i] * x[k];
		x[i] /= a[i][i];
	}
	return true;
}

/* Newton's damped step; false where the curvature has the wrong sign. */
static bool
newton_step(const Search *search, const Place *place, double damping, double *step)
{
	double a[3][3];
	double b[3];

	for (int i = 0; i < 3; i++)
	{
		bool held = held_by_bound(search, place, i);

		b[i] = held ? 0 : place->likelihood.gradient[i];
		for (int j = 0; j < 3; j++)
			a[i][j] = held || held_by_bound(search, place, j) ? i == j : -place->likelihood.hessian[i][j];
		/* along what changes nothing the curvature may be below 0 by rounding */
		a[i][i] += damping * (fabs(a[i][i]) + search->tolerance) + search->tolerance;
	}
	return solve(a, b, step);
}

/* Is the place a maximum, where no bound holds it? */
static bool
at_maximum(const Search *search, const Place *place)
{
	double step[3];

	for (int i = 0; i < 3; i++)
		if (!held_by_bound(search, place, i) && !(fabs(place->likelihood.gradient[i]) <= search->tolerance))
			return false;
	return newton_step(search, place, 0, step);
}

/* Climb from a place until it is a maximum, or no step leads up. */
static bool
climb(const Search *search, Place *place)
{
	double damping = 1e-3;

	for (int iteration = 0; iteration < MAX_ITERATIONS && damping < 1e15; iteration++)
	{
		Place next;
		double step[3];

		if (at_maximum(search, place))
			return true;
		if (!newton_step(search, place, damping, step))
		{
			damping *= 10;
			continue;
		}
		for (int i = 0; i < 3; i++)
			next.x[i] = fmin(search->high[i], fmax(search->low[i], place->x[i] + fmin(LONGEST_STEP, fmax(-LONGEST_STEP, step[i]))));
		look(search, &next);
		if (!(next.likelihood.value > place->likelihood.value))
		{
			damping *= 10;
			continue;
		}
		*place = next;
		damping = fmax(damping / 10, 1e-12);
	}
	return at_maximum(search, place);
}

/* The best of a few branching ratios for a decay. */
static void
place_start(const Search *search, double log_decay, double log_rate, Place *start)
{
	static const double branching[] = {0.1, 0.5, 0.9};

	for (int i = 0; i < 3; i++)
	{
		Place place = {.x = {log_rate + log1p(-branching[i]), log(branching[i]), log_decay}};

		look(search, &place);
		if (i == 0 || place.likelihood.value > start->likelihood.value)
			*start = place;
	}
}

/* Climb from each maximum of a grid of decays; the highest place is best. */
static bool
search_maximum(const Search *search, double log_rate, Place *best)
{
	Place starts[DECAY_STARTS];
	bool found = false;
	bool converged = false;

	for (int i = 0; i < DECAY_STARTS; i++)
		place_start(search, search->low[DECAY] + (search->high[DECAY] - search->low[DECAY]) * (i + 0.5) / DECAY_STARTS, log_rate, &starts[i]);
	for (int i = 0; i < DECAY_STARTS; i++)
	{
		Place place = starts[i];
		bool reached;

		if ((i > 0 && starts[i - 1].likelihood.value > place.likelihood.value) ||
			(i + 1 < DECAY_STARTS && starts[i + 1].likelihood.value > place.likelihood.value))
			continue;
		reached = climb(search, &place);
		if (found && !(place.likelihood.value > best->likelihood.value))
			continue;
		found = true;
		converged = reached;
		*best = place;
	}
	return converged;
}

/*
 * hawkes_fit
 *		The model of the highest likelihood with a branching ratio of at most 1.
 *		The decay is at most 1 / shortest, which is in days: contacts closer
 *		together are not distinguished. converged says that the model is a
 *		maximum, and not held by a bound on its branching ratio or decay.  If
 *		contacts do not trigger each other, alpha is 0 and beta NaN.  False if
 *		there are too few contacts, or no time.
 */
bool
hawkes_fit(const Host *host, const HawkesData *data, double shortest, HawkesFit *fit)
{
	double explained = (double) (data->n - hawkes_history(data));
	double days = days_between(data->from_at, data->until);
	Search search = {.host = host, .data = data, .tolerance = GRADIENT_TOLERANCE * (explained + 1)};
	double log_rate;
	Place best;

	if (explained < HAWKES_FEWEST || data->until <= data->from_at)
		return false;
	log_rate = log(explained / days);
	search.low[BASE] = log_rate - LOG_RANGE;
	search.high[BASE] = log_rate + 1;
	search.low[BRANCHING] = -LOG_RANGE;
	search.high[BRANCHING] = 0;
	search.high[DECAY] = -log(shortest);
	search.low[DECAY] = fmin(-log(10 * days), search.high[DECAY]);
	fit->poisson_log_likelihood = explained * (log_rate - 1);
	fit->converged = search_maximum(&search, log_rate, &best);
	for (int i = BRANCHING; i <= DECAY; i++)
		fit->converged = fit->converged && !held_by_bound(&search, &best, i);
	fit->model = model_at(best.x);
	fit->log_likelihood = best.likelihood.value;
	if (fit->log_likelihood - fit->poisson_log_likelihood < LEAST_GAIN)
	{
		fit->model = (HawkesModel){.mu = exp(log_rate), .alpha = 0, .beta = NAN};
		fit->log_likelihood = fit->poisson_log_likelihood;
		fit->converged = true;
	}
	return true;
}
