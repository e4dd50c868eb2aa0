/*
 * Counts and rates: intervals, comparisons, dispersion, false discoveries.
 */

CREATE FUNCTION engage.poisson_interval(n bigint, level double precision DEFAULT 0.95,
		OUT lower double precision, OUT upper double precision)
	AS 'MODULE_PATHNAME', 'engage_poisson_interval' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.poisson_interval(bigint, double precision) IS
	'Exact limits, at the confidence level, for the mean of a Poisson distribution that gave n events. Too narrow if events come in bursts: see contact_rate(). NULL gives NULL. Refused: negative n, a level outside (0, 1) (22023). Method: Garwood 1936 (Biometrika 28, 437).';

CREATE FUNCTION engage.rate_ratio(n1 bigint, t1 double precision, n2 bigint, t2 double precision, level double precision DEFAULT 0.95,
		OUT ratio double precision, OUT lower double precision, OUT upper double precision,
		OUT p_value double precision, OUT p_minlike double precision, OUT p_mid double precision)
	AS 'MODULE_PATHNAME', 'engage_rate_ratio' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.rate_ratio(bigint, double precision, bigint, double precision, double precision) IS
	'The rate of n1 events in the exposure t1 over that of n2 in t2, its exact limits at the level, and two-sided p-values for equal rates: central, which agrees with the limits; minlike, as poisson.test() of R; and mid. The ratio is 0 for n1 0, Infinity for n2 0, NULL for 0 of both. NULL gives NULL. Refused: negative counts, exposures not finite and above zero, a level outside (0, 1) (22023). Method: Przyborowski and Wilenski 1940 (Biometrika 31, 313), with the limits of Clopper and Pearson 1934.';

CREATE FUNCTION engage.e_test(n1 bigint, t1 double precision, n2 bigint, t2 double precision,
		difference double precision DEFAULT 0, alternative text DEFAULT 'two-sided') RETURNS double precision
	AS 'MODULE_PATHNAME', 'engage_e_test' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE COST 1000;
COMMENT ON FUNCTION engage.e_test(bigint, double precision, bigint, double precision, double precision, text) IS
	'The p-value for n1 / t1 - n2 / t2 = difference (zero or more, events per exposure) against two-sided, or the first rate being greater or less. Has more power than rate_ratio() for small counts. NULL gives NULL. Refused: negative counts, exposures not finite and above zero, a negative or infinite difference, another alternative (22023). Method: the E-test of Krishnamoorthy and Thomson 2004 (Journal of Statistical Planning and Inference 119, 23).';

CREATE FUNCTION engage.benjamini_hochberg(p double precision[]) RETURNS double precision[]
	AS 'MODULE_PATHNAME', 'engage_benjamini_hochberg' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.benjamini_hochberg(double precision[]) IS
	'Adjusted p-values (q) in the order of the p-values: if you keep q <= 0.05, on average at most 5% of what you keep is false. NULL elements stay NULL and do not count; a NULL array gives NULL. Refused: an element outside 0 to 1 (22023). Method: Benjamini and Hochberg 1995 (Journal of the Royal Statistical Society B 57, 289).';

CREATE FUNCTION engage.dispersion(t engage.timeline, from_at timestamptz, to_at timestamptz, bin interval DEFAULT '7 days',
		OUT chi_squared double precision, OUT df bigint, OUT dispersion double precision)
	AS 'MODULE_PATHNAME', 'engage_dispersion' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.dispersion(engage.timeline, timestamptz, timestamptz, interval) IS
	'How unevenly contacts fall into the whole bins of [from_at, to_at): Pearson''s chi-squared against their mean, its degrees of freedom (bins less 1), and the ratio of the two: about 1 for random contacts, more for bursts. All NULL if there are fewer than two bins or no contacts in them; a NULL argument gives NULL. Refused: a range that does not end after it starts, a bin that is zero, negative or has months (22023); infinite times, and more than 292,000 years (22008).';

CREATE FUNCTION engage.contact_rate(t engage.timeline, from_at timestamptz, to_at timestamptz,
		level double precision DEFAULT 0.95, bin interval DEFAULT '7 days',
		OUT contacts bigint, OUT per_day double precision, OUT lower double precision, OUT upper double precision,
		OUT dispersion double precision, OUT adjusted_lower double precision, OUT adjusted_upper double precision)
	AS 'MODULE_PATHNAME', 'engage_contact_rate' LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION engage.contact_rate(engage.timeline, timestamptz, timestamptz, double precision, interval) IS
	'Contacts in [from_at, to_at), how many per day, and exact Poisson limits of that at the level (Garwood 1936); the dispersion() by bin; and limits that allow for it (quasi-Poisson): use these if contacts come in bursts, since plain limits are then too narrow. Dispersion and adjusted limits are NULL if dispersion() is; a NULL argument gives NULL. Refused: a level outside (0, 1), and what dispersion() refuses.';
