/*
 * Bursts, and contacts that trigger contacts: accessors of timelines.
 */

CREATE FUNCTION engage.bursts(t engage.timeline, scale double precision DEFAULT 2, gamma double precision DEFAULT 1,
		resolution interval DEFAULT '1 second',
		OUT level integer, OUT started_at timestamptz, OUT ended_at timestamptz, OUT contacts bigint) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'engage_bursts' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 5 COST 100;
COMMENT ON FUNCTION engage.bursts(engage.timeline, double precision, double precision, interval) IS
	'Bursts by the automaton of Kleinberg 2003 (Data Mining and Knowledge Discovery 7), in order of their start, outer ones first: level 0 is the whole timeline; at level i contacts are scale ^ i times as frequent as on average, and going up a level costs gamma * ln(number of gaps). Shorter gaps count as the resolution. A burst describes; do not act on it alone. Refused (22023): scale not above 1, gamma below 0, either infinite or NaN, a resolution that is not positive or has months.';

CREATE FUNCTION engage.burst_states(t engage.timeline, scale double precision DEFAULT 2, gamma double precision DEFAULT 1,
		resolution interval DEFAULT '1 second',
		OUT started_at timestamptz, OUT ended_at timestamptz, OUT state integer) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'engage_burst_states' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 10 COST 100;
COMMENT ON FUNCTION engage.burst_states(engage.timeline, double precision, double precision, interval) IS
	'One row for each gap between contacts, in order: the contacts around it and the state of the automaton of bursts() in that gap, 0 for the usual rate. Arguments and errors as for bursts().';

CREATE FUNCTION engage.hawkes(t engage.timeline, until timestamptz, from_at timestamptz DEFAULT '-infinity',
		resolution interval DEFAULT '1 second',
		OUT contacts bigint, OUT mu double precision, OUT alpha double precision, OUT beta double precision,
		OUT branching_ratio double precision, OUT log_likelihood double precision,
		OUT poisson_log_likelihood double precision, OUT converged boolean)
	AS 'MODULE_PATHNAME', 'engage_hawkes' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION engage.hawkes(engage.timeline, timestamptz, timestamptz, interval) IS
	'The Hawkes process with an exponential kernel that best fits the contacts in (from_at, until], by maximum likelihood (Ozaki 1979): base rate mu; alpha, what a contact adds to the rate, and beta, how fast that decays, all per day; the branching ratio alpha / beta, how many contacts one triggers; log likelihoods of this and of a constant rate. beta is NULL if contacts trigger none. Errors: 22023 if from_at is not before until, or for a resolution not positive or with months; 22008: infinite until.';

CREATE FUNCTION engage.hawkes_log_likelihood(t engage.timeline, from_at timestamptz, until timestamptz,
		mu double precision, alpha double precision, beta double precision) RETURNS double precision
	AS 'MODULE_PATHNAME', 'engage_hawkes_log_likelihood' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION engage.hawkes_log_likelihood(engage.timeline, timestamptz, timestamptz, double precision, double precision, double precision) IS
	'The log likelihood of the contacts in (from_at, until] under the model of hawkes(), with rates per day. Contacts up to from_at add to the rate; if from_at is -infinity time begins at the first contact, and the result is NULL if no time is left. mu or beta not above 0, alpha below 0, any of them infinite or NaN, from_at not before until: 22023; an infinite until: 22008.';

CREATE FUNCTION engage.hawkes_intensity(t engage.timeline, from_at timestamptz,
		mu double precision, alpha double precision, beta double precision,
		OUT at timestamptz, OUT intensity double precision) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'engage_hawkes_intensity' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 10 COST 10;
COMMENT ON FUNCTION engage.hawkes_intensity(engage.timeline, timestamptz, double precision, double precision, double precision) IS
	'One row for each contact after from_at: the rate, in contacts per day, just before it under the model of hawkes(), mu + alpha * sum(exp(-beta * days since)) over the earlier contacts. mu or beta not above 0, alpha below 0, any of them infinite or NaN: 22023.';
