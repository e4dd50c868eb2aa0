/*
 * Bursts, and contacts that set off contacts: accessors of timelines.
 */

CREATE FUNCTION engage.bursts(t engage.timeline, scale double precision DEFAULT 2, gamma double precision DEFAULT 1,
		resolution interval DEFAULT '1 second',
		OUT level integer, OUT started_at timestamptz, OUT ended_at timestamptz, OUT contacts bigint) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'engage_bursts' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 5 COST 100;
COMMENT ON FUNCTION engage.bursts(engage.timeline, double precision, double precision, interval) IS
	'Bursts by the automaton of Kleinberg 2003 (Data Mining and Knowledge Discovery 7, doi 10.1023/A:1024940629314), in order of their start, outer ones first: level 0 is the whole timeline, at level i contacts come scale ^ i times as often as on average, and going up a level costs gamma * ln(number of gaps). Gaps shorter than the resolution count as that long. A timeline without contacts has no bursts. At most 255 levels. A burst describes and is no reason to act by itself. scale not above 1, gamma below 0, either infinite or NaN, a resolution that is not positive or has months: 22023.';

CREATE FUNCTION engage.burst_states(t engage.timeline, scale double precision DEFAULT 2, gamma double precision DEFAULT 1,
		resolution interval DEFAULT '1 second',
		OUT started_at timestamptz, OUT ended_at timestamptz, OUT state integer) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'engage_burst_states' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 10 COST 100;
COMMENT ON FUNCTION engage.burst_states(engage.timeline, double precision, double precision, interval) IS
	'One row for each gap between contacts, in order: the contacts around it and the state of the automaton of bursts(), 0 for the usual, in that gap. Arguments and errors as for bursts().';

CREATE FUNCTION engage.hawkes(t engage.timeline, until timestamptz, from_at timestamptz DEFAULT '-infinity',
		resolution interval DEFAULT '1 second',
		OUT contacts bigint, OUT mu double precision, OUT alpha double precision, OUT beta double precision,
		OUT branching_ratio double precision, OUT log_likelihood double precision,
		OUT poisson_log_likelihood double precision, OUT converged boolean)
	AS 'MODULE_PATHNAME', 'engage_hawkes' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION engage.hawkes(engage.timeline, timestamptz, timestamptz, interval) IS
	'The Hawkes process with an exponential kernel that fits the contacts in (from_at, until] best, by maximum likelihood (Hawkes 1971, Biometrika 58, 83; Ozaki 1979, Annals of the Institute of Statistical Mathematics 31, 145): base rate mu, contacts a day; what a contact adds to the rate, alpha, and how fast that dies away, beta, a day; the branching ratio alpha / beta, at most 1: how many contacts one sets off; the log likelihood, and that of a constant rate. Contacts up to from_at add to the rate; without from_at time begins at the first contact. beta is at most 1 / resolution. converged is false where no maximum was found, or one only at a bound of branching ratio or beta. Where setting off explains nothing alpha and the ratio are 0 and beta NULL; with fewer than three contacts all but their number is. from_at not before until, a resolution that is not positive or has months: 22023; an infinite until: 22008.';

CREATE FUNCTION engage.hawkes_log_likelihood(t engage.timeline, from_at timestamptz, until timestamptz,
		mu double precision, alpha double precision, beta double precision) RETURNS double precision
	AS 'MODULE_PATHNAME', 'engage_hawkes_log_likelihood' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 10;
COMMENT ON FUNCTION engage.hawkes_log_likelihood(engage.timeline, timestamptz, timestamptz, double precision, double precision, double precision) IS
	'The log likelihood of the contacts in (from_at, until] by the model of hawkes(), with rates a day. Contacts up to from_at add to the rate; where that is -infinity time begins at the first contact, and NULL is given where that leaves no time. mu or beta not above 0, alpha below 0, any of them infinite or NaN, from_at not before until: 22023; an infinite until: 22008.';

CREATE FUNCTION engage.hawkes_intensity(t engage.timeline, from_at timestamptz,
		mu double precision, alpha double precision, beta double precision,
		OUT at timestamptz, OUT intensity double precision) RETURNS SETOF record
	AS 'MODULE_PATHNAME', 'engage_hawkes_intensity' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE ROWS 10 COST 10;
COMMENT ON FUNCTION engage.hawkes_intensity(engage.timeline, timestamptz, double precision, double precision, double precision) IS
	'One row for each contact after from_at: the rate, contacts a day, that the model of hawkes() has just before it, mu + alpha * sum(exp(-beta * days since)) over the earlier contacts. mu or beta not above 0, alpha below 0, any of them infinite or NaN: 22023.';
