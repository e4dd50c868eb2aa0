/*-------------------------------------------------------------------------
 * demand_model.c
 *	  The BG/NBD model (Fader, Hardie and Lee 2005, Marketing Science 24,
 *	  275-284): summaries of callers, the fit, and what follows from it.
 *
 * The likelihood is maximised in the logarithms of r, alpha, a and b, by
 * Newton's method with exact derivatives.  Sums run over histories in one
 * order, in blocks, so that the same callers give the same bytes.
 *-------------------------------------------------------------------------
 */
#include "core/stats/demand_model.h"

#include <math.h>
#include <string.h>

#include "core/stats/specfun.h"

/* The places of the parameters in gradients. */
enum
{
	R,
	ALPHA,
	A,
	B,
	NUM_PARAMETERS
};

/* Histories summed up at a time, and between two pauses. */
#define BLOCK 1024

/* With more histories than this, a fit of a sample of this size gives the start. */
#define SAMPLE 32768

/* Logarithms of parameters stay this close to those of the scale of the data. */
#define FURTHEST 15.0

#define MAX_ITERATIONS 100

/* A step that changes no parameter by more than this share is the last. */
#define SMALL_STEP 1e-8

/* The slope left for each caller where the fit has converged. */
#define SMALL_SLOPE 1e-7

/* The share of a log likelihood that rounding may take. */
#define NOISE 1e-13

/* Up to this many factors are multiplied one by one. */
#define FEW_FACTORS 64

typedef struct Population
{
	const DemandHistory *histories;
	size_t n;
	double callers;
	double scale; /* logarithm of the mean age */
	const Host *host;
} Population;

/* A log likelihood with its derivatives by the logarithms of the parameters. */
typedef struct Slopes
{
	double value;
	double gradient[NUM_PARAMETERS];
	double hessian[NUM_PARAMETERS][NUM_PARAMETERS]; /* its lower half */
} Slopes;

/*
 * demand_summarise
 *		Sum up the contacts, in order, up to as_of; false if there is none.
 */
bool
demand_summarise(const int64_t *times, size_t n, int64_t as_of, int64_t occasion, DemandSummary *summary)
{
	int64_t start;
	int64_t run = 1;

	memset(summary, 0, sizeof(*summary));
	if (n == 0 || times[0] > as_of)
		return false;
	start = times[0];
	for (size_t i = 1; i < n && times[i] <= as_of; i++, run++)
		if ((uint64_t) times[i] - (uint64_t) start >= (uint64_t) occasion)
		{
			summary->frequency++;
			summary->contacts += run;
			summary->squares += run * run;
			start = times[i];
			run = 0;
		}
	summary->contacts += run;
	summary->squares += run * run;
	summary->recency = (double) ((uint64_t) start - (uint64_t) times[0]) / DEMAND_DAY;
	summary->age = (double) ((uint64_t) as_of - (uint64_t) times[0]) / DEMAND_DAY;
	return true;
}

static bool
add_whole(int64_t *sum, int64_t value)
{
	return !__builtin_add_overflow(*sum, value, sum);
}

/*
 * demand_add_contacts
 *		Count a caller's contacts; false if the sums are too large.
 */
bool
demand_add_contacts(DemandContacts *sums, const DemandSummary *summary)
{
	int64_t n = summary->frequency + 1;
	int64_t square = summary->contacts * summary->contacts;
	DemandContacts one = {
		.callers = 1,
		.occasions = n,
		.contacts = summary->contacts,
		.squares = summary->squares,
		.occasions_squared = n * n,
		.mean_squares = square / n,
		.mean_squares_rest = ((square % n) << 32) / n,
	};

	return demand_join_contacts(sums, &one);
}

/*
 * demand_join_contacts
 *		Add the sums of others; false if they are too large.
 */
bool
demand_join_contacts(DemandContacts *sums, const DemandContacts *other)
{
	return add_whole(&sums->callers, other->callers) &&
		   add_whole(&sums->occasions, other->occasions) &&
		   add_whole(&sums->contacts, other->contacts) &&
		   add_whole(&sums->squares, other->squares) &&
		   add_whole(&sums->occasions_squared, other->occasions_squared) &&
		   add_whole(&sums->mean_squares, other->mean_squares) &&
		   add_whole(&sums->mean_squares_rest, other->mean_squares_rest);
}

/*
 * demand_weigh_contacts
 *		The mean number of contacts per occasion, and how many of a caller's own
 *		occasions this mean is worth: the variance within callers over the
 *		variance between them, both by moments (Buehlmann and Straub 1970).
 *		Where callers differ no more than by chance, or no caller has two
 *		occasions to compare, that is infinite: all callers get the population's
 *		mean.
 */
void
demand_weigh_contacts(DemandModel *model, const DemandContacts *sums)
{
	double callers = (double) sums->callers;
	double occasions = (double) sums->occasions;
	double mean = (double) sums->contacts / occasions;
	double mean_squares = (double) sums->mean_squares + (double) sums->mean_squares_rest / 4294967296.0;
	double repeats = (double) (sums->occasions - sums->callers);
	double spread = occasions - (double) sums->occasions_squared / occasions;
	double within = repeats > 0 ? ((double) sums->squares - mean_squares) / repeats : 0;
	double between = spread > 0 ? (mean_squares - mean * (double) sums->contacts - (callers - 1) * within) / spread : 0;

	within = fmax(within, 0);
	model->contacts_per_occasion = mean;
	model->occasion_weight = repeats > 0 && between > 1e-12 * mean * mean ? within / between : INFINITY;
}

/*
 * demand_group
 *		Put equal neighbours of sorted histories together, and return how many
 *		are left.
 */
size_t
demand_group(DemandHistory *histories, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++)
	{
		DemandHistory *last = &histories[kept - (kept > 0)];

		if (kept > 0 && demand_compare(last, &histories[i]) == 0 &&
			last->callers <= UINT32_MAX - histories[i].callers)
			last->callers += histories[i].callers;
		else
			histories[kept++] = histories[i];
	}
	return kept;
}

/* Sums over callers with one frequency; a weight stands for each term. */
typedef struct RunSums
{
	double callers;
	double value;
	double ln; /* expected logarithm of 1 + time / alpha */
	double share; /* expected alpha / (alpha + time) */
	double variance; /* expected share * (1 - share) */
	double gone;
	double both; /* active * gone, and its moments with differences of the above */
	double both_ln;
	double both_share;
	double both_ln_ln;
	double both_ln_share;
	double both_share_share;
} RunSums;

static void
join_sums(RunSums *sums, const RunSums *more)
{
	sums->callers += more->callers;
	sums->value += more->value;
	sums->ln += more->ln;
	sums->share += more->share;
	sums->variance += more->variance;
	sums->gone += more->gone;
	sums->both += more->both;
	sums->both_ln += more->both_ln;
	sums->both_share += more->both_share;
	sums->both_ln_ln += more->both_ln_ln;
	sums->both_ln_share += more->both_ln_share;
	sums->both_share_share += more->both_share_share;
}

/* Callers with no repeat: they count as active. */
static void
add_single(RunSums *sums, const DemandHistory *h, size_t n, double alpha, double shape)
{
	for (size_t i = 0; i < n; i++)
	{
		double weight = h[i].callers;
		double ln = log(1 + h[i].age / alpha);
		double share = alpha / (alpha + h[i].age);

		sums->callers += weight;
		sums->value -= weight * shape * ln;
		sums->ln += weight * ln;
		sums->share += weight * share;
		sums->variance += weight * share * (1 - share);
	}
}

/* Callers with repeats: active still, or gone since the last one. */
static void
add_repeated(RunSums *sums, const DemandHistory *h, size_t n, double alpha, double shape, double ln_odds)
{
	for (size_t i = 0; i < n; i++)
	{
		double weight = h[i].callers;
		double ln = log(1 + h[i].age / alpha);
		double ln_gone = log(1 + h[i].recency / alpha);
		double share = alpha / (alpha + h[i].age);
		double share_gone = alpha / (alpha + h[i].recency);
		double logit = shape * (ln - ln_gone) + ln_odds;
		double e = exp(-fabs(logit));
		double gone = (logit > 0 ? 1 : e) / (1 + e);
		double active = (logit > 0 ? e : 1) / (1 + e);
		double both = weight * active * gone;
		double dln = ln - ln_gone;
		double dshare = share - share_gone;

		sums->callers += weight;
		sums->value += weight * (fmax(logit, 0) + log1p(e) - shape * ln);
		sums->ln += weight * (active * ln + gone * ln_gone);
		sums->share += weight * (active * share + gone * share_gone);
		sums->variance += weight * (active * share * (1 - share) + gone * share_gone * (1 - share_gone));
		sums->gone += weight * gone;
		sums->both += both;
		sums->both_ln += both * dln;
		sums->both_share += both * dshare;
		sums->both_ln_ln += both * dln * dln;
		sums->both_ln_share += both * dln * dshare;
		sums->both_share_share += both * dshare * dshare;
	}
}

/* The part of the times of callers with frequency x, from their sums. */
static void
add_times(Slopes *s, const RunSums *sums, double x, const double *p)
{
	double r = p[R];
	double shape = r + x;
	double k = x > 0 ? p[B] / (p[B] + (x - 1)) : 0;

	s->value += sums->value - sums->callers * x * log(p[ALPHA]);
	s->gradient[R] -= r * sums->ln;
	s->gradient[ALPHA] += shape * (sums->callers - sums->share) - x * sums->callers;
	s->gradient[A] += sums->gone;
	s->gradient[B] -= k * sums->gone;
	s->hessian[R][R] += r * (r * sums->both_ln_ln - sums->ln);
	s->hessian[ALPHA][R] += r * (sums->callers - sums->share + shape * sums->both_ln_share);
	s->hessian[ALPHA][ALPHA] += shape * (shape * sums->both_share_share - sums->variance);
	s->hessian[A][R] += r * sums->both_ln;
	s->hessian[A][ALPHA] += shape * sums->both_share;
	s->hessian[A][A] += sums->both;
	s->hessian[B][R] -= k * r * sums->both_ln;
	s->hessian[B][ALPHA] -= k * shape * sums->both_share;
	s->hessian[B][A] -= k * sums->both;
	s->hessian[B][B] += k * (k * sums->both - (1 - k) * sums->gone);
}

/*
 * The logarithm of z (z + 1) .. (z + n - 1) with its first and second
 * derivative by z.
 */
static void
ln_rising(double z, double n, double *d)
{
	d[0] = d[1] = d[2] = 0;
	if (n > FEW_FACTORS)
	{
		d[0] = specfun_lgamma(z + n) - specfun_lgamma(z);
		d[1] = specfun_digamma(z + n) - specfun_digamma(z);
		d[2] = specfun_trigamma(z + n) - specfun_trigamma(z);
		return;
	}
	for (; n > 0; n--, z++)
	{
		d[0] += log(z);
		d[1] += 1 / z;
		d[2] -= 1 / (z * z);
	}
}

/* The part of repeats x + 1 to x + n of this many callers. */
static void
add_repeats(Slopes *s, double x, double n, double callers, const double *p)
{
	double rate[3];
	double stay[3];
	double any[3];
	double by_a;
	double by_b;

	ln_rising(p[R] + x, n, rate);
	ln_rising(p[B] + x, n, stay);
	ln_rising(p[A] + p[B] + x, n, any);
	by_a = -callers * any[1];
	by_b = callers * (stay[1] - any[1]);
	s->value += callers * (rate[0] + stay[0] - any[0]);
	s->gradient[R] += callers * p[R] * rate[1];
	s->gradient[A] += p[A] * by_a;
	s->gradient[B] += p[B] * by_b;
	s->hessian[R][R] += callers * p[R] * (rate[1] + p[R] * rate[2]);
	s->hessian[A][A] += p[A] * (by_a - callers * p[A] * any[2]);
	s->hessian[B][A] -= callers * p[A] * p[B] * any[2];
	s->hessian[B][B] += p[B] * (by_b + callers * p[B] * (stay[2] - any[2]));
}

/* The sums over n histories that all have one frequency. */
static RunSums
sum_run(const Population *population, const DemandHistory *h, size_t n, const double *p)
{
	RunSums all = {0};
	double x = h->frequency;

	for (size_t i = 0; i < n; i += BLOCK)
	{
		RunSums sums = {0};
		size_t size = n - i < BLOCK ? n - i : BLOCK;

		population->host->pause();
		if (x > 0)
			add_repeated(&sums, h + i, size, p[ALPHA], p[R] + x, log(p[A] / (p[B] + (x - 1))));
		else
			add_single(&sums, h + i, size, p[ALPHA], p[R]);
		join_sums(&all, &sums);
	}
	return all;
}

/* The log likelihood at the parameters, and its slopes. */
static void
evaluate(const Population *population, const double *p, Slopes *s)
{
	double left = population->callers; /* callers with a frequency of x or more */
	double before = 0;

	memset(s, 0, sizeof(*s));
	for (size_t i = 0, j; i < population->n; i = j)
	{
		const DemandHistory *h = &population->histories[i];
		double x = h->frequency;
		RunSums sums;

		for (j = i + 1; j < population->n && population->histories[j].frequency == h->frequency;)
			j++;
		sums = sum_run(population, h, j - i, p);
		add_times(s, &sums, x, p);
		if (x > before)
			add_repeats(s, before, x - before, left, p);
		before = x;
		left -= sums.callers;
	}
	for (int i = 0; i < NUM_PARAMETERS; i++)
		for (int j = 0; j < i; j++)
			s->hessian[j][i] = s->hessian[i][j];
}

static void
make_population(Population *population, const DemandHistory *histories, size_t n, const Host *host)
{
	double ages = 0;

	*population = (Population){.histories = histories, .n = n, .host = host};
	for (size_t i = 0; i < n; i++)
	{
		population->callers += histories[i].callers;
		ages += histories[i].age * histories[i].callers;
	}
	population->scale = ages > 0 ? log(ages / population->callers) : 0;
}

/*
 * demand_log_likelihood
 *		The log likelihood of grouped histories, with its gradient and Hessian
 *		by ln r, ln alpha, ln a and ln b.
 */
double
demand_log_likelihood(const DemandModel *model, const DemandHistory *histories, size_t n, double gradient[4], double hessian[4][4], const Host *host)
{
	double p[NUM_PARAMETERS] = {model->r, model->alpha, model->a, model->b};
	Population population;
	Slopes slopes;

	make_population(&population, histories, n, host);
	evaluate(&population, p, &slopes);
	memcpy(gradient, slopes.gradient, sizeof(slopes.gradient));
	memcpy(hessian, slopes.hessian, sizeof(slopes.hessian));
	return slopes.value;
}

/*
 * Solve (damping - hessian) step = gradient by Cholesky's method, with fixed
 * parameters left where they are; false if the matrix is not positive definite.
 */
static bool
solve(const Slopes *s, const bool *fixed, double damping, double *step)
{
	double l[NUM_PARAMETERS][NUM_PARAMETERS];

	for (int i = 0; i < NUM_PARAMETERS; i++)
	{
		for (int j = 0; j <= i; j++)
		{
			double sum = fixed[i] || fixed[j] ? i == j : (i == j ? damping : 0) - s->hessian[i][j];

			for (int k = 0; k < j; k++)
				sum -= l[i][k] * l[j][k];
			if (i > j)
				l[i][j] = sum / l[j][j];
			else if (sum > 1e-14 * fabs(s->hessian[i][i]))
				l[i][i] = sqrt(sum);
			else
				return false;
		}
		step[i] = fixed[i] ? 0 : s->gradient[i];
		for (int k = 0; k < i; k++)
			step[i] -= l[i][k] * step[k];
		step[i] /= l[i][i];
	}
	for (int i = NUM_PARAMETERS; i-- > 0;)
	{
		for (int k = i + 1; k < NUM_PARAMETERS; k++)
			step[i] -= l[k][i] * step[k];
		step[i] /= l[i][i];
	}
	return true;
}

/* Newton's step, damped where the likelihood is not concave; true if it is. */
static bool
find_step(const Slopes *s, const bool *fixed, double *step)
{
	double damping = 0;

	if (solve(s, fixed, 0, step))
		return true;
	for (int i = 0; i < NUM_PARAMETERS; i++)
		damping = fmax(damping, 1e-3 * fmax(fabs(s->hessian[i][i]), 1e-9));
	while (!solve(s, fixed, damping, step))
		damping *= 4;
	return false;
}

static double
largest(const double *values)
{
	double most = 0;

	for (int i = 0; i < NUM_PARAMETERS; i++)
		most = fmax(most, fabs(values[i]));
	return most;
}

typedef struct Search
{
	const Population *population;
	double at[NUM_PARAMETERS]; /* logarithms of the parameters */
	Slopes slopes;
	int iterations;
	bool converged;
} Search;

static void
look(Search *search)
{
	double p[NUM_PARAMETERS];

	for (int i = 0; i < NUM_PARAMETERS; i++)
		p[i] = exp(search->at[i]);
	evaluate(search->population, p, &search->slopes);
	search->iterations++;
}

/* The middle of a parameter's range. */
static double
middle(const Search *search, int i)
{
	return i == ALPHA ? search->population->scale : 0;
}

/* Which parameters are at an edge beyond which the likelihood rises. */
static bool
find_fixed(const Search *search, bool *fixed)
{
	bool any = false;

	for (int i = 0; i < NUM_PARAMETERS; i++)
	{
		double place = search->at[i] - middle(search, i);

		fixed[i] = (place >= FURTHEST && search->slopes.gradient[i] > 0) ||
				   (place <= -FURTHEST && search->slopes.gradient[i] < 0);
		any |= fixed[i];
	}
	return any;
}

/* Try a step; false, without a change, if it leads down. */
static bool
try_step(Search *search, const double *step)
{
	Search next = *search;
	double predicted = 0;
	bool accepted;

	for (int i = 0; i < NUM_PARAMETERS; i++)
	{
		next.at[i] = fmax(fmin(search->at[i] + step[i], middle(search, i) + FURTHEST), middle(search, i) - FURTHEST);
		predicted += (next.at[i] - search->at[i]) * search->slopes.gradient[i];
	}
	look(&next);
	if (predicted > NOISE * 100 * fabs(search->slopes.value))
		accepted = next.slopes.value - search->slopes.value >= 1e-4 * predicted;
	else
		accepted = largest(next.slopes.gradient) <= 2 * largest(search->slopes.gradient);
	if (accepted)
		*search = next;
	else
		search->iterations = next.iterations;
	return accepted;
}

/*
 * Climb from the present place.  The search has converged where the next step
 * is negligible, no slope is left, and the likelihood curves down in all
 * directions: towards an edge at infinity steps never become short.
 */
static void
climb(Search *search)
{
	double reach = 2;
	int last = search->iterations + MAX_ITERATIONS;

	look(search);
	while (search->iterations < last && reach > SMALL_STEP)
	{
		bool fixed[NUM_PARAMETERS];
		double step[NUM_PARAMETERS];
		bool at_edge = find_fixed(search, fixed);
		bool concave = find_step(&search->slopes, fixed, step);
		double length = largest(step);
		double gain = 0;

		if (length <= SMALL_STEP)
		{
			search->converged = concave && !at_edge &&
								largest(search->slopes.gradient) <= SMALL_SLOPE * search->population->callers;
			return;
		}
		for (int i = 0; i < NUM_PARAMETERS; i++)
			gain += step[i] * search->slopes.gradient[i];
		if (length > 1e-3 && gain <= NOISE * fabs(search->slopes.value))
			return; /* as good as flat, and far from a top */
		for (int i = 0; i < NUM_PARAMETERS; i++)
			step[i] *= fmin(1, reach / length);
		if (try_step(search, step))
			reach = fmin(fmax(reach, 2 * fmin(length, reach)), 4);
		else
			reach = fmin(length, reach) / 4;
	}
}

/* Where to start: r, a and b; alpha follows from the mean frequency. */
static const double starts[][3] = {{0.5, 1, 3}, {2, 0.3, 3}, {0.2, 0.2, 0.5}, {10, 5, 20}};

static void
start_search(Search *search, const Population *population, const double *start)
{
	double repeats = 0;

	for (size_t i = 0; i < population->n; i++)
		repeats += (double) population->histories[i].frequency * population->histories[i].callers;
	*search = (Search){.population = population};
	search->at[R] = log(start[0]);
	search->at[A] = log(start[1]);
	search->at[B] = log(start[2]);
	search->at[ALPHA] = population->scale + fmax(-FURTHEST, fmin(FURTHEST, log(start[0] / (1.5 * repeats / population->callers + 0.01))));
}

/* Try one start after another until one converges; otherwise take the best result. */
static void
search_all(Search *best, const Population *population)
{
	int iterations = 0;

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
	{
		Search search;

		start_search(&search, population, starts[i]);
		climb(&search);
		iterations += search.iterations;
		if (i == 0 || search.converged || search.slopes.value > best->slopes.value)
			*best = search;
		if (best->converged)
			break;
	}
	best->iterations = iterations;
}

/* With many callers, find a start by a sample at even distances. */
static void
search_sample(Search *best, const Population *population)
{
	const Host *host = population->host;
	size_t step = population->n / SAMPLE;
	size_t n = population->n / step;
	DemandHistory *histories = host->alloc(n * sizeof(DemandHistory));
	Population sample;

	for (size_t i = 0; i < n; i++)
		histories[i] = population->histories[i * step + step / 2];
	make_population(&sample, histories, n, host);
	search_all(best, &sample);
	host->release(histories);
}

/*
 * demand_fit
 *		Fit the model to grouped histories, of which there is at least one.
 */
void
demand_fit(DemandModel *model, const DemandHistory *histories, size_t n, const Host *host)
{
	Population population;
	Search search;

	make_population(&population, histories, n, host);
	if (n >= 2 * SAMPLE)
	{
		search_sample(&search, &population);
		search.population = &population;
		search.converged = false;
		search.iterations = 0;
		climb(&search);
	}
	else
		search_all(&search, &population);
	model->r = exp(search.at[R]);
	model->alpha = exp(search.at[ALPHA]);
	model->a = exp(search.at[A]);
	model->b = exp(search.at[B]);
	model->callers = (int64_t) population.callers;
	model->log_likelihood = search.slopes.value;
	model->iterations = search.iterations;
	model->converged = search.converged;
}

/*
 * demand_probability_active
 *		How likely it is that the caller has not stopped for good.
 */
double
demand_probability_active(const DemandModel *model, const DemandSummary *summary)
{
	double x = (double) summary->frequency;
	double logit;

	if (summary->frequency == 0)
		return 1;
	logit = log(model->a / (model->b + (x - 1))) +
			(model->r + x) * log1p((summary->age - summary->recency) / (model->alpha + summary->recency));
	return 1 / (1 + exp(logit));
}

/*
 * Expected occasions of an active caller, term by term: if none stopped there
 * would be n of them with a negative binomial probability, and of these n
 * there are on average as many as the sum of the probabilities of still being
 * active after 0 .. n - 1.  All terms are positive.
 */
static double
sum_occasions(double shape, double horizon, double a, double b)
{
	double w = horizon / (1 + horizon);
	double chance = exp(-shape * log1p(horizon));
	double active = 1;
	double occasions = 0;
	double sum = 0;

	for (double n = 0;; n++)
	{
		double ratio = w * (shape + n + 1) / (n + 2);

		chance *= w * (shape + n) / (n + 1);
		occasions += active;
		active *= (b + n) / (a + b + n);
		sum += chance * occasions;
		if (ratio < 1 &&
			chance * ratio / (1 - ratio) * (occasions + active / (1 - ratio)) <= 1e-17 * sum)
			return sum;
	}
}

/* Sums over logits of the beta density, and of the density times the expected number. */
typedef struct LogitSums
{
	double density;
	double occasions;
} LogitSums;

typedef struct LogitIntegral
{
	double shape;
	double horizon;
	double a;
	double b;
	double top; /* of the logarithm of the density */
	double step;
} LogitIntegral;

/* The density at a logit, and the sums with it. */
static double
add_logit(const LogitIntegral *f, double y, LogitSums *sums, double *occasions)
{
	double p = 1 / (1 + exp(-y));
	double density = exp(-f->a * log1p(exp(-y)) - f->b * log1p(exp(y)) - f->top);

	*occasions = -expm1(-f->shape * log1p(p * f->horizon)) / p;
	sums->density += density;
	sums->occasions += density * *occasions;
	return density;
}

/*
 * Go from a logit in steps until terms are negligible, or until the rest is a
 * known geometric series.
 */
static void
add_side(const LogitIntegral *f, double y, double sign, LogitSums *sums)
{
	double most = f->shape * f->horizon;
	double end = 40 + (sign < 0 ? log1p(most + f->b) : log1p(f->a));
	double rate = f->step * (sign < 0 ? f->a : f->b); /* of the decay of the density */
	double density = 1;
	double occasions = 1;

	for (; sign * y < end; y += sign * f->step)
	{
		density = add_logit(f, y, sums, &occasions);
		if (density * most < 1e-18 * sums->occasions && density < 1e-18 * sums->density &&
			density < 1e-18 * -expm1(-rate))
			return;
	}
	sums->density += density / expm1(rate);
	sums->occasions += density * occasions / expm1(rate);
}

/*
 * The same as a mean over the probability p of stopping, which has a beta
 * distribution: the mean of (1 - (1 + p horizon)^-shape) / p.  The trapezoidal
 * rule over the logit of p errs by less than rounding, as both are smooth
 * there and fall off.
 */
static double
integrate_occasions(double shape, double horizon, double a, double b)
{
	LogitIntegral f = {.shape = shape, .horizon = horizon, .a = a, .b = b};
	double centre = log(a / b);
	LogitSums sums = {0};

	f.top = -a * log1p(b / a) - b * log1p(a / b);
	f.step = fmin(0.125, 0.5 / sqrt(a * b / (a + b)));
	add_side(&f, centre, 1, &sums);
	add_side(&f, centre - f.step, -1, &sums);
	return sums.occasions / sums.density;
}

/*
 * demand_expected_occasions
 *		How many occasions to expect within a horizon from now, in the unit of
 *		the model.  An empty summary is that of a new caller.
 */
double
demand_expected_occasions(const DemandModel *model, const DemandSummary *summary, double horizon)
{
	double x = (double) summary->frequency;
	double shape = model->r + x;
	double b = model->b + x;
	double ages = fmin(horizon / (model->alpha + summary->age), 1e200);
	double expected;

	if (shape * ages < 600 && ages < 100)
		expected = sum_occasions(shape, ages, model->a, b);
	else
		expected = integrate_occasions(shape, ages, model->a, b);
	return demand_probability_active(model, summary) * expected;
}

/*
 * demand_expected_contacts
 *		How many contacts to expect: occasions times the contacts of each, which
 *		lie between the population's mean and the caller's own.
 */
double
demand_expected_contacts(const DemandModel *model, const DemandSummary *summary, double horizon)
{
	double k = model->occasion_weight;
	double occasions = (double) summary->frequency + 1;
	double each = isinf(k) ? model->contacts_per_occasion : (k * model->contacts_per_occasion + (double) summary->contacts) / (k + occasions);

	return demand_expected_occasions(model, summary, horizon) * each;
}
